"""The memory that a training needs, computed before it starts.

It counts the anonymous and shared memory of all its processes. Files that are read through the page
cache, such as the corpus, do not count, so that the result does not depend on the corpus size.
"""

import math

from charrnn.config import Settings
from charrnn.errors import MachineError
from charrnn.language import gettext as _
from charrnn.network.parameters import Shape
from charrnn.network.softmax import CHUNK_ROWS
from charrnn.training.parallel_reading import CHARACTERS_PER_PASS, WINDOW, count_streams

FLOAT_BYTES = 4
# Python, its modules and the buffers of a BLAS.
PROCESS_BYTES = 28_000_000
# What counting n-grams takes, and what each character that they score adds.
NGRAM_BYTES, NGRAM_BYTES_PER_CHARACTER = 10_000_000, 200
# The weights, their gradient, m and v; the weights, m and v of the snapshot.
PARAMETER_VECTORS = 7


def bytes_needed(
    config: Settings, shape: Shape, validating: int, processes: int | None = None
) -> int:
    """Return the bytes that a run needs if its validation part has ``validating`` characters.

    ``processes`` is the number of members on this machine; None means all of them, as without MPI.

    For small networks, counting n-grams needs more memory than training. The result was 4 to 28 %
    above the measured peak of all processes together (docs/performance.md).
    """
    counting = PROCESS_BYTES + NGRAM_BYTES + NGRAM_BYTES_PER_CHARACTER * validating
    return max(bytes_for_training(config, shape, validating, processes), counting)


def bytes_for_training(
    config: Settings, shape: Shape, validating: int, processes: int | None = None
) -> int:
    """Return the bytes that the training alone needs; the arguments are those of `bytes_needed`."""
    members, P = processes or config.members, shape.parameter_count
    streams = math.ceil(config.batch / config.members)  # per member
    evaluated = min(CHARACTERS_PER_PASS, WINDOW * count_streams(max(1, validating - 1)))
    # A window of training and one of evaluation are never in memory together.
    window = max(
        _count_activations(shape, config.seq * streams, dropout=config.dropout > 0, learning=True),
        _count_activations(shape, evaluated, dropout=False, learning=False),
    )
    if config.temporal_regularization:
        window += config.seq * streams * shape.hidden  # the changes of the outputs
    # An update before an evaluation is measured by a copy of the weights.
    floats = (PARAMETER_VECTORS + 1) * P + _count_copies(shape, config.seq * streams) + window
    # The states of the whole batch, once to be saved and once in the snapshot.
    floats += 2 * shape.layers * len(shape.cell_record.states) * config.batch * shape.hidden
    if config.recurrent_dropout:
        # A mask and a masked copy of every layer's U, and as much again for the layer whose mask is
        # being drawn and scaled.
        floats += 2 * (shape.layers + 1) * shape.cell_record.gate_count * shape.hidden**2
    sums = P if members > 1 else 0  # in the shared memory
    # Rank 0 also has a copy of the weights while it writes them, and the loss of each character
    # twice: by stream and in order.
    saved = P + 2 * validating
    return members * (PROCESS_BYTES + FLOAT_BYTES * floats) + FLOAT_BYTES * (sums + saved)


def check_memory(
    config: Settings, shape: Shape, validating: int, free: float, processes: int | None = None
) -> None:
    """Refuse a training that needs more than ``free`` bytes.

    The other arguments are those of `bytes_needed`.

    Raises:
        MachineError: naming the memory needed and the memory that is free.
    """
    needed = bytes_needed(config, shape, validating, processes)
    if needed > free:
        problem = _(
            "this training needs {needed}, and {free} are free; lower `hidden`, `layers`, `batch`,"
            " `seq` or `workers`"
        )
        problem = problem.format(needed=_format_needed(needed), free=_format_bytes(free))
        raise MachineError(_("memory"), problem)


def _count_activations(shape: Shape, characters: int, *, dropout: bool, learning: bool) -> int:
    """Count the floats of a window of ``characters``; with ``learning``, also of its gradients."""
    cell, layers, H = shape.cell_record, shape.layers, shape.hidden
    arrays = layers * (cell.window_arrays + dropout)
    if not cell.recurrent_weights:
        arrays += (layers - 1) * cell.gate_count  # the inputs of a window's gates
    if learning:
        arrays += layers * (cell.gate_count + 1)  # gradients of the gates and of the output
        arrays += 1  # the input's gradient: sorted ids, and the gathered rows of one character
    return characters * H * arrays


def _count_copies(shape: Shape, characters: int) -> int:
    """Count the floats of the weights rearranged for a window, and of a chunk of logits."""
    G, H, V = shape.cell_record.gate_count, shape.hidden, shape.V
    squares = 2 * shape.square_matrix_count  # one for the forward pass, one for the backward pass
    rows = 2 * G  # for each distinct character of the window: inputs of all gates, their gradient
    if shape.tied:
        rows += G + 2  # the terms of the embedding's gradient
    return squares * H * H + rows * min(V, characters) * H + H * V + CHUNK_ROWS * V


def _format_needed(number: float) -> str:
    if number >= 1e15:
        return _("more than 1,000 TB")
    return _("about {amount}").format(amount=_format_bytes(number))


def _format_bytes(number: float) -> str:
    if number >= 1e12:
        return f"{number / 1e12:,.1f} TB"
    return f"{number / 1e9:,.1f} GB" if number >= 1e8 else f"{number / 1e6:,.0f} MB"
