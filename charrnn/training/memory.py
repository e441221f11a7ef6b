"""How much memory a training takes, known before it starts.

Anonymous and shared memory of all its processes; files that are read through the page cache, as a
corpus is, are not counted. So it does not depend on the length of the corpus.
"""

import math

from charrnn.config import Settings
from charrnn.errors import MachineError
from charrnn.network.parameters import Shape
from charrnn.network.softmax import ROWS
from charrnn.training.evaluation import HELD, WINDOW, count_streams

NUMBER = 4  # bytes of a float32
PROCESS = 28_000_000  # bytes of Python, its modules and a BLAS's buffers
COUNTING = (10_000_000, 200)  # bytes to count n-grams, and for each character that they score


def bytes_needed(
    config: Settings, shape: Shape, validating: int, processes: int | None = None
) -> int:
    """Bytes for a run by complete settings, with so many characters ``validating``.

    ``processes`` are those on this machine, all members unless MPI has some elsewhere.

    For a small network more is taken before the training, where n-grams are counted. Measured to be
    4 to 28 % above what all processes take at their peak (docs/performance.md).
    """
    counting = COUNTING[0] + COUNTING[1] * validating
    return max(bytes_for_training(config, shape, validating, processes), PROCESS + counting)


def bytes_for_training(
    config: Settings, shape: Shape, validating: int, processes: int | None = None
) -> int:
    """Bytes for the training alone."""
    workers, P = processes or config.members, shape.parameters
    share = math.ceil(config.batch / config.members)
    evaluated = count_streams(max(1, validating - 1))
    windows = max(
        _window(shape, config.seq * share, dropout=config.dropout > 0, learning=True),
        _window(shape, min(HELD, WINDOW * evaluated), dropout=False, learning=False),
    )
    copies = _copies(shape, config.seq * share)
    in_each = 7 * P + copies + windows  # weights, their gradient, two moments; where to go back to
    if config.recurrent_dropout:  # masks, weights without what they drop, a mask in the making
        in_each += 2 * (shape.layers + 1) * shape.cell_record.gate_count * shape.hidden**2
    sums = P if workers > 1 else 0
    saved = P + 2 * validating  # a copy on its way to a file; each character's loss
    return workers * (PROCESS + NUMBER * in_each) + NUMBER * (sums + saved)


def check_memory(
    config: Settings, shape: Shape, validating: int, free: float, processes: int | None = None
) -> None:
    """Refuse what cannot fit in so many bytes ``free``; for the rest see `bytes_needed`.

    Raises:
        MachineError: with both figures.
    """
    needed = bytes_needed(config, shape, validating, processes)
    if needed > free:
        raise MachineError(
            "memory",
            f"this training needs about {_gigabytes(needed)}, and {_gigabytes(free)} are"
            " free; lower --hidden, --layers, --batch, --seq or --workers",
        )


def _window(shape: Shape, characters: int, *, dropout: bool, learning: bool) -> int:
    """Numbers of one window's activations; where it is learned from, of their gradients too."""
    cell, layers, H = shape.cell_record, shape.layers, shape.hidden
    arrays = layers * (cell.window_arrays + dropout)
    if learning:
        arrays += layers * (cell.gate_count + 1)  # gradients of the gates and of the output
        arrays += 1  # rows that are added up for a frequent character, ids, their order
    return characters * H * arrays


def _copies(shape: Shape, characters: int) -> int:
    """Numbers of the weights' copies that are laid out for a window, and of the logits."""
    G, H, V = shape.cell_record.gate_count, shape.hidden, shape.V
    squares = 2 * shape.square_matrices  # for the forward and for the backward
    rows = 2 * G  # of the table from which a window's characters take theirs; its gradient
    if shape.tied:
        rows += G + 2  # what the embedding's gradient is added up from
    return squares * H * H + rows * min(V, characters) * H + H * V + ROWS * V


def _gigabytes(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e8 else f"{number / 1e6:,.0f} MB"
