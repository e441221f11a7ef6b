"""How a model's loss depends on the number of characters that it is given."""

from collections.abc import Sequence

from charrnn.render.blocks import Block, Chart, Prose, Section, Series, Table, numeric_columns
from charrnn.reports.memory import ContextLoss, Memory

COLUMNS = numeric_columns("given", "nats", "±", "vs. full context", "±", "n-gram")


def build_section(reports: Sequence[Memory]) -> Section:
    """Show all models in one chart, and a table of each."""
    first = reports[0]
    blocks: list[Block] = [
        Prose(
            "The loss when the model starts from a zero state and is given only the last few"
            f" characters, at the same {first.positions:,} positions in {first.text}. Where the"
            " loss still falls, the model uses what it read that far back. The n-gram is given the"
            " same number of characters. ± is the standard error of the mean; the band in the"
            ' chart extends two standard errors to each side. "vs. full context" is the difference'
            " from the loss with all characters; it is more accurate than either loss, because it"
            " compares the same positions."
        ),
        _build_chart(reports),
    ]
    for report in reports:
        title = f"{report.model}: {report.cell}, {report.layers} × {report.hidden} units"
        blocks.append(Table(COLUMNS, list(map(_build_row, report.points)), title=title))
        blocks.append(
            Prose(
                f"In windows of {report.window:,} characters, as long as those of training, the"
                f" loss is {report.carried:z.4f} nats when the state is carried from the beginning"
                f" of the text, and {report.reset:z.4f} nats when each window begins with a zero"
                " state."
            )
        )
    return Section("Memory", blocks)


def _build_chart(reports: Sequence[Memory]) -> Chart:
    first = reports[0]
    compared = [
        (float(point.given), point.ngram)
        for point in first.points
        if point.given and point.ngram is not None
    ]
    ngram, unigram = "n-gram", "unigram"
    if len({(report.text, report.unigram) for report in reports}) > 1:
        # The models read different texts, and the n-gram is on that of the first.
        ngram, unigram = f"n-gram for {first.model}", f"unigram for {first.model}"
    series = [_build_series(report, reports) for report in reports]
    if compared:
        x, y = zip(*compared, strict=True)
        series.append(Series(ngram, x, y))
    levels = [] if first.unigram is None else [(unigram, first.unigram)]
    return Chart(
        "loss by characters given", "characters given", "nats per character", series,
        log_x=True, log_y=True, includes=[height for _, height in levels], levels=levels,
    )  # fmt: skip


def _build_series(report: Memory, reports: Sequence[Memory]) -> Series:
    """Build one model's series, named by its cell if no other model has it, else by the model."""
    has_own_cell = len({other.cell for other in reports}) == len(reports)
    points = [(point.given, point) for point in report.points if point.given is not None]
    return Series(
        report.cell if has_own_cell else report.model,
        [float(given) for given, _ in points],
        [point.nats for _, point in points],
        (
            [point.nats - 2 * point.error for _, point in points],
            [point.nats + 2 * point.error for _, point in points],
        ),
    )


def _build_row(point: ContextLoss) -> tuple[str, ...]:
    return (
        "all" if point.given is None else f"{point.given:,}",
        f"{point.nats:z.4f}",
        f"{point.error:z.4f}",
        "" if point.given is None else f"{point.lost:+z.4f}",
        "" if point.given is None else f"{point.lost_error:z.4f}",
        "" if point.ngram is None else f"{point.ngram:z.4f}",
    )
