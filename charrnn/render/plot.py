"""Reports as pictures, .png or .svg, by matplotlib, which is an extra."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from charrnn.files import write_atomically
from charrnn.reports.speed import Point, Speed

COLOR, PALE = "#2b6cb0", "#a0aec0"


def speed(report: Speed, path: Path) -> None:
    """Characters a second, and the share of the peak beside each point."""
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    model = f"{report.cell}, {report.layers} × {report.hidden} units, {report.distinct:,}"
    figure.suptitle(
        f"{model} characters; beside each point its share of what large products reach here\n"
        f"({report.peak[0]:,.0f} GFLOP/s on a core, {report.peak[1]:,.0f} on {report.cores})",
        fontsize="medium",
    )
    first, middle, last = report.by_streams[0], report.by_window[0], report.by_workers[-1]
    panels = (
        (f"training: window of {first.window}, one worker", "streams side by side",
         [point.streams for point in report.by_streams], report.by_streams),
        (f"training: {middle.streams} streams, one worker", "characters in a window",
         [point.window for point in report.by_window], report.by_window),
        (f"training: {last.streams} streams × {last.window} characters", "workers",
         [point.workers for point in report.by_workers], report.by_workers),
        ("sampling", "samples side by side",
         [point.streams for point in report.sampling], report.sampling),
    )  # fmt: skip
    for axes, panel in zip(figure.subplots(2, 2).flat, panels, strict=True):
        _panel(axes, *panel)
    write_atomically(
        path, lambda file: figure.savefig(file, format=path.suffix.removeprefix("."), dpi=150)
    )


def _panel(
    axes: Axes, title: str, unit: str, values: Sequence[int], points: Sequence[Point]
) -> None:
    speeds = [point.chars_per_second for point in points]
    axes.set_title(title, fontsize="medium")
    axes.plot(values, speeds, "o-", color=COLOR)
    for value, point in zip(values, points, strict=True):
        axes.annotate(
            f"{point.share:.0%}", (value, point.chars_per_second), xytext=(0, 7),
            textcoords="offset points", ha="center", fontsize="small",
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(values, [f"{value:,}" for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(unit)
    axes.set_ylim(0, 1.2 * max(speeds))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel("characters a second")
    axes.grid(axis="y", color=PALE, alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)
