"""How well a model predicts each line of a text for itself: the hardest lines first."""

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.render.blocks import (
    Block,
    Chart,
    Column,
    Facts,
    Prose,
    Section,
    Series,
    ShadedText,
    Table,
    numeric_columns,
)
from charrnn.render.sections.score import (
    LARGEST_SHADE,
    LINE_COLUMNS,
    build_totals,
    explain_shades,
)
from charrnn.render.words import shorten
from charrnn.reports.each_line import SHOWN, EachLine, EachLineSummary


def build_section(report: EachLineSummary | EachLine) -> Section:
    """Show the totals, the loss along the text, and the hardest lines."""
    if isinstance(report, EachLine):
        report = report.result()
    hardest: list[Block] = [explain_shades(), _build_shaded_text(report), _build_table(report)]
    return Section(
        _("Score of each line"),
        [
            Facts([*_count_lines(report), *build_totals(report.totals)]),
            Prose(
                _(
                    "Each line is read for itself, from a newline, so that its loss does not depend"
                    " on the lines before it. The newline at its end is predicted too. A line that"
                    " occurs several times is shown once."
                )
            ),
            *_build_chart(report),
            *(hardest if report.hardest else []),
        ],
    )


def _count_lines(report: EachLineSummary) -> list[tuple[str, str]]:
    lines, nothing = f"{report.lines:,}", report.lines - report.counted
    if nothing:
        lines = _(
            "{lines:,} ({nothing:,} of them without a character that the model predicts)"
        ).format(lines=report.lines, nothing=nothing)
    if report.shortest > 1:
        compared = ngettext(
            "{count:,} line with {least} or more characters",
            "{count:,} lines with {least} or more characters",
            report.compared,
        )
    else:
        compared = ngettext(
            "{count:,} line with any text", "{count:,} lines with any text", report.compared
        )
    return [
        (_("lines"), lines),
        (_("compared"), compared.format(count=report.compared, least=report.shortest)),
    ]


def _build_table(report: EachLineSummary) -> Table:
    rows = [
        (f"{line.line:,}", f"{line.nats or 0.0:z.2f}", f"{line.characters:,}", f"{line.times:,}",
         shorten(line.text, LINE_COLUMNS - len("  times")))
        for line in report.hardest
    ]  # fmt: skip
    columns = [
        *numeric_columns(_("line"), _("nats"), _("characters"), _("times")),
        Column(_("text"), excerpt=True),
    ]
    title = (
        _("the {count} hardest lines, by nats per character").format(count=SHOWN)
        if len(rows) == SHOWN
        else _("the lines, hardest first, by nats per character")
    )
    return Table(columns, rows, title=title)


def _build_chart(report: EachLineSummary) -> list[Block]:
    """Draw the mean loss along the text, if there are several lines."""
    if len(report.stretches) < 2:
        return []
    number = report.lines_per_stretch
    name = _("each line") if number == 1 else _("mean of {count:,} lines").format(count=number)
    series = Series(
        name,
        [stretch.first for stretch in report.stretches],
        [stretch.nats for stretch in report.stretches],
    )
    title, y = _("loss along the text"), _("nats per character")
    return [Chart(title, _("line"), y, [series], from_zero=True, in_text=False)]


def _build_shaded_text(report: EachLineSummary) -> ShadedText:
    text, values = "", list[float]()
    for line in report.hardest:
        end = "" if line.text.endswith("\n") else "\n"
        text += line.text + end
        values += [*line.surprise, *([0.0] if end else [])]
    return ShadedText(
        title=_("surprise in the hardest lines, in the order of the table"),
        text=text,
        values=values,
        low=0.0,
        high=LARGEST_SHADE,
        unit=_("nats"),
    )
