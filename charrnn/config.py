"""Every default, written once: the command line, the Python API and the documentation read it here.

Not here: anything that imports NumPy, and what never changes a model (previews, colours, folders).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from charrnn.errors import ConfigError, InputError

CELL_NAMES = ("rnn", "gru", "lstm")
SCHEDULES = ("cosine", "constant")
NEWLINES = ("lf", "keep")

DEFAULT_RUNS = "runs"
DEFAULT_EPOCHS = 10.0
DEFAULT_VAL = 0.1
LARGEST_DEFAULT_VAL = 500_000
LONGEST_DEFAULT_WARMUP = 100
EVALUATIONS_A_RUN = 20
SAMPLING_THREADS = 2  # for products; one stream's weights come out of two caches; more: unmeasured
STREAMS_A_WORKER = 4  # two workers overtake one between 2 and 4 streams each (docs/performance.md)


@dataclass(frozen=True)
class TrainConfig:
    """All that decides what is learned from a corpus; two equal ones give equal models.

    ``None`` stands for what follows from the corpus; `completed` fills it in.
    """

    cell: str = "lstm"
    hidden: int = 256
    layers: int = 1
    dropout: float = 0.1
    recurrent_dropout: float = 0.1
    epochs: float | None = None
    steps: int | None = None
    patience: int = 0
    batch: int = 32
    seq: int = 64
    lr: float = 8e-3
    schedule: str = "cosine"
    warmup: int | None = None
    clip: float = 1.0
    weight_decay: float = 0.01
    average: float = 0.04
    val: float | None = None
    test: float = 0.0
    eval_every: int | None = None
    newline: str = "lf"
    seed: int = 0
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting and its allowed range.
        """
        _choice("cell", self.cell, CELL_NAMES)
        _choice("schedule", self.schedule, SCHEDULES)
        _choice("newline", self.newline, NEWLINES)
        if self.epochs is not None and self.steps is not None:
            raise ConfigError("steps", "given together with epochs; give one of them")
        for name, low in (("hidden", 1), ("layers", 1), ("batch", 1), ("seq", 1), ("steps", 1)):
            _at_least(name, getattr(self, name), low)
        for name in ("patience", "warmup", "clip", "weight_decay", "test", "val", "seed"):
            _at_least(name, getattr(self, name), 0)
        for name in ("eval_every", "workers"):
            _at_least(name, getattr(self, name), 1)
        _above("lr", self.lr, 0)
        _above("epochs", self.epochs, 0)
        for name in ("dropout", "recurrent_dropout", "average"):
            if not 0 <= (value := getattr(self, name)) < 1:
                raise ConfigError(name, f"{value} is outside 0 <= P < 1")

    def parts(self, characters: int) -> tuple[int, int, int]:
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

    def completed(self, characters: int, cores: int = 1) -> "TrainConfig":
        """The same settings with nothing left open, for so many ``characters`` and ``cores``.

        Where the training part is too short for one update, there are fewer streams, then a
        shorter window. No worker has less than a stream. Raises as `parts`.
        """
        training, validating, _ = self.parts(characters)
        predictions = training - 1
        batch = min(self.batch, max(1, predictions // self.seq))
        seq = min(self.seq, predictions)
        steps_an_epoch = math.ceil(predictions / (batch * seq))
        epochs = self.epochs if self.epochs or self.steps else DEFAULT_EPOCHS
        small = replace(self, batch=batch, seq=seq, epochs=epochs)
        steps = small.total_steps(predictions)
        interval = min(math.ceil(steps / EVALUATIONS_A_RUN), steps_an_epoch)
        workers = min(cores, batch // STREAMS_A_WORKER) if self.workers is None else self.workers
        by_default = validating if validating == LARGEST_DEFAULT_VAL else DEFAULT_VAL
        return replace(
            small,
            warmup=min(LONGEST_DEFAULT_WARMUP, steps // 10) if self.warmup is None else self.warmup,
            eval_every=interval if self.eval_every is None else self.eval_every,
            val=by_default if self.val is None else self.val,
            workers=max(1, min(workers, batch)),
        )

    def total_steps(self, predictions: int) -> int:
        """The updates of a run of so many ``predictions`` an epoch; of completed settings only."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return math.ceil(self.epochs * predictions / (self.batch * self.seq))


@dataclass(frozen=True)
class SampleConfig:
    """How a continuation is drawn; all of it may change from one sample to the next."""

    length: int = 500
    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigError: naming the setting and its allowed range.
        """
        for name in ("length", "temperature", "top_k"):
            _at_least(name, getattr(self, name), 0)
        if not 0 < self.top_p <= 1:
            raise ConfigError("top_p", f"{self.top_p} is outside 0 < P <= 1")


def share(amount: float, characters: int) -> int:
    """``amount`` below one is a share of ``characters``, else it is a number of characters."""
    return round(amount * characters) if amount < 1 else round(amount)


def to_toml(table: str, values: Mapping[str, object]) -> str:
    """``values`` as a TOML table, what is None left out. Strings, lists of them, numbers, flags."""
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join([f"[{table}]", *lines, ""])


def _toml(value: object) -> str:
    # JSON writes these as TOML does, but for the one control character that it leaves as it is
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(name, f"{value!r} is not one of {', '.join(allowed)}")


def _at_least(name: str, value: float | None, low: float) -> None:
    if value is not None and not low <= value < math.inf:
        raise ConfigError(name, f"{value} is below {low} or not a number")


def _above(name: str, value: float | None, low: float) -> None:
    if value is not None and not low < value < math.inf:
        raise ConfigError(name, f"{value} is not a number above {low}")
