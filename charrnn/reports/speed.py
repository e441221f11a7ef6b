"""How fast a model of this shape trains and samples here, beside what the processor could do.

A recurrent network's steps wait for each other. So one text alone leaves most of a processor idle,
and only what is done side by side uses it: streams of a batch, shared by workers, or samples.
Training is measured on a fresh network of the same shape and on random characters, as neither
changes its speed, by the code that trains.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from charrnn.config import SAMPLING_THREADS, SampleConfig, TrainConfig
from charrnn.network.parameters import Shape
from charrnn.parallel.machine import count_cores, measure_free_memory
from charrnn.parallel.team import WORKERS_SUPPORTED
from charrnn.runs.job import Job
from charrnn.sampling.ongoing import Prompt, SamplingContext
from charrnn.sampling.sampler import generate_samples
from charrnn.storage.model_file import Checkpoint
from charrnn.training import memory
from charrnn.training.automatic import complete_settings
from charrnn.training.events import Progress

STREAMS = (1, 4, 16, 64)
WINDOWS = (8, 32, 128)
SAMPLES = (1, 8, 64)
WARM_UP, STEPS_AT_LEAST = 2, 3
PEAK_SIZE, PEAK_ROUNDS = 1536, 5
NEVER = 1_000_000_000


@dataclass(frozen=True)
class Point:
    """One measurement: ``share`` is GFLOP/s over the peak of as many cores as ``workers``.

    Of samples, ``workers`` are the threads of their products, and the ``window`` is 1.
    """

    streams: int
    window: int
    workers: int
    chars_per_second: float
    gflops: float
    share: float


@dataclass(frozen=True)
class Speed:
    """Training by streams, by window and by workers; samples by how many are drawn side by side.

    ``peak`` is that of large matrix products in GFLOP/s, on one core and on all ``count_cores``.
    """

    model: str
    cell: str
    hidden: int
    layers: int
    distinct: int
    cores: int
    peak: tuple[float, float]
    by_streams: tuple[Point, ...]
    by_window: tuple[Point, ...]
    by_workers: tuple[Point, ...]
    sampling: tuple[Point, ...]


def speed(checkpoint: Checkpoint, model: str, seconds: float) -> Speed:
    """Measure for so many ``seconds`` at each point.

    Raises:
        MachineError: when there is not enough memory.
    """
    shape, config = checkpoint.network.shape, checkpoint.config
    available = count_cores()
    peak = {n: matrix_peak(n) for n in sorted({1, available})}

    def point(streams: int, window: int, workers: int, step: float, operations: int) -> Point:
        rate = streams * window / step
        gflops = rate * operations / 1e9
        # workers beyond one get what their share of all cores can do
        full = peak[1] if workers == 1 else peak[available] * workers / available
        return Point(streams, window, workers, rate, gflops, gflops / full)

    def trained(streams: int, window: int, workers: int) -> Point:
        step = training_step(shape, streams, window, workers, seconds)
        return point(streams, window, workers, step, 3 * shape.flops_per_character)

    def generate_samples(samples: int) -> Point:
        step = sampling_step(checkpoint, samples, seconds)
        threads = min(SAMPLING_THREADS, available)
        return point(samples, 1, threads, step, shape.flops_per_character)

    most = min(available, config.batch) if WORKERS_SUPPORTED else 1
    workers = sorted({n for n in (1, 2, 4, 8, 16, 32, 64) if n < most} | {most})
    return Speed(
        model=model,
        cell=shape.cell,
        hidden=shape.hidden,
        layers=shape.layers,
        distinct=shape.V,
        cores=available,
        peak=(peak[1], peak[available]),
        by_streams=tuple(trained(n, config.seq, 1) for n in STREAMS),
        by_window=tuple(trained(config.batch, n, 1) for n in WINDOWS),
        by_workers=tuple(trained(config.batch, config.seq, n) for n in workers),
        sampling=tuple(generate_samples(n) for n in SAMPLES),
    )


def training_step(shape: Shape, streams: int, window: int, workers: int, seconds: float) -> float:
    """The median time of an update."""
    characters = streams * window + 1  # each stream reads one window, again and again
    asked = TrainConfig(
        cell=shape.cell, hidden=shape.hidden, layers=shape.layers, batch=streams, seq=window,
        tied=shape.tied, dropout=0.1, recurrent_dropout=0.0,  # as in docs/performance.md
        steps=NEVER, eval_every=NEVER, lr=1e-4, val=0, workers=workers,
    )  # fmt: skip
    config = complete_settings(asked, characters, shape.V)
    memory.check_memory(config, shape, 0, measure_free_memory())
    ends = time.perf_counter() + NEVER
    ticks: list[float] = []

    def enough() -> bool:
        return len(ticks) > WARM_UP + STEPS_AT_LEAST and time.perf_counter() > ends

    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.Generator(np.random.PCG64(0))
        ids = rng.integers(shape.V, size=characters)
        job = Job(config, shape, Path(folder, "ids"), ids.dtype)
        ids.tofile(job.ids)
        with job.start() as trainer:
            for event in trainer.run(enough):
                if isinstance(event, Progress):
                    ticks.append(time.perf_counter())
                    if len(ticks) == WARM_UP:
                        ends = ticks[-1] + seconds
    return _median_step(ticks)


def sampling_step(checkpoint: Checkpoint, samples: int, seconds: float) -> float:
    """The median time of drawing a character for each of so many ``samples``."""
    with threadpool_limits(min(SAMPLING_THREADS, count_cores()), "blas"):
        context = SamplingContext(checkpoint.corpus_info, SampleConfig(length=NEVER))
        prompt = Prompt("", "", np.zeros(1, np.intp))
        steps = generate_samples(checkpoint.network, context, [prompt], samples, 0, scored=False)
        return _median_step(list(_ticks(steps, seconds)))


def matrix_peak(threads: int) -> float:
    """GFLOP/s of a product of large matrices, the best of a few."""
    a = np.ones((PEAK_SIZE, PEAK_SIZE), np.float32)
    product, times = np.empty_like(a), []
    with threadpool_limits(threads, "blas"):
        for _ in range(PEAK_ROUNDS):
            start = time.perf_counter()
            np.matmul(a, a, out=product)
            times.append(time.perf_counter() - start)
    return 2 * PEAK_SIZE**3 / min(times) / 1e9


def _ticks(steps: Iterator[object], seconds: float) -> Iterator[float]:
    """When each of ``steps`` was done, until time is up."""
    ends = time.perf_counter() + seconds
    for count, _ in enumerate(steps):
        yield (now := time.perf_counter())
        if now > ends and count > WARM_UP + STEPS_AT_LEAST:
            return


def _median_step(ticks: list[float]) -> float:
    counted = ticks[WARM_UP:]
    return statistics.median(after - before for before, after in pairwise(counted))
