"""What single units do: their activations over a text, and the properties that they follow.

Karpathy, Johnson and Fei-Fei ("Visualizing and understanding recurrent networks", 2015) found units
that are active inside quotes or count the position in a line. Here programs compute such properties
of a text, and the output of every unit is correlated with each of them (Pearson). Among hundreds of
units a few follow any property by chance, and the characters of a text are not independent. So
chance is measured on the text itself: when the text is shifted against the activations in a circle,
no unit follows any property, and everything else is unchanged. ``p`` is the share of shifts under
which some unit follows some property as closely.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.errors import ConfigError, SettingName
from charrnn.language import gettext as _
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.report_text import ReportText, encode_report_text
from charrnn.reports.text_properties import (
    PROPERTIES,
    Values,
    compute_properties,
    parse_patterns,
)

READ_AT_MOST = 20_000  # characters
SHOWN_AT_MOST = 400
NEAREST_SHIFT = 0.02  # of the text; a smaller shift leaves the text too similar to itself
UNITS_AT_ONCE = 64
BEST = 3  # units of each property
SIGNIFICANT = 0.05
CLOSED_BELOW, OPEN_ABOVE = 0.1, 0.9  # as in figure 3 of Karpathy, Johnson and Fei-Fei


@dataclass(frozen=True)
class Follower:
    """A unit and a property of the text: Pearson's ``correlation``, and its ``p``.

    Layers and units count from 0. ``p`` is corrected for the number of units and properties.
    """

    property: str
    layer: int
    unit: int
    correlation: float
    p: float


@dataclass(frozen=True)
class Correlations:
    """Pearson's correlation of every unit of a ``layer`` with a ``property``, by unit."""

    property: str
    layer: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Gate:
    """The share of characters at which each unit's gate is nearly ``shut``, or nearly ``open``."""

    name: str
    layer: int
    shut: tuple[float, ...]
    open: tuple[float, ...]


@dataclass(frozen=True)
class Activations:
    """A unit's output h after each character of the shown text."""

    layer: int
    unit: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Neurons(ModelFacts, NotebookReport, report="neurons"):
    """One model over a number of ``characters`` of a text.

    ``properties`` are those that vary in the text, ``followers`` the best units of each, the
    closest first; ``correlations`` has all units. ``shown`` is a text, and ``activations`` are over
    it: those of the units that were asked for, or else of the best unit of each property, unless it
    may follow the property by chance. ``absent`` are the properties that
    do not occur in the text, or are the same throughout it.
    """

    text: str
    characters: int
    properties: tuple[str, ...]
    followers: tuple[Follower, ...]
    gates: tuple[Gate, ...]
    shown: str
    activations: tuple[Activations, ...]
    absent: tuple[str, ...] = ()
    correlations: tuple[Correlations, ...] = ()


def analyze_neurons(
    model: LoadedModel,
    text_read: ReportText,
    *,
    text: str | None = None,
    unit: Sequence[str] = (),
    property: Sequence[str] = (),  # noqa: A002  # the name of the option
) -> Neurons:
    """Correlate units with properties of ``text_read``; show activations over ``text``.

    Without a ``text``, they are shown over the beginning of ``text_read``. ``unit``, each "N" (of
    the top layer) or "LAYER:N", are those that are shown; units count from 0 and layers from 1.
    ``property``, each "NAME=REGEX", are added to those that are computed anyway.

    Raises:
        ConfigError: when there is no such unit, or a property has another form.
        InputError: when the model knows fewer than two characters of ``text``.
    """
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    shown = text_read
    if text is not None:
        shown = encode_report_text(model, text, SettingName("text"))
    ids, shown_ids = text_read.ids[:READ_AT_MOST], shown.ids[:SHOWN_AT_MOST]
    h, gates = record_activations(network, ids)
    patterns = parse_patterns(property)
    chosen = [_parse_unit(each, network) for each in unit]
    computed = compute_properties(vocabulary.decode(ids), patterns)
    followers, correlations = find_followers(h, computed)
    shown_h, __ = record_activations(network, shown_ids)
    best: dict[str, tuple[int, int]] = {}
    for follower in followers:
        if follower.p <= SIGNIFICANT:
            best.setdefault(follower.property, (follower.layer, follower.unit))
    shown_units = dict.fromkeys(chosen or best.values())
    return Neurons(
        **vars(model.facts),
        text=text_read.name,
        characters=len(ids),
        properties=tuple(computed),
        followers=followers,
        gates=gates,
        shown=vocabulary.decode(shown_ids),
        activations=tuple(
            Activations(layer, unit, tuple(shown_h[:, layer, unit].tolist()))
            for layer, unit in shown_units
        ),
        absent=tuple(name for name in (*PROPERTIES, *patterns) if name not in computed),
        correlations=correlations,
    )


