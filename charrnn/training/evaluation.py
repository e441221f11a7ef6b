"""The loss over a whole text, with the state carried from its first character to its last.

A single pass would be slow, because each step waits for the step before. So several streams read
parts of the text side by side, and afterwards states are handed over from each part to the next,
until the losses are those of a single pass.

Not here: reports on single characters (reports/score.py).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network, States
from charrnn.network.softmax import cross_entropy
from charrnn.network.workspace import Workspace
from charrnn.parallel.team import SINGLE_PROCESS, Team

WINDOW = 128  # characters of a stream between two comparisons
CHARACTERS_PER_PASS = 2048  # characters whose activations are in memory at the same time
MAX_STREAMS = 64
MIN_CHARACTERS_PER_STREAM = 1024
LOSS_TOLERANCE = 1e-4  # nats; two readings of a window that differ by less count as equal


def mean_loss(
    network: Network, ids: Ids, team: Team = SINGLE_PROCESS, *, streams: int | None = None
) -> float:
    """Return the mean loss in nats over ``ids`` (N,), without the first, which is not predicted."""
    losses = character_losses(network, ids, team, streams=streams)
    return float(losses.sum(dtype=np.float64)) / len(losses)


def character_losses(
    network: Network, ids: Ids, team: Team = SINGLE_PROCESS, *, streams: int | None = None
) -> npt.NDArray[np.float32]:
    """Return the loss in nats of each of ``ids`` (N,) after the first, as (N - 1,).

    One stream is the plain single pass. By default there are as many streams as the text is long
    enough for. A ``team`` shares the first reading and repeats the rest at every member.

    The result is that of the single pass within `LOSS_TOLERANCE`, also for a network whose state
    never becomes independent of how it began; such a network takes up to one single pass more.
    """
    reading = _ParallelReading(network, ids, streams or count_streams(len(ids) - 1))
    reading.read_all(team)
    reading.hand_over_states()
    return reading.losses.T.ravel()[: reading.predictions]


def count_streams(predictions: int) -> int:
    """Return the number of streams that read a text of ``predictions`` characters side by side."""
    return max(1, min(MAX_STREAMS, predictions // MIN_CHARACTERS_PER_STREAM))


class _ParallelReading:
    """A text cut into equal parts, each of which is read by a stream of its own.

    ``losses`` (length, streams) are those of the latest reading. The last parts may be shorter than
    the others; their losses then end with zeros. ``final_states`` are the states in which the
    streams ended their parts.
    """

    def __init__(self, network: Network, ids: Ids, streams: int) -> None:
        self.predictions = len(ids) - 1
        assert self.predictions > 0
        self.streams = streams
        self.length = -(-self.predictions // streams)
        self.losses = np.zeros((self.length, streams), np.float32)
        self.final_states = network.initial_states(streams)
        self._network, self._ids = network, ids
        self._windows = [
            slice(start, min(start + WINDOW, self.length))
            for start in range(0, self.length, WINDOW)
        ]
        self._workspace = Workspace()

    def read_all(self, team: Team) -> None:
        """Read every part from a zero state, each member of the ``team`` its shard of streams."""
        shard = team.shard(self.streams)
        which = np.arange(self.streams)[shard]
        states = _select(self.final_states, which)
        for window in self._windows if len(which) else ():
            self.losses[window, shard], states = self._read_window(window, which, states)
        self._store(which, states)
        for array in (self.losses, *_arrays(self.final_states)):
            team.gather(array)

    def hand_over_states(self) -> None:
        """Give each stream the state in which its left neighbor ended, and correct its losses.

        A stream that takes over a state reads its part again, window by window. Usually the state
        it began with is soon forgotten: as soon as a window's losses are those of the reading
        before, the rest of the part is known to be right, and so is its final state.

        A stream whose losses differ in every window has ended in another state than before. Its
        right neighbor, which began with the old one, then has to read again. In the first round
        all streams take over states at once. From then on they do so one at a time from left to
        right: the state that a stream takes over is then final, so after the first round no stream
        rereads its part more than once.
        """
        reading, waiting = np.arange(1, self.streams), set[int]()
        while len(reading):
            states = _select(self.final_states, reading - 1)
            for window in self._windows:
                before = self.losses[window, reading]
                self.losses[window, reading], states = self._read_window(window, reading, states)
                differences = np.abs(self.losses[window, reading] - before).max(axis=0)
                differs = differences > LOSS_TOLERANCE
                reading, states = reading[differs], _select(states, differs)
                if not len(reading):
                    break
            self._store(reading, states)
            waiting.update(stream + 1 for stream in reading.tolist() if stream + 1 < self.streams)
            reading = np.array(sorted(waiting)[:1], np.intp)
            waiting.difference_update(reading.tolist())

    def _read_window(
        self, window: slice, which: Ids, states: States
    ) -> tuple[npt.NDArray[np.float32], States]:
        """Read a window of the streams ``which``; return the losses and the states after it."""
        positions = which * self.length + np.arange(window.start, window.stop)[:, None]
        exists = positions < self.predictions
        positions = np.minimum(positions, self.predictions - 1)
        losses = np.empty(positions.shape, np.float32)
        steps = max(1, CHARACTERS_PER_PASS // len(which))
        for start in range(0, len(positions), steps):
            part = positions[start : start + steps]
            ids, targets = (self._ids[p].astype(np.intp) for p in (part, part + 1))
            h, states, _ = self._network.forward(ids, states, workspace=self._workspace)
            flat = h.reshape(-1, h.shape[2])
            nats = cross_entropy(flat, targets.ravel(), *self._network.output_weights)
            losses[start : start + steps] = nats.reshape(part.shape)
        return losses * exists, states

    def _store(self, which: Ids, states: States) -> None:
        """Keep ``states`` as the final ones of the streams ``which``."""
        for finals, array in zip(_arrays(self.final_states), _arrays(states), strict=True):
            finals[which] = array


def _select(states: States, which: npt.NDArray[np.generic]) -> States:
    """Return the states of the streams ``which``, which are indices or a mask."""
    return [tuple(array[which] for array in state) for state in states]


def _arrays(states: States) -> Iterator[npt.NDArray[np.floating]]:
    return (array for state in states for array in state)
