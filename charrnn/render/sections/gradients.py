"""The vanishing gradient."""

from collections.abc import Sequence

from charrnn.language import gettext as _
from charrnn.language import ngettext
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
from charrnn.render.model_names import name_model
from charrnn.render.words import join_sentences
from charrnn.reports.gradients import VANISHED, GradientPath, Gradients

SPREAD_UP_TO = 2  # paths; with more a table has no room for percentiles
LAGS_IN_TRAINING, COMPARED_LAG = (1, 10, 50, 100, 200), 50
LAGS_SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def build_section(reports: Sequence[Gradients]) -> Section:
    """Show all models in one chart and one table; models before training in two others."""
    explanation = _(
        "How much of the gradient of a loss reaches the state some steps earlier, relative to the"
        " gradient of the state that the loss was computed from: the median over {positions:,}"
        " positions in {text}. A model hardly learns from what the gradient hardly reaches. On"
        " pages and in pictures, a band around each line goes from the 10th to the 90th percentile."
        ' Above 1 the gradient grows on its way back; "above 1 at" is the share of the positions at'
        " which it does so at some step."
    ).format(positions=reports[0].positions, text=_(reports[0].text))
    blocks: list[Block] = [Prose(join_sentences([explanation, _explain_second_path(reports)]))]
    trained = [report for report in reports if not report.untrained]
    untrained = [report for report in reports if report.untrained]
    if trained:
        blocks += _compare(_("gradient by steps back"), trained)
    if untrained:
        blocks += _compare(_("gradient by steps back, before training"), untrained)
    return Section(_("The vanishing gradient"), [*blocks, *_show_training(trained)])


def _show_training(reports: Sequence[Gradients]) -> list[Block]:
    """Show how far the gradient reached while the models were trained."""
    measured = [report for report in reports if report.training]
    if not measured:
        return []
    single = len(measured) == 1
    beginning, title, series = (
        _follow_several_lags(measured[0]) if single else _follow_models(measured, reports)
    )
    lesson = _(
        "Where it rises, the model learns to keep the gradient. Compare the loss at the same steps:"
        " while hardly anything arrives from so far back, what stands there cannot lower the loss,"
        " and learning stalls."
    )
    return [
        Prose(join_sentences([beginning, lesson])),
        Chart(title, _("step"), _("relative to its beginning"), series, log_y=True),
    ]


def _follow_several_lags(report: Gradients) -> tuple[str, str, list[Series]]:
    """Return a sentence on the ratio of one model, a title, and the ratio at several lags."""
    lags = [lag for lag in LAGS_IN_TRAINING if lag in report.training[-1].lags]
    return (
        _("The same ratio during the training, some steps back: the median over a few places."),
        _("gradient some steps back during the training"),
        [_follow_lag(report, lag, _count_steps(lag)) for lag in lags],
    )


def _follow_models(
    measured: Sequence[Gradients], reports: Sequence[Gradients]
) -> tuple[str, str, list[Series]]:
    """Return the same of several models, at one lag."""
    lag = max(
        lag
        for lag in set.intersection(*(set(each.training[-1].lags) for each in measured))
        if lag <= COMPARED_LAG
    )
    beginning = ngettext(
        "The same ratio during the training, {n:,} step back: the median over a few places.",
        "The same ratio during the training, {n:,} steps back: the median over a few places.",
        lag,
    )
    title = ngettext(
        "gradient {n:,} step back during the training",
        "gradient {n:,} steps back during the training",
        lag,
    )
    series = [
        _follow_lag(report, lag, _name_widest(report, lag, reports), model=report.model)
        for report in measured
    ]
    return beginning.format(n=lag), title.format(n=lag), series


def _follow_lag(report: Gradients, lag: int, name: str, *, model: str = "") -> Series:
    """Return the ratio at ``lag`` by step, of the state through which most arrives."""
    points = [
        (each.step, max(row[each.lags.index(lag)] for row in each.medians.values()))
        for each in report.training
        if lag in each.lags
    ]
    steps, ratios = [step for step, __ in points], [ratio for __, ratio in points]
    return Series(name, steps, ratios, model=model)


def _name_widest(report: Gradients, lag: int, reports: Sequence[Gradients]) -> str:
    """Name a model and, where it has several states, the one through which most arrives."""
    last = report.training[-1]
    arriving = {name: row[last.lags.index(lag)] for name, row in last.medians.items()}
    name = name_model(report, reports)
    if len(arriving) == 1:
        return name
    return _name_path(name, max(arriving, key=arriving.__getitem__))


def _count_steps(n: int) -> str:
    return ngettext("{n:,} step", "{n:,} steps", n).format(n=n)


def _explain_second_path(reports: Sequence[Gradients]) -> str:
    """Name the state that the second path leads through; empty if no model has such a path."""
    second = [(report.cell, path) for report in reports for path in report.ways[1:]]
    if not second:
        return ""
    cell, path = second[0]
    return _(
        "The {cell} has a second path, through its state {state}, which begins at one step back. A"
        " step multiplies {state} by a gate and by no matrix, so that the gradient passes where the"
        " gate is open."
    ).format(cell=cell, state=path.through)


def _compare(title: str, reports: Sequence[Gradients]) -> list[Block]:
    paths = [(_name(report, path, reports), path) for report in reports for path in report.ways]
    series = [
        Series(
            _name(report, path, reports), range(path.first, path.first + len(path.median)),
            path.median, (path.low, path.high), report.model,
        )
        for report in reports
        for path in report.ways
    ]  # fmt: skip
    chart = Chart(
        title, _("steps back"), _("relative to its beginning"), series, log_y=True,
        levels=[("1 %", VANISHED)],
    )  # fmt: skip
    return [chart, _build_table(title, max(report.lags for report in reports), paths)]


def _build_table(title: str, most: int, paths: Sequence[tuple[str, GradientPath]]) -> Table:
    lags = sorted({lag for lag in LAGS_SHOWN if lag <= most} | {most})
    has_spread = len(paths) <= SPREAD_UP_TO
    empty = ["", ""] if has_spread else []
    names, vanished, exploding = list[str](), [_("below 1 %")], [_("above 1 at")]
    for name, path in paths:
        names += [name, "10 %", "90 %"] if has_spread else [name]
        vanished += [_describe_vanished(path), *empty]
        exploding += [f"{path.exploding:z.0%}", *empty]
    rows = [
        [f"{lag:,}", *(cell for __, path in paths for cell in _ratios(path, lag, has_spread))]
        for lag in lags
    ]
    columns = (*text_columns(_("steps back")), *numeric_columns(*names))
    return Table(columns, [*rows, vanished, exploding], title=title)


def _describe_vanished(path: GradientPath) -> str:
    return _("from {n:,}").format(n=path.vanished) if path.vanished else _("never")


def _name(report: Gradients, path: GradientPath, reports: Sequence[Gradients]) -> str:
    """Name a path by its cell where only one model has it, else by its model."""
    model = name_model(report, reports)
    return _name_path(model, path.through) if len(report.ways) > 1 else model


def _name_path(model: str, state: str) -> str:
    return _("{model}, through {state}").format(model=model, state=state)


def _ratios(path: GradientPath, lag: int, has_spread: bool) -> list[str]:
    """Format the median and, if the table has room, the 10th and 90th percentiles."""
    at = lag - path.first
    values = [path.median, path.low, path.high] if has_spread else [path.median]
    return [f"{row[at]:z.2g}" if 0 <= at < len(row) else "" for row in values]
