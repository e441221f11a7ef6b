"""The state of a training in a model file: its plain numbers as JSON, written and checked.

The keys in the file are a contract: they stay when the field behind them is renamed.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from charrnn.language import gettext as _
from charrnn.storage.meta import read_count, read_number, read_update_ratio
from charrnn.training.divergence import REASONS
from charrnn.training.state import Diverged, TrainingProgress, TrainingState


def describe_training(state: TrainingState, seq: int, total_steps: int) -> dict[str, Any]:
    """Return the plain numbers of ``state`` as JSON's types; its step is that of the model."""
    progress = state.progress
    # "updates" equals the step, and "position" follows from it and is not read. Both stay because
    # older versions require the first, and programs may read either: the keys are a contract.
    # "diverged" is written only where it says something, so that other files keep their bytes.
    diverged = {} if progress.diverged is None else {"diverged": asdict(progress.diverged)}
    return {
        "updates": state.updates,
        "total_steps": total_steps,
        "position": progress.step * seq,
        "best_loss": progress.best_loss if math.isfinite(progress.best_loss) else None,
        "best_step": progress.best_step,
        "evaluations_since_best": progress.evaluations_since_best,
        "window_losses": progress.window_losses,
        "gradient_norms": progress.gradient_norms,
        "update_ratio": progress.update_ratio and asdict(progress.update_ratio),
        "above": progress.bad_windows,
        "setbacks": progress.rollbacks,
        "random": state.random,
        **diverged,
    }


def read_progress(training: Mapping[str, Any], step: int) -> TrainingProgress:
    """Read back what `describe_training` wrote, for a model of ``step``.

    Raises:
        ValueError, KeyError: naming what is wrong or missing.
    """
    best_loss, best_step = training["best_loss"], training["best_step"]
    # Version 0.1.0 did not write the last two.
    losses, norms = (
        dict(enumerate(numbers))
        for numbers in (training["window_losses"], training.get("gradient_norms", []))
    )
    update_ratio = training.get("update_ratio")
    return TrainingProgress(
        step=step,
        best_loss=math.inf if best_loss is None else read_number(training, "best_loss"),
        best_step=None if best_step is None else read_count(training, "best_step"),
        evaluations_since_best=read_count(training, "evaluations_since_best"),
        window_losses=[read_number(losses, index) for index in losses],
        gradient_norms=[read_number(norms, index) for index in norms],
        update_ratio=None if update_ratio is None else read_update_ratio(update_ratio),
        bad_windows=read_count(training, "above"),
        rollbacks=read_count(training, "setbacks"),
        diverged=_read_diverged(training.get("diverged")),
    )


def _read_diverged(value: Any) -> Diverged | None:
    """Read where the training diverged. A file without it is of a training that can go on."""
    if value is None:
        return None
    if not isinstance(value, dict) or value["reason"] not in REASONS:
        raise ValueError(_("it does not say for which reason its training diverged"))
    return Diverged(read_count(value, "step"), value["reason"])


def read_random(state: Any) -> Mapping[str, Any]:
    """Check the state of a random generator by setting it. Raises what NumPy raises."""
    generator = np.random.PCG64(0)
    generator.state = state
    return generator.state
