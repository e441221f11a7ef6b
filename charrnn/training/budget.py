"""The number of updates that fit into `minutes`, measured once before a training begins.

After that it is a training with `steps` like any other, which can be repeated exactly.
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
from charrnn.training.automatic import EVALUATION_SPEEDUP, resolve_schedule
from charrnn.training.events import Progress
from charrnn.training.trainer import start_training

MEASURING_SHARE = 0.03  # of the given time
MAX_MEASURING_SECONDS = 5.0
WARM_UP_UPDATES = 3  # not timed, as memory is allocated and caches are filled
SAVE_SECONDS = 0.02
SAVED_BYTES_PER_PARAMETER, DISK_BYTES_PER_SECOND = 24, 3e8  # of a slow disk
UNREACHABLE = 10**9  # a number of steps


def convert_minutes(
    config: Settings, shape: Shape, parts: Splits, team: Team, seconds: float
) -> Settings:
    """Replace `minutes` by `steps`, for a training that takes ``seconds`` from now on.

    Makes and times the first updates of a training, which is then discarded, and estimates
    evaluations and saves. Collective; only rank 0's clock and ``seconds`` count. Raises as
    `Trainer.run`.
    """

    def schedule(steps: int) -> Settings:
        with_steps = replace(config, minutes=None, steps=steps)
        return resolve_schedule(with_steps, len(parts.train), len(parts.val))

    began = time.perf_counter()
    update = _measure_update(config, shape, parts, team, seconds)
    remaining = seconds - (time.perf_counter() - began)
    agreed = np.zeros(1, np.float32)
    if team.rank == 0:
        window = config.batch * config.seq  # characters
        evaluation = len(parts.val) / (window * EVALUATION_SPEEDUP) * update
        written = shape.parameter_count * SAVED_BYTES_PER_PARAMETER
        save = SAVE_SECONDS + written / DISK_BYTES_PER_SECOND

        def estimate(steps: int) -> float:
            evaluations = math.ceil(steps / (schedule(steps).eval_every or steps))
            return steps * update + evaluations * (evaluation + save)

        agreed[0] = count_affordable_steps(remaining, update, estimate)
    team.broadcast(agreed)
    return schedule(int(agreed[0]))


def count_affordable_steps(seconds: float, update: float, estimate: Callable[[int], float]) -> int:
    """The largest number of steps whose time, evaluations included, stays within ``seconds``.

    At least 1. ``update`` is the time of an update alone. ``estimate`` gives the time of steps with
    their evaluations. It must not fall as steps are added, because it is bisected.
    """
    most = max(1, int(seconds / update))
    return max(1, bisect.bisect_right(range(1, most + 1), seconds, key=estimate))


def _measure_update(
    config: Settings, shape: Shape, parts: Splits, team: Team, seconds: float
) -> float:
    """The mean time of an update, of as many as are made in a small share of ``seconds``."""
    began = time.perf_counter()
    limit = min(MAX_MEASURING_SECONDS, MEASURING_SHARE * seconds)
    ends: list[float] = []

    def is_measured() -> bool:
        if team.rank or len(ends) <= WARM_UP_UPDATES:
            return False
        return time.perf_counter() - began > limit

    # Nothing is evaluated, and the learning rate stays near zero, so that training cannot diverge.
    config = replace(
        config, minutes=None, steps=UNREACHABLE, warmup=UNREACHABLE, eval_every=UNREACHABLE
    )
    for event in start_training(shape, parts, config, team).run(is_measured):
        if isinstance(event, Progress):
            ends.append(time.perf_counter())
    return float(np.mean(np.diff(ends[WARM_UP_UPDATES - 1 :])))
