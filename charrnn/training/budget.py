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
from charrnn.training.automatic import resolve_schedule
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import Progress
from charrnn.training.parallel_reading import count_streams
from charrnn.training.trainer import Trainer, start_training

MEASURING_SHARE = 0.03  # of `minutes`
MAX_MEASURING_SECONDS = 3.0
WARM_UP_UPDATES = 3  # not timed, because memory is allocated and caches are filled in them
MEASURED_STEPS = 512  # of every stream of an evaluation
SAVE_SECONDS = 0.02
SAVED_BYTES_PER_PARAMETER = 24  # in best.npz and last.npz together
DISK_BYTES_PER_SECOND = 3e8  # the speed of a slow disk
NEVER = 10**9  # a step that is not reached


def convert_minutes(
    config: Settings, shape: Shape, parts: Splits, team: Team, seconds: float
) -> Settings:
    """Return settings with `steps` instead of `minutes`, for a training that takes ``seconds``.

    This makes and times the first updates of a training, which is then discarded, and a part of an
    evaluation, and estimates the time of saves. Every member must call it; only rank 0's clock and
    ``seconds`` count. It raises what `Trainer.run` raises.
    """

    def schedule(steps: int) -> Settings:
        with_steps = replace(config, minutes=None, steps=steps)
        return resolve_schedule(with_steps, len(parts.train), len(parts.val))

    began = time.perf_counter()
    trainer = start_training(shape, parts, measuring_settings(config), team)
    update = time_update(trainer, min(MAX_MEASURING_SECONDS, MEASURING_SHARE * seconds))
    evaluation = time_evaluation(trainer)
    del trainer
    remaining = seconds - (time.perf_counter() - began)
    # Teams broadcast float32, which is exact for whole numbers up to 2²⁴, so the steps are sent as
    # two numbers.
    high_and_low = np.zeros(2, np.float32)
    if team.rank == 0:
        written = shape.parameter_count * SAVED_BYTES_PER_PARAMETER
        save = SAVE_SECONDS + written / DISK_BYTES_PER_SECOND

        def estimate(steps: int) -> float:
            evaluations = math.ceil(steps / (schedule(steps).eval_every or steps))
            return steps * update + evaluations * (evaluation + save)

        high_and_low[:] = divmod(count_affordable_steps(remaining, update, estimate), 1 << 20)
    team.broadcast(high_and_low)
    high, low = map(int, high_and_low)
    return schedule(high * (1 << 20) + low)


def count_affordable_steps(seconds: float, update: float, estimate: Callable[[int], float]) -> int:
    """Return the largest number of steps whose time, evaluations included, is within ``seconds``.

    It is at least 1. ``update`` is the time of an update alone. ``estimate`` returns the time of a
    number of steps with their evaluations; it must be non-decreasing, because it is bisected.
    """
    most = max(1, int(seconds / update))
    return max(1, bisect.bisect_right(range(1, most + 1), seconds, key=estimate))


def measuring_settings(config: Settings) -> Settings:
    """Return settings for a training whose first updates are timed and which is then discarded.

    Nothing is evaluated, and the learning rate stays near zero, so that training cannot diverge.
    """
    return replace(config, minutes=None, steps=NEVER, warmup=NEVER, eval_every=NEVER)


def time_update(trainer: Trainer, seconds: float) -> float:
    """Train for ``seconds``, at least a few updates; return the mean time of an update, in seconds.

    Every member of the trainer's team must call it; only rank 0's clock counts.
    """
    began = time.perf_counter()
    ends: list[float] = []

    def is_measured() -> bool:
        if trainer.team.rank or len(ends) <= WARM_UP_UPDATES:
            return False
        return time.perf_counter() - began > seconds

    for event in trainer.run(is_measured):
        if isinstance(event, Progress):
            ends.append(time.perf_counter())
    return float(np.mean(np.diff(ends[WARM_UP_UPDATES - 1 :])))


def time_evaluation(trainer: Trainer) -> float:
    """Return the time of an evaluation in seconds, measured on its first characters.

    Every member of the trainer's team must call it.
    """
    predictions = len(trainer.val) - 1
    if predictions < 1:
        return 0.0
    streams = count_streams(predictions)
    part = trainer.val[: streams * MEASURED_STEPS + 1]
    began = time.perf_counter()
    mean_loss(trainer.network, part, trainer.team, streams=streams)
    return (time.perf_counter() - began) * predictions / (len(part) - 1)
