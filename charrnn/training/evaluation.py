"""The loss over a whole text, the state carried from its first character to its last.

Not here: reports on single characters (reports/score.py).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network, States
from charrnn.network.softmax import cross_entropy
from charrnn.network.workspace import Workspace
from charrnn.parallel.team import ALONE, Team

WINDOW = 128
HELD = 2048
"""Characters whose activations are held at once."""
STREAMS_AT_MOST = 64
CHARACTERS_A_STREAM = 1024
SAME = 1e-4  # nats: no character of two readings of a window differs by more if they are one


def mean_loss(
    network: Network, ids: Ids, team: Team = ALONE, *, streams: int | None = None
) -> float:
    """Nats a character over ``ids`` (N,), the first of which is not counted."""
    nats = character_losses(network, ids, team, streams=streams)
    return float(nats.sum(dtype=np.float64)) / len(nats)


def character_losses(
    network: Network, ids: Ids, team: Team = ALONE, *, streams: int | None = None
) -> npt.NDArray[np.float32]:
    """The nats of each of ``ids`` (N,) but the first, which has no predecessor: (N - 1,).

    One stream is the plain single pass. Several read parts of the text side by side, from zero
    states at first. Then each takes over the state that its left neighbour ended with and reads its
    part again, window by window, until that makes no difference any more. A stream for which it
    always does has ended with another state, which its right neighbour takes over in turn; from
    then on they read one at a time, from left to right, each at most once. So a network that never
    forgets how it began costs time here, at most that of the single pass besides, not truth. By
    default there are as many streams as the text is long enough for. A ``team`` shares the first
    reading.
    """
    predictions = len(ids) - 1
    assert predictions > 0
    streams = streams or count_streams(predictions)
    length = -(-predictions // streams)
    windows = [slice(at, min(at + WINDOW, length)) for at in range(0, length, WINDOW)]
    nats = np.zeros((length, streams), np.float32)
    workspace = Workspace()

    def read(window: slice, which: Ids, states: States) -> tuple[npt.NDArray[np.float32], States]:
        at = which * length + np.arange(window.start, window.stop)[:, None]
        counted = at < predictions  # the last streams may be shorter than the others
        at = np.minimum(at, predictions - 1)
        found = np.empty(at.shape, np.float32)
        steps = max(1, HELD // len(which))
        for start in range(0, len(at), steps):
            part = at[start : start + steps]
            h, states, _ = network.forward(ids[part].astype(np.intp), states, workspace=workspace)
            targets = ids[part + 1].astype(np.intp).ravel()
            surprise = cross_entropy(h.reshape(-1, h.shape[2]), targets, *network.output_weights)
            found[start : start + steps] = surprise.reshape(part.shape)
        return found * counted, states

    mine = team.shard(streams)
    reading = np.arange(streams)
    ended = network.initial_states(streams)
    states = _of(ended, reading[mine])
    for window in windows if len(reading[mine]) else ():
        nats[window, mine], states = read(window, reading[mine], states)
    for one, others in zip(_arrays(ended), _arrays(states), strict=True):
        one[mine] = others
    for array in (nats, *_arrays(ended)):
        team.sum(array)  # the others have zeros where this member has read
    waiting, together = reading[1:], streams
    while len(waiting):
        reading, waiting, together = waiting[:together], waiting[together:], 1
        states = _of(ended, reading - 1)
        for window in windows:
            before = nats[window, reading]
            nats[window, reading], states = read(window, reading, states)
            apart = np.abs(nats[window, reading] - before).max(axis=0) > SAME
            reading, states = reading[apart], _of(states, apart)
            if not len(reading):
                break
        for one, others in zip(_arrays(ended), _arrays(states), strict=True):
            one[reading] = others
        waiting = np.union1d(waiting, reading[reading + 1 < streams] + 1)
    return nats.T.ravel()[:predictions]


def count_streams(predictions: int) -> int:
    """How many streams read a text of so many ``predictions`` side by side."""
    return max(1, min(STREAMS_AT_MOST, predictions // CHARACTERS_A_STREAM))


def _of(states: States, which: npt.NDArray[np.generic]) -> States:
    """The states of some of the streams."""
    return [tuple(array[which] for array in state) for state in states]


def _arrays(states: States) -> Iterator[npt.NDArray[np.floating]]:
    return (array for state in states for array in state)