def _parse_unit(text: str, network: Network) -> tuple[int, int]:
    """Return the layer and the unit, from 0, of "N" or "LAYER:N".

    Raises:
        ConfigError: when the network has no such unit.
    """
    H, layers = network.shape.hidden, network.shape.layers
    layer, __, unit = text.rpartition(":")
    if unit.isdecimal() and (layer.isdecimal() or not layer):
        at = int(layer or layers) - 1
        if 0 <= at < layers and int(unit) < H:
            return at, int(unit)
    problem = _("there is no unit {unit}; they are 0 to {last}")
    if layers > 1:
        problem = _(
            "there is no unit {unit}; they are 0 to {last}, and 1:0 to 1:{last} are those of the"
            " first of {layers} layers"
        )
    raise ConfigError("unit", problem.format(unit=text, last=H - 1, layers=layers))


def record_activations(network: Network, ids: Ids) -> tuple[Array, tuple[Gate, ...]]:
    """Read ``ids`` (N,); return the outputs of all layers (N, layers, H) and gate statistics."""
    shape = network.shape
    step = Stepper(network, network.initial_states(1))
    h = np.empty((len(ids), shape.layers, shape.hidden), np.float32)
    names = shape.cell_record.sigmoid_gates
    sizes = (2, shape.layers, len(names), shape.hidden)
    shut, open_ = np.zeros(sizes, np.int64)
    for t in range(len(ids)):
        step(ids[t : t + 1])
        for at, layer in enumerate(step.layers):
            h[t, at] = layer.h[:, 0]
            values = layer.gates[:, :, 0]
            shut[at] += values < CLOSED_BELOW
            open_[at] += values > OPEN_ABOVE
    gates = (
        Gate(
            name, layer,
            tuple((shut[layer, at] / len(ids)).tolist()),
            tuple((open_[layer, at] / len(ids)).tolist()),
        )
        for layer in range(shape.layers)
        for at, name in enumerate(names)
    )  # fmt: skip
    return h, tuple(gates)


def find_followers(
    h: Array, properties: dict[str, Values]
) -> tuple[tuple[Follower, ...], tuple[Correlations, ...]]:
    """Find the best units for each of ``properties`` (N,), given outputs (N, layers, H).

    Also returns the correlations of all units.
    """
    N, layers, H = h.shape
    correlations: list[Correlations] = []
    units = _standardize(h.reshape(N, -1))
    pairs: list[tuple[str, int, int, float]] = []
    largest = np.zeros(N)  # by shift: the largest correlation of any unit with any property
    for name, values in properties.items():
        spectrum = np.fft.rfft(_standardize(values[:, None]), axis=0)
        unshifted = np.empty(units.shape[1])
        for at in range(0, units.shape[1], UNITS_AT_ONCE):
            group = slice(at, at + UNITS_AT_ONCE)
            # By the correlation theorem, one product of spectra has Pearson's r of every shift.
            product = np.conj(np.fft.rfft(units[:, group], axis=0)) * spectrum
            by_shift = np.fft.irfft(product, N, axis=0) / N
            unshifted[group] = by_shift[0]
            np.maximum(largest, np.abs(by_shift).max(axis=1), out=largest)
        correlations += [
            Correlations(name, layer, tuple(unshifted[layer * H : (layer + 1) * H].tolist()))
            for layer in range(layers)
        ]
        pairs += [
            (name, *divmod(int(unit), H), float(unshifted[unit]))
            for unit in np.argsort(-np.abs(unshifted))[:BEST]
        ]
    nearest = int(NEAREST_SHIFT * N) + 1
    chance = largest[nearest : N - nearest + 1]
    followers = (
        Follower(name, layer, unit, r, float((1 + (chance >= abs(r)).sum()) / (1 + len(chance))))
        for name, layer, unit, r in pairs
    )
    closest_first = sorted(followers, key=lambda follower: -abs(follower.correlation))
    return tuple(closest_first), tuple(correlations)


def _standardize(values: npt.NDArray[np.floating]) -> Values:
    """Shift and scale columns to mean 0 and deviation 1; a constant column becomes zeros."""
    centered = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    deviation = centered.std(axis=0)
    return centered / np.where(deviation > 1e-6, deviation, np.inf)
