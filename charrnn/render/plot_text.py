"""Shaded texts and unrolled networks in a picture, drawn with matplotlib."""

import math
import unicodedata
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import FancyBboxPatch, Rectangle

from charrnn.render.blocks import ShadedText, UnrolledNetwork
from charrnn.render.clusters import is_shapeless, split_clusters
from charrnn.render.fonts import Lettering
from charrnn.render.series_style import COLORS
from charrnn.render.words import display_width, format_share, show_character, show_text

LOW_COLOR, ZERO_COLOR, HIGH_COLOR = "#90c2ea", "#ffffff", "#f0b184"  # under black letters
LINE_COLUMNS, SHADED_LINES_AT_MOST = 60, 24
COLUMN_POINTS, ROW_INCHES = 9.5, 0.34
LETTER_SIZE, CODE_POINT_SIZE, GAP, SENTENCE_SIZE = 9.5, 6.0, 2.5, 7.0  # points
PICTURE_POINTS = 8.6 * 72  # the width of an unrolled network
STEPS_AT_LEAST = 6
BOX, PADDING = 0.6, 0.05  # the square of a step, and how much larger its rounded frame is
READ_SIZE, EXPECTED_SIZE = 10.0, 8.3  # points, for strings that are not too long


def shaded_text_height(block: ShadedText, lettering: Lettering) -> float:
    """Return the height of a shaded text in inches."""
    lines = len(wrap_clusters(block.text, lettering))
    shown_lines = min(SHADED_LINES_AT_MOST, lines) + bool(block.shared_shades)
    return 1.0 + ROW_INCHES * shown_lines


def draw_shaded_text(axes: Axes, block: ShadedText, lettering: Lettering) -> None:
    """Draw the text in cells of a grid, each with a color for its value."""
    negative = [LOW_COLOR] if block.low < 0 else []
    shades = [*negative, ZERO_COLOR, HIGH_COLOR]
    colormap = LinearSegmentedColormap.from_list("shades", shades)
    colors = ScalarMappable(Normalize(block.low, block.high), colormap)
    lines = wrap_clusters(block.text, lettering)[:SHADED_LINES_AT_MOST]
    values = (value for _, value in block.clusters())
    for row, line in enumerate(lines):
        at = 0
        for cluster in line:
            shown, size, columns = _cell(cluster, lettering)
            value = np.array(min(block.high, max(block.low, next(values))))
            axes.add_patch(
                Rectangle((at, row), columns, 1, color=colors.to_rgba(value), linewidth=0)
            )
            axes.text(at + columns / 2, row + 0.55, shown, ha="center", va="center", fontsize=size)
            at += columns
    axes.set_xlim(0, LINE_COLUMNS + 1)
    if block.shared_shades:
        axes.text(0, len(lines) + 0.5, block.shared_shades, va="center", fontsize=SENTENCE_SIZE)
    axes.set_ylim(len(lines) + bool(block.shared_shades), 0)
    axes.set_title(lettering.draw(block.title), fontsize="medium")
    axes.axis("off")
    bar = axes.figure.colorbar(colors, ax=axes, fraction=0.02, pad=0.01)
    bar.set_label(lettering.draw(block.unit or "activation"), fontsize="small")


def wrap_clusters(text: str, lettering: Lettering) -> list[list[str]]:
    """Cut ``text`` into lines of at most LINE_COLUMNS, not counting the sign of a newline."""
    lines: list[list[str]] = [[]]
    used = 0
    for cluster in split_clusters(text):
        _, _, columns = _cell(cluster, lettering)
        if (used + columns > LINE_COLUMNS and cluster != "\n") or lines[-1][-1:] == ["\n"]:
            lines.append([])
            used = 0
        lines[-1].append(cluster)
        used += columns
    return lines


def shaded_strings(block: ShadedText) -> set[str]:
    """Return the strings of a shaded text as they are drawn."""
    return set(map(_compose, split_clusters(block.text)))


def _compose(cluster: str) -> str:
    """Return a cluster as it is drawn: with one character for a letter and its marks, if any.

    Joiners and variation selectors, which few fonts have, are left out.
    """
    shown = unicodedata.normalize("NFC", show_text(cluster))
    return "".join(character for character in shown if not is_shapeless(character))


def _cell(cluster: str, lettering: Lettering) -> tuple[str, float, int]:
    """Return what is drawn for a cluster, the size of the letters, and the columns it takes."""
    shown = _compose(cluster)
    drawn = lettering.draw(shown)
    if drawn != shown or drawn.startswith("U+"):
        width = lettering.measure(shown, CODE_POINT_SIZE) + GAP
        return drawn, CODE_POINT_SIZE, math.ceil(width / COLUMN_POINTS)
    columns = math.ceil(lettering.measure(shown, LETTER_SIZE) / COLUMN_POINTS)
    return drawn, LETTER_SIZE, max(columns, display_width(shown), 1)


def draw_unrolled(axes: Axes, block: UnrolledNetwork, lettering: Lettering) -> None:
    """Draw boxes side by side, with the character read below and those expected above."""
    steps = max(STEPS_AT_LEAST, len(block.read))
    step_points = PICTURE_POINTS / (steps + 0.5)
    expected_size = _fit(_expected_strings(block), EXPECTED_SIZE, 0.95 * step_points, lettering)
    read_size = _fit(map(show_character, block.read), READ_SIZE, 0.95 * step_points, lettering)
    cell_size = _fit([block.cell], READ_SIZE, BOX * step_points, lettering)
    edge, middle = BOX + PADDING, BOX / 2
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        axes.add_patch(FancyBboxPatch((at, 0), BOX, BOX, boxstyle=f"round,pad={PADDING}",
                                      facecolor="#ebf4ff", edgecolor=COLORS[0]))  # fmt: skip
        axes.text(at + middle, middle, lettering.draw(block.cell), fontsize=cell_size,
                  ha="center", va="center")  # fmt: skip
        shown = lettering.draw(show_character(character))
        axes.text(at + middle, -0.75, shown, fontsize=read_size, ha="center", va="center")
        words = "\n".join(lettering.draw(format_share(name, share)) for name, share in expected)
        axes.text(at + middle, 1.2, words, ha="center", va="bottom", fontsize=expected_size)
        _draw_arrow(axes, (at - 1 + edge, middle), (at - PADDING, middle))
        _draw_arrow(axes, (at + middle, -0.5), (at + middle, -PADDING))
        _draw_arrow(axes, (at + middle, edge), (at + middle, 1.1))
    last = len(block.read) - 1
    _draw_arrow(axes, (last + edge, middle), (last + 1 - PADDING, middle))
    axes.set_xlim(-0.5, steps)
    axes.set_ylim(-1.1, 2.4)
    axes.set_title(lettering.draw(block.title), fontsize="medium")
    axes.axis("off")


def unrolled_strings(block: UnrolledNetwork) -> list[str]:
    """Return all strings in the drawing of a network but its title and its cell."""
    return [*map(show_character, block.read), *_expected_strings(block)]


def _expected_strings(block: UnrolledNetwork) -> list[str]:
    return [format_share(name, share) for row in block.expected for name, share in row]


def _draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow that begins and ends exactly at these points."""
    style = {"arrowstyle": "->", "color": COLORS[0], "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)


def _fit(strings: Iterable[str], size: float, points: float, lettering: Lettering) -> float:
    """Return a size of letters, at most ``size``, in which no string is wider than ``points``."""
    widest = max((lettering.measure(string, size) for string in strings), default=0.0)
    return size if widest <= points else size * points / widest
