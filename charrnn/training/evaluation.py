"""The loss over a whole text, with the state carried from its first character to its last.

Not here: how a text is read by many streams at once (parallel_reading.py), and reports on single
characters (reports/score.py).
"""

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.parallel.team import SINGLE_PROCESS, Team
from charrnn.training.parallel_reading import ParallelReading, count_streams


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

    The result is that of the single pass within `LOSS_TOLERANCE` (parallel_reading.py), also for a
    network whose state never becomes independent of how it began; such a network takes up to one
    single pass more.
    """
    reading = ParallelReading(network, ids, streams or count_streams(len(ids) - 1))
    reading.read_all(team)
    reading.hand_over_states()
    return reading.losses.T.ravel()[: reading.predictions]
