"""How many updates fit into a time: found out once, before a training begins.

From then on it is a training by ``--steps`` like any other, which can be repeated.
"""

import bisect
import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from charrnn.config import Settings
from charrnn.network.parameters import Shape
from charrnn.parallel.team import Team
from charrnn.text.corpus import Splits
from charrnn.training.automatic import EVALUATED, resolve_schedule
from charrnn.training.events import Progress
from charrnn.training.trainer import start_training

MEASURING = 0.03  # of the time
SECONDS_AT_MOST = 5.0
WARM = 3  # updates that are not counted: until then room is made, and caches are filled
SECONDS_A_SAVE, BYTES_SAVED, BYTES_A_SECOND = 0.02, 24, 3e8  # a parameter; to a slow disk
ENDLESS = 10**9


def convert_minutes(
    config: Settings, shape: Shape, parts: Splits, team: Team, seconds: float
) -> Settings:
    """Settings by minutes become settings by steps, which will take so many ``seconds`` from now.

    The first updates of a training are made and timed, evaluations estimated, and all is forgotten
    again. Only rank 0's clock and ``seconds`` count. Raises as `Trainer.run`.
    """

    def by(steps: int) -> Settings:
        settled = replace(config, minutes=None, steps=steps)
        return resolve_schedule(settled, len(parts.train), len(parts.val))

    began = time.perf_counter()
    limit = min(SECONDS_AT_MOST, MEASURING * seconds)
    ends: list[float] = []

    def enough() -> bool:
        return team.rank == 0 and len(ends) > WARM and time.perf_counter() - began > limit

    slow = replace(config, minutes=None, steps=ENDLESS, warmup=ENDLESS, eval_every=ENDLESS)
    for event in start_training(shape, parts, slow, team).run(enough):
        if isinstance(event, Progress):
            ends.append(time.perf_counter())
    update = float(np.mean(np.diff(ends[WARM - 1 :])))
    left = seconds - (time.perf_counter() - began)
    agreed = np.zeros(1, np.float32)
    if team.rank == 0:
        evaluation = len(parts.val) / (config.batch * config.seq * EVALUATED) * update
        saved = SECONDS_A_SAVE + shape.parameters * BYTES_SAVED / BYTES_A_SECOND

        def spent(steps: int) -> float:
            evaluations = math.ceil(steps / (by(steps).eval_every or steps))
            return steps * update + evaluations * (evaluation + saved)

        agreed[0] = count_affordable_steps(left, update, spent)
    team.broadcast(agreed)
    return by(int(agreed[0]))


def count_affordable_steps(seconds: float, update: float, spent: Callable[[int], float]) -> int:
    """The most that fit into so many ``seconds``, at least one.

    One takes ``update`` of them, and so many with their evaluations what is ``spent`` on them.
    """
    most = max(1, int(seconds / update))
    return max(1, bisect.bisect_right(range(1, most + 1), seconds, key=spent))
