"""Every setting, and every default that does not depend on the text, written once.

The command line, the Python API and the documentation read them here; what follows from the text is
chosen in training/automatic.py.

Not here: anything that imports NumPy, and what never changes a model (previews, colours, folders).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.errors import ConfigError, InputError

CELL_NAMES = ("rnn", "gru", "lstm")
DEFAULT_CELL = "lstm"
SCHEDULES = ("cosine", "constant")
NEWLINES = ("lf", "keep")
NORMALIZATIONS = ("none", "nfc", "nfkc")
AUTO = "auto"
ON_UNKNOWN = ("error", "skip", "replace")
BUDGETS = ("epochs", "steps", "minutes")

DEFAULT_RUNS = "runs"
DEFAULT_VAL = 0.1
LARGEST_DEFAULT_VAL = 500_000
LONGEST_DEFAULT_WARMUP = 100
EVALUATIONS_A_RUN = 20
DEFAULT_LAGS = 200  # steps that a gradient is followed back
SAMPLING_THREADS = 2  # for products; one stream's weights come out of two caches; more: unmeasured
WIDEST_BEAM = 10_000
DRAWING = ("temperature", "top_k", "top_p", "min_p")
"""The settings of drawing characters, which mean nothing to a search for the likeliest."""


@dataclass(frozen=True)
class TrainConfig:
    """What decides what is learned from a corpus.

    ``None`` stands for what follows from the corpus and from the other settings
    (training/automatic.py).
    """

    cell: str | None = None
    hidden: int | None = None
    layers: int | None = None
    dropout: float | None = None
    recurrent_dropout: float | None = None
    tied: bool | None = None
    epochs: float | None = None
    steps: int | None = None
    minutes: float | None = None
    patience: int | None = None
    batch: int | None = None
    seq: int | None = None
    lr: float | None = None
    schedule: str = "cosine"
    warmup: int | None = None
    clip: float = 1.0
    weight_decay: float = 0.01
    val: float | None = None
    test: float = 0.0
    eval_every: int | None = None
    encoding: str = AUTO
    newline: str = "lf"
    normalize: str = "none"
    min_count: int = 1
    seed: int = 0
    workers: int | None = None
    ranks: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting and its allowed range.
        """
        _choice("cell", self.cell or DEFAULT_CELL, CELL_NAMES)
        _choice("schedule", self.schedule, SCHEDULES)
        _choice("newline", self.newline, NEWLINES)
        _choice("normalize", self.normalize, NORMALIZATIONS)
        given = [name for name in BUDGETS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ConfigError(given[1], f"given together with {given[0]}; give one of them")
        for name, low in (("hidden", 1), ("layers", 1), ("batch", 1), ("seq", 1), ("steps", 1)):
            _at_least(name, getattr(self, name), low)
        for name in ("patience", "warmup", "clip", "weight_decay", "test", "val", "seed"):
            _at_least(name, getattr(self, name), 0)
        for name in ("eval_every", "workers", "ranks", "min_count"):
            _at_least(name, getattr(self, name), 1)
        _above("lr", self.lr, 0)
        _above("epochs", self.epochs, 0)
        _above("minutes", self.minutes, 0)
        for name in ("dropout", "recurrent_dropout"):
            if (value := getattr(self, name)) is not None and not 0 <= value < 1:
                raise ConfigError(name, f"{value} is outside 0 <= P < 1")

    def split_sizes(self, characters: int) -> tuple[int, int, int]:
        """How many of a corpus's ``characters`` train, validate and test, in the text's order.

        Raises:
            InputError: when too few are left to train on.
        """
        val = DEFAULT_VAL if self.val is None else self.val
        validating = share(val, characters)
        if self.val is None:
            validating = min(validating, LARGEST_DEFAULT_VAL)
        testing = share(self.test, characters)
        training = characters - validating - testing
        if training < 2:
            raise InputError(
                "corpus",
                f"{characters:,} characters less {validating:,} for validation and {testing:,} for"
                " a test leave too few to train on; lower --val and --test or give more text",
            )
        return training, validating, testing


@dataclass(frozen=True, kw_only=True)
class Settings(TrainConfig):
    """A config with nothing left open: two equal ones make equal models of a corpus.

    By ``minutes``, until it is known how many updates fit, ``steps`` and what spans them are None.
    """

    cell: str
    hidden: int
    layers: int
    dropout: float
    recurrent_dropout: float = 0.0  # as in models that were made before it was
    tied: bool = False
    batch: int
    seq: int
    lr: float
    val: float
    workers: int
    ranks: int = 1

    @property
    def members(self) -> int:
        """The workers of all ranks, which share the batch."""
        return self.ranks * self.workers

    def total_steps(self, predictions: int) -> int:
        """The updates of a run of so many ``predictions`` an epoch."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return math.ceil(self.epochs * predictions / (self.batch * self.seq))


@dataclass(frozen=True)
class SampleConfig:
    """How a continuation is drawn; all of it may change from one sample to the next.

    ``length`` counts new characters; 0 is no limit where there is a ``stop``, which ends a text and
    is not part of it. ``no_repeat`` is the length of the shortest span that may not come twice, and
    ``beam`` how many texts the search for the likeliest holds instead of drawing; 0: neither.
    """

    length: int = 500
    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    stop: Sequence[str] = ()
    no_repeat: int = 0
    beam: int = 0
    on_unknown: str = "error"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting and its allowed range.
        """
        for name in ("length", "top_k", "no_repeat", "beam"):
            whole(name, getattr(self, name), 0)
        _at_least("temperature", self.temperature, 0)
        if self.beam > WIDEST_BEAM:
            raise ConfigError("beam", f"{self.beam:,} is above {WIDEST_BEAM:,}")
        if isinstance(self.stop, str):
            raise ConfigError("stop", "is one text; give a list of texts")
        object.__setattr__(self, "stop", tuple(self.stop))
        if not all(self.stop):
            raise ConfigError("stop", "an empty text would end every text; leave it out")
        if self.beam and any(
            getattr(self, name) != getattr(SampleConfig, name) for name in DRAWING
        ):
            raise ConfigError("beam", f"draws nothing; leave {', '.join(DRAWING)} out")
        _choice("on_unknown", self.on_unknown, ON_UNKNOWN)
        if not 0 < self.top_p <= 1:
            raise ConfigError("top_p", f"{self.top_p} is outside 0 < P <= 1")
        if not 0 <= self.min_p <= 1:
            raise ConfigError("min_p", f"{self.min_p} is outside 0 <= P <= 1")


def share(amount: float, characters: int) -> int:
    """``amount`` below one is a share of ``characters``, else it is a number of characters."""
    return round(amount * characters) if amount < 1 else round(amount)


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(name, f"{value!r} is not one of {', '.join(allowed)}")


def _at_least(name: str, value: float | None, low: float) -> None:
    if value is not None and not low <= value < math.inf:
        raise ConfigError(name, f"{value} is not a finite number from {low} on")


def whole(name: str, value: object, low: int) -> None:
    """Refuse a ``value`` that is no whole number from ``low`` on, with a ConfigError."""
    if not isinstance(value, int) or value < low:
        raise ConfigError(name, f"{value!r} is not a whole number from {low} on")


def _above(name: str, value: float | None, low: float) -> None:
    if value is not None and not low < value < math.inf:
        raise ConfigError(name, f"{value} is not a number above {low}")
