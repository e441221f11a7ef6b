"""Automatic settings: chosen from the corpus size, its alphabet and a budget of work.

A setting that the user gave is kept, and the others are chosen to fit it. The rules are fitted to
measurements on several texts (docs/learning.md). Without `minutes` they use neither the clock nor
the machine, so that a text gets the same settings everywhere; only `workers` depends on the
available cores. With `minutes` they use the speed that they are given.

Not here: how that speed is measured (runs/measured_speed.py), and the number of steps that fit into
`minutes` (budget.py).
"""

import math
from dataclasses import asdict, replace

from charrnn.config import (
    BUDGETS,
    DEFAULT_CELL,
    DEFAULT_VAL,
    EVALUATIONS_PER_RUN,
    LARGEST_DEFAULT_VAL,
    LONGEST_DEFAULT_WARMUP,
    Settings,
    TrainConfig,
)
from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.network.cell import get_cell
from charrnn.network.parameters import Shape

NOMINAL_SPEED = 100e9
"""Floating-point operations per second that two processor cores of the year 2026 make."""
DEFAULT_MINUTES = 4.0
PASSES_PER_UPDATE = 3  # the backward pass makes two products per product of the forward pass
UNITS_MULTIPLE = 32
MAX_UNITS = 1024
UNITS_PER_BUDGET_ROOT = 0.17  # times the fourth root of the budget in operations
UNITS_PER_TEXT_ROOT = 0.75  # times the square root of the characters to learn from
MAX_EPOCHS = 80.0  # further epochs do not lower the loss
MIN_CHARACTERS_READ = 100_000  # by a run on a short text
DEFAULT_SEQ = 64
MIN_STREAMS, FAST_STREAMS, MAX_STREAMS = 4, 16, 32
# Updates that a run should have. They are approximate, because the number of streams is a power of
# two.
MIN_UPDATES, ENOUGH_UPDATES = 2500, 6500
# Two workers pay off from 2 to 4 streams each (docs/performance.md).
STREAMS_PER_WORKER = 4
MIN_TIED_CHARACTERS = 500  # in the vocabulary
EVALUATION_SPEEDUP = 2.7  # the speed of evaluation divided by that of training
MAX_EVALUATION_SHARE = 0.15  # of a run's time
MIN_EVALUATIONS, MAX_EVALUATIONS = 8, 100
PATIENCE_SHARE, MIN_PATIENCE = 0.4, 5  # of a run's evaluations


