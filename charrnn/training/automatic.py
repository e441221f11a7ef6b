"""The settings that the user left open: from the text's size, its alphabet and a budget of work.

What the user did set stays, and the rest follows from it. The rules are fitted to what was measured
on several texts (docs/learning.md). Neither clock nor machine have a part in them, so that a text
gets the same settings everywhere, but for the workers, which share the cores at hand. How many
updates fit into ``--minutes`` is found out later (budget.py).
"""

import math
from dataclasses import asdict, replace

from charrnn.config import (
    BUDGETS,
    DEFAULT_CELL,
    DEFAULT_VAL,
    EVALUATIONS_A_RUN,
    LARGEST_DEFAULT_VAL,
    LONGEST_DEFAULT_WARMUP,
    Settings,
    TrainConfig,
)
from charrnn.errors import ConfigError
from charrnn.network.parameters import Shape

OPERATIONS_A_MINUTE = 60 * 100e9  # of floating point, by two cores of 2026
DEFAULT_MINUTES = 4.0
STREAMS_A_WORKER = 4  # two workers overtake one between 2 and 4 streams each (docs/performance.md)
UNITS = 32  # numbers of units are multiples of this
MOST_UNITS = 1024
UNITS_BY_BUDGET, UNITS_BY_TEXT = 0.13, 0.75
MOST_EPOCHS = 80.0  # more of them gain nothing
UPDATES, LEAST_UPDATES = 6500, 2500  # in a run that is long enough for them
LEAST_STREAMS, FAST_STREAMS, MOST_STREAMS = 4, 16, 32
SHORTEST = 100_000  # characters that a run reads, however short the text is
WINDOW = 64
TIED_FROM = 500  # characters
EVALUATED = 2.7  # characters in the time that one takes to be learned
LEAST_EVALUATIONS, EVALUATING = 8, 0.15  # of a run's time, where 20 evaluations would take more
MOST_EVALUATIONS = 100  # of a text so short that each round is one
PATIENT, LEAST_PATIENCE = 0.4, 5  # of a run's evaluations without a better one


