"""Blocks as pictures, .png or .svg, by matplotlib, which is an extra.

Charts stand one below the other, or two by two; shaded texts and unrolled networks below them.
Tables and sentences are left to the terminal and the page.
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
from charrnn.render.axis import Axis, digits
from charrnn.render.blocks import Chart, Section, Series, Shades, Unrolled
from charrnn.render.words import sign, width

COLORS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b83280", "#4a5568")
DASHES, MARKS = ("-", "--", "-.", ":"), "os^D"
PALE = "#a0aec0"
COLD, GROUND, HOT = "#90c2ea", "#ffffff", "#f0b184"  # under black letters
LINE, ROW_INCHES, CHART_INCHES = 60, 0.34, 3.3
INCHES_ACROSS = 9.0
FEW_POINTS = 24
SHADED_LINES_AT_MOST = 24
DEFAULT_FONT = "DejaVu Sans"


def draw(sections: Sequence[Section], path: Path) -> list[str]:
    """Write the pictures among the blocks of ``sections`` to ``path``; gives what is to be said.

    Characters that no font at hand has are shown by code point.
    """
    blocks = [block for section in sections for block in section.blocks]
    charts = [block for block in blocks if isinstance(block, Chart)]
    shades = [block for block in blocks if isinstance(block, Shades)]
    diagrams = [block for block in blocks if isinstance(block, Unrolled)]
    across = 2 if len(charts) > 2 else 1
    heights = [CHART_INCHES] * math.ceil(len(charts) / across)
    rows = [len(_lines(one.text)) for one in shades]
    heights += [1.0 + ROW_INCHES * min(SHADED_LINES_AT_MOST, lines) for lines in rows]
    heights += [3.2 for _ in diagrams]
    families, missing = _fonts({*_characters(blocks)})
    style: Any = {"font.family": families, "svg.fonttype": "path", "axes.unicode_minus": False}
    with rc_context(style):
        figure = Figure(figsize=(INCHES_ACROSS, sum(heights)), layout="constrained")
        grid = figure.add_gridspec(len(heights), across, height_ratios=heights)
        for at, chart in enumerate(charts):
            _chart(figure.add_subplot(grid[at // across, at % across]), chart)
        row = math.ceil(len(charts) / across)
        for block in shades:
            _shades(figure.add_subplot(grid[row, :]), block, missing)
            row += 1
        for diagram in diagrams:
            _unrolled(figure.add_subplot(grid[row, :]), diagram, missing)
            row += 1
        kind = path.suffix.removeprefix(".")
        write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=150))
    notes = []
    if missing:
        notes.append(
            f"no font at hand has {len(missing):,} of the characters, shown as code points"
        )
    if max(rows, default=0) > SHADED_LINES_AT_MOST:
        notes.append(f"the picture has the first {SHADED_LINES_AT_MOST} lines; --html has them all")
    return notes


def _chart(axes: Axes, block: Chart) -> None:
    axes.set_title(block.title, fontsize="medium")
    for at, one in enumerate(block.series):
        _series(axes, one, at, block.joined)
    heights = [y for one in block.series for y in one.y]
    up = Axis([*block.span, *heights], block.log_y, block.from_zero)
    for name, height in block.levels:
        if not up.low <= height <= up.high:
            continue
        axes.axhline(height, color=PALE, linewidth=1)
        axes.annotate(name, (1, height), xycoords=("axes fraction", "data"), fontsize="small",
                      ha="right", va="bottom")  # fmt: skip
    if block.log_x:
        axes.set_xscale("log", base=2)
        ticks = sorted({x for one in block.series for x in one.x})
        axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    if block.log_y:
        axes.set_yscale("log")
        axes.set_yticks(up.ticks(), map(digits, up.ticks()))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    if block.from_zero:
        axes.set_ylim(0, 1.1 * max(y for one in block.series for y in one.y))
    if block.span:
        axes.set(xlim=_wider(block.span), ylim=_wider(block.span))
    axes.set_xlabel(block.x)
    axes.set_ylabel(block.y)
    axes.grid(axis="y", color=PALE, alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)
    if any(one.name for one in block.series):
        axes.legend(frameon=False, fontsize="small")


def _wider(span: Sequence[float]) -> tuple[float, float]:
    """A little room around."""
    workspace = 0.03 * (max(span) - min(span))
    return min(span) - workspace, max(span) + workspace


def _series(axes: Axes, one: Series, at: int, joined: bool) -> None:
    color = COLORS[at % len(COLORS)]
    line = DASHES[at % len(DASHES)] if joined else ""
    mark = MARKS[at % len(MARKS)] if len(one.x) <= FEW_POINTS or not joined else ""
    axes.plot(
        one.x, one.y, linestyle=line, marker=mark, markersize=4, alpha=None if joined else 0.7,
        color=color, label=one.name or None,
    )  # fmt: skip
    if one.band:
        axes.fill_between(one.x, *one.band, color=color, alpha=0.15, linewidth=0)


def _shades(axes: Axes, block: Shades, missing: set[str]) -> None:
    """The text in cells of a grid, each with its value as colour."""
    signed = block.low < 0
    shades = (COLD, GROUND, HOT) if signed else (GROUND, HOT)
    colormap = LinearSegmentedColormap.from_list("shades", shades)
    colors = ScalarMappable(Normalize(block.low, block.high), colormap)
    values, lines = iter(block.values), _lines(block.text)[:SHADED_LINES_AT_MOST]
    for row, line in enumerate(lines):
        at = 0
        for character in line:
            shown = _shown(character, missing)
            columns = max(1, width(sign(character)))
            value = np.array(min(block.high, max(block.low, next(values))))
            axes.add_patch(
                Rectangle((at, row), columns, 1, color=colors.to_rgba(value), linewidth=0)
            )
            axes.text(
                at + columns / 2, row + 0.55, shown, ha="center", va="center",
                fontsize=9.5 if len(shown) == 1 else 4,
            )  # fmt: skip
            at += columns
    axes.set_xlim(0, LINE + 1)
    axes.set_ylim(len(lines), 0)
    axes.set_title(block.title, fontsize="medium")
    axes.axis("off")
    bar = axes.figure.colorbar(colors, ax=axes, fraction=0.02, pad=0.01)
    bar.set_label(block.unit or "activation", fontsize="small")


def _lines(text: str) -> list[str]:
    """``text`` in pieces of at most LINE columns, as it breaks; an end of line may hang out."""
    lines, used = [""], 0
    for character in text:
        columns = max(1, width(sign(character)))
        if (used + columns > LINE and character != "\n") or lines[-1].endswith("\n"):
            lines.append("")
            used = 0
        lines[-1] += character
        used += columns
    return lines


def _unrolled(axes: Axes, block: Unrolled, missing: set[str]) -> None:
    """Boxes side by side, what is read below, what is expected above."""
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        axes.add_patch(FancyBboxPatch((at, 0), 0.6, 0.6, boxstyle="round,pad=0.05",
                                      facecolor="#ebf4ff", edgecolor=COLORS[0]))  # fmt: skip
        axes.text(at + 0.3, 0.3, block.cell, ha="center", va="center")
        axes.text(at + 0.3, -0.75, _shown(character, missing), ha="center", va="center")
        words = "\n".join(f"{_shown(name, missing)} {share:.0%}" for name, share in expected)
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
    """All characters that have to be drawn."""
    for block in blocks:
        if isinstance(block, Shades):
            yield from map(sign, block.text)
            yield from block.title
        elif isinstance(block, Unrolled):
            yield from map(sign, block.read)
            yield from (sign(name) for row in block.expected for name, _ in row)
        elif isinstance(block, Chart):
            yield from block.title
            yield from (character for one in block.series for character in one.name)


def _shown(character: str, missing: set[str]) -> str:
    visible = sign(character)
    return f"U+{ord(character):04X}" if visible in missing else visible


def _fonts(characters: set[str]) -> tuple[list[str], set[str]]:
    """Families that together have ``characters``, as few as it takes, and those that none has."""
    wanted = {character for character in characters if len(character) == 1}
    families, missing = [DEFAULT_FONT], wanted
    known = {entry.name: entry for entry in fontManager.ttflist if entry.style == "normal"}
    others = sorted(set(known) - {DEFAULT_FONT}, key=lambda name: ("CJK" not in name, name))
    for name in (DEFAULT_FONT, *others):
        if not missing:
            break
        if name not in known:
            continue
        try:
            font = get_font(known[name].fname)
        except (OSError, RuntimeError):  # a font that FreeType cannot read is no font of ours
            continue
        had = {character for character in missing if font.get_char_index(ord(character))}
        missing = missing - had
        if had and name != DEFAULT_FONT:
            families.append(name)
    return families, missing