def complete_settings(
    config: TrainConfig, characters: int, distinct: int, cores: int = 1, launched: int = 1,
    speed: float = NOMINAL_SPEED,
) -> Settings:  # fmt: skip
    """Resolve all settings, for a corpus of ``characters``, of which ``distinct`` are different.

    With `minutes`, the settings steps, warmup, eval_every and patience stay None until the speed is
    known. ``cores`` is the number of cores per rank, and ``launched`` the number of ranks that were
    started. ``speed`` are the floating-point operations per second of a machine on which `minutes`
    are spent.

    Raises:
        ConfigError: when there are more ranks than streams, when ``launched`` ranks cannot
        reproduce the results of these settings, or when `recurrent_dropout` is set for a cell
        without recurrent weights. InputError: as `TrainConfig.split_sizes`.
    """
    training, validating, __ = config.split_sizes(characters)
    predictions = training - 1
    budget = 60 * (config.minutes or DEFAULT_MINUTES) * speed
    shape = _choose_shape(config, predictions, distinct, budget)
    affordable = budget / (PASSES_PER_UPDATE * shape.flops_per_character)  # characters
    seq = min(config.seq or DEFAULT_SEQ, predictions)
    epochs = config.epochs
    if not any(getattr(config, name) for name in BUDGETS):
        epochs = _choose_epochs(predictions, affordable)
    read = epochs * predictions if epochs else affordable
    streams = FAST_STREAMS if config.steps else _choose_streams(read / seq)
    batch = min(config.batch or streams, max(1, predictions // seq))
    if config.steps:
        read = config.steps * batch * seq
    dropout, recurrent_dropout = _choose_dropouts(config, shape, read / predictions, predictions)
    # Where the default is limited, it is stored as a number of characters, so that these settings
    # split the same corpus at the same place again.
    val = validating if validating == LARGEST_DEFAULT_VAL else DEFAULT_VAL
    ranks, workers = _choose_members(config, batch, cores, launched)
    defaults = {
        "cell": shape.cell, "hidden": shape.hidden, "layers": shape.layers, "tied": shape.tied,
        "dropout": dropout, "recurrent_dropout": recurrent_dropout,
        "temporal_regularization": shape.cell_record.temporal_regularization,
        "lr": _choose_learning_rate(shape, batch * seq, read / (batch * seq)), "val": val,
    }  # fmt: skip
    given = {name: value for name, value in asdict(config).items() if value is not None}
    # These replace what the user gave: a window cannot be longer than the text, for example.
    fitted = {"epochs": epochs, "batch": batch, "seq": seq, "workers": workers, "ranks": ranks}
    settings = Settings(**{**defaults, **given, **fitted})
    check_ranks(settings, launched)
    return settings if settings.minutes else resolve_schedule(settings, training, validating)


def resolve_schedule(settings: Settings, training: int, validating: int) -> Settings:
    """Return ``settings`` with warmup, eval_every and patience, for a run whose length is known.

    ``training`` and ``validating`` are the sizes of these parts of the corpus.
    """
    predictions = training - 1
    steps = settings.total_steps(predictions)
    learned = steps * settings.batch * settings.seq  # characters, repeated ones included
    steps_per_epoch = math.ceil(predictions / (settings.batch * settings.seq))
    # An evaluation takes as long as learning `validating / EVALUATION_SPEEDUP` characters. So
    # `affordable` evaluations fit into the share of time that they may take.
    affordable = MAX_EVALUATION_SHARE * EVALUATION_SPEEDUP * learned / max(1, validating)
    evaluations = max(MIN_EVALUATIONS, min(EVALUATIONS_PER_RUN, int(affordable)))
    # At least once per epoch, unless epochs are so short that this would be too often.
    by_epoch = max(steps_per_epoch, math.ceil(steps / MAX_EVALUATIONS))
    eval_every = settings.eval_every or min(math.ceil(steps / evaluations), by_epoch)
    patience = max(MIN_PATIENCE, math.ceil(PATIENCE_SHARE * steps / eval_every))
    warmup = min(LONGEST_DEFAULT_WARMUP, steps // 10)
    return replace(
        settings,
        warmup=warmup if settings.warmup is None else settings.warmup,
        eval_every=eval_every,
        patience=patience if settings.patience is None else settings.patience,
    )


def check_ranks(settings: Settings, launched: int) -> None:
    """Check that ``launched`` ranks have the same results as the run's own number of ranks.

    Raises:
        ConfigError: when they would add numbers in another order, and so round differently.
    """
    if not _sums_are_identical(settings, launched):
        problem = _(
            "the number of ranks started is {launched}, which cannot reproduce the results of"
            " `ranks` {ranks} with `workers` {workers}; start {ranks}"
        )
        problem = problem.format(launched=launched, ranks=settings.ranks, workers=settings.workers)
        raise ConfigError("ranks", problem)


def _sums_are_identical(settings: Settings, launched: int) -> bool:
    """Whether ``launched`` ranks round sums like the run's own number of ranks.

    Sums are computed in pairs (`pairwise_sum`), first among a rank's workers, then among ranks. Two
    layouts with equal numbers of members add in the same order if their numbers of workers are
    equal, or if both are powers of two.
    """
    if settings.members % launched:
        return False
    workers = settings.members // launched
    return workers == settings.workers or all(
        n.bit_count() == 1 for n in (workers, settings.workers)
    )


def _choose_shape(config: TrainConfig, predictions: int, distinct: int, budget: float) -> Shape:
    """Choose the sizes of the network that ``config`` leaves open.

    ``budget`` are the floating-point operations that the training may take.
    """
    return Shape(
        cell=config.cell or DEFAULT_CELL,
        hidden=config.hidden or _choose_units(config, predictions, distinct, budget),
        layers=config.layers or get_cell(config.cell or DEFAULT_CELL).layers,
        V=distinct,
        # An embedding that is shared with the output lowers the loss with thousands of characters,
        # and raises it with hundreds (docs/learning.md).
        tied=distinct >= MIN_TIED_CHARACTERS if config.tied is None else config.tied,
    )


def _choose_units(config: TrainConfig, predictions: int, distinct: int, budget: float) -> int:
    """Choose the number of units: as many as the budget can train and the text can fill.

    Within a budget a larger network learns more from each character but reads fewer of them. The
    best number of weights grows with the square root of the budget (Hoffmann et al. 2022).
    Weights grow with the square of the number of units, so units grow with the fourth root.
    """
    units = min(UNITS_PER_BUDGET_ROOT * budget**0.25, UNITS_PER_TEXT_ROOT * predictions**0.5)
    read = config.epochs and config.epochs * predictions
    if config.steps:
        read = config.steps * (config.batch or FAST_STREAMS) * (config.seq or DEFAULT_SEQ)
    if read:
        # The user fixed the number of characters to read. With S square matrices and V characters
        # in the vocabulary, the forward pass takes S H² + V H multiplications per character, each
        # of which counts as two operations. H is chosen so that this is what the budget affords:
        # the positive root of a quadratic equation, in the form that allows S to be 0.
        cell = config.cell or DEFAULT_CELL
        layers = config.layers or get_cell(cell).layers
        squares = Shape(cell, 1, layers, 0).square_matrix_count
        affordable = budget / read / (2 * PASSES_PER_UPDATE)
        root = math.sqrt(distinct**2 + 4 * squares * affordable)
        units = min(units, 2 * affordable / (root + distinct))
    return int(min(MAX_UNITS, max(1, round(units / UNITS_MULTIPLE)) * UNITS_MULTIPLE))


def _choose_epochs(predictions: int, affordable: float) -> float:
    """Choose as many epochs as the budget affords, at most `MAX_EPOCHS`, to two significant digits.

    A very short text gets more than `MAX_EPOCHS`, because a run reads at least
    `MIN_CHARACTERS_READ` characters.
    """
    least = MIN_CHARACTERS_READ / predictions
    return float(f"{max(least, min(MAX_EPOCHS, affordable / predictions)):.2g}")


def _choose_streams(windows: float) -> int:
    """Choose the number of streams, a power of two, for a run that reads ``windows`` in total.

    More streams are faster, but leave fewer updates, of which a short run has too few.
    """
    fast = max(FAST_STREAMS, _nearest_power_of_two(windows / ENOUGH_UPDATES))
    affordable = _nearest_power_of_two(windows / MIN_UPDATES)
    return max(MIN_STREAMS, min(MAX_STREAMS, fast, affordable))


def _nearest_power_of_two(number: float) -> int:
    return int(2 ** round(math.log2(max(1.0, number))))


def _choose_dropouts(
    config: TrainConfig, shape: Shape, epochs: float, predictions: int
) -> tuple[float, float]:
    """Choose the dropout of outputs and of recurrent weights, to two decimals.

    They are higher for a network that could memorize its text: with more parameters per character
    and with more epochs. A cell without gates, or whose gates do not see the state, memorizes less
    and needs little dropout. The constants are fitted.

    Raises:
        ConfigError: when `recurrent_dropout` is set for a cell without recurrent weights.
    """
    has_recurrent_weights = shape.cell_record.recurrent_weights
    if config.recurrent_dropout and not has_recurrent_weights:
        problem = _("the cell {cell} has no recurrent weights to drop; leave it out or set it to 0")
        raise ConfigError("recurrent_dropout", problem.format(cell=shape.cell))
    capacity = shape.parameter_count * epochs / predictions
    if shape.cell_record.sigmoid_gates and has_recurrent_weights:
        dropout = min(0.5, 0.1 + 0.04 * math.log2(capacity / 3.3))
    else:
        dropout = min(0.05, 0.02 * math.log2(capacity / 10))
    dropout = round(max(0.0, dropout), 2)
    return dropout, dropout if has_recurrent_weights else 0.0


def _choose_learning_rate(shape: Shape, characters: int, updates: float) -> float:
    """Choose the learning rate by the cell's own rule, rounded to two digits.

    It is higher for more ``characters`` per update and for fewer units. It is lower for a training
    with more ``updates`` than the cell's steady ones.
    """
    cell = shape.cell_record
    rate = cell.learning_rate(shape.hidden, characters)
    return float(f"{rate * min(1.0, math.sqrt(cell.steady_updates / updates)):.2g}")


def _choose_members(config: TrainConfig, batch: int, cores: int, launched: int) -> tuple[int, int]:
    """Choose the number of ranks that share the batch, and the number of workers per rank.

    Raises:
        ConfigError: when there are more ranks than streams.
    """
    ranks = config.ranks or launched
    if ranks > batch:
        problem = _("{ranks} exceeds the number of streams, {batch}; raise `batch`")
        raise ConfigError("ranks", problem.format(ranks=ranks, batch=batch))
    workers = config.workers or min(cores, batch // ranks // STREAMS_PER_WORKER)
    return ranks, max(1, min(workers, batch // ranks))
