"""The learning curves of runs."""

import math
import sys
from collections.abc import Iterable, Sequence
from itertools import accumulate

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.ngram import Baselines
from charrnn.render.blocks import (
    Block,
    Chart,
    Prose,
    Section,
    Series,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.sections.updates import build_gradient_charts
from charrnn.render.words import format_loss
from charrnn.reports.loss import Losses

MODELS_NAMED = 3  # of those that a level is for
FLOOR = 0.04  # of the height of the chart
HIGH_POINTS = 0.25  # of a series, which may be off the chart
DIVERGED = 2.0  # times the first loss of a series
GUESSING = math.log(sys.maxunicode + 1)  # the loss of a model that knows nothing of any character
LEAST_HEIGHT = 0.5  # of the chart, that all other points should take
SETBACK = 1.5  # times the lowest loss before
APART = 2.0  # times the lowest of the last losses; a linear chart then hides how the lowest end


def build_section(reports: Sequence[Losses]) -> Section:
    """Show both losses of one run, or the validation losses of several, and a table of each."""
    diverged: list[Block] = [
        Prose(
            _("The training of {model} diverged at step {step:,}.").format(
                model=report.model, step=report.diverged.step
            )
        )
        for report in reports
        if report.diverged
    ]
    if not any(report.points for report in reports):
        return Section(_("Loss"), diverged or [Prose(_("There is no evaluation yet."))])
    baselines = _group_baselines(reports)
    chart = _build_chart(reports, baselines)
    is_complete = len(chart.series) >= sum(bool(report.points) for report in reports)
    explanations = [
        _(
            "Where the validation loss no longer falls and the training loss still does, the model"
            " begins to memorize the text (overfit); the best model before that is kept. The"
            " training loss is measured with dropout and while the weights still change, so it is"
            " higher than that of the finished model."
        )
    ]
    if baselines:
        explanations.append(
            _(
                "The unigram knows how frequent each character is, the n-gram what follows the last"
                " few characters. A trained model should reach a lower loss than the n-gram on the"
                " same validation part."
            )
        )
    if chart.top is not None:
        explanations.append(_("The highest losses are off the chart; the table has them."))
    if len(reports) > 1 and not is_complete:
        explanations.append(
            _("Runs without a validation part are not in the chart; their tables are below.")
        )
    blocks = [*map(Prose, explanations), chart, *build_gradient_charts(reports)]
    return Section(_("Loss"), [*diverged, *blocks, *map(_build_table, reports)])


def _build_chart(reports: Sequence[Losses], baselines: dict[Baselines, list[str]]) -> Chart:
    """Build the chart: of both losses for one run, of the validation losses for several.

    Runs without a validation part are in the chart only if no run has one.
    """
    if len(reports) == 1:
        title, series = _("loss by step"), _both_losses(reports[0])
    elif any(report.best_step is not None for report in reports):
        title, series = _("validation loss by step"), [_val_losses(report) for report in reports]
    else:
        title, series = _("training loss by step"), [_train_losses(report) for report in reports]
    series = [line for line in series if line.x]
    ngrams = [each.ngram for each in baselines]
    log = any(map(_has_setback, series)) or _ends_are_apart(series)
    top = None if log else _find_top(series, ngrams)
    levels = [level for each, models in baselines.items() for level in _levels(each, models)]
    return Chart(
        title, _("step"), _("nats per character"), series,
        includes=[*ngrams, *_find_floor(series, ngrams, top)], top=top, levels=levels,
        log_y=log,
    )  # fmt: skip


def _group_baselines(reports: Sequence[Losses]) -> dict[Baselines, list[str]]:
    """Return the baselines of all reports, each with the models that have it.

    The models are left out where all have the same.
    """
    groups = dict[Baselines, list[str]]()
    for report in reports:
        if report.baselines is not None:
            groups.setdefault(report.baselines, []).append(report.model)
    if len(groups) == 1:
        return {baselines: [] for baselines in groups}
    return groups


def _levels(baselines: Baselines, models: Sequence[str]) -> list[tuple[str, float]]:
    order = baselines.ngram_order
    ngram, unigram = _("n-gram (n = {order})").format(order=order), _("unigram")
    if models:
        named = _list_models(models)
        ngram = _("n-gram (n = {order}) for {models}").format(order=order, models=named)
        unigram = _("unigram for {models}").format(models=named)
    return [(ngram, baselines.ngram), (unigram, baselines.unigram)]


def _list_models(models: Sequence[str]) -> str:
    """List the first few models, and the number of the others."""
    names, more = _(", ").join(models[:MODELS_NAMED]), len(models) - MODELS_NAMED
    if more <= 0:
        return names
    return ngettext("{names} and {n:,} more", "{names} and {n:,} more", more).format(
        names=names, n=more
    )


def _has_setback(line: Series) -> bool:
    """Whether a loss rises far above the lowest before and falls again, as after an explosion.

    The chart is then logarithmic, so that the rise and the end can both be read.
    """
    if not all(0 < loss <= GUESSING for loss in line.y):
        return False
    lowest = accumulate(line.y, min)
    return any(
        loss > SETBACK * max(before, line.y[-1])
        for before, loss in zip(lowest, line.y[1:], strict=False)
    )


def _ends_are_apart(lines: Sequence[Series]) -> bool:
    """Whether the last losses are so different that the chart has to be logarithmic."""
    ends = [line.y[-1] for line in lines]
    return min(ends) > 0 and APART * min(ends) < max(ends) <= GUESSING


def _find_top(lines: Iterable[Series], levels: Iterable[float]) -> float | None:
    """Find the height above which points are off the chart; None if all are on it.

    Losses are high in the first evaluations and where a training diverged. The highest points are
    off the chart if all others would be in its lower half. The last point of a run is on the chart,
    unless the training diverged.
    """
    shown, every = list(levels), list(levels)
    for line in lines:
        losses = [loss for loss in line.y if math.isfinite(loss)]
        if not losses:
            continue
        usual = [loss for loss in losses if loss <= DIVERGED * min(losses[0], GUESSING)]
        every += losses
        shown += sorted(usual)[: len(usual) - int(HIGH_POINTS * len(usual))]
        shown += usual[-1:]
    if not shown or max(every) - min(every) <= (max(shown) - min(every)) / LEAST_HEIGHT:
        return None
    return max(shown)


def _find_floor(lines: Iterable[Series], levels: Iterable[float], top: float | None) -> list[float]:
    """Return a height a little below all others, so that no level is on the horizontal axis."""
    heights = [y for y in (*levels, *(y for line in lines for y in line.y)) if math.isfinite(y)]
    if not heights:
        return []
    low, high = min(heights), max(heights) if top is None else top
    return [low - FLOOR * min(low, high - low)]


def _both_losses(report: Losses) -> list[Series]:
    train, val = _train_losses(report), _val_losses(report)
    return [Series(_("training"), train.x, train.y), Series(_("validation"), val.x, val.y)]


def _train_losses(report: Losses) -> Series:
    steps = [point.step for point in report.points]
    return Series(
        report.model, steps, [point.train_loss for point in report.points], model=report.model
    )


def _val_losses(report: Losses) -> Series:
    measured = [
        (point.step, point.val_loss) for point in report.points if point.val_loss is not None
    ]
    steps, losses = [step for step, __ in measured], [loss for __, loss in measured]
    return Series(report.model, steps, losses, model=report.model)


def _build_table(report: Losses) -> Table:
    rows = [
        (
            f"{point.step:,}",
            f"{point.epoch:z.2f}",
            format_loss(point.train_loss),
            "" if point.val_loss is None else format_loss(point.val_loss),
            f"{point.lr:z.2g}",
            _("best") if point.step == report.best_step else "",
        )
        for point in report.points
    ]
    columns = (
        *numeric_columns(_("step"), _("epoch"), _("train"), _("val"), _("lr")),
        *text_columns(""),
    )
    return Table(columns, rows, title=report.model)
