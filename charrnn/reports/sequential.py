"""How much of a model's computation waits for the step before: counted, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from charrnn.parallel.machine import count_cores
from charrnn.parallel.team import WORKERS_SUPPORTED
from charrnn.reports.disturbance import measure_peaks, median_time
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.speed import measure_matrix_peak, time_training_steps
from charrnn.training.automatic import PASSES_PER_UPDATE

STREAMS_AND_WINDOWS = ((1, 64), (1, 1024), (16, 64))
SECONDS = 0.1  # for each measurement


@dataclass(frozen=True)
class UpdateTime:
    """The median time of an update from ``streams`` windows, with as many workers as they allow.

    ``share`` is its GFLOP/s over those that all cores reach in products of large matrices. A
    ``disturbed`` one is too slow, because other programs ran meanwhile.
    """

    streams: int
    window: int
    workers: int
    seconds: float
    share: float
    disturbed: bool


@dataclass(frozen=True)
class SequentialProducts(ModelFacts):
    """The products that a ``window`` of training computes one after another.

    ``steps`` is their number in each layer: one for each character, or 0 for a cell without
    recurrent weights. ``share`` is the share of all multiplications of the forward pass that they
    have, from 0 to 1. ``updates`` are times on this machine, which has a number of ``cores``.
    """

    window: int
    streams: int
    steps: int
    share: float
    cores: int
    updates: tuple[UpdateTime, ...]


def measure_sequential(models: Sequence[LoadedModel]) -> tuple[SequentialProducts, ...]:
    """Measure each of ``models`` on this machine, with a new network of its shape."""
    cores = count_cores()
    peaks, _ = measure_peaks(measure_matrix_peak, cores)
    return tuple(_measure_model(model, peaks[cores], cores) for model in models)


def _measure_model(model: LoadedModel, peak: float, cores: int) -> SequentialProducts:
    """Count the products with recurrent weights, which need the state of the step before."""
    shape, config = model.checkpoint.network.shape, model.checkpoint.config
    cell = shape.cell_record
    recurrent = cell.gate_count * cell.recurrent_weights * shape.layers * shape.hidden**2

    def time(streams: int, window: int) -> UpdateTime:
        workers = min(cores, streams) if WORKERS_SUPPORTED else 1
        measure = partial(time_training_steps, shape, streams, window, workers, SECONDS)
        seconds, disturbed = median_time(measure)
        operations = PASSES_PER_UPDATE * shape.flops_per_character * streams * window
        share = operations / seconds / 1e9 / peak
        return UpdateTime(streams, window, workers, seconds, share, disturbed)

    return SequentialProducts(
        **vars(model.facts),
        window=config.seq,
        streams=config.batch,
        steps=config.seq if cell.recurrent_weights else 0,
        share=2 * recurrent / shape.flops_per_character,
        cores=cores,
        updates=tuple(time(*sizes) for sizes in STREAMS_AND_WINDOWS),
    )
