"""Long-term dependency: what a model's predictions owe to characters long gone.

At the same positions of a text the model predicts once more from a zero state, given the last n
characters only. Where the loss still falls with n, it uses what it remembers from so far back. An
n-gram, which knows nothing else, is given as many.
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
from charrnn.reports.held_out import HeldOut
from charrnn.storage.model_file import Checkpoint
from charrnn.training.evaluation import character_losses

GIVEN = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
OPERATIONS = 6e11  # of floating point, that all this may take
FEWEST, MOST = 64, 4096  # positions
WINDOWS = 1024  # that are read from zero
SIDE_BY_SIDE, STEPS = 128, 16  # readers, and characters that they read at once

Nats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Point:
    """The mean loss with ``given`` characters, None for all before, and its standard ``error``.

    ``lost`` is what it is above that with all, and ``lost_error`` the standard error of the mean
    difference, position by position. ``ngram`` is the loss of the n-gram that is given as many, at
    the same positions; None where none is so long or its text is not known.
    """

    given: int | None
    nats: float
    error: float
    lost: float
    lost_error: float
    ngram: float | None


@dataclass(frozen=True)
class Memory:
    """One model at so many ``positions`` of a text, which are all where it ``is_whole``.

    ``unigram`` is the loss at them of a model that is given nothing. The state is ``carried`` from
    the text's first character in one reading of ``read`` characters, and set to zero before every
    ``window`` of them, as long as training looks back, in another.
    """

    model: str
    cell: str
    hidden: int
    layers: int
    text: str
    positions: int
    is_whole: bool
    points: tuple[Point, ...]
    unigram: float | None
    window: int
    read: int
    carried: float
    reset: float


def memories(models: Sequence[tuple[Checkpoint, str, HeldOut]]) -> tuple[Memory, ...]:
    """One of each model and its text, at as many positions as suit the one that is most work."""
    positions = min(affordable(model.network.shape, text) for model, _, text in models)
    return tuple(memory(model, name, text, positions) for model, name, text in models)


def affordable(shape: Shape, text: HeldOut) -> int:
    """How many positions of ``text`` a network reads within a fixed amount of work."""
    asked = sum(n for n in GIVEN if n < len(text.ids) - 1) + 1
    return int(min(MOST, max(FEWEST, OPERATIONS / shape.flops_per_character / asked)))


def memory(
    checkpoint: Checkpoint, model: str, text: HeldOut, positions: int | None = None
) -> Memory:
    """Measure at equally spaced ``positions`` of ``text``, as many as are `affordable` if None."""
    network, ids = checkpoint.network, text.ids
    shape = network.shape
    with_all = character_losses(network, ids)
    positions = positions or affordable(shape, text)
    at = np.unique(np.linspace(0, len(with_all) - 1, min(positions, len(with_all))).astype(np.intp))
    by_order = _ngrams(text, shape.V, at)

    def point(given: int | None, nats: Nats) -> Point:
        lost = nats - with_all[at]
        ngram = None
        if given is not None and given < len(by_order):
            ngram = float(by_order[given].mean())
        return Point(given, *_mean(nats), *_mean(lost), ngram)

    points = [point(n, _given(network, ids, at, n, with_all)) for n in GIVEN if n < len(with_all)]
    window = min(checkpoint.config.seq, len(with_all))
    begins = at[at + window <= len(with_all)][:WINDOWS]
    fresh = np.concatenate([nats for _, nats in _read(network, ids, begins, window)], 1)
    same = begins[:, None] + np.arange(window)
    return Memory(
        model=model, cell=shape.cell, hidden=shape.hidden, layers=shape.layers, text=text.name,
        positions=len(at), is_whole=len(at) == len(with_all),
        points=(*points, point(None, with_all[at])),
        unigram=float(by_order[0].mean()) if by_order else None,
        window=window, read=same.size,
        carried=float(with_all[same].mean(dtype=np.float64)),
        reset=float(fresh.mean(dtype=np.float64)),
    )  # fmt: skip


def _given(network: Network, ids: Ids, at: Ids, n: int, with_all: Nats) -> Nats:
    """The loss at positions ``at`` with the last ``n`` characters, or all that are before."""
    nats = with_all[at]
    enough = np.flatnonzero(at >= n)
    for places, found in _read(network, ids, at[enough] - n + 1, n, last=True):
        nats[enough[places]] = found[-1]
    return nats


def _read(
    network: Network, ids: Ids, begins: Ids, length: int, *, last: bool = False
) -> Iterator[tuple[slice, Nats]]:
    """The losses of the ``length`` characters after those at ``begins``, read from zero states.

    Some begins at a time: which, and (length, some); only the last of each, (1, some), if ``last``.
    """
    workspace = Workspace()
    for first in range(0, len(begins), SIDE_BY_SIDE):
        which = slice(first, min(first + SIDE_BY_SIDE, len(begins)))
        states = network.initial_states(which.stop - which.start)
        found = []
        for start in range(0, length, STEPS):
            at = begins[which] + np.arange(start, min(start + STEPS, length))[:, None]
            h, states, _ = network.forward(ids[at], states, workspace=workspace)
            if last:
                h, at = h[-1:], at[-1:]
            if not last or start + STEPS >= length:
                flat, targets = h.reshape(-1, h.shape[2]), ids[at + 1].ravel()
                found.append(
                    cross_entropy(flat, targets, *network.output_weights).reshape(at.shape)
                )
        yield which, np.concatenate(found)


def _ngrams(text: HeldOut, V: int, at: Ids) -> list[npt.NDArray[np.float64]]:
    """The nats of n-grams of order 1, 2, … at positions ``at``."""
    if text.train is None:
        return []
    return [-np.log(P[at]) for P in ngram_probabilities(text.train, text.ids, V)]


def _mean(nats: npt.NDArray[np.floating[Any]]) -> tuple[float, float]:
    """And its standard error."""
    return float(nats.mean(dtype=np.float64)), float(nats.std(dtype=np.float64)) / math.sqrt(
        len(nats)
    )
