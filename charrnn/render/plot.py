"""Blocks as one picture, a .png or .svg file, drawn with matplotlib, which is an extra.

Charts are one below another, or two by two; shaded texts and unrolled networks are below them
(plot_text.py). Tables and sentences are not drawn. The same blocks make the same bytes.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from charrnn.files import write_atomically
from charrnn.language import gettext as _
from charrnn.render.axis import Axis, format_number
from charrnn.render.blocks import Block, Chart, Section, Series, ShadedText, UnrolledNetwork
from charrnn.render.fonts import Lettering, choose_lettering
from charrnn.render.levels import describe_levels_off, place_levels
from charrnn.render.plot_text import (
    SHADED_LINES_AT_MOST,
    draw_shaded_text,
    draw_unrolled,
    scale_label,
    shaded_strings,
    shaded_text_height,
    unrolled_height,
    unrolled_strings,
    wrap_clusters,
)
from charrnn.render.series_style import COLORS, MAX_MARKED, choose_dash, choose_mark, choose_style

GRID_COLOR = "#a0aec0"
INCHES_ACROSS, CHART_INCHES = 9.0, 3.3
MARGIN = 0.03  # of an axis, so that marks on its edge are not cut off
NAME_HEIGHT = 0.08  # from the name of a level to the next, of the height of a chart
NAME_SIZE, WIDEST_NAME, WIDEST_TITLE = 8.3, 250.0, 500.0  # points
SHORT_TICKS, LONG_TICKS = 9, 5  # on a horizontal axis, by the length of their numbers
LEGEND_ROW_INCHES = 0.18
AXIS_INCHES = 0.5  # from a horizontal axis down to the legend, for its numbers and its name
MAX_LEGEND_ROWS = 8  # inside of a chart; a longer legend is below it
METADATA = {".png": {"Software": None}, ".svg": {"Creator": None, "Date": None}}


def draw_picture(sections: Sequence[Section], path: Path) -> list[str]:
    """Draw the blocks of ``sections`` to ``path``, and return notes for the user.

    Characters that no installed font has are shown by code point.
    """
    blocks = [block for section in sections for block in section.blocks]
    lettering = choose_lettering(text for block in blocks for text in drawn_strings(block))
    with rc_context(style(lettering)):
        figure = draw_figure(blocks, lettering)
        kind = path.suffix.removeprefix(".")
        write_atomically(
            path,
            lambda file: figure.savefig(
                file, format=kind, dpi=150, metadata=METADATA.get(path.suffix)
            ),
        )
        shaded = [block for block in blocks if isinstance(block, ShadedText)]
        line_counts = [len(wrap_clusters(block.text, lettering)) for block in shaded]
    notes = lettering.notes
    if max(line_counts, default=0) > SHADED_LINES_AT_MOST:
        notes.append(
            _("the picture has the first {count} lines of the text; --html has all of them").format(
                count=SHADED_LINES_AT_MOST
            )
        )
    return notes


def draw_figure(blocks: Sequence[Block], lettering: Lettering) -> Figure:
    """Draw ``blocks`` below one another, the charts first."""
    charts = [block for block in blocks if isinstance(block, Chart)]
    shaded = [block for block in blocks if isinstance(block, ShadedText)]
    diagrams = [block for block in blocks if isinstance(block, UnrolledNetwork)]
    across = 2 if len(charts) > 2 else 1
    chart_heights = [
        CHART_INCHES + max(_inches_below(chart, lettering) for chart in charts[at : at + across])
        for at in range(0, len(charts), across)
    ]
    heights = [sum(chart_heights)] if charts else []
    heights += [shaded_text_height(block, lettering) for block in shaded]
    heights += list(map(unrolled_height, diagrams))
    figure = Figure(figsize=(INCHES_ACROSS, sum(heights)), layout="constrained")
    # In parts, so that the labels of charts take no width from the texts below them.
    parts = iter(figure.subfigures(len(heights), squeeze=False, height_ratios=heights).flat)
    if charts:
        part = next(parts)
        grid = part.add_gridspec(len(chart_heights), across, height_ratios=chart_heights)
        for chart, place in zip(charts, grid, strict=False):
            _draw_chart(part.add_subplot(place), chart, lettering)
    for text in shaded:
        draw_shaded_text(next(parts).add_subplot(), text, lettering)
    for diagram in diagrams:
        draw_unrolled(next(parts).add_subplot(), diagram, lettering)
    return figure


def style(lettering: Lettering) -> Any:
    """Return settings of matplotlib with which all strings are drawn as they are.

    They also replace those of the user's own matplotlibrc file.
    """
    style = {
        "font.family": list(lettering.families),
        "text.parse_math": False,  # $x$ is a name and no formula
        "text.usetex": False,
        "axes.formatter.use_mathtext": False,
        "axes.unicode_minus": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "charrnn",
        "font.enable_last_resort": False,  # a setting of matplotlib 3.11
    }
    return {name: value for name, value in style.items() if name in rcParams}


def _draw_chart(axes: Axes, block: Chart, lettering: Lettering) -> None:
    axes.set_title(lettering.wrap(block.title, 10, WIDEST_TITLE), fontsize="medium")
    for at, series in enumerate(block.series):
        _draw_series(axes, series, choose_style(series, at), block.joined)
    up = _make_vertical_axis(block)
    if block.log_x:
        axes.set_xscale("log", base=2)
        ticks = sorted({x for series in block.series for x in series.x})
        axes.set_xticks(ticks, [f"{tick:z,.0f}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, __: _format_tick(value)))
        if all(isinstance(x, int) for series in block.series for x in series.x):
            longest = max((x for series in block.series for x in series.x), default=0)
            bins = SHORT_TICKS if longest < 1000 else LONG_TICKS
            axes.xaxis.set_major_locator(MaxNLocator(bins, integer=True))  # there is no step 1.5
    if block.log_y:
        axes.set_yscale("log")
        axes.set_yticks(up.ticks(), list(map(format_number, up.ticks())))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, __: _format_tick(value)))
    if block.span:
        axes.set_xlim(_widen(block.span))
    axes.set_ylim(
        (0, 1.1 * up.high) if block.from_zero else (up.value_at(-MARGIN), up.value_at(1 + MARGIN))
    )
    _draw_levels(axes, block, up, lettering)
    for name, low, high in block.ranges:
        axes.axvspan(low, high, color=GRID_COLOR, alpha=0.2, linewidth=0)
        axes.annotate(
            lettering.draw(name), (math.sqrt(low * high), 0.5), xycoords=("data", "axes fraction"),
            fontsize="small", va="center", ha="center", rotation="vertical",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip
    axes.set_xlabel(lettering.draw(block.x))
    axes.set_ylabel(lettering.draw(block.y))
    axes.grid(axis="y", color=GRID_COLOR, alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)
    _draw_legend(axes, block, up, lettering)


def _make_vertical_axis(block: Chart) -> Axis:
    heights = [
        y for series in block.series for y in (*series.y, *(series.band[1] if series.band else ()))
    ]
    return Axis([*block.span, *block.includes, *heights], block.log_y, block.from_zero, block.top)


def _format_tick(value: float) -> str:
    """Format a round number, also a million, without an exponent."""
    return f"{value:z,.0f}" if abs(value) >= 1000 else f"{value:z.6g}"


def _widen(span: Sequence[float]) -> tuple[float, float]:
    """Return the range of ``span`` with a margin."""
    margin = MARGIN * (max(span) - min(span))
    return min(span) - margin, max(span) + margin


def _draw_series(axes: Axes, series: Series, at: int, joined: bool) -> None:
    color = COLORS[at % len(COLORS)]
    line = choose_dash(at).matplotlib if joined else ""
    mark = choose_mark(at).matplotlib if len(series.x) <= MAX_MARKED or not joined else ""
    axes.plot(
        series.x, series.y, linestyle=line, marker=mark, markersize=4, color=color,
        alpha=None if joined else 0.7,
    )  # fmt: skip
    if series.band:
        axes.fill_between(series.x, *series.band, color=color, alpha=0.15, linewidth=0)


def _draw_levels(axes: Axes, block: Chart, up: Axis, lettering: Lettering) -> None:
    """Draw the levels as lines, each with its name above it, or higher where names are close."""
    for level in place_levels(block, up, NAME_HEIGHT):
        axes.axhline(up.value_at(level.share), color=GRID_COLOR, linewidth=1)
        height = up.value_at(level.name_share)
        axes.annotate(
            lettering.wrap(level.name, NAME_SIZE, WIDEST_NAME), (0 if level.is_left else 1, height),
            xycoords=("axes fraction", "data"), xytext=(3 if level.is_left else 0, 1),
            textcoords="offset points", fontsize="small", va="bottom",
            ha="left" if level.is_left else "right",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip


def _draw_legend(axes: Axes, block: Chart, up: Axis, lettering: Lettering) -> None:
    """Draw the names of the series, and of levels that are off the chart."""
    named = [
        (line, series.name)
        for line, series in zip(axes.lines, block.series, strict=False)
        if series.name
    ]
    named += [(Line2D([], [], linestyle=""), name) for name in describe_levels_off(block, up)]
    if not named:
        return
    lines = [line for line, __ in named]
    place: dict[str, Any] = {"loc": "best"}
    if _inches_below(block, lettering):
        inches = axes.figure.dpi_scale_trans
        below = axes.transAxes + ScaledTranslation(0, -AXIS_INCHES, inches)
        place = {"loc": "upper left", "bbox_to_anchor": (0, 0), "bbox_transform": below}
    legend = axes.legend(lines, [""] * len(lines), frameon=False, fontsize="small", **place)
    # As labels they would be left out where they begin with an underscore.
    for text, (__, name) in zip(legend.get_texts(), named, strict=True):
        text.set_text(lettering.wrap(name, NAME_SIZE, WIDEST_NAME))


def _inches_below(block: Chart, lettering: Lettering) -> float:
    """Return the height of the legend if it is below the chart, else zero."""
    names = [series.name for series in block.series if series.name]
    rows = sum(lettering.wrap(name, NAME_SIZE, WIDEST_NAME).count("\n") + 1 for name in names)
    return LEGEND_ROW_INCHES * rows if rows > MAX_LEGEND_ROWS else 0.0


def drawn_strings(block: Block) -> list[str]:
    """Return all strings of a block that are drawn."""
    match block:
        case Chart():
            names = [series.name for series in block.series]
            names += [name for name, __ in block.levels]
            names += [name for name, __, __ in block.ranges]
            up = _make_vertical_axis(block)
            names += describe_levels_off(block, up)
            return [block.title, block.x, block.y, *names]
        case ShadedText():
            return [block.title, scale_label(block), block.shared_shades, *shaded_strings(block)]
        case UnrolledNetwork():
            return [block.title, block.cell, *unrolled_strings(block)]
        case _:
            return []
