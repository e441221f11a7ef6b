"""Text in lines of a limited width: words stay whole, Japanese is broken between characters.

Not here: the width of a character (clusters.py), and the width of lines (columns.py).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from charrnn.render.clusters import count_columns, display_width, split_clusters
from charrnn.render.columns import LEAST_COLUMNS

CLOSING = frozenset(
    "、。，．：；！？…‥ー」』】〉》〕）］｝々ぁぃぅぇぉっゃゅょァィゥェォッャュョ〜,.:;!?)]"
)
"""Signs that stay on the line of the wide character before them."""
OPENING = frozenset("「『【〈《〔（［｛([")
"""Signs that stay on the line of the character after them."""
COMMAND = re.compile(r"charrnn [!-~]")


def wrap(text: str, columns: int, *, cut_words: bool = False) -> list[str]:
    """Break ``text`` into lines of at most ``columns``.

    A word that is wider gets a line of its own, or with ``cut_words`` is cut. A text with a
    command is not broken, because a command in two lines could not be pasted into a shell.
    """
    if display_width(text) <= columns or (COMMAND.search(text) and not cut_words):
        return [text]
    lines: list[str] = []
    line, used = "", 0
    for unit in _split_units(text, columns if cut_words else None):
        width = display_width(unit)
        if used + width > columns and line.strip():
            lines.append(line.rstrip(" "))
            line, used = "", 0
            if unit.isspace():
                continue
        line += unit
        used += width
    return [*lines, line.rstrip(" ")] if line.strip() or not lines else lines


def wrap_facts(
    rows: Iterable[Sequence[str]], columns: int, whole: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Wrap the texts of rows of a label and a text, so that both fit side by side.

    The rows with a label in ``whole`` are not wrapped.
    """
    pairs = [(label, text) for label, text in rows]
    side = max(display_width(label) for label, _ in pairs) + 2
    width = max(LEAST_COLUMNS, columns - side)
    return [
        (label if first else "", line)
        for label, text in pairs
        for first, line in _mark_first([text] if label in whole else wrap(text, width))
    ]


def wrap_parts(parts: Iterable[str], columns: int, gap: str = "   ") -> Iterator[str]:
    """Yield lines of at most ``columns``, each with as many of the parts as fit."""
    line = ""
    for part in parts:
        if line and display_width(line + gap + part) > columns:
            yield line
            line = ""
        line = f"{line}{gap}{part}" if line else part
    if line:
        yield line


def _mark_first(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line) for number, line in enumerate(lines))


def _split_units(text: str, columns: int | None) -> Iterator[str]:
    """Yield spaces, words and wide characters, which stay on one line each.

    A unit has at most ``columns``, if they are given.
    """
    unit, kind = "", ""
    for cluster in split_clusters(text):
        character = cluster[0]
        width = count_columns(character)
        is_held = bool(unit) and (
            (character in CLOSING and (width == 2 or kind == "wide"))
            or (character != " " and unit[-1] in OPENING)
        )
        is_new = (
            character == " "
            or kind == " "
            or (width == 2 and not is_held)
            or (width == 1 and kind == "wide" and not is_held)
        )
        is_attached = width == 0 and unit and kind != " "
        is_too_long = columns is not None and display_width(unit + cluster) > columns
        if unit and ((is_new and not is_attached) or is_too_long):
            yield unit
            unit = ""
        unit += cluster
        if not is_attached:
            kind = " " if character == " " else "wide" if width == 2 else "word"
    if unit:
        yield unit
