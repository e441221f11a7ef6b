"""Every setting of training and sampling: its type, range and default, each written once.

The command line, the Python API, model files and the documentation read them here. Defaults that
follow from the corpus are chosen in training/automatic.py.

Not here: anything that imports NumPy, and options that never change a model (previews, colors,
folders).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any

from charrnn.cells import CELLS
from charrnn.errors import ConfigError, InputError
from charrnn.language import gettext as _
from charrnn.setting_types import (
    LARGEST_SEED,
    LARGEST_WHOLE,
    Choice,
    Flag,
    Number,
    Rule,
    Text,
    Texts,
    Whole,
    check_settings,
    shorten,
)
from charrnn.suggestions import did_you_mean

CELL_NAMES = tuple(CELLS)
DEFAULT_CELL = "lstm"
SCHEDULES = ("cosine", "constant")
NEWLINES = ("lf", "keep")
OFF = "off"
SHUFFLES = (OFF, "lines", "paragraphs")
NORMALIZATIONS = ("none", "nfc", "nfkc")
AUTO = "auto"
ON_UNKNOWN = ("error", "skip", "replace")
BUDGETS = ("epochs", "steps", "minutes")

DEFAULT_RUNS = "runs"
DEFAULT_VAL = 0.1
LARGEST_DEFAULT_VAL = 500_000
LONGEST_DEFAULT_WARMUP = 100
EVALUATIONS_PER_RUN = 20
DEFAULT_LAGS = 200  # the largest number of steps through which a gradient is followed back
DEFAULT_SECONDS = 0.5  # the duration of each speed measurement
# With two threads, the weights that one stream reads stay in the caches of two cores. More threads
# have not been measured.
SAMPLING_THREADS = 2
WIDEST_BEAM = 10_000
SAMPLING_ONLY_SETTINGS = ("temperature", "top_k", "top_p", "min_p")
"""Settings of random sampling, which beam search does not use."""

PositiveInt = Annotated[int, Whole(1)]
LayerCount = Annotated[int, Whole(1, limit=10_000)]  # each layer has arrays of its own
NonNegativeInt = Annotated[int, Whole(0)]
Seed = Annotated[int, Whole(0, limit=LARGEST_SEED)]
PositiveFloat = Annotated[float, Number(0, low_open=True)]
NonNegativeFloat = Annotated[float, Number(0)]
Budget = Annotated[float, Number(0, low_open=True, limit=LARGEST_WHOLE)]
Amount = Annotated[float, Number(0, limit=LARGEST_WHOLE)]
DropoutRate = Annotated[float, Number(0, 1, high_open=True)]


@dataclass(frozen=True)
class TrainConfig:
    """The settings that determine what is learned from a corpus.

    A setting that is ``None`` is chosen from the corpus and the other settings
    (training/automatic.py).
    """

    cell: Annotated[str, Choice(CELL_NAMES)] | None = None
    hidden: PositiveInt | None = None
    layers: LayerCount | None = None
    dropout: DropoutRate | None = None
    recurrent_dropout: DropoutRate | None = None
    tied: Annotated[bool, Flag()] | None = None
    epochs: Budget | None = None
    steps: PositiveInt | None = None
    minutes: Budget | None = None
    patience: NonNegativeInt | None = None
    batch: PositiveInt | None = None
    seq: PositiveInt | None = None
    lr: PositiveFloat | None = None
    schedule: Annotated[str, Choice(SCHEDULES)] = "cosine"
    warmup: NonNegativeInt | None = None
    clip: NonNegativeFloat = 1.0
    weight_decay: NonNegativeFloat = 0.01
    temporal_regularization: Amount | None = None
    val: Amount | None = None
    test: Amount = 0.0
    shuffle: Annotated[str, Choice(SHUFFLES)] = OFF
    eval_every: PositiveInt | None = None
    encoding: Annotated[str, Text()] = AUTO
    newline: Annotated[str, Choice(NEWLINES)] = "lf"
    normalize: Annotated[str, Choice(NORMALIZATIONS)] = "none"
    min_count: PositiveInt = 1
    seed: Seed = 0
    workers: PositiveInt | None = None
    ranks: PositiveInt | None = None

    def __post_init__(self) -> None:
        """Check every setting, and convert NumPy's numbers to Python's.

        Raises:
            ConfigError: naming the setting and the values that it allows.
        """
        check_settings(self)
        budgets = [name for name in BUDGETS if getattr(self, name) is not None]
        if len(budgets) > 1:
            first, second = budgets[:2]
            problem = _("cannot be combined with `{setting}`; set one of them")
            raise ConfigError(second, problem.format(setting=first))

    @property
    def shuffled_units(self) -> str | None:
        """What is put into another order, "lines" or "paragraphs"; None for nothing."""
        return None if self.shuffle == OFF else self.shuffle

    def split_sizes(self, characters: int) -> tuple[int, int, int]:
        """Return the sizes of the training, validation and test parts of a corpus, in characters.

        The parts follow each other in this order, and their sizes add up to ``characters``.

        Raises:
            InputError: when fewer than two characters remain for training.
        """
        val = DEFAULT_VAL if self.val is None else self.val
        validating = share(val, characters)
        if self.val is None:
            validating = min(validating, LARGEST_DEFAULT_VAL)
        testing = share(self.test, characters)
        training = characters - validating - testing
        if training < 2:
            problem = _(
                "{characters:,} characters less {validating:,} for validation and {testing:,} for"
                " testing leave too few to train on; lower `val` and `test`, or add text"
            ).format(characters=characters, validating=validating, testing=testing)
            raise InputError(_("corpus"), problem)
        return training, validating, testing


@dataclass(frozen=True, kw_only=True)
class Settings(TrainConfig):
    """A config in which every setting is chosen: equal settings and corpora make equal models.

    With ``minutes``, the settings that depend on the number of steps (``steps``, ``warmup``,
    ``eval_every``, ``patience``) stay None until the speed has been measured.
    """

    cell: Annotated[str, Choice(CELL_NAMES)]
    hidden: PositiveInt
    layers: LayerCount
    dropout: DropoutRate
    recurrent_dropout: DropoutRate = 0.0  # models made before it existed were trained without it
    tied: Annotated[bool, Flag()] = False
    batch: PositiveInt
    seq: PositiveInt
    lr: PositiveFloat
    temporal_regularization: Amount = 0.0  # see `recurrent_dropout`
    val: Amount
    workers: PositiveInt
    ranks: PositiveInt = 1

    @property
    def unresolved(self) -> tuple[str, ...]:
        """The settings that a training needs and that are still None, as with ``minutes``."""
        names = ["warmup", "eval_every", "patience"]
        if self.epochs is None:
            names.insert(0, "steps")
        return tuple(name for name in names if getattr(self, name) is None)

    @property
    def members(self) -> int:
        """The number of worker processes of all ranks together, which share the batch."""
        return self.ranks * self.workers

    def total_steps(self, predictions: int) -> int:
        """Return the number of updates in the run. An epoch has ``predictions`` characters."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return math.ceil(self.epochs * predictions / (self.batch * self.seq))

    def count_epochs(self, steps: int, predictions: int) -> float:
        """Return the epochs in ``steps`` updates; an epoch has ``predictions`` characters."""
        return steps * self.batch * self.seq / predictions


