"""How fast a model of this shape trains and samples on this machine, compared with its peak.

Each step of a recurrent network waits for the step before. So a single text leaves most of a
processor idle; it is used by streams of a batch, which workers share, or by samples side by side.
Training is measured with the code that trains, on a new network of the same shape and on random
characters, as neither changes its speed.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from charrnn.config import DEFAULT_SECONDS, SAMPLING_THREADS, SampleConfig, TrainConfig
from charrnn.network.parameters import Shape
from charrnn.parallel.machine import count_cores, measure_free_memory
from charrnn.parallel.team import WORKERS_SUPPORTED
from charrnn.reports.disturbance import LARGEST_SHARE, measure_peaks, median_time
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.runs.job import Job
from charrnn.sampling.ongoing import Prompt, Request, SamplingContext
from charrnn.sampling.sampler import generate_samples
from charrnn.storage.model_file import TrainedModel
from charrnn.training import memory_check
from charrnn.training.automatic import PASSES_PER_UPDATE, complete_settings
from charrnn.training.events import Progress

STREAMS = (1, 4, 16, 64)
WINDOWS = (8, 32, 128)
SAMPLES = (1, 8, 64)
WAITING_WINDOWS, WAITING_STREAMS = (16, 64, 256, 1024), 16
CELL_THAT_DOES_NOT_WAIT = "mingru"
WARM_UP, STEPS_AT_LEAST = 2, 3
PEAK_SIZE, PEAK_ROUNDS = 1536, 5
NEVER = 1_000_000_000


@dataclass(frozen=True)
class SpeedPoint:
    """One measurement. ``share`` is GFLOP/s over the peak of as many cores as ``workers``.

    For samples, ``workers`` is the number of BLAS threads, and the ``window`` is 1. A ``disturbed``
    one is too slow, because other programs ran meanwhile.
    """

    streams: int
    window: int
    workers: int
    chars_per_second: float
    gflops: float
    share: float
    disturbed: bool = False


@dataclass(frozen=True)
class Waiting:
    """Updates of windows of several lengths, for one ``cell``, number of streams and of workers."""

    cell: str
    streams: int
    workers: int
    points: tuple[SpeedPoint, ...]


@dataclass(frozen=True)
class Speed(ModelFacts, NotebookReport, report="speed"):
    """Training by streams, by window and by workers; sampling by the number of parallel samples.

    ``waiting`` has longer windows with one stream, with more streams and workers, and with a cell
    of the same size without recurrent products, for which no product waits for the step before.

    ``peak`` is that of large matrix products in GFLOP/s, on one core and on all ``cores``. It is
    disturbed if it is not possible, or if the network is clearly faster.
    """

    distinct: int
    cores: int
    peak: tuple[float, float]
    by_streams: tuple[SpeedPoint, ...]
    by_window: tuple[SpeedPoint, ...]
    by_workers: tuple[SpeedPoint, ...]
    sampling: tuple[SpeedPoint, ...]
    peak_disturbed: bool = False
    waiting: tuple[Waiting, ...] = ()

    @property
    def points(self) -> tuple[SpeedPoint, ...]:
        """All measurements."""
        waiting = [point for each in self.waiting for point in each.points]
        return (
            *self.by_streams, *self.by_window, *self.by_workers, *self.sampling, *waiting,
        )  # fmt: skip

    @property
    def is_disturbed(self) -> bool:
        """Whether any figure is."""
        return self.peak_disturbed or any(point.disturbed for point in self.points)


def measure_speed(model: LoadedModel, *, seconds: float = DEFAULT_SECONDS) -> Speed:
    """Measure for ``seconds`` at each point.

    Raises:
        MachineError: when there is not enough memory.
    """
    shape, config = model.checkpoint.network.shape, model.checkpoint.config
    cores = count_cores()
    peak, peak_disturbed = measure_peaks(measure_matrix_peak, cores)

    def point(
        streams: int, window: int, workers: int, times: Callable[[], list[float]], operations: int
    ) -> SpeedPoint:
        step, disturbed = median_time(times)
        rate = streams * window / step
        gflops = rate * operations / 1e9
        # Several workers are compared with their share of what all cores reach together, which
        # is less than the sum of cores that work alone.
        possible = peak[1] if workers == 1 else peak[cores] * workers / cores
        return SpeedPoint(streams, window, workers, rate, gflops, gflops / possible, disturbed)

    def train(streams: int, window: int, workers: int, shape: Shape = shape) -> SpeedPoint:
        operations = PASSES_PER_UPDATE * shape.flops_per_character
        times = partial(time_training_steps, shape, streams, window, workers, seconds)
        return point(streams, window, workers, times, operations)

    def wait(cell: str, streams: int, workers: int) -> Waiting:
        changed = replace(shape, cell=cell)
        points = (train(streams, window, workers, changed) for window in WAITING_WINDOWS)
        return Waiting(cell, streams, workers, tuple(points))

    def sample(samples: int) -> SpeedPoint:
        times = partial(time_sampling_steps, model.checkpoint, samples, seconds)
        return point(samples, 1, min(SAMPLING_THREADS, cores), times, shape.flops_per_character)

    most = min(cores, config.batch) if WORKERS_SUPPORTED else 1
    workers = sorted({n for n in (1, 2, 4, 8, 16, 32, 64) if n < most} | {most})
    report = Speed(
        **vars(model.facts),
        distinct=shape.V,
        cores=cores,
        peak=(peak[1], peak[cores]),
        by_streams=tuple(train(n, config.seq, 1) for n in STREAMS),
        by_window=tuple(train(config.batch, n, 1) for n in WINDOWS),
        by_workers=tuple(train(config.batch, config.seq, n) for n in workers),
        sampling=tuple(sample(n) for n in SAMPLES),
        waiting=tuple(
            wait(cell, streams, count)
            for cell, streams, count in dict.fromkeys(
                [
                    (shape.cell, 1, 1),
                    (shape.cell, WAITING_STREAMS, 1),
                    (shape.cell, WAITING_STREAMS, min(most, WAITING_STREAMS)),
                    (CELL_THAT_DOES_NOT_WAIT, 1, 1),
                ]
            )
        ),
    )
    is_slow_peak = any(point.share > LARGEST_SHARE for point in report.points)
    return replace(report, peak_disturbed=peak_disturbed or is_slow_peak)


def measure_training_step(
    shape: Shape, streams: int, window: int, workers: int, seconds: float
) -> float:
    """Measure the median time of an update, in seconds."""
    return statistics.median(time_training_steps(shape, streams, window, workers, seconds))


def time_training_steps(
    shape: Shape, streams: int, window: int, workers: int, seconds: float
) -> list[float]:
    """Measure the times of updates for a number of ``seconds``."""
    characters = streams * window + 1  # each stream reads one window, again and again
    asked = TrainConfig(
        cell=shape.cell, hidden=shape.hidden, layers=shape.layers, batch=streams, seq=window,
        tied=shape.tied, dropout=0.1, recurrent_dropout=0.0,  # as in docs/performance.md
        steps=NEVER, eval_every=NEVER, lr=1e-4, val=0, workers=workers,
    )  # fmt: skip
    config = complete_settings(asked, characters, shape.V)
    memory_check.check_memory(config, shape, 0, measure_free_memory())
    ends = time.perf_counter() + NEVER
    ticks: list[float] = []

    def stop() -> bool:
        return len(ticks) > WARM_UP + STEPS_AT_LEAST and time.perf_counter() > ends

    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.Generator(np.random.PCG64(0))
        ids = rng.integers(shape.V, size=characters)
        job = Job(config, shape, Path(folder, "ids"), ids.dtype)
        ids.tofile(job.ids)
        with job.start() as trainer:
            for event in trainer.run(stop):
                if isinstance(event, Progress):
                    ticks.append(time.perf_counter())
                    if len(ticks) == WARM_UP:
                        ends = ticks[-1] + seconds
    return _step_times(ticks)


def time_sampling_steps(checkpoint: TrainedModel, samples: int, seconds: float) -> list[float]:
    """Measure the times of drawing a character for each of the ``samples``."""
    with threadpool_limits(min(SAMPLING_THREADS, count_cores()), "blas"):
        context = SamplingContext(checkpoint.corpus_info, SampleConfig(length=NEVER))
        request = Request(Prompt("", "", np.zeros(1, np.intp)), range(samples))
        steps = generate_samples(checkpoint.network, context, [request], 0, scored=False)
        return _step_times(list(_ticks(steps, seconds)))


def measure_matrix_peak(threads: int) -> float:
    """Measure GFLOP/s in products of large matrices: the best of a few."""
    a = np.ones((PEAK_SIZE, PEAK_SIZE), np.float32)
    product, times = np.empty_like(a), []
    with threadpool_limits(threads, "blas"):
        for _ in range(PEAK_ROUNDS):
            start = time.perf_counter()
            np.matmul(a, a, out=product)
            times.append(time.perf_counter() - start)
    return 2 * PEAK_SIZE**3 / min(times) / 1e9


def _ticks(steps: Iterator[object], seconds: float) -> Iterator[float]:
    """Yield the time at which each of ``steps`` was done, until ``seconds`` have passed."""
    ends = time.perf_counter() + seconds
    for count, _ in enumerate(steps):
        yield (now := time.perf_counter())
        if now > ends and count > WARM_UP + STEPS_AT_LEAST:
            return


def _step_times(ticks: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(ticks[WARM_UP:])]
