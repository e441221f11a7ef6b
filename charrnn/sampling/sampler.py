"""Continues many prompts at a time; every step adds one character to each sample.

Each column of the `Stepper` is a batch slot, in which one prompt is read or one sample generated.
When a sample ends, the next one in the queue takes its slot, so that matrix products stay wide
however long the samples are. Not here: how a character is drawn (drawing.py), and when a sample
ends (ongoing.py).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import islice
from typing import TypeAlias

import numpy as np

from charrnn.arrays import Array
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.sampling.drawing import extend_samples
from charrnn.sampling.ongoing import OngoingSample, Request, SamplingContext

MAX_SLOTS = 128
"""Enough slots for wide products, few enough that a step's logits stay in cache."""
MAX_AHEAD = 16 * MAX_SLOTS
"""The distance in the output's order between the oldest unfinished sample and the newest one.

Finished samples wait for those before them, so this bounds how many wait.
"""


@dataclass(frozen=True, eq=False)
class StreamState:
    """Where a stream is: the state arrays (H,) of each layer, logits (V,) of the next character."""

    states: Sequence[Sequence[Array]]
    logits: Array


class Prefill:
    """A prompt while it is read. ``index`` is that of its first sample in the call."""

    def __init__(self, request: Request, index: int) -> None:
        self.request = request
        self.index = index
        self.remaining = len(request.prompt.ids)

    def next_id(self) -> int:
        """Return the next id to read."""
        self.remaining -= 1
        return int(self.request.prompt.ids[-1 - self.remaining])


Work: TypeAlias = Prefill | OngoingSample
"""What occupies a slot."""


def generate_samples(
    network: Network,
    context: SamplingContext,
    requests: Iterable[Request],
    seed: int,
    *,
    scored: bool = True,
) -> Iterator[list[OngoingSample]]:
    """Generate the requested samples; yield, after each step, the extended ones.

    Samples start in the order of the requests, which are taken from the iterable as they are
    needed, not far ahead of the oldest sample that is unfinished. The random numbers of a sample
    depend on ``seed``, its number, its attempt and its prompt only. Unless ``scored``,
    log-probabilities are 0.
    """
    queue = _Queue(network, context, requests, seed)
    batch = _Batch(network)
    while True:
        # Nothing can start or move in a batch whose slots are all taken from an empty queue.
        if not queue.is_empty:
            batch.start(queue.take(batch.work.values()))
        elif len(batch.work) < batch.width:
            batch.start([])
        if not batch.work:
            return
        if batch.samples:
            extend_samples(
                batch.logits, batch.slots, batch.samples, context, batch.ids, scored=scored
            )
            yield batch.samples
            batch.free_ended()
        if batch.work:
            for prefill, state in batch.step():
                queue.add_prefilled(prefill, state)


def sort_finished(steps: Iterable[Iterable[OngoingSample]]) -> Iterator[OngoingSample]:
    """Yield finished samples by their index, each as soon as it and all before it have ended."""
    finished: dict[int, OngoingSample] = {}
    index = 0
    for step in steps:
        finished.update((sample.index, sample) for sample in step if sample.stopped)
        while index in finished:
            yield finished.pop(index)
            index += 1


