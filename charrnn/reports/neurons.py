"""What single units do: their activations over a text, and what of the text they follow.

Karpathy, Johnson and Fei-Fei ("Visualizing and understanding recurrent networks", 2015) found units
that are on inside quotes or count the position in a line. Here programs compute such properties of
a text, and every unit is held against each of them by Pearson's correlation. Among hundreds of
units some follow anything by chance, and a text's characters are not independent; so chance is
measured on the text itself: shifted against it in a circle, a unit follows nothing any more but is
otherwise as it was. ``p`` is the share of shifts under which any unit follows any property as
closely.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.reports.held_out import HeldOut
from charrnn.storage.model_file import Checkpoint

READ_AT_MOST = 20_000  # characters
SHOWN_AT_MOST = 400
NEAREST_SHIFT = 0.02  # of the text: nearer to where it was, it is still like itself
UNITS_AT_ONCE = 64
BEST = 3  # units of each property
SIGNIFICANT = 0.05
SHUT, OPEN = 0.1, 0.9  # as in their figure 3
CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">", "（": "）", "［": "］", "【": "】", "〈": "〉",
           "《": "》", "「": "」", "『": "』"}  # fmt: skip
QUOTES = {"「": "」", "『": "』", "“": "”", "«": "»"}
STOPS = "。．.!?！？"

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Follower:
    """A unit and a property of the text: Pearson's ``correlation``, and its ``p``.

    Layers and units count from 0. ``p`` is corrected for all pairs of a unit and a property.
    """

    property: str
    layer: int
    unit: int
    correlation: float
    p: float


@dataclass(frozen=True)
class Gate:
    """How often each unit's gate was nearly ``shut`` (below 0.1), how often nearly ``open``."""

    name: str
    layer: int
    shut: tuple[float, ...]
    open: tuple[float, ...]


@dataclass(frozen=True)
class Activations:
    """A unit's h after each character of the shown text."""

    layer: int
    unit: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Neurons:
    """One model over so many ``characters`` of a text.

    ``followers`` are the best units of each property that the text has, the closest first;
    ``properties`` all that were looked for and vary in it. ``shown`` is a text with the
    ``activations`` of each property's best unit over it, if that is no matter of chance.
    """

    model: str
    cell: str
    hidden: int
    layers: int
    text: str
    characters: int
    properties: tuple[str, ...]
    followers: tuple[Follower, ...]
    gates: tuple[Gate, ...]
    shown: str
    activations: tuple[Activations, ...]


def neurons(
    checkpoint: Checkpoint, model: str, text: HeldOut, shown: HeldOut | None = None
) -> Neurons:
    """Measure on the beginning of ``text``; show the activations over ``shown``, or over it."""
    network, vocabulary = checkpoint.network, checkpoint.corpus_info.vocabulary
    shape, ids = network.shape, text.ids[:READ_AT_MOST]
    h, gates = read(network, ids)
    read_text = vocabulary.decode(ids)
    followed = {
        name: values
        for name, program in PROPERTIES.items()
        if np.ptp(values := np.array(list(program(read_text)), np.float64)) > 0
    }
    best = followers(h, followed)
    to_show = (text if shown is None else shown).ids[:SHOWN_AT_MOST]
    over_shown, _ = read(network, to_show)
    closest: dict[str, tuple[int, int]] = {}
    for one in best:
        if one.p <= SIGNIFICANT:
            closest.setdefault(one.property, (one.layer, one.unit))
    return Neurons(
        model, shape.cell, shape.hidden, shape.layers, text.name, len(ids), tuple(followed),
        best, gates, vocabulary.decode(to_show),
        tuple(
            Activations(layer, unit, tuple(over_shown[:, layer, unit].tolist()))
            for layer, unit in dict.fromkeys(closest.values())
        ),
    )  # fmt: skip


def read(network: Network, ids: Ids) -> tuple[Array, tuple[Gate, ...]]:
    """The outputs of all layers after each character, (N, layers, H), and their gates."""
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
            shut[at] += values < SHUT
            open_[at] += values > OPEN
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


