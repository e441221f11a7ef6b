"""How a model's loss depends on the number of characters that it is given."""

from collections.abc import Sequence
from itertools import chain

from charrnn.language import gettext as _
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
from charrnn.reports.brackets import Brackets
from charrnn.reports.memory import ContextLoss, Memory
from charrnn.reports.perturbation import Perturbation, Spread

SMALLEST_LOST = 1e-4
"""The lowest difference of losses that is drawn; most errors are larger."""
NEGLIGIBLE = 1e-7
"""The lowest divergence that is drawn: smaller ones are rounding errors of float32."""


def build_section(reports: Sequence[Memory]) -> Section:
    """Show all models in one chart, and a table of each."""
    first = reports[0]
    blocks: list[Block] = [
        Prose(join_sentences([_explain(first), *_explain_known_distances(reports)])),
        _build_chart(reports),
        _build_lost_chart(reports),
    ]
    for report in reports:
        blocks += [_build_table(report), _compare_carried(report)]
    return Section(_("Memory"), [*blocks, *_show_perturbations(reports), *_show_brackets(reports)])


def _explain(report: Memory) -> str:
    return _(
        "The loss when the model starts from a zero state and is given only the last few"
        " characters, at the same {positions:,} positions in {text}. Where the loss still falls,"
        " the model uses what it read that far back. The n-gram is given the same number of"
        " characters. ± is the standard error of the mean; on pages and in pictures, a band around"
        ' each line extends two standard errors to each side. "vs. full context" is the difference'
        " from the loss with all characters; it is more accurate than either loss, because it"
        " compares the same positions. In the second chart, low means that nothing more is gained"
        " from further back, not that the model is better."
    ).format(positions=report.positions, text=_(report.text))


def _build_table(report: Memory) -> Table:
    title = _("{model}: {cell}, {layers} × {hidden} units").format(
        model=report.model, cell=report.cell, layers=report.layers, hidden=report.hidden
    )
    columns = numeric_columns(_("given"), _("nats"), "±", _("vs. full context"), "±", "n-gram")
    return Table(columns, list(map(_build_row, report.points)), title=title)


def _compare_carried(report: Memory) -> Prose:
    """Show the losses with the state of the text before, and without it."""
    return Prose(
        _(
            "In windows of {window:,} characters, as long as those of training, the loss is"
            " {carried:z.4f} nats when the state is carried from the beginning of the text, and"
            " {reset:z.4f} nats when each window begins with a zero state."
        ).format(window=report.window, carried=report.carried, reset=report.reset)
    )


def _show_brackets(reports: Sequence[Memory]) -> list[Block]:
    """Show how often each model closes the right bracket, by the distance from its opening."""
    measured = [(report, each) for report in reports if (each := report.brackets)]
    if not measured:
        return []
    first = measured[0][1]
    explanation = Prose(
        _(
            "Where the text closes a bracket, the opening one decides which is right. The chart and"
            " the table have the share of these places at which the right closing bracket was the"
            " likeliest of the {kinds} closing ones, by the distance from the opening one. A guess"
            " is right in {guess:z.0%}."
        ).format(kinds=first.kinds, guess=1 / first.kinds)
    )
    series = [
        Series(
            name_model(report, reports),
            [float(each.longest) for each in brackets.by_distance],
            [each.right for each in brackets.by_distance],
            model=report.model,
        )
        for report, brackets in measured
    ]
    chart = Chart(
        _("closing brackets that are right, by distance"), _("characters since it was opened"),
        _("share"), series, log_x=True, from_zero=True, includes=[1.0],
        levels=[(_("a guess"), 1 / first.kinds)],
    )  # fmt: skip
    rows = [
        [
            _("{low:,} to {high:,}").format(low=each.shortest, high=each.longest),
            f"{each.places:,}",
            *(_format_share(brackets, each.longest) for __, brackets in measured),
        ]
        for each in first.by_distance
    ]
    names = [name_model(report, reports) for report, __ in measured]
    columns = (*text_columns(_("distance")), *numeric_columns(_("places"), *names))
    return [explanation, chart, Table(columns, rows, title=_("closing brackets that are right"))]


def _format_share(brackets: Brackets, longest: int) -> str:
    return "".join(f"{each.right:z.1%}" for each in brackets.by_distance if each.longest == longest)


