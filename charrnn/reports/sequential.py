"""How much of a model's computation waits for the step before, counted from its sizes."""

from dataclasses import dataclass

from charrnn.reports.loaded_model import LoadedModel, ModelFacts


@dataclass(frozen=True)
class SequentialProducts(ModelFacts):
    """The products that a ``window`` of training computes one after another.

    ``steps`` is their number in each layer: one for each character, or 0 for a cell without
    recurrent weights. ``share`` is the share of all multiplications of the forward pass that they
    have, from 0 to 1.
    """

    window: int
    streams: int
    steps: int
    share: float


def count_sequential(model: LoadedModel) -> SequentialProducts:
    """Count the products with recurrent weights, which need the state of the step before."""
    shape, config = model.checkpoint.network.shape, model.checkpoint.config
    cell = shape.cell_record
    recurrent = cell.gate_count * cell.recurrent_weights * shape.layers * shape.hidden**2
    return SequentialProducts(
        **vars(model.facts),
        window=config.seq,
        streams=config.batch,
        steps=config.seq if cell.recurrent_weights else 0,
        share=2 * recurrent / shape.flops_per_character,
    )
