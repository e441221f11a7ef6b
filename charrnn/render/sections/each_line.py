"""How well a model predicts each line of a text for itself: the hardest lines first."""

from charrnn.render.blocks import (
    Block,
    Chart,
    Facts,
    Prose,
    Section,
    Series,
    ShadedText,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.sections.score import LARGEST_SHADE, LINE_COLUMNS, SHADES, build_totals
from charrnn.render.words import shorten
from charrnn.reports.each_line import SHOWN, EachLine, EachLineSummary

COLUMNS = (*numeric_columns("line", "nats", "characters", "times"), *text_columns("text"))


def build_section(report: EachLineSummary | EachLine) -> Section:
    """Show the totals, the loss along the text, and the hardest lines."""
    if isinstance(report, EachLine):
        report = report.result()
    hardest: list[Block] = [SHADES, _build_shaded_text(report), _build_table(report)]
    return Section(
        "Score of each line",
        [
            Facts([*_count_lines(report), *build_totals(report.totals)]),
            Prose(
                "Each line is read for itself, from a newline, so that its loss does not depend on"
                " the lines before it. The newline at its end is predicted too. A line that occurs"
                " several times is shown once."
            ),
            *_build_chart(report),
            *(hardest if report.hardest else []),
        ],
    )


def _count_lines(report: EachLineSummary) -> list[tuple[str, str]]:
    lines, nothing = f"{report.lines:,}", report.lines - report.counted
    if nothing:
        lines += f" ({nothing:,} of them without a character that the model predicts)"
    least = f"{report.shortest} or more characters" if report.shortest > 1 else "any text"
    compared = f"{report.compared:,} line{'s' * (report.compared != 1)} with {least}"
    return [("lines", lines), ("compared", compared)]


def _build_table(report: EachLineSummary) -> Table:
    rows = [
        (f"{line.line:,}", f"{line.nats or 0.0:z.2f}", f"{line.characters:,}", f"{line.times:,}",
         shorten(line.text, LINE_COLUMNS - len("  times")))
        for line in report.hardest
    ]  # fmt: skip
    which = f"the {SHOWN} hardest lines" if len(rows) == SHOWN else "the lines, hardest first"
    title = f"{which}, by nats per character"
    return Table(COLUMNS, rows, title=title)


def _build_chart(report: EachLineSummary) -> list[Block]:
    """Draw the mean loss along the text, if there are several lines."""
    if len(report.stretches) < 2:
        return []
    number = report.lines_per_stretch
    name = "each line" if number == 1 else f"mean of {number:,} lines"
    series = Series(
        name,
        [stretch.first for stretch in report.stretches],
        [stretch.nats for stretch in report.stretches],
    )
    title = "loss along the text"
    return [Chart(title, "line", "nats per character", [series], from_zero=True, in_text=False)]


def _build_shaded_text(report: EachLineSummary) -> ShadedText:
    text, values = "", list[float]()
    for line in report.hardest:
        end = "" if line.text.endswith("\n") else "\n"
        text += line.text + end
        values += [*line.surprise, *([0.0] if end else [])]
    return ShadedText(
        title="surprise in the hardest lines, in the order of the table",
        text=text,
        values=values,
        low=0.0,
        high=LARGEST_SHADE,
        unit="nats",
    )
