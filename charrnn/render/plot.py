"""Blocks as one picture, a .png or .svg file, drawn with matplotlib, which is an extra.

Charts are one below another, or two by two; shaded texts and unrolled networks are below them.
Tables and sentences are not drawn.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.ticker import FuncFormatter, NullLocator

from charrnn.files import write_atomically
from charrnn.render.axis import Axis, format_number
from charrnn.render.blocks import Chart, Section, Series, ShadedText, UnrolledNetwork
from charrnn.render.series_style import COLORS, DASHES, MARKS, MAX_MARKED
from charrnn.render.words import display_width, show_character

GRID_COLOR = "#a0aec0"
LOW_COLOR, ZERO_COLOR, HIGH_COLOR = "#90c2ea", "#ffffff", "#f0b184"  # under black letters
LINE_COLUMNS, ROW_INCHES, CHART_INCHES = 60, 0.34, 3.3
INCHES_ACROSS = 9.0
SHADED_LINES_AT_MOST = 24
DEFAULT_FONT = "DejaVu Sans"
PLACEHOLDER_FONT = "Last Resort"  # comes with matplotlib; draws the same box for a whole script


def draw_picture(sections: Sequence[Section], path: Path) -> list[str]:
    """Draw the blocks of ``sections`` to ``path``, and return notes for the user.

    Characters that no installed font has are shown by code point.
    """
    blocks = [block for section in sections for block in section.blocks]
    charts = [block for block in blocks if isinstance(block, Chart)]
    shades = [block for block in blocks if isinstance(block, ShadedText)]
    diagrams = [block for block in blocks if isinstance(block, UnrolledNetwork)]
    across = 2 if len(charts) > 2 else 1
    heights = [CHART_INCHES] * math.ceil(len(charts) / across)
    line_counts = [len(_wrap_lines(block.text)) for block in shades]
    heights += [1.0 + ROW_INCHES * min(SHADED_LINES_AT_MOST, lines) for lines in line_counts]
    heights += [3.2 for _ in diagrams]
    families, missing = _choose_fonts({*_drawn_characters(blocks)})
    style: Any = {"font.family": families, "svg.fonttype": "path", "axes.unicode_minus": False}
    with rc_context(style):
        figure = Figure(figsize=(INCHES_ACROSS, sum(heights)), layout="constrained")
        grid = figure.add_gridspec(len(heights), across, height_ratios=heights)
        for at, chart in enumerate(charts):
            _draw_chart(figure.add_subplot(grid[at // across, at % across]), chart)
        row = math.ceil(len(charts) / across)
        for block in shades:
            _draw_shaded_text(figure.add_subplot(grid[row, :]), block, missing)
            row += 1
        for diagram in diagrams:
            _draw_unrolled(figure.add_subplot(grid[row, :]), diagram, missing)
            row += 1
        kind = path.suffix.removeprefix(".")
        write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=150))
    notes = []
    if len(missing) == 1:
        notes.append("1 character is in no installed font and is shown as a code point")
    elif missing:
        notes.append(
            f"{len(missing):,} characters are in no installed font and are shown as code points"
        )
    if max(line_counts, default=0) > SHADED_LINES_AT_MOST:
        notes.append(
            f"the picture has only the first {SHADED_LINES_AT_MOST} lines of the text; --html has"
            " all of them"
        )
    return notes


def _draw_chart(axes: Axes, block: Chart) -> None:
    axes.set_title(block.title, fontsize="medium")
    for at, series in enumerate(block.series):
        _draw_series(axes, series, at, block.joined)
    heights = [y for series in block.series for y in series.y]
    up = Axis([*block.span, *heights], block.log_y, block.from_zero)
    for name, height in block.levels:
        if not up.low <= height <= up.high:
            continue
        axes.axhline(height, color=GRID_COLOR, linewidth=1)
        axes.annotate(name, (1, height), xycoords=("axes fraction", "data"), fontsize="small",
                      ha="right", va="bottom")  # fmt: skip
    if block.log_x:
        axes.set_xscale("log", base=2)
        ticks = sorted({x for series in block.series for x in series.x})
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    if block.log_y:
        axes.set_yscale("log")
        axes.set_yticks(up.ticks(), map(format_number, up.ticks()))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    if block.from_zero:
        axes.set_ylim(0, 1.1 * max(heights))
    if block.span:
        axes.set(xlim=_widen(block.span), ylim=_widen(block.span))
    axes.set_xlabel(block.x)
    axes.set_ylabel(block.y)
    axes.grid(axis="y", color=GRID_COLOR, alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)
    if any(series.name for series in block.series):
        axes.legend(frameon=False, fontsize="small")


def _widen(span: Sequence[float]) -> tuple[float, float]:
    """Return the range of ``span`` with a margin, so that marks on its edge are not cut off."""
    margin = 0.03 * (max(span) - min(span))
    return min(span) - margin, max(span) + margin


def _draw_series(axes: Axes, series: Series, at: int, joined: bool) -> None:
    color = COLORS[at % len(COLORS)]
    line = DASHES[at % len(DASHES)].matplotlib if joined else ""
    mark = MARKS[at % len(MARKS)].matplotlib if len(series.x) <= MAX_MARKED or not joined else ""
    axes.plot(
        series.x, series.y, linestyle=line, marker=mark, markersize=4, color=color,
        alpha=None if joined else 0.7, label=series.name or None,
    )  # fmt: skip
    if series.band:
        axes.fill_between(series.x, *series.band, color=color, alpha=0.15, linewidth=0)


def _draw_shaded_text(axes: Axes, block: ShadedText, missing: set[str]) -> None:
    """Draw the text in cells of a grid, each with a color for its value."""
    negative = [LOW_COLOR] if block.low < 0 else []
    shades = [*negative, ZERO_COLOR, HIGH_COLOR]
    colormap = LinearSegmentedColormap.from_list("shades", shades)
    colors = ScalarMappable(Normalize(block.low, block.high), colormap)
    values, lines = iter(block.values), _wrap_lines(block.text)[:SHADED_LINES_AT_MOST]
    for row, line in enumerate(lines):
        at = 0
        for character in line:
            shown = _drawable_text(character, missing)
            columns = max(1, display_width(show_character(character)))
            value = np.array(min(block.high, max(block.low, next(values))))
            axes.add_patch(
                Rectangle((at, row), columns, 1, color=colors.to_rgba(value), linewidth=0)
            )
            axes.text(
                at + columns / 2, row + 0.55, shown, ha="center", va="center",
                fontsize=9.5 if len(shown) == 1 else 4,
            )  # fmt: skip
            at += columns
    axes.set_xlim(0, LINE_COLUMNS + 1)
    axes.set_ylim(len(lines), 0)
    axes.set_title(block.title, fontsize="medium")
    axes.axis("off")
    bar = axes.figure.colorbar(colors, ax=axes, fraction=0.02, pad=0.01)
    bar.set_label(block.unit or "activation", fontsize="small")


def _wrap_lines(text: str) -> list[str]:
    """Cut ``text`` into lines of at most LINE_COLUMNS, not counting the sign of a newline."""
    lines, used = [""], 0
    for character in text:
        columns = max(1, display_width(show_character(character)))
        if (used + columns > LINE_COLUMNS and character != "\n") or lines[-1].endswith("\n"):
            lines.append("")
            used = 0
        lines[-1] += character
        used += columns
    return lines


def _draw_unrolled(axes: Axes, block: UnrolledNetwork, missing: set[str]) -> None:
    """Draw boxes side by side, with the character read below and those expected above."""
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        axes.add_patch(FancyBboxPatch((at, 0), 0.6, 0.6, boxstyle="round,pad=0.05",
                                      facecolor="#ebf4ff", edgecolor=COLORS[0]))  # fmt: skip
        axes.text(at + 0.3, 0.3, block.cell, ha="center", va="center")
        axes.text(at + 0.3, -0.75, _drawable_text(character, missing), ha="center", va="center")
        words = "\n".join(
            f"{_drawable_text(name, missing)} {share:.0%}" for name, share in expected
        )
        axes.text(at + 0.3, 1.2, words, ha="center", va="bottom", fontsize="small")
        arrow = {"arrowstyle": "->", "color": COLORS[0]}
        for start, end in (
            ((at - 0.4, 0.3), (at - 0.05, 0.3)), ((at + 0.3, -0.5), (at + 0.3, -0.08)),
            ((at + 0.3, 0.68), (at + 0.3, 1.1)),
        ):  # fmt: skip
            axes.annotate("", end, start, arrowprops=arrow)
    axes.set_xlim(-0.5, max(6, len(block.read)) - 0.1)
    axes.set_ylim(-1.1, 2.4)
    axes.set_title(block.title, fontsize="medium")
    axes.axis("off")


def _drawn_characters(blocks: Iterable[object]) -> Iterable[str]:
    """Yield all characters that are drawn."""
    for block in blocks:
        if isinstance(block, ShadedText):
            yield from map(show_character, block.text)
            yield from block.title
        elif isinstance(block, UnrolledNetwork):
            yield from map(show_character, block.read)
            yield from (show_character(name) for row in block.expected for name, _ in row)
        elif isinstance(block, Chart):
            yield from block.title
            yield from (character for series in block.series for character in series.name)


def _drawable_text(character: str, missing: set[str]) -> str:
    """Make ``character`` visible; return its code point if it is ``missing`` from all fonts."""
    shown = show_character(character)
    return f"U+{ord(character):04X}" if shown in missing else shown


def _choose_fonts(characters: set[str]) -> tuple[list[str], set[str]]:
    """Choose a few font families that together have ``characters``; return also those missing."""
    missing = {character for character in characters if len(character) == 1}
    families = [DEFAULT_FONT]
    known = {entry.name: entry for entry in fontManager.ttflist if entry.style == "normal"}
    others = {name for name in known if not name.startswith(PLACEHOLDER_FONT)} - {DEFAULT_FONT}
    for name in (DEFAULT_FONT, *sorted(others, key=lambda name: ("CJK" not in name, name))):
        if not missing:
            break
        if name not in known:
            continue
        try:
            font = get_font(known[name].fname)
        except (OSError, RuntimeError):  # a file that FreeType cannot read
            continue
        covered = {character for character in missing if font.get_char_index(ord(character))}
        missing -= covered
        if covered and name != DEFAULT_FONT:
            families.append(name)
    return families, missing