@dataclass(frozen=True)
class SampleConfig:
    """The settings of sampling; all of them may change from one sample to the next.

    ``length`` counts new characters; together with a ``stop`` text, 0 is unlimited. A ``stop`` text
    ends a sample and is not part of it. ``no_repeat`` is the length of the shortest span of
    characters that must not occur twice. ``beam`` is the number of texts that beam search keeps
    instead of sampling. The value 0 turns off ``no_repeat`` and ``beam``.
    """

    length: NonNegativeInt = 500
    temperature: NonNegativeFloat = 0.8
    top_k: NonNegativeInt = 0
    top_p: Annotated[float, Number(0, 1, low_open=True)] = 1.0
    min_p: Annotated[float, Number(0, 1)] = 0.0
    stop: Annotated[Sequence[str], Texts()] = ()
    no_repeat: NonNegativeInt = 0
    beam: Annotated[int, Whole(0, WIDEST_BEAM)] = 0
    on_unknown: Annotated[str, Choice(ON_UNKNOWN)] = "error"

    def __post_init__(self) -> None:
        """Check every setting, and convert NumPy's numbers to Python's.

        Raises:
            ConfigError: naming the setting and the values that it allows.
        """
        check_settings(self)
        for name in SAMPLING_ONLY_SETTINGS:
            if self.beam and getattr(self, name) != getattr(SampleConfig, name):
                problem = _("beam search does not sample; leave it out, or `beam`")
                raise ConfigError(name, problem)


def parse_settings(table: Mapping[str, Any]) -> Settings:
    """Return the settings in the ``table`` of a file.

    Raises:
        ValueError: naming a setting that does not exist, or one that is missing.
        ConfigError: naming a setting whose value is not allowed.
    """
    known = [field.name for field in fields(Settings)]
    for name in table:
        if name not in known:
            problem = _("there is no setting {setting}").format(setting=shorten(repr(name)))
            if question := did_you_mean(str(name), known, "'"):
                problem = _("{problem}; {advice}").format(problem=problem, advice=question)
            raise ValueError(problem)
    for field in fields(Settings):
        if field.name not in table and field.default is MISSING:
            raise ValueError(_("the setting {setting!r} is missing").format(setting=field.name))
    return Settings(**table)


DEFAULT_CONTINUATIONS, DEFAULT_CONTINUATION_LENGTH = 3, 40
DEFAULT_LEAST = 20  # characters of the shortest span that counts as copied
LAGS, LEAST, SECONDS = Whole(1), Whole(1), Number(0, low_open=True)
REPORT_SETTINGS: dict[str, Rule] = {
    "adapt": Flag(),
    "lags": LAGS,
    "least": LEAST,
    "on_unknown": Choice(ON_UNKNOWN),
    "seconds": SECONDS,
    "untrained": Flag(),
}
"""The settings of single reports, for the command line and for the methods of a model."""


def share(amount: float, characters: int) -> int:
    """Return ``amount`` as a number of characters; below 1 it is a fraction of ``characters``."""
    return round(amount * characters) if amount < 1 else round(amount)
