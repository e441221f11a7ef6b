"""Divergence: how training that no longer learns is detected.

Not here: the rollback that follows (trainer.py).
"""

import math

from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.training.state import TrainingProgress

BAD_LOSS_MARGIN = 0.5  # nats
MAX_BAD_WINDOWS = 200  # in a row
REASONS = {
    "gradient": gettext_noop("the gradient is not finite"),
    "loss": gettext_noop("the loss is not finite"),
    "validation": gettext_noop("the validation loss is not finite"),
    "windows": gettext_noop(
        "the loss was above {limit:.2f}, which is worse than guessing, for {windows} updates in a"
        " row"
    ),
    "evaluations": gettext_noop(
        "the loss was above {limit:.2f}, which is worse than guessing, in every evaluation"
    ),
}
"""The reasons for which a training diverges, by the name that a checkpoint keeps."""


class Divergence(Exception):  # noqa: N818  # users never see it as an error
    """Training diverged at ``step``. All members of a team notice it at the same step.

    ``reason`` is a key of `REASONS`.
    """

    def __init__(self, step: int, reason: str) -> None:
        super().__init__(reason)
        self.step = step
        self.reason = reason


def bad_loss_limit(V: int) -> float:
    """Return the loss above which a model of ``V`` characters is worse than guessing.

    A uniform guess costs ln V nats. The margin leaves room for a network that has just started, and
    for a window of rare characters.
    """
    return math.log(V) + BAD_LOSS_MARGIN


def describe_reason(reason: str, V: int) -> str:
    """Return the ``reason``, a key of `REASONS`, as a clause about a model of ``V`` characters."""
    return _(REASONS[reason]).format(limit=bad_loss_limit(V), windows=MAX_BAD_WINDOWS)


def check_update(progress: TrainingProgress, loss: float, norm: float, V: int) -> None:
    """Check a window before its update is applied, and count bad windows in ``progress``.

    ``loss`` is the loss of the window, and ``norm`` that of its gradient.

    Raises:
        Divergence: when one of them is not finite, or after `MAX_BAD_WINDOWS` bad windows in a row.
    """
    step = progress.step + 1
    if not math.isfinite(norm):
        raise Divergence(step, "gradient")
    if not math.isfinite(loss):
        raise Divergence(step, "loss")
    progress.bad_windows = progress.bad_windows + 1 if loss > bad_loss_limit(V) else 0
    if progress.bad_windows == MAX_BAD_WINDOWS:
        raise Divergence(step, "windows")
