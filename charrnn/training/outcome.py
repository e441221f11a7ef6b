"""Why a finished training did not beat its n-gram, as its losses tell.

Not here: the sentences that say it and what to do (render/words.py).
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from charrnn.ngram import Baselines

Outcome: TypeAlias = Literal["falling", "rising", "short_text", "overfitted", "untrained", "level"]
"""The validation loss still fell; the training loss rose; a short text was learned by heart; a long
one was; the model learned less than how frequent characters are; or the losses came to rest."""

SHORT_TEXT = 10_000
"""The number of characters below which a text is called short."""
STILL_FALLING = 0.005
"""The share by which a validation loss falls in the last quarter of a training that was too
short. A cosine schedule lets it fall slowly there."""
SHARE_OF_FALL = 0.03
"""The share of its whole fall by which a loss falls there if it has not come to rest. It matters
where the loss has fallen by little in all, as in a few steps."""
CLEARLY = 0.02
"""The share by which one loss is above another so that it does not look like chance."""
FAR_BELOW = 0.1
"""The share by which the training loss is below the validation loss of a text learned by heart."""


def judge_training(
    losses: Sequence[tuple[float, float | None]], best: float | None, baselines: Baselines | None,
    characters: int,
) -> Outcome | None:  # fmt: skip
    """Return why the ``best`` validation loss is not below that of the n-gram, or None if it is.

    ``losses`` are the training and the validation loss of every evaluation. ``characters`` is the
    length of the whole text.
    """
    train = [train for train, val in losses if val is not None]
    val = [val for _, val in losses if val is not None]
    if best is None or baselines is None or best < baselines.ngram or not val:
        return None
    if train[-1] > min(train) * (1 + CLEARLY) and val[-1] > min(val) * (1 + CLEARLY):
        return "rising"
    if len(val) == 1:
        return "falling"
    before = val[-1 - max(1, len(val) // 4)]
    is_best_at_the_end = val[-1] <= min(val) * (1 + STILL_FALLING)
    if is_best_at_the_end and before - val[-1] > STILL_FALLING * before:
        return "falling"
    rose_again = val[-1] > min(val) * (1 + CLEARLY)
    if rose_again or train[-1] < val[-1] * (1 - FAR_BELOW):
        return "short_text" if characters < SHORT_TEXT else "overfitted"
    if best >= baselines.unigram:
        return "untrained"
    fall = val[0] - val[-1]
    return "falling" if 0 < SHARE_OF_FALL * fall < before - val[-1] else "level"
