"""Shaded texts and unrolled networks in a picture, drawn with matplotlib."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import FancyBboxPatch, Rectangle

from charrnn.language import gettext as _
from charrnn.render.blocks import HIDDEN, INPUT, OUTPUT, ShadedText, UnrolledNetwork
from charrnn.render.clusters import display_width, is_shapeless, split_clusters
from charrnn.render.fonts import Lettering
from charrnn.render.series_style import COLORS
from charrnn.render.words import format_share, show_character, show_text

LOW_COLOR, ZERO_COLOR, HIGH_COLOR = "#90c2ea", "#ffffff", "#f0b184"  # under black letters
LINE_COLUMNS, SHADED_LINES_AT_MOST = 60, 24
COLUMN_POINTS, ROW_INCHES = 9.5, 0.34
LETTER_SIZE, CODE_POINT_SIZE, GAP, SENTENCE_SIZE = 9.5, 6.0, 2.5, 7.0  # points
PICTURE_POINTS = 8.6 * 72  # the width of an unrolled network
STEPS_AT_LEAST, STEPS_PER_ROW = 6, 8
FIRST_STEP = 1.5  # slots from the network with its loop to the first step
UNROLLED_TITLE_INCHES, SLOT_INCHES = 0.6, 0.9
BETWEEN = 0.4  # of a slot, from a box to the next above it
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
    values = (value for __, value in block.clusters())
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
        sentence = lettering.draw(block.shared_shades)
        axes.text(0, len(lines) + 0.5, sentence, va="center", fontsize=SENTENCE_SIZE)
    axes.set_ylim(len(lines) + bool(block.shared_shades), 0)
    axes.set_title(lettering.draw(block.title), fontsize="medium")
    axes.axis("off")
    bar = axes.figure.colorbar(colors, ax=axes, fraction=0.02, pad=0.01)
    bar.set_label(lettering.draw(scale_label(block)), fontsize="small")


def scale_label(block: ShadedText) -> str:
    """Return what the scale of a shaded text is labelled with."""
    return block.unit or _("activation")


def wrap_clusters(text: str, lettering: Lettering) -> list[list[str]]:
    """Cut ``text`` into lines of at most LINE_COLUMNS, not counting the sign of a newline."""
    lines: list[list[str]] = [[]]
    used = 0
    for cluster in split_clusters(text):
        columns = _cell(cluster, lettering)[2]
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


def unrolled_height(block: UnrolledNetwork) -> float:
    """Return the height of an unrolled network in inches."""
    return UNROLLED_TITLE_INCHES + SLOT_INCHES * _row_height(block) * _count_rows(block)


def draw_unrolled(axes: Axes, block: UnrolledNetwork, lettering: Lettering) -> None:
    """Draw the network with its loop, then a copy of it for each step, in rows.

    A copy has a box for each layer, with its state as colored squares, the character that it reads
    below and those that it expects above.
    """
    slots = FIRST_STEP + max(STEPS_AT_LEAST, min(STEPS_PER_ROW, len(block.read)))
    slot_points = PICTURE_POINTS / (slots + 0.5)
    names = [_name_layer(block, layer) for layer in range(block.layers)]
    sizes = _Sizes(
        expected=_fit(_expected_strings(block), EXPECTED_SIZE, 0.95 * slot_points, lettering),
        read=_fit(map(show_character, block.read), READ_SIZE, 0.95 * slot_points, lettering),
        name=_fit(names, READ_SIZE, 0.9 * BOX * slot_points, lettering),
        label=_fit(_names_of_layers(), EXPECTED_SIZE, 0.9 * BOX * slot_points, lettering),
    )
    _draw_copy(axes, block, None, 0, 0, sizes, lettering)
    axes.text((BOX + FIRST_STEP) / 2, _stack_height(block) / 2, "=", ha="center", va="center")
    for at in range(len(block.read)):
        row, column = divmod(at, STEPS_PER_ROW)
        x, y = FIRST_STEP + column, -row * _row_height(block)
        _draw_copy(axes, block, at, x, y, sizes, lettering)
    axes.set_xlim(-0.5, slots)
    axes.set_ylim(-_row_height(block) * (_count_rows(block) - 1) - 0.9, _stack_height(block) + 1.4)
    axes.set_title(lettering.draw(block.title), fontsize="medium")
    axes.axis("off")


class _Sizes(NamedTuple):
    """The sizes of letters in points."""

    expected: float
    read: float
    name: float
    label: float


def _draw_copy(
    axes: Axes, block: UnrolledNetwork, at: int | None, x: float, y: float, sizes: _Sizes,
    lettering: Lettering,
) -> None:  # fmt: skip
    """Draw the network at step ``at``; None: without a state, and with its loop."""
    middle, edge = x + BOX / 2, BOX + PADDING
    for layer in range(block.layers):
        bottom = y + layer * (BOX + BETWEEN)
        axes.add_patch(FancyBboxPatch((x, bottom), BOX, BOX, boxstyle=f"round,pad={PADDING}",
                                      facecolor="#ebf4ff", edgecolor=COLORS[0]))  # fmt: skip
        name = lettering.draw(_name_layer(block, layer))
        axes.text(middle, bottom + 0.65 * BOX, name, fontsize=sizes.name, ha="center", va="center")
        _draw_arrow(axes, (middle, bottom - BETWEEN), (middle, bottom - PADDING))
        across = bottom + BOX / 2
        if at is not None:
            if block.states:
                _draw_state(axes, block.states[at][layer], x, bottom)
            if block.loops and at:
                _draw_arrow(axes, (x - 1 + edge, across), (x - PADDING, across))
            continue
        axes.text(middle, bottom + 0.25 * BOX, lettering.draw(_(HIDDEN)), fontsize=sizes.label,
                  ha="center", va="center")  # fmt: skip
        if block.loops:
            top = bottom + BOX + 0.6 * BETWEEN
            right, left = x + edge + 0.08, x - PADDING - 0.08
            axes.plot([x + edge, right, right, left, left], [across, across, top, top, across],
                      color=COLORS[0], linewidth=1)  # fmt: skip
            _draw_arrow(axes, (left, across), (x - PADDING, across))
    top = y + _stack_height(block)
    _draw_arrow(axes, (middle, top - BETWEEN + PADDING), (middle, top))
    if at is None:
        for name, height in ((INPUT, y - BETWEEN - 0.2), (OUTPUT, top + 0.16)):
            label = lettering.draw(_(name))
            axes.text(middle, height, label, fontsize=sizes.label, ha="center", va="center")
        return
    shown = lettering.draw(show_character(block.read[at]))
    axes.text(middle, y - BETWEEN - 0.2, shown, fontsize=sizes.read, ha="center", va="center")
    words = "\n".join(lettering.draw(format_share(*each)) for each in block.expected[at])
    axes.text(middle, top + 0.08, words, ha="center", va="bottom", fontsize=sizes.expected)


def _draw_state(axes: Axes, values: Sequence[float], x: float, bottom: float) -> None:
    """Draw a square for each value from -1 to 1, with a shade of the color of its sign."""
    width = BOX / max(1, len(values))
    for number, value in enumerate(values):
        color = COLORS[1] if value < 0 else COLORS[0]
        axes.add_patch(
            Rectangle((x + number * width, bottom + 0.1), width, 0.16, color=color,
                      alpha=min(1.0, abs(value)), linewidth=0)
        )  # fmt: skip


def _name_layer(block: UnrolledNetwork, layer: int) -> str:
    return block.cell if block.layers == 1 else f"{block.cell} {layer + 1}"


def _stack_height(block: UnrolledNetwork) -> float:
    """Return the height of the boxes of all layers and of the arrows above them, in slots."""
    return block.layers * (BOX + BETWEEN)


def _row_height(block: UnrolledNetwork) -> float:
    return _stack_height(block) + 2.1


def _count_rows(block: UnrolledNetwork) -> int:
    return max(1, math.ceil(len(block.read) / STEPS_PER_ROW))


def unrolled_strings(block: UnrolledNetwork) -> list[str]:
    """Return all strings in the drawing of a network but its title and its cell."""
    names = [_name_layer(block, layer) for layer in range(block.layers)]
    names += _names_of_layers()
    return [*names, *map(show_character, block.read), *_expected_strings(block)]


def _names_of_layers() -> list[str]:
    """Return what the layers are called in the drawing with the loop."""
    return list(map(_, (INPUT, HIDDEN, OUTPUT)))


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
