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
from charrnn.render.words import display_width, show_character

COLORS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b83280", "#4a5568")
DASHES, MARKS = ("-", "--", "-.", ":"), "os^D"
GRID_COLOR = "#a0aec0"
LOW_COLOR, ZERO_COLOR, HIGH_COLOR = "#90c2ea", "#ffffff", "#f0b184"  # under black letters
LINE_COLUMNS, ROW_INCHES, CHART_INCHES = 60, 0.34, 3.3
INCHES_ACROSS = 9.0
MARKED_UP_TO = 24  # points of a line
SHADED_LINES_AT_MOST = 24
DEFAULT_FONT = "DejaVu Sans"


def draw_picture(sections: Sequence[Section], path: Path) -> list[str]:
    """Draw the blocks of ``sections`` to ``path``; gives notes for the user.

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
    families, missing = _choose_fonts({*_characters(blocks)})
    style: Any = {"font.family": families, "svg.fonttype": "path", "axes.unicode_minus": False}
    with rc_context(style):
        figure = Figure(figsize=(INCHES_ACROSS, sum(heights)), layout="constrained")
        grid = figure.add_gridspec(len(heights), across, height_ratios=heights)
        for at, chart in enumerate(charts):
            _chart(figure.add_subplot(grid[at // across, at % across]), chart)
        row = math.ceil(len(charts) / across)
        for block in shades:
            _shaded_text(figure.add_subplot(grid[row, :]), block, missing)
            row += 1
        for diagram in diagrams:
            _unrolled(figure.add_subplot(grid[row, :]), diagram, missing)
            row += 1
        kind = path.suffix.removeprefix(".")
        write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=150))
    notes = []
    if missing:
        notes.append(
            f"no installed font has these characters, which are shown as code points:"
            f" {len(missing):,}"
        )
    if max(line_counts, default=0) > SHADED_LINES_AT_MOST:
        notes.append(
            f"the picture has only the first {SHADED_LINES_AT_MOST} lines of the text; --html has"
            " all of them"
        )
    return notes


def _chart(axes: Axes, block: Chart) -> None:
    axes.set_title(block.title, fontsize="medium")
    for at, series in enumerate(block.series):
        _series(axes, series, at, block.joined)
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
    """The range of ``span`` with a margin, so that marks on its edge are not cut off."""
    margin = 0.03 * (max(span) - min(span))
    return min(span) - margin, max(span) + margin


def _series(axes: Axes, series: Series, at: int, joined: bool) -> None:
    color = COLORS[at % len(COLORS)]
    line = DASHES[at % len(DASHES)] if joined else ""
    mark = MARKS[at % len(MARKS)] if len(series.x) <= MARKED_UP_TO or not joined else ""
    axes.plot(
        series.x, series.y, linestyle=line, marker=mark, markersize=4, color=color,
        alpha=None if joined else 0.7, label=series.name or None,
    )  # fmt: skip
    if series.band:
        axes.fill_between(series.x, *series.band, color=color, alpha=0.15, linewidth=0)


def _shaded_text(axes: Axes, block: ShadedText, missing: set[str]) -> None:
    """The text in cells of a grid, each with a colour for its value."""
    negative = [LOW_COLOR] if block.low < 0 else []
    shades = [*negative, ZERO_COLOR, HIGH_COLOR]
    colormap = LinearSegmentedColormap.from_list("shades", shades)
    colors = ScalarMappable(Normalize(block.low, block.high), colormap)
    values, lines = iter(block.values), _wrap_lines(block.text)[:SHADED_LINES_AT_MOST]
    for row, line in enumerate(lines):
        at = 0
        for character in line:
            shown = _draw_as(character, missing)
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


def _unrolled(axes: Axes, block: UnrolledNetwork, missing: set[str]) -> None:
    """Boxes side by side; what is read is below, what is expected above."""
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        axes.add_patch(FancyBboxPatch((at, 0), 0.6, 0.6, boxstyle="round,pad=0.05",
                                      facecolor="#ebf4ff", edgecolor=COLORS[0]))  # fmt: skip
        axes.text(at + 0.3, 0.3, block.cell, ha="center", va="center")
        axes.text(at + 0.3, -0.75, _draw_as(character, missing), ha="center", va="center")
        words = "\n".join(f"{_draw_as(name, missing)} {share:.0%}" for name, share in expected)
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


def _characters(blocks: Iterable[object]) -> Iterable[str]:
    """All characters that are drawn."""
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


def _draw_as(character: str, missing: set[str]) -> str:
    """What is drawn for ``character``: its code point if it is ``missing`` from all fonts."""
    shown = show_character(character)
    return f"U+{ord(character):04X}" if shown in missing else shown


def _choose_fonts(characters: set[str]) -> tuple[list[str], set[str]]:
    """As few font families as together have ``characters``, and the characters that none has."""
    missing = {character for character in characters if len(character) == 1}
    families = [DEFAULT_FONT]
    known = {entry.name: entry for entry in fontManager.ttflist if entry.style == "normal"}
    others = sorted(set(known) - {DEFAULT_FONT}, key=lambda name: ("CJK" not in name, name))
    for name in (DEFAULT_FONT, *others):
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
