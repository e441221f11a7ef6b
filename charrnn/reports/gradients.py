"""The vanishing gradient: how much of a loss's gradient reaches the state some steps earlier.

With L_t the loss of the character after step t, and h_t the states of all layers after step t,

    r_t(k) = |dL_t / dh_{t-k}| / |dL_t / dh_t|

by backpropagation through exactly k steps, from the states that the text has led to. Where r
vanishes, what happened k steps ago hardly changes the weights (Hochreiter 1991; Bengio, Simard and
Frasconi 1994); where it grows, the gradient explodes (Pascanu, Mikolov and Bengio 2013). In an lstm
the gradient has a second path, through the cells c. Its ratio is relative to k = 1, as a loss
depends on c_t only through h_t.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import numpy as np

from charrnn.arrays import Ids
from charrnn.config import DEFAULT_LAGS
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.network.gradient_by_lag import Norms, join_states, norms_by_lag, states_after
from charrnn.network.model import Network
from charrnn.network.parameters import initialize
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.report_text import ReportText
from charrnn.storage.checkpoint import read_description
from charrnn.storage.run_folder import RunFolder
from charrnn.storage.run_log import UNKNOWN_TIMES, read_evaluation

POSITIONS = 256
SIDE_BY_SIDE = 64  # positions
READ_AT_MOST = 20_000  # characters, as one stream
EXTRA_CHARACTERS = 2  # a window of k lags has k + 2 characters: one is read first, one predicted
VANISHED = 0.01


@dataclass(frozen=True)
class GradientPath:
    """The gradient ``through`` h or c, by lag: median and 10th and 90th percentile of r.

    The ``first`` lag, where r is 1, is 0 through h and 1 through c. ``vanished`` is the lag from
    which on the median stays below 1 %, None if it does not. ``exploding`` is the share of the
    positions at which r exceeds 1 at some lag.
    """

    through: str
    first: int
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    vanished: int | None
    exploding: float


@dataclass(frozen=True)
class ProfileAt:
    """How far back the gradient reached at a ``step`` of the training; see `GradientProfile`."""

    step: int
    epoch: float
    lags: tuple[int, ...]
    medians: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Gradients(ModelFacts, NotebookReport, report="gradients", compared=True):
    """One model over a number of ``positions`` of a text.

    ``ways`` are the paths of the gradient: through h and, in an lstm, through c. ``training`` has
    what was measured while the model was trained, at a few places of the validation part: nothing
    for a short training or one of version 0.1.0.
    """

    untrained: bool
    text: str
    positions: int
    lags: int
    ways: tuple[GradientPath, ...]
    training: tuple[ProfileAt, ...] = ()


def compare_gradients(
    models: Sequence[LoadedModel],
    texts: Sequence[ReportText],
    *,
    lags: int = DEFAULT_LAGS,
    untrained: bool = False,
) -> tuple[Gradients, ...]:
    """Measure each model with its text; with ``untrained``, also with its initial weights.

    Raises the errors of `measure_gradients`.
    """
    return tuple(
        measure_gradients(model, text, lags=lags, untrained=initial)
        for model, text in zip(models, texts, strict=True)
        for initial in ([False, True] if untrained else [False])
    )


def measure_gradients(
    model: LoadedModel,
    text: ReportText,
    *,
    lags: int = DEFAULT_LAGS,
    positions: int = POSITIONS,
    untrained: bool = False,
) -> Gradients:
    """Measure at equally spaced positions of ``text``; if ``untrained``, with initial weights.

    Raises:
        InputError: when the text is too short for ``lags``.
    """
    network = model.checkpoint.network
    if untrained:
        network = Network(network.parameters.zeros_like())
        rng = np.random.Generator(np.random.PCG64(model.checkpoint.config.seed))
        initialize(network.parameters, rng)
    ids = text.ids[:READ_AT_MOST]
    begins = _spread_windows(text.name, len(ids), lags, positions)
    states = states_after(network, ids, begins)
    groups = [begins[at : at + SIDE_BY_SIDE] for at in range(0, len(begins), SIDE_BY_SIDE)]
    steps = np.arange(lags + 2)[:, None]
    by_group = []
    for group in groups:
        before = join_states(list(islice(states, len(group))))
        every_lag = range(1, lags + 1)
        by_group.append(list(norms_by_lag(network, ids[group + steps], before, every_lag)))
    norms = np.concatenate(by_group, axis=2)  # (lags + 1, h and perhaps c, positions)
    return Gradients(
        **vars(model.facts),
        untrained=untrained,
        text=text.name,
        positions=len(begins),
        lags=lags,
        # A loss depends on the output, the first state, at lag 0, and on the others from lag 1 on.
        ways=tuple(
            _summarize_path(name, norms[:, state], first=min(state, 1))
            for state, name in enumerate(network.shape.cell_record.states)
        ),
        training=() if untrained else _read_profiles(model),
    )


def _read_profiles(model: LoadedModel) -> tuple[ProfileAt, ...]:
    """Return the profiles of the whole run, or of the training up to the step of the model."""
    history = model.checkpoint.history
    if model.run is not None:
        with suppress(InputError):
            history = read_description(RunFolder(model.run).last)[0].history
    evaluations = [read_evaluation({**UNKNOWN_TIMES, **row}) for row in history]
    return tuple(
        ProfileAt(evaluation.step, evaluation.epoch, profile.lags, profile.medians)
        for evaluation in evaluations
        if (profile := evaluation.gradient_profile) is not None
    )


def _spread_windows(name: str, characters: int, lags: int, positions: int) -> Ids:
    """Return where windows of ``lags`` steps begin, equally spaced over the text ``name``.

    Raises:
        InputError: when there is no room for a window.
    """
    places = characters + 1 - EXTRA_CHARACTERS - lags
    if places < 1 and characters <= EXTRA_CHARACTERS:
        raise InputError(_(name), _("is too short for `lags` {lags:,}").format(lags=lags))
    if places < 1:
        problem = _("is too short for `lags` {lags:,}; set it to {most:,} or less")
        problem = problem.format(lags=lags, most=characters - EXTRA_CHARACTERS)
        raise InputError(_(name), problem)
    return np.arange(0, places, max(1, places // positions))[:positions]


def _summarize_path(through: str, norms: Norms, *, first: int) -> GradientPath:
    """Summarize norms (lags + 1, positions), relative to those at lag ``first``."""
    norms = norms[first:]
    ratios = norms / np.where(norms[0] > 0, norms[0], np.inf)
    low, median, high = np.percentile(ratios, [10, 50, 90], axis=1)
    # The number of lags up to the last one at which the median is not yet below the threshold.
    before_vanishing = len(median) - int(np.argmax((median >= VANISHED)[::-1]))
    return GradientPath(
        through=through,
        first=first,
        median=tuple(median.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        vanished=first + before_vanishing if before_vanishing < len(median) else None,
        exploding=float((ratios[1:] > 1).any(axis=0).mean()),
    )
