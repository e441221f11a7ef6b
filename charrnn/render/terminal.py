"""Blocks as text for a terminal, aligned also where characters are two columns wide."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from charrnn.render.axis import Axis, digits
from charrnn.render.blocks import (
    Block,
    Chart,
    Facts,
    Prose,
    Section,
    Shades,
    Table,
    Unrolled,
)
from charrnn.render.words import pad, sign, width

COLUMNS = 80
CHART_ROWS, CHART_COLUMNS = 14, 64
BAR_COLUMNS, LEAST_BAR_COLUMNS = 30, 6
MARKS = "*o+x#%@&"
SHADES = " ▁▂▃▄▅▆▇█"
BOX_COLUMNS = 12
EXPECTED = 3


def text(section: Section) -> str:
    """All blocks that say something to a terminal, without the title of the section."""
    return "\n\n".join(filter(None, map(_drawn, section.blocks)))


def table(rows: Iterable[Sequence[str]], right: str = "") -> str:
    """Rows of cells in columns; those whose numbers stand in ``right`` are set to the right."""
    cells = [list(row) for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            pad(cell, columns, right=str(at) in right)
            for at, (cell, columns) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def _drawn(block: Block) -> str:
    match block:
        case Facts():
            return table(block.rows)
        case Prose():
            return textwrap.fill(block.text, COLUMNS)
        case Table():
            return _table(block)
        case Chart():
            return _chart(block) if block.in_text else ""
        case Shades():
            return _shades(block)
        case Unrolled():
            return _unrolled(block)


def _table(block: Table) -> str:
    rows = [[*block.head], *map(list, block.rows)]
    used = sum(max(map(width, column)) + 2 for column in zip(*rows, strict=True))
    columns = min(BAR_COLUMNS, COLUMNS - used)
    if block.bars and columns >= LEAST_BAR_COLUMNS:  # else there is no room for them
        rows[0].append("")
        for row, share in zip(rows[1:], block.bars, strict=True):
            row.append("▇" * max(share > 0, round(columns * share)))
    return "\n".join(filter(None, [block.title, table(rows, block.numbers)]))


def _chart(block: Chart) -> str:
    """Series as marks in a frame, the later above the earlier."""
    across = Axis([*block.span, *(x for one in block.series for x in one.x)], block.log_x)
    heights = [*block.span, *(y for one in block.series for y in one.y)]
    up = Axis(heights, block.log_y, block.from_zero)
    field = [[" "] * CHART_COLUMNS for _ in range(CHART_ROWS)]
    named = []

    def row(y: float) -> int:
        return round((1 - up.share(y)) * (CHART_ROWS - 1))

    def column(x: float) -> int:
        return round(across.share(x) * (CHART_COLUMNS - 1))

    for name, height in block.levels:
        if up.low <= height <= up.high:
            field[row(height)] = ["┄"] * CHART_COLUMNS
            named.append(f"┄ {name}")
        else:
            named.append(f"{name}: {digits(height)}, outside")
    for mark, one in zip(MARKS * len(block.series), block.series, strict=False):
        for x, y in zip(one.x, one.y, strict=True):
            if up.shows(y) and across.shows(x):
                field[row(y)][column(x)] = mark
        if one.name:
            named.append(f"{mark} {one.name}")
    labels = {row(y): digits(y) for y in up.ticks()}
    side = max(map(len, labels.values()), default=0)
    lines = [
        f"{labels.get(at, ''):>{side}} {'┤' if at in labels else '│'}{''.join(cells)}".rstrip()
        for at, cells in enumerate(field)
    ]
    edge, below = ["─"] * CHART_COLUMNS, ""
    for x in across.ticks():
        edge[column(x)] = "┬"
        label = digits(x)
        start = max(0, column(x) - len(label) // 2)
        if start > len(below) or not below:
            below += " " * (start - len(below)) + label
    space = " " * side
    return "\n".join(
        [
            f"{block.title} ({block.y})",
            *lines,
            f"{space} └{''.join(edge)}",
            f"{space}  {below}",
            f"{space}  {block.x}{' (logarithmic)' if block.log_x else ''}",
            *(f"{space}  {line}" for line in _wrapped(named, CHART_COLUMNS)),
        ]
    )


def _wrapped(parts: Iterable[str], columns: int) -> Iterator[str]:
    """Parts side by side, as many as a line takes."""
    line = ""
    for part in parts:
        if line and width(line) + 3 + width(part) > columns:
            yield line
            line = ""
        line = f"{line}   {part}" if line else part
    if line:
        yield line


def _shades(block: Shades) -> str:
    """The text in lines, and below each character how high its value is."""
    span = block.high - block.low or 1.0
    rows: list[str] = []
    above, below, used = "", "", 0
    for character, value in zip(block.text, block.values, strict=True):
        shown = sign(character)
        columns = max(1, width(shown))
        if used + columns > COLUMNS:
            rows += [above, below]
            above, below, used = "", "", 0
        share = min(1.0, max(0.0, (value - block.low) / span))
        above += shown
        below += SHADES[round(share * (len(SHADES) - 1))] * columns
        used += columns
        if character == "\n":
            rows += [above, below]
            above, below, used = "", "", 0
    rows += [above, below] if above else []
    scale = f"{block.low:g} to {block.high:g} {block.unit}".rstrip()
    return "\n".join([f"{block.title} ({scale})", *(row.rstrip() for row in rows)])


def _unrolled(block: Unrolled) -> str:
    """Boxes side by side: below what is read, inside the same cell, above what is expected."""
    lines, columns = [], BOX_COLUMNS
    across = (COLUMNS - 3) // (columns + 3)
    for first in range(0, len(block.read), across):
        some = slice(first, first + across)
        read, expected = block.read[some], block.expected[some]
        rows = [
            [f"{sign(row[at][0])} {row[at][1]:.0%}" if at < len(row) else "" for row in expected]
            for at in range(EXPECTED)
        ]
        lines += ["   " + "   ".join(_centred(cell, columns) for cell in row) for row in rows]
        lines += [
            "   " + "   ".join(_centred("▲", columns) for _ in read),
            "   " + "   ".join(f"┌{'─' * (columns - 2)}┐" for _ in read),
            "──▶" + "──▶".join(f"│{_centred(block.cell, columns - 2)}│" for _ in read) + "──▶",
            "   " + "   ".join(f"└{'─' * (columns - 2)}┘" for _ in read),
            "   " + "   ".join(_centred("▲", columns) for _ in read),
            "   " + "   ".join(_centred(sign(character), columns) for character in read),
            "",
        ]
    return "\n".join([block.title, *(line.rstrip() for line in lines[:-1])])


def _centred(text: str, columns: int) -> str:
    space = columns - width(text)
    return " " * (space // 2) + text + " " * (space - space // 2)