def complete_settings(
    config: TrainConfig, characters: int, distinct: int, cores: int = 1, launched: int = 1
) -> Settings:
    """Settings with nothing left open, by minutes but for the number of updates and what spans it.

    For a text of so many ``characters``, ``distinct`` ones among them, and so many ``cores`` for
    each of the ranks that were ``launched``.

    Raises:
        ConfigError: when there are more ranks than streams, when they cannot share the workers, or
            when recurrent weights are to be dropped of a cell that has none.
        InputError: as `TrainConfig.parts`.
    """
    training, validating, _ = config.split_sizes(characters)
    predictions = training - 1
    hidden = config.hidden or _units(config, predictions, distinct)
    layers = config.layers or 1
    tied = distinct >= TIED_FROM if config.tied is None else config.tied
    cell = config.cell or DEFAULT_CELL
    shape = Shape(cell, hidden, layers, distinct, tied)
    if config.recurrent_dropout and not shape.cell_record.recurrent_weights:
        problem = f"the cell {cell} has no recurrent weights to drop; leave it out or give 0"
        raise ConfigError("recurrent_dropout", problem)
    affordable = _budget(config) / (3 * shape.operations)
    seq = min(config.seq or WINDOW, predictions)
    epochs = config.epochs
    if not any(getattr(config, name) for name in BUDGETS):
        epochs = _epochs(predictions, affordable)
    read = epochs * predictions if epochs else affordable  # characters, by minutes
    streams = FAST_STREAMS if config.steps else _streams(read / seq)
    batch = min(config.batch or streams, max(1, predictions // seq))
    if config.steps:
        read = config.steps * batch * seq
    dropout = _dropout(shape, read / predictions, predictions)
    by_default = validating if validating == LARGEST_DEFAULT_VAL else DEFAULT_VAL
    ranks, workers = _members(config, batch, cores, launched)
    chosen = {
        "cell": cell, "hidden": hidden, "layers": layers, "tied": tied,
        "dropout": dropout,
        "recurrent_dropout": dropout if shape.cell_record.recurrent_weights else 0.0,
        "lr": _learning_rate(shape, batch * seq), "val": by_default,
    }  # fmt: skip
    fitting = {"epochs": epochs, "batch": batch, "seq": seq, "workers": workers, "ranks": ranks}
    asked = {name: value for name, value in asdict(config).items() if value is not None}
    settings = Settings(**{**chosen, **asked, **fitting})
    if not sums_are_identical(settings, launched):
        raise ConfigError(
            "ranks",
            f"{launched} were started, which cannot share {describe_layout(settings)} so that sums"
            f" are rounded the same; start {settings.ranks} ranks, or give --ranks and --workers",
        )
    return settings if settings.minutes else resolve_schedule(settings, training, validating)


def _members(config: TrainConfig, batch: int, cores: int, launched: int) -> tuple[int, int]:
    """How many ranks share a batch, and with how many workers each."""
    ranks = config.ranks or launched
    if ranks > batch:
        raise ConfigError("ranks", f"{ranks} of them for {batch} streams; give a larger --batch")
    workers = config.workers or min(cores, batch // ranks // STREAMS_A_WORKER)
    return ranks, max(1, min(workers, batch // ranks))


def sums_are_identical(settings: Settings, launched: int) -> bool:
    """Whether so many ranks can go on with a run so that not a bit differs (see `add_up`)."""
    if settings.members % launched:
        return False
    workers = settings.members // launched
    return workers == settings.workers or all(
        n.bit_count() == 1 for n in (workers, settings.workers)
    )


def describe_layout(settings: Settings) -> str:
    """Who shares the batch, in words."""
    return f"{settings.ranks} × {settings.workers} workers (--ranks × --workers)"


def resolve_schedule(settings: Settings, training: int, validating: int) -> Settings:
    """The same, with what spans a run of now known length, on so many characters."""
    predictions = training - 1
    steps = settings.total_steps(predictions)
    an_epoch = math.ceil(predictions / (settings.batch * settings.seq))
    affordable = EVALUATING * EVALUATED * steps * settings.batch * settings.seq / max(1, validating)
    evaluations = max(LEAST_EVALUATIONS, min(EVALUATIONS_A_RUN, int(affordable)))
    often = max(an_epoch, math.ceil(steps / MOST_EVALUATIONS))
    eval_every = settings.eval_every or min(math.ceil(steps / evaluations), often)
    patience = max(LEAST_PATIENCE, math.ceil(PATIENT * steps / eval_every))
    warmup = min(LONGEST_DEFAULT_WARMUP, steps // 10)
    return replace(
        settings,
        warmup=warmup if settings.warmup is None else settings.warmup,
        eval_every=eval_every,
        patience=patience if settings.patience is None else settings.patience,
    )


def _units(config: TrainConfig, predictions: int, distinct: int) -> int:
    """As many as the budget can train and the text can fill.

    With a given budget a larger network learns more from a character and reads fewer of them. The
    weights that are best grow with the root of the budget (Hoffmann et al. 2022), the units with
    the root of that.
    """
    budget = _budget(config)
    units = min(UNITS_BY_BUDGET * budget**0.25, UNITS_BY_TEXT * predictions**0.5)
    read = config.epochs and config.epochs * predictions
    if config.steps:
        read = config.steps * (config.batch or FAST_STREAMS) * (config.seq or WINDOW)
    if read:  # squares * units² + distinct * units multiplications are affordable
        cell, layers = config.cell or DEFAULT_CELL, config.layers or 1
        squares = Shape(cell, 1, layers, 0).square_matrices
        affordable = budget / read / 6
        root = math.sqrt(distinct**2 + 4 * squares * affordable)
        units = min(units, 2 * affordable / (root + distinct))
    return int(min(MOST_UNITS, max(1, round(units / UNITS)) * UNITS))


def _budget(config: TrainConfig) -> float:
    return OPERATIONS_A_MINUTE * (config.minutes or DEFAULT_MINUTES)


def _epochs(predictions: int, affordable: float) -> float:
    """As often as the budget allows, unless the text is so short that it would be learned by heart.

    Rounded to two digits.
    """
    least = SHORTEST / predictions
    return float(f"{max(least, min(MOST_EPOCHS, affordable / predictions)):.2g}")


def _streams(windows: float) -> int:
    """A power of two for a run that reads so many ``windows``.

    Few streams make many updates of them, many are fast; a short run needs the updates.
    """
    fast = max(FAST_STREAMS, _power_of_two(windows / UPDATES))
    return max(LEAST_STREAMS, min(MOST_STREAMS, fast, _power_of_two(windows / LEAST_UPDATES)))


def _power_of_two(number: float) -> int:
    return int(2 ** round(math.log2(max(1.0, number))))


def _dropout(shape: Shape, epochs: float, predictions: int) -> float:
    """More for a network that has more parameters for each character, and reads it more often.

    Little for one without gates, which is slower to learn a text by heart.
    """
    chances = shape.parameters * epochs / predictions  # to learn it by heart
    if shape.cell_record.sigmoid_gates:
        share = min(0.5, 0.1 + 0.04 * math.log2(chances / 3.3))
    else:
        share = min(0.05, 0.02 * math.log2(chances / 10))
    return round(max(0.0, share), 2)


def _learning_rate(shape: Shape, characters: int) -> float:
    """The cell's own rule, higher for more ``characters`` an update and for fewer units.

    Rounded to two digits.
    """
    return float(f"{shape.cell_record.learning_rate(shape.hidden, characters):.2g}")
