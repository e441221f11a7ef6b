"""What a training tells while it runs. Losses in nats a character, times in seconds.

``asdict`` of Start, Evaluation and End is what `train --json` prints; the names are a contract.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from charrnn.config import Settings
from charrnn.ngram import Baselines

Stopped: TypeAlias = Literal["finished", "patience", "interrupted", "diverged"]


@dataclass(frozen=True)
class CorpusFacts:
    """The text that is learned. ``sha256`` is over its characters as UTF-8."""

    files: tuple[str, ...]
    characters: int
    distinct: int
    encoding: str
    sha256: str


@dataclass(frozen=True)
class ModelFacts:
    """The network that learns it."""

    cell: str
    hidden: int
    layers: int
    parameters: int


@dataclass(frozen=True)
class Note:
    """A sentence that the user should read: a setting was adapted."""

    text: str


@dataclass(frozen=True)
class Reading:
    """Before the training, ``done`` of ``total`` bytes; None where that is not known."""

    done: int
    total: int | None


@dataclass(frozen=True)
class Start:
    """Before the first update. ``config`` is complete: what was left open is filled in."""

    run: str
    corpus: CorpusFacts
    model: ModelFacts
    config: Settings


@dataclass(frozen=True)
class Progress:
    """After each update; ``loss`` is that of its window."""

    step: int
    total_steps: int
    loss: float


@dataclass(frozen=True)
class SaveDue:
    """Between two evaluations, when it is time to save."""


@dataclass(frozen=True)
class Rollback:
    """The training went astray: it is back where all was well, with a smaller learning rate."""

    step: int
    reason: str
    scale: float


@dataclass(frozen=True)
class Evaluation:
    """After an evaluation. ``train_loss`` is the mean since the one before, dropout included."""

    step: int
    epoch: float
    seconds: float
    train_loss: float
    val_loss: float | None
    lr: float
    chars_per_second: float

    @property
    def loss(self) -> float:
        """The loss by which models are compared: of the validation part where there is one."""
        return self.train_loss if self.val_loss is None else self.val_loss


@dataclass(frozen=True)
class Preview:
    """What the model writes at this point."""

    text: str


@dataclass(frozen=True)
class End:
    """After the last update. ``val_loss`` and ``test_loss`` are the best model's, at ``best_step``.

    ``chars_per_second`` is training characters over the time of the updates alone.
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
Event: TypeAlias = Note | Reading | Start | Baselines | Progress | Evaluation | Preview | End
