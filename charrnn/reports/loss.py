"""How the loss fell: training and validation loss by step."""

from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.storage.model_file import load
from charrnn.storage.run_folder import RunFolder, find_model
from charrnn.storage.run_log import read_log


@dataclass(frozen=True)
class Point:
    """One evaluation; losses in nats a character."""

    step: int
    epoch: float
    train_loss: float
    val_loss: float | None
    lr: float


@dataclass(frozen=True)
class Losses:
    """A run's evaluations in order. ``best_step`` has the lowest validation loss, if any has."""

    model: str
    points: tuple[Point, ...]
    best_step: int | None


def losses(path: Path) -> Losses:
    """The curve of a run folder by its log, or that of a model file by what it holds itself.

    Raises:
        InputError: when there is no such model, or it or its log is damaged.
    """
    log = RunFolder(path).log
    rows = map(asdict, read_log(log)) if log.is_file() else load(find_model(path)).history
    points = tuple(Point(**{key: row[key] for key in Point.__annotations__}) for row in rows)
    measured = [(point.val_loss, point.step) for point in points if point.val_loss is not None]
    return Losses(str(path), points, min(measured)[1] if measured else None)
