"""Sizes for `minutes`: chosen for the speed that is measured on this machine.

The rules (training/automatic.py) know a nominal machine. A faster one can train more units in the
same time, and needs more dropout because it reads the text more often. The sizes are in config.toml
from then on, and a run from that file measures nothing.

Not here: the number of updates that fit into `minutes` (training/budget.py).
"""

from collections.abc import Callable
from dataclasses import replace

from charrnn.config import Settings, TrainConfig
from charrnn.runs.job import Job
from charrnn.storage.model_file import network_shape
from charrnn.text.corpus_info import CorpusInfo
from charrnn.training.automatic import PASSES_PER_UPDATE
from charrnn.training.budget import measuring_settings, time_update

MEASURING_SHARE, MAX_MEASURING_SECONDS = 0.01, 1.0
"""The time of a measurement: a share of `minutes`."""


def fit_to_machine(
    job: Job,
    config: TrainConfig,
    corpus_info: CorpusInfo,
    complete: Callable[[TrainConfig, float], Settings],
) -> Job:
    """Return ``job`` with settings for the speed of this machine.

    The speed at the sizes of ``job`` decides the numbers of units and streams; the speed at these
    decides the rest. ``complete(config, speed)`` chooses the settings that ``config`` leaves open.
    """
    for _ in range(2):
        settings = complete(config, measure_speed(job))
        config = replace(config, hidden=settings.hidden, batch=settings.batch)
        job = replace(job, config=settings, shape=network_shape(settings, corpus_info))
    return job


def measure_speed(job: Job) -> float:
    """Train for a moment; return the floating-point operations per second, forward and backward.

    They are those of `Shape.flops_per_character`.

    Raises:
        MachineError: when the platform cannot run several workers.
    """
    config = measuring_settings(job.config)
    seconds = MEASURING_SHARE * 60 * (job.config.minutes or 0)
    with replace(job, config=config, initial_model=None).start() as trainer:
        update = time_update(trainer, min(MAX_MEASURING_SECONDS, seconds))
    characters = config.batch * config.seq
    return PASSES_PER_UPDATE * job.shape.flops_per_character * characters / update
