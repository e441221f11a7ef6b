"""How far back a model learns, and how far back it looks."""

from collections.abc import Sequence

from charrnn.render.blocks import Chart, Prose, Section, Series, Table
from charrnn.reports.gradients import VANISHED, Gradients, WayBack
from charrnn.reports.memory import Memory, Point

WITH_SPREAD = 2  # ways back
LAGS_SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def gradients(reports: Sequence[Gradients]) -> Section:
    """All models in one picture, and their figures by lag; as they began, in another."""
    first = reports[0]
    blocks: list[Prose | Chart | Table] = [
        Prose(
            "How much of a loss's gradient still reaches the state so many steps earlier,"
            " relative to the state that it is computed from: the median over"
            f" {first.positions:,} places of {first.text}. What it hardly reaches is hardly"
            " learned from. The band in the picture is from the 10th to the 90th percentile."
            " Above 1 it grows on the way back (it explodes); the last row says"
            " at how many of the places it does at some lag. An lstm's second way back, through"
            " its cells c, is relative to one step back."
        )
    ]
    for untrained in (False, True):
        some = [report for report in reports if report.untrained is untrained]
        if some:
            title = "the gradient by steps back" + (", before training" if untrained else "")
            blocks += _by_lag(title, some)
    return Section("The vanishing gradient", blocks)


def _by_lag(title: str, reports: Sequence[Gradients]) -> list[Chart | Table]:
    ways = [(_named(report, way, reports), way) for report in reports for way in report.ways]
    series = [
        Series(name, range(way.first, way.first + len(way.median)), way.median, (way.low, way.high))
        for name, way in ways
    ]
    most = max(report.lags for report in reports)
    lags = sorted({lag for lag in LAGS_SHOWN if lag <= most} | {most})
    head = ("steps back", *(name for name, _ in ways))
    spread = len(ways) <= WITH_SPREAD  # else there is no room for it
    if spread:
        head = ("steps back", *(part for name, _ in ways for part in (name, "10 %", "90 %")))
    rows = [
        (f"{lag:,}", *(cell for _, way in ways for cell in _ratios(way, lag, spread)))
        for lag in lags
    ]
    empty = ("", "") if spread else ()
    rows.append(
        (
            "below 1 %",
            *(
                cell
                for _, way in ways
                for cell in (f"from {way.vanished:,}" if way.vanished else "never", *empty)
            ),
        )
    )
    rows.append(
        ("over 1 at", *(cell for _, way in ways for cell in (f"{way.exploding:.0%}", *empty)))
    )
    return [
        Chart(
            title, "steps back", "relative to its beginning", series,
            log_y=True, levels=[("1 %", VANISHED)],
        ),
        Table(head, rows, "".join(map(str, range(1, len(head)))), title=title),
    ]  # fmt: skip


def _named(report: Gradients, way: WayBack, among: Sequence[Gradients]) -> str:
    """A way back's name: by its cell where that says which, else by its model."""
    cells = [other.cell for other in among]
    model = report.model if cells.count(report.cell) > 1 else report.cell
    return f"{model}, through {way.through}" if len(report.ways) > 1 else model


def _ratios(way: WayBack, lag: int, spread: bool) -> list[str]:
    """The median, and the 10th and 90th percentile where there is room for the ``spread``."""
    at = lag - way.first
    shown = [way.median, way.low, way.high] if spread else [way.median]
    return [f"{values[at]:.2g}" if 0 <= at < len(values) else "" for values in shown]


def memory(reports: Sequence[Memory]) -> Section:
    """All models in one picture; figures of each."""
    series = []
    for report in reports:
        points = [point for point in report.points if point.given is not None]
        band = (
            [point.nats - 2 * point.error for point in points],
            [point.nats + 2 * point.error for point in points],
        )
        name = (
            report.cell if len({other.cell for other in reports}) == len(reports) else report.model
        )
        given = [float(point.given or 0) for point in points]
        series.append(Series(name, given, [point.nats for point in points], band))
    first = reports[0]
    compared = [
        (float(point.given), point.ngram)
        for point in first.points
        if point.given and point.ngram is not None
    ]
    if compared:
        x, y = zip(*compared, strict=True)
        series.append(Series("n-gram", x, y))
    levels = [] if first.unigram is None else [("unigram", first.unigram)]
    blocks: list[Prose | Chart | Table] = [
        Prose(
            "The loss when the model is given only so many of the characters before, from a zero"
            f" state, at the same {first.positions:,} places of {first.text}. Where it still falls,"
            " the model uses what stood so far back. An n-gram that is given as many stands beside"
            " it. The band is twice the standard error of the mean; the differences to the loss"
            " with all characters are surer, as they are between the same places."
        ),
        Chart(
            "loss by characters given", "characters given", "nats a character", series,
            log_x=True, log_y=True, levels=levels,
        ),
    ]  # fmt: skip
    for report in reports:
        head = ("given", "nats", "±", "above all", "±", "n-gram")
        rows = [_given(point) for point in report.points]
        title = f"{report.model}: {report.cell}, {report.layers} × {report.hidden} units"
        blocks.append(Table(head, rows, "012345", title=title))
        blocks.append(
            Prose(
                f"Over windows of {report.window:,} characters at these places, as long as those"
                f" of training, the loss is {report.carried:.4f} nats with the state carried from"
                f" the beginning of the text and {report.reset:.4f} with a zero state at the"
                " beginning of each window."
            )
        )
    return Section("Memory", blocks)


def _given(point: Point) -> tuple[str, ...]:
    return (
        "all" if point.given is None else f"{point.given:,}",
        f"{point.nats:.4f}",
        f"{point.error:.4f}",
        "" if point.given is None else f"{round(point.lost, 4) + 0.0:+.4f}",  # not -0.0000
        "" if point.given is None else f"{point.lost_error:.4f}",
        "" if point.ngram is None else f"{point.ngram:.4f}",
    )
