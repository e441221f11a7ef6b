"""The events that a training yields. Losses are in nats per character, times in seconds.

`train --json` prints Start, Evaluation and End by ``asdict``, so their field names are a contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from charrnn.config import Settings
from charrnn.ngram import Baselines
from charrnn.text.corpus_info import TextInfo
from charrnn.training.outcome import Outcome

Stopped: TypeAlias = Literal["finished", "patience", "interrupted", "diverged"]


@dataclass(frozen=True)
class CorpusFacts:
    """The corpus. ``sha256`` is over its characters as UTF-8; ``distinct`` is over all texts.

    ``val_file`` and ``test_file`` are the texts of their own that it is validated and tested on.
    """

    files: tuple[str, ...]
    characters: int
    distinct: int
    encoding: str
    sha256: str
    val_file: TextInfo | None = None
    test_file: TextInfo | None = None

    @property
    def all_characters(self) -> int:
        """The characters of all texts."""
        own_texts = [text.characters for text in (self.val_file, self.test_file) if text]
        return self.characters + sum(own_texts)


@dataclass(frozen=True)
class NetworkFacts:
    """The network and its size."""

    cell: str
    hidden: int
    layers: int
    parameters: int


@dataclass(frozen=True)
class Note:
    """A message to the user, one sentence, with settings between backquotes."""

    text: str


@dataclass(frozen=True)
class Reading:
    """The bytes of the corpus read so far, and the total of all passes; None if unknown."""

    done: int
    total: int | None


@dataclass(frozen=True)
class Start:
    """Yielded before the first update. All settings of ``config`` are resolved."""

    run: str
    corpus: CorpusFacts
    model: NetworkFacts
    config: Settings


@dataclass(frozen=True)
class Progress:
    """Yielded after each update. ``loss`` is the training loss of its window."""

    step: int
    total_steps: int
    loss: float


@dataclass(frozen=True)
class SaveDue:
    """Yielded between two evaluations, when a save is due. `Trainer.state` can be called."""


@dataclass(frozen=True)
class Rollback:
    """Training diverged at ``step`` and returned to its last good state.

    The learning rate is now multiplied by ``scale``.
    """

    step: int
    reason: str
    scale: float


@dataclass(frozen=True)
class UpdateRatio:
    """The norm of an update over that of the weights after it, for each group of matrices.

    ``input`` and ``recurrent`` have a number for each layer: W and U. ``output`` is for the
    output's matrix, which is also the embedding of a tied network. None stands for a group without
    weights, or whose weights are zero or too large for their norm.
    """

    input: tuple[float | None, ...]
    recurrent: tuple[float | None, ...]
    output: float | None


@dataclass(frozen=True)
class GradientProfile:
    """How much of a loss's gradient reaches the state ``lags`` steps earlier, relative to none.

    ``medians`` has for each state, h and in an lstm c, the median over several places at each lag.
    """

    lags: tuple[int, ...]
    medians: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Evaluation:
    """Yielded after an evaluation.

    ``train_loss`` is the mean over the updates since the previous evaluation, with dropout on.
    So are ``grad_norm``, the norm of the gradient before clipping, and ``clipped``, the share of
    updates whose gradient was clipped; ``grad_norm_max`` is the largest norm. ``update_ratio`` is
    that of the last update. These are None in the logs of older versions. ``gradient_profile`` is
    measured in some evaluations, and None in the others.
    """

    step: int
    epoch: float
    seconds: float
    train_loss: float
    val_loss: float | None
    lr: float
    chars_per_second: float
    grad_norm: float | None = None
    grad_norm_max: float | None = None
    clipped: float | None = None
    update_ratio: UpdateRatio | None = None
    gradient_profile: GradientProfile | None = None

    @property
    def loss(self) -> float:
        """The loss by which models are compared: ``val_loss``, or ``train_loss`` without one."""
        return self.train_loss if self.val_loss is None else self.val_loss


@dataclass(frozen=True)
class Preview:
    """A sample from the model, yielded after an evaluation."""

    text: str


@dataclass(frozen=True)
class Judgement:
    """Yielded before End, when a training has ended by itself and did not beat its n-gram."""

    outcome: Outcome


@dataclass(frozen=True)
class End:
    """Yielded last. ``val_loss`` and ``test_loss`` are those of the best model, at ``best_step``.

    ``chars_per_second`` counts the time of updates only, not of evaluations and saves.
    """

    run: str
    stopped: Stopped
    step: int
    epoch: float
    seconds: float
    train_loss: float | None
    val_loss: float | None
    val_bpc: float | None
    best_step: int | None
    test_loss: float | None
    baselines: Baselines | None
    chars_per_second: float
    workers: int


TrainerEvent: TypeAlias = Progress | Evaluation | SaveDue | Rollback
Event: TypeAlias = (
    Note | Reading | Start | Baselines | Progress | Evaluation | Preview | Judgement | End
)
"""What ``on_event`` is called with. The classes are in ``charrnn.training.events``, and `Baselines`
is in ``charrnn.ngram``."""
