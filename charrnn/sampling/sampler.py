"""A model and openings give texts, many of them side by side, a character a step.

Each column of the `Stepper` belongs to one text, which is read or written there; where one ends
another begins, so that products stay wide however long the texts are. Not here: which characters
may be drawn (filters.py), and what becomes of those that were (continuation.py).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice
from typing import TypeAlias

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.sampling.filters import distribution, draw, log_probability
from charrnn.sampling.ongoing import OngoingSample, Prompt, SamplingContext

SIDE_BY_SIDE = 128
"""Texts in a step at most: products are wide enough, and what is done to them stays in cache."""
AHEAD = 16 * SIDE_BY_SIDE
"""How many texts are begun after the oldest that has not ended."""
DRAWN_TOGETHER = 1 << 16
"""Logits that are worked on at a time, so that they stay in cache."""
ALL = (slice(None),)


@dataclass(frozen=True, eq=False)
class StreamState:
    """Where a text has come to: each layer's state, arrays (H,), logits (V,) of what follows."""

    states: Sequence[Sequence[Array]]
    logits: Array


class Reading:
    """An opening that is being read; its samples are the ``number``-th of all and those after."""

    def __init__(self, opening: Prompt, number: int) -> None:
        self.opening = opening
        self.number = number
        self.left = len(opening.ids)

    def next_id(self) -> int:
        """What is read now."""
        self.left -= 1
        return int(self.opening.ids[-1 - self.left])


Work: TypeAlias = Reading | OngoingSample


def generate_samples(
    network: Network,
    manner: SamplingContext,
    openings: Iterable[Prompt],
    samples: int,
    seed: int,
    *,
    scored: bool = True,
) -> Iterator[list[OngoingSample]]:
    """After each step, the texts that got a character in it, some of which have ended.

    Of each of ``openings`` there are so many ``samples``; what is drawn for one depends on
    ``seed``, its number and its opening, not on the others. They begin in their order, none far
    ahead of one that has not ended: openings are asked for as they are needed. Where they are not
    to be ``scored``, log-probabilities are 0.
    """
    waiting = _Waiting(network, manner, openings, samples, seed)
    columns = _Columns(network)
    while True:
        columns.begin(waiting.next_ones(columns.work.values()) if waiting.any else [])
        if not columns.work:
            return
        ids = np.zeros(columns.width, np.intp)
        if texts := columns.texts:
            _draw(columns.logits, texts, manner, ids, scored)
            yield [one for _, one in texts]
            columns.end([at for at, one in texts if one.stopped])
        if columns.work:
            for reading, place in columns.step(ids):
                waiting.place(reading, place)


def in_order(steps: Iterable[Iterable[OngoingSample]]) -> Iterator[OngoingSample]:
    """The texts that have ended, by their numbers from 0 on."""
    ended: dict[int, OngoingSample] = {}
    number = 0
    for step in steps:
        ended.update((one.number, one) for one in step if one.stopped)
        while number in ended:
            yield ended.pop(number)
            number += 1


def _draw(
    logits: Array,
    texts: list[tuple[int, OngoingSample]],
    manner: SamplingContext,
    ids: Ids,
    scored: bool,
) -> None:
    """Give each of ``texts`` a character by its column of ``logits``; writes it to ``ids``."""
    allowed = mask_forbidden(logits, texts, manner)
    numbers = [0.0] * len(ids)
    for at, one in texts:
        numbers[at] = one.uniform()
    uniform = np.array(numbers)
    for some in _in_cache(logits):
        rows = np.ascontiguousarray(allowed[:, some].T)
        ids[some] = draw(distribution(rows, manner.config), uniform[some])
        if scored:
            numbers[some] = log_probability(logits[:, some].T, ids[some]).tolist()
    drawn = ids.tolist()
    for at, one in texts:
        if one.stopped is None:
            one.take(drawn[at], numbers[at] if scored else 0.0)