def followers(h: Array, properties: dict[str, Values]) -> tuple[Follower, ...]:
    """The best units of each of ``properties`` (N,), for outputs (N, layers, H)."""
    N, _, H = h.shape
    units = _standardised(h.reshape(N, -1))
    found: list[tuple[str, int, int, float]] = []
    most = np.zeros(N)  # of any pair, by shift
    for name, values in properties.items():
        spectrum = np.fft.rfft(_standardised(values[:, None]), axis=0)
        unshifted = np.empty(units.shape[1])
        for at in range(0, units.shape[1], UNITS_AT_ONCE):
            some = slice(at, at + UNITS_AT_ONCE)
            product = np.conj(np.fft.rfft(units[:, some], axis=0)) * spectrum
            by_shift = np.fft.irfft(product, N, axis=0) / N  # Pearson's r under each shift
            unshifted[some] = by_shift[0]
            np.maximum(most, np.abs(by_shift).max(axis=1), out=most)
        found += [
            (name, *divmod(int(unit), H), float(unshifted[unit]))
            for unit in np.argsort(-np.abs(unshifted))[:BEST]
        ]
    near = int(NEAREST_SHIFT * N) + 1
    chance = most[near : N - near + 1]
    ranked = (
        Follower(name, layer, unit, r, float((1 + (chance >= abs(r)).sum()) / (1 + len(chance))))
        for name, layer, unit, r in found
    )
    return tuple(sorted(ranked, key=lambda one: -abs(one.correlation)))


def _standardised(values: npt.NDArray[np.floating]) -> Values:
    """Columns with mean 0 and deviation 1; what does not vary becomes zeros."""
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    deviation = centred.std(axis=0)
    return centred / np.where(deviation > 1e-6, deviation, np.inf)


def _inside_quotes(text: str) -> Iterator[int]:
    """1 inside "…", “…”, 「…」 and the like; a paragraph's end closes what was left open."""
    straight, closing = False, list[str]()
    for before, character in zip("\n" + text, text, strict=False):
        if character == before == "\n":
            straight, closing = False, []
        elif character == '"':
            straight = not straight
        elif character in QUOTES:
            closing.append(QUOTES[character])
        elif closing and character == closing[-1]:
            closing.pop()
        yield int(straight or bool(closing))


def _position_in_line(text: str) -> Iterator[int]:
    position = 0
    for character in text:
        position = 0 if character == "\n" else position + 1
        yield position


def _depth_of_brackets(text: str) -> Iterator[int]:
    """How many brackets are open; what closes another than the innermost closes nothing."""
    closing: list[str] = []
    for character in text:
        if character in CLOSING:
            closing.append(CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
        yield len(closing)


def _after_a_full_stop(text: str) -> Iterator[int]:
    """1 from a stop to where the next sentence begins: over spaces, ends of lines and quotes."""
    ended = False
    for character in text:
        if character in STOPS:
            ended = True
        elif unicodedata.category(character)[0] in "LNS":
            ended = False
        yield int(ended)


def _script(name: str) -> Callable[[str], Iterator[int]]:
    """1 for a character whose Unicode name begins so."""

    def of(text: str) -> Iterator[int]:
        known: dict[str, int] = {}
        for character in text:
            if character not in known:
                known[character] = int(unicodedata.name(character, "").startswith(name))
            yield known[character]

    return of


PROPERTIES: dict[str, Callable[[str], Iterator[int]]] = {
    "inside quotes": _inside_quotes,
    "position in the line": _position_in_line,
    "depth of brackets": _depth_of_brackets,
    "after a full stop": _after_a_full_stop,
    "hiragana": _script("HIRAGANA"),
    "katakana": _script("KATAKANA"),
    "kanji": _script("CJK UNIFIED"),
    "Latin letter": _script("LATIN"),
}
"""Programs that give a number for each character of a text, which know what came before it."""
