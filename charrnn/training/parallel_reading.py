"""A text read by many streams at once, with the result of a single stream that reads all of it.

A single pass is slow, because each step waits for the step before. So several streams read parts of
the text side by side, and afterwards states are handed over from each part to the next, until the
losses are those of a single pass.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network, States
from charrnn.network.softmax import cross_entropy, cross_entropy_and_likeliest
from charrnn.network.workspace import Workspace
from charrnn.parallel.team import SINGLE_PROCESS, Team

WINDOW = 128  # characters of a stream between two comparisons
CHARACTERS_PER_PASS = 2048  # characters whose activations are in memory at the same time
MAX_STREAMS = 64  # of a thread
MIN_CHARACTERS_PER_STREAM = 1024
LOSS_TOLERANCE = 1e-4  # nats
SHRINKING = 0.5  # of a change, from a round to the next, where a network forgets


def count_streams(predictions: int, threads: int = 1) -> int:
    """Return the number of streams that read a text of ``predictions`` characters side by side."""
    return max(1, min(MAX_STREAMS * threads, predictions // MIN_CHARACTERS_PER_STREAM))


class ParallelReading:
    """A text cut into equal parts, each of which is read by a stream of its own.

    The first stream begins in ``states``, by default zeros. With ``alternatives``, that number of
    likeliest characters is kept with each prediction. ``threads`` share the streams; each calls a
    BLAS, which should use a single thread then.

    Two readings of a window count as equal if no loss differs by more than ``tolerance`` nats. The
    states are not compared: in a trained lstm some units only count, and their states stay apart
    although no prediction depends on them any more. A memory without effect in ``equal_windows``
    windows in a row is taken for forgotten.

    ``losses`` (length, streams) are those of the latest reading, and so are ``likeliest`` and
    ``probability`` (length, streams, alternatives). The last parts may be shorter than the others;
    their losses then end with zeros. ``final_states`` are the states in which the streams ended
    their parts.
    """

    def __init__(
        self,
        network: Network,
        ids: Ids,
        streams: int,
        *,
        states: States | None = None,
        alternatives: int = 0,
        tolerance: float = LOSS_TOLERANCE,
        equal_windows: int = 1,
        threads: int = 1,
    ) -> None:
        self.predictions = len(ids) - 1
        assert self.predictions > 0
        self.streams = streams
        self.length = -(-self.predictions // streams)
        self.losses = np.zeros((self.length, streams), np.float32)
        kept = self.length, streams, alternatives
        self.likeliest = np.zeros(kept, np.min_scalar_type(network.shape.V - 1))
        self.probability = np.zeros(kept, np.float32)
        self.final_states = network.initial_states(streams)
        self._network, self._ids = network, ids
        self._initial_states = network.initial_states(1) if states is None else states
        self._alternatives = alternatives
        self._tolerance, self._equal_windows = tolerance, equal_windows
        self._windows = [
            slice(start, min(start + WINDOW, self.length))
            for start in range(0, self.length, WINDOW)
        ]
        self._last_changes = np.zeros(streams)  # of each stream's losses in its latest window
        self._workspaces = [Workspace() for _ in range(threads)]
        self._is_abandoned = self.is_read_alone = False

    def read_all(self, team: Team = SINGLE_PROCESS) -> None:
        """Read every part, each member of the ``team`` its shard of streams.

        Every part is read from the initial state. A team of several members keeps no alternatives.
        """
        assert team.size == 1 or not self._alternatives
        which = np.arange(self.streams)[team.shard(self.streams)]
        states = _select(self._initial_states, np.zeros(len(which), np.intp))
        self._read_in_threads(self._read_parts, which, states)
        for array in (self.losses, *_arrays(self.final_states)):
            team.gather(array)

    def hand_over_states(self) -> None:
        """Give each stream the state in which its left neighbor ended, and correct its losses.

        A stream that takes over a state reads its part again, window by window. Usually the state
        it began with is soon forgotten: as soon as enough windows in a row equal those of the
        reading before, the rest of the part is known to be right, and so is its final state.

        A stream that differs to its end has ended in another state than before. Its right neighbor,
        which began with the old one, then has to read again. All streams that wait do so at once,
        in rounds. The leftmost one takes over a state that is final, so there are fewer rounds than
        streams; and where a network forgets, the changes shrink from round to round.

        If most streams differ to their ends, and a round changes the ends by more than `SHRINKING`
        of what the round before did, the network keeps its memory for longer than a part, or is
        chaotic: any difference grows, even that of sums which are rounded in another way because
        more streams are computed at once. Then the whole text is read again by a single stream,
        and ``is_read_alone`` is set.
        """
        reading: Ids = np.arange(1, self.streams)
        change_before = np.inf
        while len(reading):
            differing = self._take_over_states(reading)
            if 2 * len(differing) >= self.streams:
                change = float(np.median(self._last_changes[differing]))
                # Of three streams, only the first round can be judged.
                if self.streams <= 3 or not change < SHRINKING * change_before:
                    self._read_alone()
                    return
                change_before = change
            reading = differing[differing + 1 < self.streams] + 1

    @property
    def last_state(self) -> States:
        """The state after the text, if all parts are equally long."""
        return _select(self.final_states, np.array([self.streams - 1]))

    def _take_over_states(self, which: Ids) -> Ids:
        """Let the streams ``which`` read again; return those that differ to their ends."""
        states = _select(self.final_states, which - 1)
        return self._read_in_threads(self._reread_parts, which, states)

    def _read_alone(self) -> None:
        """Read the whole text by a single stream."""
        self.is_read_alone = True
        states = self._initial_states
        for stream in range(self.streams):
            which = np.array([stream])
            self._read_parts(which, states, self._workspaces[0])
            states = _select(self.final_states, which)

    def _read_in_threads(
        self, read: Callable[[Ids, States, Workspace], Ids], which: Ids, states: States
    ) -> Ids:
        """Call ``read`` in each thread with its share of the streams, and join what is returned."""
        shares = np.array_split(np.arange(len(which)), min(len(self._workspaces), len(which) or 1))
        if len(shares) == 1:
            return read(which, states, self._workspaces[0])
        with ThreadPoolExecutor(len(shares)) as executor:
            calls = [
                executor.submit(read, which[share], _select(states, share), workspace)
                for share, workspace in zip(shares, self._workspaces, strict=False)
            ]
            try:
                return np.concatenate([call.result() for call in calls])
            except BaseException:  # an interrupt should not wait for the other threads' parts
                self._is_abandoned = True
                raise

    def _read_parts(self, which: Ids, states: States, workspace: Workspace) -> Ids:
        """Read the parts of the streams ``which`` to their ends, from ``states``."""
        for window in self._windows if len(which) else ():
            if self._is_abandoned:
                break
            states = self._read_window(window, which, states, workspace)
        _assign(self.final_states, which, states)
        return which

    def _reread_parts(self, which: Ids, states: States, workspace: Workspace) -> Ids:
        """Read the parts of the streams ``which`` again, from other ``states`` than before.

        Each ends where enough windows in a row have equaled those of its reading before. Return the
        streams for which there was no such place.
        """
        equal = np.zeros(len(which), np.intp)
        for window in self._windows:
            if self._is_abandoned or not len(which):
                break
            before = self.losses[window, which]
            states = self._read_window(window, which, states, workspace)
            change = np.abs(self.losses[window, which] - before).max(axis=0)
            self._last_changes[which] = change
            equal = np.where(change > self._tolerance, 0, equal + 1)
            differs = equal < self._equal_windows
            which, equal, states = which[differs], equal[differs], _select(states, differs)
        _assign(self.final_states, which, states)
        return which

    def _read_window(
        self, window: slice, which: Ids, states: States, workspace: Workspace
    ) -> States:
        """Read a window of the streams ``which``, and return the states after it."""
        steps = max(1, CHARACTERS_PER_PASS // len(which))
        for start in range(window.start, window.stop, steps):
            stop = min(start + steps, window.stop)
            positions = which * self.length + np.arange(start, stop)[:, None]
            exists = positions < self.predictions
            positions = np.minimum(positions, self.predictions - 1)
            ids, targets = (self._ids[p].astype(np.intp) for p in (positions, positions + 1))
            h, states, _ = self._network.forward(ids, states, workspace=workspace)
            self._keep_predictions((slice(start, stop), which), h, targets, exists)
        return states

    def _keep_predictions(
        self, place: tuple[slice, Ids], h: Array, targets: Ids, exists: npt.NDArray[np.bool_]
    ) -> None:
        """Keep at ``place`` how ``targets`` (T, B) are predicted from the outputs h (T, B, H)."""
        weights, shape = self._network.output_weights, targets.shape
        h, targets = h.reshape(-1, h.shape[2]), targets.ravel()
        if self._alternatives:
            nats, likeliest, probability = cross_entropy_and_likeliest(
                h, targets, *weights, self._alternatives
            )
            self.likeliest[place] = likeliest.reshape(*shape, -1)
            self.probability[place] = probability.reshape(*shape, -1)
        else:
            nats = cross_entropy(h, targets, *weights)
        self.losses[place] = nats.reshape(shape) * exists


def _select(states: States, which: npt.NDArray[np.generic]) -> States:
    """Return the states of the streams ``which``, which are indices or a mask."""
    return [tuple(array[which] for array in state) for state in states]


def _assign(states: States, which: Ids, others: States) -> None:
    """Replace the states of the streams ``which`` by ``others``."""
    for array, other in zip(_arrays(states), _arrays(others), strict=True):
        array[which] = other


def _arrays(states: States) -> Iterator[npt.NDArray[np.floating]]:
    return (array for state in states for array in state)
