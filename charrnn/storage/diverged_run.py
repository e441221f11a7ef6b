"""What the run folder of a training that diverged says to those who use its models.

Not here: how divergence is detected (training/divergence.py) and saved (runs/saving.py).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from charrnn.errors import DivergedError, InputError
from charrnn.language import gettext as _
from charrnn.shell_words import quote_word
from charrnn.storage.model_file import ModelDescription, open_model
from charrnn.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from charrnn.training.state import Diverged


def find_divergence(model: Path | None) -> "Diverged | None":
    """Return where the training diverged that made the model file; None if it did not.

    That is known only while the file lies in its run folder. A damaged checkpoint says nothing.
    """
    if model is None:
        return None
    run = RunFolder(model.parent)
    if model.name not in (run.best.name, run.last.name) or not run.last.is_file():
        return None
    try:
        return _read_divergence(run.last)
    except InputError:
        return None


def _read_divergence(checkpoint: Path) -> "Diverged | None":
    """Return where the training of ``checkpoint`` diverged; None if it did not, as most have not.

    Raises:
        InputError: when it is damaged.
    """
    with open_model(checkpoint) as (__, document):
        training = document["training"]
        # Version 0.1.0 did not write that a training diverged; it has no best model then.
        if training.get("diverged") is None and training["best_step"] is not None:
            return None
    from charrnn.storage.checkpoint import read_description

    return read_description(checkpoint)[1].diverged


def diverged_error(run: RunFolder, model: ModelDescription, diverged: "Diverged") -> DivergedError:
    """Return the error for a training that cannot be resumed, and what to do instead.

    ``model`` describes the last state of the ``run``.
    """
    from charrnn.training.divergence import describe_reason

    if run.best.is_file():
        problem = _(
            "the training diverged at step {step:,} ({reason}), so it cannot be resumed; train a"
            " new run with `lr` below {lr:g}, from the beginning or with `init_from` {best}"
        )
    else:
        problem = _(
            "the training diverged at step {step:,} ({reason}), so it cannot be resumed; train a"
            " new run with `lr` below {lr:g}"
        )
    problem = problem.format(
        step=diverged.step,
        reason=describe_reason(diverged.reason, model.shape.V),
        lr=model.config.lr,
        best=quote_word(run.best),
    )
    return DivergedError(run.path, problem)


def explain_model(model: Path) -> str | None:
    """Return a note that says which model of a run it is if its training diverged, else None."""
    diverged = find_divergence(model)
    if diverged is None:
        return None
    from charrnn.storage.checkpoint import read_description

    run = RunFolder(model.parent)
    description, __ = read_description(model)
    if model.name == run.best.name:
        note = _(
            "model {model}, of step {saved:,}: the training of {run} diverged at step {step:,},"
            " and this is the best model before that"
        )
    elif run.best.is_file():
        note = _(
            "model {model}, of step {saved:,}: the training of {run} diverged at step {step:,},"
            " and this is what was saved last; the best model before that is {best}"
        )
    elif not description.history:
        note = _(
            "model {model}, of step {saved:,}: the training of {run} diverged at step {step:,},"
            " before its first evaluation, so there is no better model"
        )
    else:
        note = _(
            "model {model}, of step {saved:,}: the training of {run} diverged at step {step:,}, and"
            " no evaluation before that was better than guessing"
        )
    return note.format(
        model=model, saved=description.step, run=run.path, step=diverged.step, best=run.best
    )
