"""The learning curve: training and validation loss by step."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.errors import InputError
from charrnn.ngram import Baselines
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.path_label import PathLabel
from charrnn.storage.checkpoint import read_description
from charrnn.storage.diverged_run import find_divergence
from charrnn.storage.model_file import ModelDescription
from charrnn.storage.run_folder import RunFolder, find_model
from charrnn.storage.run_log import UNKNOWN_TIMES, read_evaluation, read_log
from charrnn.training.divergence import bad_loss_limit
from charrnn.training.events import UpdateRatio
from charrnn.training.state import Diverged


@dataclass(frozen=True)
class LossPoint:
    """One evaluation, with the fields of `Evaluation`. Losses are nats per character.

    What models and logs of version 0.1.0 do not have is None.
    """

    step: int
    epoch: float
    train_loss: float
    val_loss: float | None
    lr: float
    grad_norm: float | None = None
    grad_norm_max: float | None = None
    clipped: float | None = None
    update_ratio: UpdateRatio | None = None


@dataclass(frozen=True)
class Losses(NotebookReport, report="loss", compared=True):
    """The evaluations of a run in order.

    ``best_step`` is the step with the lowest validation loss, None where there is no such loss, or
    none that is better than guessing.
    ``diverged`` says where the training ended if it diverged. ``baselines`` are the losses of
    models without a memory on the same text, None where they are not known. ``clip`` is the norm
    above which gradients are clipped; 0: they are not.
    """

    model: str
    points: tuple[LossPoint, ...]
    best_step: int | None
    diverged: Diverged | None
    baselines: Baselines | None = None
    clip: float | None = None


def read_losses(path: Path) -> Losses:
    """Read the losses of a run folder from its log, those of a model file from the file itself.

    Raises:
        InputError: when there is no such run or model, or a file of it is damaged.
    """
    run, label = RunFolder(path), PathLabel(str(path))
    if not run.log.is_file():
        description, _ = read_description(find_model(path))
        points = _points(description.history)
        last = run.last if path.is_dir() else path
        return _losses(label, points, find_divergence(last), description)
    points = _points(map(asdict, read_log(run.log)))
    return _losses(label, points, find_divergence(run.last), _read_model(run))


def model_losses(model: LoadedModel) -> Losses:
    """Return the losses up to the step at which a model was saved."""
    points = _points(model.checkpoint.history)
    return _losses(model.label, points, model.diverged, model.checkpoint)


def _read_model(run: RunFolder) -> ModelDescription | None:
    """Read the metadata of the model of a run, unless it is missing or damaged."""
    if run.model is not None:
        with suppress(InputError):
            return read_description(run.model)[0]
    return None


def _losses(
    label: str,
    points: tuple[LossPoint, ...],
    diverged: Diverged | None,
    model: ModelDescription | None,
) -> Losses:
    bound = bad_loss_limit(model.shape.V) if model else math.inf
    measured = [
        (point.val_loss, point.step)
        for point in points
        if point.val_loss is not None and point.val_loss <= bound
    ]
    best_step = min(measured)[1] if measured else None
    return Losses(
        label, points, best_step, diverged,
        baselines=model.baselines if model else None,
        clip=model.config.clip if model else None,
    )  # fmt: skip


def _points(rows: Iterable[Mapping[str, Any]]) -> tuple[LossPoint, ...]:
    evaluations = (read_evaluation({**UNKNOWN_TIMES, **row}) for row in rows)
    return tuple(
        LossPoint(**{key: getattr(evaluation, key) for key in LossPoint.__annotations__})
        for evaluation in evaluations
    )