def _show_perturbations(reports: Sequence[Memory]) -> list[Block]:
    """Show how long one exchanged character makes a difference, for all models at once."""
    measured = [
        (name_model(report, reports), report.model, each)
        for report in reports
        if (each := report.perturbation)
    ]
    if not measured:
        return []
    names, __, perturbations = zip(*measured, strict=True)
    first = perturbations[0]
    steps = max((each.differences for each in perturbations), key=len)
    explanation = Prose(
        _(
            "At {places:,} places one character was exchanged for another, drawn by its frequency."
            " The characters after it are the same. KL is the divergence of the prediction that"
            " follows from the one without the exchange, in nats: the median over all places. It"
            " shows how long a model still knows of one character. On pages and in pictures, a band"
            " around each line goes from the 10th to the 90th percentile; values below {least:g}"
            " are drawn at {least:g}. State is the root mean square of the difference of the"
            " outputs of all units. A larger difference is no better memory: most characters do not"
            " matter for long, and a good model forgets them."
        ).format(places=first.places, least=NEGLIGIBLE)
    )
    chart = Chart(
        _("difference by characters after the exchanged one"), _("characters later"),
        _("KL in nats"), [_draw_perturbation(*each) for each in measured], log_x=True, log_y=True,
    )  # fmt: skip
    rows = [
        [
            f"{difference.steps:,}",
            *(
                f"{spread.median:z.2g}"
                for each in perturbations
                for spread in _find_spreads(each, difference.steps)
            ),
        ]
        for difference in steps
    ]
    measures = (numeric_columns("KL", _("state"), group=name) for name in names)
    columns = (*text_columns(_("distance")), *chain.from_iterable(measures))
    return [explanation, chart, Table(columns, rows, title=_("after one exchanged character"))]


def _find_spreads(perturbation: Perturbation, steps: int) -> tuple[Spread, ...]:
    found = [each for each in perturbation.differences if each.steps == steps]
    return tuple(spread for each in found for spread in (each.kl, each.state))


def _draw_perturbation(name: str, model: str, perturbation: Perturbation) -> Series:
    later = [each for each in perturbation.differences if each.steps]
    median, low, high = (
        [max(NEGLIGIBLE, getattr(each.kl, part)) for each in later]
        for part in ("median", "low", "high")
    )
    return Series(name, [float(each.steps) for each in later], median, (low, high), model)


def _build_chart(reports: Sequence[Memory]) -> Chart:
    first = reports[0]
    compared = [
        (float(point.given), point.ngram)
        for point in first.points
        if point.given and point.ngram is not None
    ]
    ngram, unigram = "n-gram", _("unigram")
    if len({(report.text, report.unigram) for report in reports}) > 1:
        # The models read different texts, and the n-gram is on that of the first.
        ngram = _("n-gram for {models}").format(models=first.model)
        unigram = _("unigram for {models}").format(models=first.model)
    series = [_build_series(report, reports) for report in reports]
    if compared:
        x, y = zip(*compared, strict=True)
        series.append(Series(ngram, x, y))
    levels = [] if first.unigram is None else [(unigram, first.unigram)]
    return Chart(
        _("loss by characters given"), _("characters given"), _("nats per character"), series,
        log_x=True, log_y=True, includes=[height for __, height in levels], levels=levels,
        ranges=_mark_known_distances(reports),
    )  # fmt: skip


def _build_lost_chart(reports: Sequence[Memory]) -> Chart:
    """Draw what a model loses without the characters further back, on an axis of its own."""
    series = []
    for report in reports:
        points = [
            (float(point.given), max(SMALLEST_LOST, point.lost))
            for point in report.points
            if point.given is not None
        ]
        x, y = zip(*points, strict=True) if points else ((), ())
        series.append(Series(name_model(report, reports), x, y, model=report.model))
    return Chart(
        _("loss above that with all characters"), _("characters given"),
        _("nats per character, at least {least:g}").format(least=SMALLEST_LOST), series,
        log_x=True, log_y=True, ranges=_mark_known_distances(reports),
    )  # fmt: skip


def _explain_known_distances(reports: Sequence[Memory]) -> list[str]:
    """Say what each marked distance is."""
    return [
        _(
            "In this text a cause stands {low:z,.0f} to {high:z,.0f} characters before its"
            " consequence (the distance that the charts name), so that a model has to remember it"
            " for so long."
        ).format(low=low, high=high)
        for __, low, high in _mark_known_distances(reports)
    ]


def _mark_known_distances(reports: Sequence[Memory]) -> list[tuple[str, float, float]]:
    known = {report.known_distance for report in reports if report.known_distance}
    return [(_("from cause to consequence"), *distance) for distance in sorted(known)]


def _build_series(report: Memory, reports: Sequence[Memory]) -> Series:
    points = [(point.given, point) for point in report.points if point.given is not None]
    return Series(
        name_model(report, reports),
        [float(given) for given, __ in points],
        [point.nats for __, point in points],
        (
            [point.nats - 2 * point.error for __, point in points],
            [point.nats + 2 * point.error for __, point in points],
        ),
        report.model,
    )


def _build_row(point: ContextLoss) -> tuple[str, ...]:
    return (
        _("all") if point.given is None else f"{point.given:,}",
        f"{point.nats:z.4f}",
        f"{point.error:z.4f}",
        "" if point.given is None else f"{point.lost:+z.4f}",
        "" if point.given is None else f"{point.lost_error:z.4f}",
        "" if point.ngram is None else f"{point.ngram:z.4f}",
    )
