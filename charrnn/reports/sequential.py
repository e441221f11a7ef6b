"""How much of a model's computation waits for the step before: counted, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from charrnn.parallel.machine import count_cores
from charrnn.reports.disturbance import measure_peaks, median_time
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.speed import measure_matrix_peak, time_training_steps
from charrnn.training.automatic import PASSES_PER_UPDATE

WINDOWS = (64, 1024)
SECONDS = 0.1  # for each measurement


@dataclass(frozen=True)
class UpdateTime:
    """The median time of an update from one stream's ``window`` of characters, on one core.

    ``share`` is its GFLOP/s over that of large matrix products. A ``disturbed`` one is too slow,
    because other programs ran meanwhile.
    """

    window: int
    seconds: float
    share: float
    disturbed: bool


@dataclass(frozen=True)
class SequentialProducts(ModelFacts):
    """The products that a ``window`` of training computes one after another.

    ``steps`` is their number in each layer: one for each character, or 0 for a cell without
    recurrent weights. ``share`` is the share of all multiplications of the forward pass that they
    have, from 0 to 1. ``updates`` are the times of short and long windows.
    """

    window: int
    streams: int
    steps: int
    share: float
    updates: tuple[UpdateTime, ...]


def measure_sequential(models: Sequence[LoadedModel]) -> tuple[SequentialProducts, ...]:
    """Measure each of ``models`` on this machine, with a new network of its shape."""
    peaks, _ = measure_peaks(measure_matrix_peak, count_cores())
    return tuple(_measure_model(model, peaks[1]) for model in models)


def _measure_model(model: LoadedModel, peak: float) -> SequentialProducts:
    """Count the products with recurrent weights, which need the state of the step before."""
    shape, config = model.checkpoint.network.shape, model.checkpoint.config
    cell = shape.cell_record
    recurrent = cell.gate_count * cell.recurrent_weights * shape.layers * shape.hidden**2

    def time(window: int) -> UpdateTime:
        seconds, disturbed = median_time(partial(time_training_steps, shape, 1, window, 1, SECONDS))
        gflops = PASSES_PER_UPDATE * shape.flops_per_character * window / seconds / 1e9
        return UpdateTime(window, seconds, gflops / peak, disturbed)

    return SequentialProducts(
        **vars(model.facts),
        window=config.seq,
        streams=config.batch,
        steps=config.seq if cell.recurrent_weights else 0,
        share=2 * recurrent / shape.flops_per_character,
        updates=tuple(map(time, WINDOWS)),
    )
