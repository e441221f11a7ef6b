"""A text of any length, read in blocks of many streams each, with the result of a single stream.

What is in memory does not grow with the text.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.parallel.machine import count_cores
from charrnn.training.parallel_reading import ParallelReading, count_streams

CHUNK = 2048  # characters
BLOCK = 1 << 20  # characters that are read side by side
FIRST_BLOCK = 1 << 16  # characters by which a network shows whether many streams help
MAX_THREADS = 4
TOLERANCE, EQUAL_WINDOWS = 5e-5, 4
"""When a stream ends to read again: its losses have not changed by more for 512 characters.

A change by rounding is below 0.00001 nats.
"""


def count_threads() -> int:
    """Return the number of threads that read a text."""
    return min(MAX_THREADS, count_cores())


class PredictedChunk(NamedTuple):
    """N predictions, of the characters after those at ``place`` in the ids that were read.

    ``surprise`` (N,) are nats, ``likeliest`` (N, alternatives) ids with their ``probability``.
    """

    place: slice
    surprise: npt.NDArray[np.float32]
    likeliest: Ids
    probability: npt.NDArray[np.float32]


class BlockReader:
    """Reads a text that arrives in pieces, from a zero state, with many streams.

    The result is that of a single stream, except for rounding. If a block had to be read by a
    single stream, because the network does not forget, so are all that follow.
    """

    def __init__(self, network: Network, alternatives: int = 0) -> None:
        self._network, self._alternatives = network, alternatives
        self._states = network.initial_states(1)
        self._threads = count_threads()
        self._block, self._is_alone = FIRST_BLOCK, False

    def read(self, ids: Ids) -> Iterator[PredictedChunk]:
        """Predict each of ``ids`` but the first, which is the last one of the piece before."""
        start = 0
        while start < len(ids) - 1:
            predictions = min(self._block, len(ids) - 1 - start)
            streams = 1 if self._is_alone else count_streams(predictions, self._threads)
            # The state after the block is needed, so all streams end where their parts do. Less
            # than one character per stream is left over, for the next block.
            stop = start + predictions // streams * streams
            yield from self._read_block(ids[start : stop + 1], start, streams)
            start = stop

    def _read_block(self, ids: Ids, start: int, streams: int) -> Iterator[PredictedChunk]:
        """Read a block that begins at ``start``, and yield its chunks."""
        reading = ParallelReading(
            self._network, ids, streams, states=self._states, alternatives=self._alternatives,
            tolerance=TOLERANCE, equal_windows=EQUAL_WINDOWS, threads=self._threads,
        )  # fmt: skip
        with threadpool_limits(1, "blas") if streams > 1 else nullcontext():
            reading.read_all()
            reading.hand_over_states()
        self._states, self._is_alone = reading.last_state, self._is_alone or reading.is_read_alone
        self._block = FIRST_BLOCK if self._is_alone else BLOCK
        for stream in range(streams):
            yield from _cut_part(reading, stream, start + stream * reading.length)


def _cut_part(reading: ParallelReading, stream: int, start: int) -> Iterator[PredictedChunk]:
    """Yield the predictions of a ``stream``, whose part begins at ``start``, in chunks."""
    for at in range(0, reading.length, CHUNK):
        place = slice(at, min(at + CHUNK, reading.length)), stream
        # Copies, so that a chunk that is kept does not keep the whole block.
        yield PredictedChunk(
            slice(start + at, start + place[0].stop),
            reading.losses[place].copy(),
            reading.likeliest[place].copy(),
            reading.probability[place].copy(),
        )
