"""The learning curve: training and validation loss by step."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.reports.loaded_model import LoadedModel
from charrnn.storage.diverged_run import find_divergence
from charrnn.storage.model_file import load
from charrnn.storage.run_folder import RunFolder, find_model
from charrnn.storage.run_log import read_log
from charrnn.training.state import Diverged


@dataclass(frozen=True)
class LossPoint:
    """One evaluation. Losses are nats per character."""

    step: int
    epoch: float
    train_loss: float
    val_loss: float | None
    lr: float


@dataclass(frozen=True)
class Losses:
    """The evaluations of a run in order.

    ``best_step`` is the step with the lowest validation loss, None where there is no such loss.
    ``diverged`` says where the training ended if it diverged.
    """

    model: str
    points: tuple[LossPoint, ...]
    best_step: int | None
    diverged: Diverged | None


def read_losses(path: Path) -> Losses:
    """Read the losses of a run folder from its log, those of a model file from the file itself.

    Raises:
        InputError: when there is no such run or model, or a file of it is damaged.
    """
    log = RunFolder(path).log
    points = (
        _points(map(asdict, read_log(log)))
        if log.is_file()
        else _points(load(find_model(path)).history)
    )
    last = RunFolder(path).last if path.is_dir() else path
    return _losses(str(path), points, find_divergence(last))


def model_losses(model: LoadedModel) -> Losses:
    """Return the losses up to the step at which a model was saved."""
    return _losses(model.label, _points(model.checkpoint.history), model.diverged)


def _losses(label: str, points: tuple[LossPoint, ...], diverged: Diverged | None) -> Losses:
    measured = [(point.val_loss, point.step) for point in points if point.val_loss is not None]
    return Losses(label, points, min(measured)[1] if measured else None, diverged)


def _points(rows: Iterable[Mapping[str, Any]]) -> tuple[LossPoint, ...]:
    return tuple(LossPoint(**{key: row[key] for key in LossPoint.__annotations__}) for row in rows)