def _in_cache(logits: Array) -> Iterable[slice]:
    """The columns of ``logits`` in groups that stay in cache while they are worked on."""
    V, B = logits.shape
    if V * B <= DRAWN_TOGETHER:
        return ALL
    together = max(1, DRAWN_TOGETHER // V)
    return (slice(start, start + together) for start in range(0, B, together))


def mask_forbidden(
    logits: Array, texts: list[tuple[int, OngoingSample]], manner: SamplingContext
) -> Array:
    """The logits of what may come, -inf for the rest. A text that nothing may follow is ended."""
    unknown, no_repeat = manner.vocabulary.unknown, manner.config.no_repeat
    if unknown is None and not no_repeat:
        return logits
    allowed = logits.copy()
    if unknown is not None:
        allowed[unknown] = -np.inf
    for at, one in texts if no_repeat else ():
        barred = one.barred()
        if len(barred) == len(manner.vocabulary.characters):
            one.exhaust()
        else:
            allowed[barred, at] = -np.inf
    return allowed


class _Waiting:
    """What has not begun, in order: texts whose opening was read, and openings."""

    def __init__(
        self,
        network: Network,
        manner: SamplingContext,
        openings: Iterable[Prompt],
        samples: int,
        seed: int,
    ) -> None:
        zero = [[part[0] for part in state] for state in network.initial_states(1)]
        self._nowhere = StreamState(zero, np.zeros(network.shape.V, zero[0][0].dtype))
        self._manner, self._seed = manner, seed
        self._openings, self._samples = iter(openings), samples
        self._number = 0  # of the next opening's first text
        self._all_begun = False  # of the openings
        self._read: list[tuple[int, int, Prompt, StreamState]] = []  # a heap by number

    @property
    def any(self) -> bool:
        """Whether there may be something left to begin."""
        return bool(self._read) or not self._all_begun

    def next_ones(self, busy: Collection[Work]) -> list[tuple[Work, StreamState]]:
        """What is to begin beside those that are ``busy``, and from where."""
        workspace = SIDE_BY_SIDE - len(busy)
        if not workspace:
            return []
        outstanding = [one.number for one in busy] + [number for number, *_ in self._read[:1]]
        limit = min(outstanding, default=self._number) + AHEAD
        return list(islice(iter(lambda: self._next(limit), None), workspace))

    def place(self, reading: Reading, place: StreamState) -> None:
        """Have the texts begin whose opening was read."""
        heappush(self._read, (reading.number, 0, reading.opening, place))

    def _next(self, limit: int) -> tuple[Work, StreamState] | None:
        if self._read and self._read[0][0] < limit:
            number, sample, opening, place = heappop(self._read)
            if sample + 1 < self._samples:
                heappush(self._read, (number + 1, sample + 1, opening, place))
            return OngoingSample(self._manner, opening, sample, number, self._seed), place
        if self._number >= limit:
            return None
        if (next_opening := next(self._openings, None)) is None:
            self._all_begun = True
            return None
        reading = Reading(next_opening, self._number)
        self._number += self._samples
        if next_opening.logits is None:
            return reading, self._nowhere
        self.place(reading, replace(self._nowhere, logits=next_opening.logits))
        return self._next(limit)


class _Columns:
    """A stepper as wide as it has to be, and what each of its columns is used for."""

    def __init__(self, network: Network) -> None:
        self.work: dict[int, Work] = {}
        self.width = 0
        self.logits = np.empty((network.shape.V, 0), network.parameters.vector.dtype)
        self._network = network
        self._step: Stepper  # made when it is known how wide
        self._sort()

    def begin(self, begun: Sequence[tuple[Work, StreamState]]) -> None:
        """Give each a column, and put it where it is to begin; be as wide as that takes."""
        number = len(self.work) + len(begun)
        if number > self.width or 0 < number <= self.width // 2:
            self._resize(number)
        elif not begun:
            return
        free = [at for at in range(self.width) if at not in self.work]
        for at, (one, place) in zip(free, begun, strict=False):
            self.work[at] = one
            self.logits[:, at] = place.logits
            for state, parts in zip(self._step.states, place.states, strict=True):
                for array, part in zip(state, parts, strict=True):
                    array[:, at] = part
        self._sort()

    def end(self, columns: Sequence[int]) -> None:
        """Nothing more is done in these."""
        for at in columns:
            del self.work[at]
        if columns:
            self._sort()

    def step(self, ids: Ids) -> list[tuple[Reading, StreamState]]:
        """Go on by a character: ``ids`` (B,), and of openings what is to be read.

        Gives the openings that were read to their end, which then have no column, and where.
        """
        readings = self.readings
        for at, one in readings:
            ids[at] = one.next_id()
        if not self.texts and all(one.left for _, one in readings):
            self._step.read(ids)
            return []
        self.logits = self._step(ids)
        through = [(at, one) for at, one in readings if not one.left]
        places = [(one, self._place(at)) for at, one in through]
        self.end([at for at, _ in through])
        return places

    def _sort(self) -> None:
        self.texts = [(at, one) for at, one in self.work.items() if isinstance(one, OngoingSample)]
        self.readings = [(at, one) for at, one in self.work.items() if isinstance(one, Reading)]

    def _place(self, at: int) -> StreamState:
        states = [[part[:, at].copy() for part in state] for state in self._step.states]
        return StreamState(states, self.logits[:, at].copy())

    def _resize(self, width: int) -> None:
        """A stepper of another width, to which what is done moves over."""
        states, logits, work = self._network.initial_states(width), self.logits, self.work
        if work:
            for state, old in zip(states, self._step.states, strict=True):
                for part, whole in zip(state, old, strict=True):
                    part[: len(work)] = whole[:, list(work)].T
        self.width, self.work = width, dict(enumerate(work.values()))
        self._step = Stepper(self._network, states)
        self.logits = np.zeros((len(logits), width), logits.dtype)
        self.logits[:, : len(work)] = logits[:, list(work)]
