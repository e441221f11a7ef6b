"""How fast a model trains and samples."""

from collections.abc import Sequence

from charrnn.render.blocks import Chart, Facts, Prose, Section, Series, Table
from charrnn.reports.speed import Point, Speed

LESSONS = (
    (
        "Each step waits for the one before: one stream leaves the processor idle. Streams take"
        " their steps together."
    ),
    "A longer window is no way out: its steps still come one after the other.",
    "Workers share the streams, which wait for each other but once an update.",
    (
        "A character waits for the one before, and for all weights to be read. Samples side by side"
        " share that reading."
    ),
)
"""Of speed by streams, window, workers and samples."""


def speed(report: Speed) -> Section:
    """Four tables, each with what it shows."""
    one, all_ = report.peak
    first, middle, last = report.by_streams[0], report.by_window[0], report.by_workers[-1]
    series = [
        (
            f"training by streams: {first.window} characters a window, one worker", "streams",
            [point.streams for point in report.by_streams], report.by_streams,
        ),
        (
            f"training by window: {middle.streams} streams, one worker", "characters",
            [point.window for point in report.by_window], report.by_window,
        ),
        (
            f"training by workers: {last.streams} streams × {last.window} characters", "workers",
            [point.workers for point in report.by_workers], report.by_workers,
        ),
        (
            "sampling by samples side by side", "samples",
            [point.streams for point in report.sampling], report.sampling,
        ),
    ]  # fmt: skip
    size = f"{report.cell}, {report.layers} × {report.hidden} units"
    peak = f"{one:,.0f} GFLOP/s in large matrix products on one core"
    if report.cores > 1:
        peak += f", {all_:,.0f} on {report.cores}"
    model = f"{report.model}: {size}, {report.distinct:,} characters"
    blocks: list[Facts | Table | Prose | Chart] = [Facts([("model", model), ("peak", peak)])]
    for (title, unit, values, points), lesson in zip(series, LESSONS, strict=True):
        blocks += [_measured(title, unit, values, points), Prose(lesson)]
    for title, unit, values, points in series:
        speeds = [point.chars_per_second for point in points]
        blocks.append(
            Chart(title, unit, "characters a second", [Series("", values, speeds)],
                  log_x=True, from_zero=True, in_text=False)
        )  # fmt: skip
    return Section("Speed", blocks)


def _measured(title: str, unit: str, values: Sequence[int], points: Sequence[Point]) -> Table:
    fastest = max(point.chars_per_second for point in points)
    rows = [
        (
            f"{value:,}",
            f"{point.chars_per_second:,.0f}",
            f"{point.gflops:,.1f}",
            f"{point.share:.0%}",
        )
        for value, point in zip(values, points, strict=True)
    ]
    bars = [point.chars_per_second / fastest for point in points]
    return Table((unit, "characters/s", "GFLOP/s", "of the peak"), rows, "0123", bars, title)
