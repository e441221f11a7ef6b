"""The learning curve: training and validation loss by step."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import InputError
from charrnn.ngram import Baselines
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.path_label import PathLabel
from charrnn.storage.diverged_run import find_divergence
from charrnn.storage.model_file import read_description
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
    ``diverged`` says where the training ended if it diverged. ``baselines`` are the losses of
    models without a memory on the same text, None where they are not known.
    """

    model: str
    points: tuple[LossPoint, ...]
    best_step: int | None
    diverged: Diverged | None
    baselines: Baselines | None = None


def read_losses(path: Path) -> Losses:
    """Read the losses of a run folder from its log, those of a model file from the file itself.

    Raises:
        InputError: when there is no such run or model, or a file of it is damaged.
    """
    run, label = RunFolder(path), PathLabel(str(path))
    if not run.log.is_file():
        description, _ = read_description(find_model(path))
        points, baselines = _points(description.history), description.baselines
    else:
        points, baselines = _points(map(asdict, read_log(run.log))), _read_baselines(run)
    last = run.last if path.is_dir() else path
    return _losses(label, points, find_divergence(last), baselines)


def model_losses(model: LoadedModel) -> Losses:
    """Return the losses up to the step at which a model was saved."""
    points = _points(model.checkpoint.history)
    return _losses(model.label, points, model.diverged, model.checkpoint.baselines)


def _read_baselines(run: RunFolder) -> Baselines | None:
    """Read the baselines from the model of a run, unless it is missing or damaged."""
    if run.model is not None:
        with suppress(InputError):
            return read_description(run.model)[0].baselines
    return None


def _losses(
    label: str,
    points: tuple[LossPoint, ...],
    diverged: Diverged | None,
    baselines: Baselines | None,
) -> Losses:
    measured = [(point.val_loss, point.step) for point in points if point.val_loss is not None]
    best_step = min(measured)[1] if measured else None
    return Losses(label, points, best_step, diverged, baselines)


def _points(rows: Iterable[Mapping[str, Any]]) -> tuple[LossPoint, ...]:
    return tuple(LossPoint(**{key: row[key] for key in LossPoint.__annotations__}) for row in rows)
