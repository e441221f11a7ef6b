"""Long-term dependency: how a model's loss depends on the number of characters that it is given.

At the same positions of a text the model predicts again from a zero state, given only the last n
characters. Where the loss still falls with n, the model uses what it remembers from n characters
ago. The n-gram that is given the same number of characters is the comparison.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.network.parameters import Shape
from charrnn.network.softmax import cross_entropy
from charrnn.network.workspace import Workspace
from charrnn.ngram import ngram_probabilities
from charrnn.reports.brackets import Brackets, measure_brackets
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.perturbation import Perturbation, measure_perturbation
from charrnn.reports.report_text import ReportText
from charrnn.training.evaluation import character_losses

KNOWN_DISTANCES = {
    "06051b130fcf21a5d94d16ae3c6ad91274c0fe4df3d88a1f7c8f675a263ea122": (30, 60),
}
"""By the fingerprint of a corpus. That of corpora/tenki.txt: from a day's weather to what follows
from it."""
GIVEN = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
OPERATIONS_AT_MOST = 6e11  # floating-point operations of the whole report
POSITIONS_AT_LEAST, POSITIONS_AT_MOST = 64, 4096
WINDOWS_AT_MOST = 1024
SIDE_BY_SIDE, STEPS = 128, 16  # streams of a batch, and characters that they read at once

Nats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ContextLoss:
    """The mean loss ``nats`` with ``given`` preceding characters, and its standard ``error``.

    ``given`` is None for all preceding characters.

    ``lost`` is its difference from the loss with all characters, and ``lost_error`` the standard
    error of the mean difference, position by position. ``ngram`` is the loss of the n-gram that is
    given as many characters; None where n is too large or no n-grams were counted.
    """

    given: int | None
    nats: float
    error: float
    lost: float
    lost_error: float
    ngram: float | None


@dataclass(frozen=True)
class Memory(ModelFacts, NotebookReport, report="memory", compared=True):
    """One model at ``positions`` many positions of a text, which are all of them if ``is_whole``.

    ``known_distance`` is how far back what has to be remembered is in the text of the model's
    corpus, where that is known.

    ``unigram`` is the loss there of a model that is given no characters. ``carried`` and ``reset``
    are losses over ``read`` characters, in windows of the training length ``window``: ``carried``
    with the state carried from the beginning of the text, ``reset`` with zeros at the beginning of
    each window. ``perturbation`` has how long an exchanged character makes a difference, None where
    the text is too short. ``brackets`` has which brackets are closed correctly, None where the text
    has too few.
    """

    text: str
    known_distance: tuple[int, int] | None
    positions: int
    is_whole: bool
    points: tuple[ContextLoss, ...]
    unigram: float | None
    window: int
    read: int
    carried: float
    reset: float
    perturbation: Perturbation | None
    brackets: Brackets | None


def compare_memory(
    models: Sequence[LoadedModel], texts: Sequence[ReportText]
) -> tuple[Memory, ...]:
    """Measure each model with its text, all at as many positions as the slowest can afford."""
    pairs = list(zip(models, texts, strict=True))
    positions = min(
        affordable_positions(model.checkpoint.network.shape, text) for model, text in pairs
    )
    return tuple(measure_memory(model, text, positions=positions) for model, text in pairs)


def affordable_positions(shape: Shape, text: ReportText) -> int:
    """Return the number of positions of ``text`` that a fixed amount of work can predict."""
    steps = sum(n for n in GIVEN if n < len(text.ids) - 1) + 1
    affordable = OPERATIONS_AT_MOST / shape.flops_per_character / steps
    return int(min(POSITIONS_AT_MOST, max(POSITIONS_AT_LEAST, affordable)))


def measure_memory(model: LoadedModel, text: ReportText, *, positions: int | None = None) -> Memory:
    """Measure at equally spaced ``positions`` of ``text``; None: as many as are affordable."""
    network, ids = model.checkpoint.network, text.ids
    with_all = character_losses(network, ids)
    positions = positions or affordable_positions(network.shape, text)
    chosen = np.unique(
        np.linspace(0, len(with_all) - 1, min(positions, len(with_all))).astype(np.intp)
    )
    by_order = _ngram_losses(text, network.shape.V, chosen)

    def point(given: int | None, nats: Nats) -> ContextLoss:
        lost = nats - with_all[chosen]
        ngram = None
        if given is not None and given < len(by_order):
            ngram = float(by_order[given].mean())
        return ContextLoss(given, *_mean_and_error(nats), *_mean_and_error(lost), ngram)

    points = [
        point(n, _losses_given(network, ids, chosen, n, with_all))
        for n in GIVEN
        if n < len(with_all)
    ]
    window = min(model.checkpoint.config.seq, len(with_all))
    begins = chosen[chosen + window <= len(with_all)][:WINDOWS_AT_MOST]
    reset = np.concatenate([nats for _, nats in _read_windows(network, ids, begins, window)], 1)
    same = begins[:, None] + np.arange(window)
    return Memory(
        **vars(model.facts),
        text=text.name,
        known_distance=KNOWN_DISTANCES.get(model.checkpoint.corpus_info.sha256),
        positions=len(chosen),
        is_whole=len(chosen) == len(with_all),
        points=(*points, point(None, with_all[chosen])),
        unigram=float(by_order[0].mean()) if by_order else None,
        window=window,
        read=same.size,
        carried=float(with_all[same].mean(dtype=np.float64)),
        reset=float(reset.mean(dtype=np.float64)),
        perturbation=measure_perturbation(
            network, ids, np.bincount(ids, minlength=network.shape.V)
        ),
        brackets=measure_brackets(network, model.checkpoint.corpus_info.vocabulary, ids),
    )


def _losses_given(network: Network, ids: Ids, positions: Ids, n: int, with_all: Nats) -> Nats:
    """Return the losses at ``positions`` given the last ``n`` characters, or all if fewer."""
    losses = with_all[positions]
    enough = np.flatnonzero(positions >= n)
    for group, nats in _read_windows(network, ids, positions[enough] - n + 1, n, last=True):
        losses[enough[group]] = nats[-1]
    return losses


def _read_windows(
    network: Network, ids: Ids, begins: Ids, length: int, *, last: bool = False
) -> Iterator[tuple[slice, Nats]]:
    """Yield the losses of the ``length`` characters after each of ``begins``, from a zero state.

    The windows are read in groups; each yields its slice of ``begins`` and losses (length, group).
    If ``last``, only the loss of each window's last character is computed: (1, group).
    """
    workspace = Workspace()
    for first in range(0, len(begins), SIDE_BY_SIDE):
        group = slice(first, min(first + SIDE_BY_SIDE, len(begins)))
        states = network.initial_states(group.stop - group.start)
        losses = []
        for start in range(0, length, STEPS):
            at = begins[group] + np.arange(start, min(start + STEPS, length))[:, None]
            h, states, _ = network.forward(ids[at], states, workspace=workspace)
            if last:
                h, at = h[-1:], at[-1:]
            if not last or start + STEPS >= length:
                flat, targets = h.reshape(-1, h.shape[2]), ids[at + 1].ravel()
                nats = cross_entropy(flat, targets, *network.output_weights)
                losses.append(nats.reshape(at.shape))
        yield group, np.concatenate(losses)


def _ngram_losses(text: ReportText, V: int, positions: Ids) -> list[npt.NDArray[np.float64]]:
    """Return the losses of n-grams of order 1, 2, … at ``positions``; none without counts."""
    if text.train is None:
        return []
    return [-np.log(P[positions]) for P in ngram_probabilities(text.train, text.ids, V)]


def _mean_and_error(nats: npt.NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Return the mean and its standard error."""
    deviation = float(nats.std(dtype=np.float64))
    return float(nats.mean(dtype=np.float64)), deviation / math.sqrt(len(nats))