class _Queue:
    """The work that has not started yet: prompts to read, and samples whose prompt is read."""

    def __init__(
        self,
        network: Network,
        context: SamplingContext,
        requests: Iterable[Request],
        seed: int,
    ) -> None:
        zero = [[part[0] for part in state] for state in network.initial_states(1)]
        self._initial = StreamState(zero, np.zeros(network.shape.V, zero[0][0].dtype))
        self._context, self._seed = context, seed
        self._requests = iter(requests)
        self._next_index = 0  # the index of the first sample of the next request
        self._requests_exhausted = False
        # A heap of (index, its place in the request, request, state after the prompt), so that the
        # oldest starts first. Each entry stands for all samples of its request from this one on.
        self._prefilled: list[tuple[int, int, Request, StreamState]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to start."""
        return not self._prefilled and self._requests_exhausted

    def take(self, running: Collection[Work]) -> list[tuple[Work, StreamState]]:
        """Take the work that can start beside the ``running`` work, each with its initial state."""
        free_slots = MAX_SLOTS - len(running)
        if not free_slots:
            return []
        unfinished = [work.index for work in running] + [entry[0] for entry in self._prefilled[:1]]
        limit = min(unfinished, default=self._next_index) + MAX_AHEAD
        return list(islice(iter(lambda: self._take_next(limit), None), free_slots))

    def add_prefilled(self, prefill: Prefill, state: StreamState) -> None:
        """Queue the samples of a prompt that has been read, to start from ``state``."""
        heappush(self._prefilled, (prefill.index, 0, prefill.request, state))

    def _take_next(self, limit: int) -> tuple[Work, StreamState] | None:
        """Return the next work whose index is below ``limit``; None if there is none."""
        if self._prefilled and self._prefilled[0][0] < limit:
            index, at, request, state = heappop(self._prefilled)
            if at + 1 < len(request.samples):
                heappush(self._prefilled, (index + 1, at + 1, request, state))
            prompt, sample = request.prompt, request.samples[at]
            return OngoingSample(
                self._context, prompt, sample, index, self._seed, request.attempt
            ), state
        if self._next_index >= limit:
            return None
        if (next_request := next(self._requests, None)) is None:
            self._requests_exhausted = True
            return None
        prefill = Prefill(next_request, self._next_index)
        self._next_index += len(next_request.samples)
        if (logits := next_request.prompt.logits) is None:
            return prefill, self._initial
        # Nothing is read: the first characters are drawn from the prompt's own logits.
        self.add_prefilled(prefill, replace(self._initial, logits=logits))
        return self._take_next(limit)


class _Batch:
    """The slots of a stepper, which is made wider or narrower as it is needed."""

    def __init__(self, network: Network) -> None:
        self.work: dict[int, Work] = {}
        self.width = 0
        self.ids = np.zeros(0, np.intp)
        self.logits = np.empty((network.shape.V, 0), network.parameters.vector.dtype)
        self._network = network
        self._step: Stepper  # created by the first `_resize`, when the width is known
        self._split_work()

    def start(self, new_work: Sequence[tuple[Work, StreamState]]) -> None:
        """Put each of ``new_work`` into a slot and set the slot's state; resize if needed."""
        number = len(self.work) + len(new_work)
        # It shrinks only when half of it is free, because a resize copies all states.
        if number > self.width or 0 < number <= self.width // 2:
            self._resize(number)
        elif not new_work:
            return
        free_slots = [slot for slot in range(self.width) if slot not in self.work]
        for slot, (work, state) in zip(free_slots, new_work, strict=False):
            self.work[slot] = work
            self.logits[:, slot] = state.logits
            for layer, parts in zip(self._step.states, state.states, strict=True):
                for array, part in zip(layer, parts, strict=True):
                    array[:, slot] = part
        self._split_work()

    def free_ended(self) -> None:
        """Free the slots of samples that have ended."""
        ended = [at for at, sample in enumerate(self.samples) if sample.stopped]
        if ended:
            self._free(self.slots[ended].tolist())

    def step(self) -> list[tuple[Prefill, StreamState]]:
        """Advance all slots by one character: the samples' in ``ids``, and the prompts' next ones.

        Free the slots of prompts that are read to their end, and return these with the state in
        which their samples start.
        """
        prefills = self.prefills
        for slot, prefill in prefills:
            self.ids[slot] = prefill.next_id()
        # While every slot reads on in a prompt, no logits are needed.
        if not self.samples and all(prefill.remaining for _, prefill in prefills):
            self._step.advance(self.ids)
            return []
        self.logits = self._step(self.ids)
        if not prefills:
            return []
        complete = [(slot, prefill) for slot, prefill in prefills if not prefill.remaining]
        states = [(prefill, self._copy_state(slot)) for slot, prefill in complete]
        if complete:
            self._free([slot for slot, _ in complete])
        return states

    def _free(self, slots: Iterable[int]) -> None:
        for slot in slots:
            del self.work[slot]
        self._split_work()

    def _split_work(self) -> None:
        ongoing = {k: work for k, work in self.work.items() if isinstance(work, OngoingSample)}
        self.slots, self.samples = np.array([*ongoing], np.intp), list(ongoing.values())
        self.prefills = [
            (slot, work) for slot, work in self.work.items() if isinstance(work, Prefill)
        ]

    def _copy_state(self, slot: int) -> StreamState:
        states = [[part[:, slot].copy() for part in layer] for layer in self._step.states]
        return StreamState(states, self.logits[:, slot].copy())

    def _resize(self, width: int) -> None:
        """Make a stepper of this ``width`` and move all work to its first slots."""
        states, logits, work = self._network.initial_states(width), self.logits, self.work
        if work:
            for layer, old_layer in zip(states, self._step.states, strict=True):
                for part, old_part in zip(layer, old_layer, strict=True):
                    part[: len(work)] = old_part[:, list(work)].T
        self.width, self.work = width, dict(enumerate(work.values()))
        self._step = Stepper(self._network, states)
        self.ids = np.zeros(width, np.intp)
        self.logits = np.zeros((len(logits), width), logits.dtype)
        self.logits[:, : len(work)] = logits[:, list(work)]
