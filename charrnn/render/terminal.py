"""Blocks as text for a terminal, aligned also where characters are two columns wide."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.render.axis import Axis, format_number
from charrnn.render.blocks import (
    HIDDEN,
    INPUT,
    OUTPUT,
    Block,
    Chart,
    Facts,
    Prose,
    Quote,
    Section,
    ShadedText,
    Table,
    UnrolledNetwork,
)
from charrnn.render.clusters import cut, display_width, pad
from charrnn.render.columns import LEAST_COLUMNS, limit_columns
from charrnn.render.controls import escape_controls
from charrnn.render.lines import wrap, wrap_facts, wrap_parts
from charrnn.render.series_style import choose_style
from charrnn.render.words import format_share, show_character, show_text

CHART_ROWS, CHART_COLUMNS, LEAST_CHART_COLUMNS = 14, 64, 16
BAR_COLUMNS, LEAST_BAR_COLUMNS = 30, 6
MARKS = "*o+x#%@&=~^v"
SHADES = " ▁▂▃▄▅▆▇█"
BOX_COLUMNS = 13
EXPECTED = 3
GAP = "  "  # between the columns of a table
UNROLLED_AT_MOST = 40  # steps


def render_text(section: Section, columns: int | None = None) -> str:
    """Render a section's blocks as text, without its title.

    Sentences, charts and shaded texts use a terminal of ``columns`` up to a readable width. A table
    is as wide as its cells, of which excerpts are cut to fit. Without a terminal, ``columns`` is
    None: facts take one line each, and nothing is cut.
    """
    return "\n\n".join(filter(None, (_render_block(block, columns) for block in section.blocks)))


def align(rows: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> str:
    """Align cells in columns; column i to the right if ``right`` is not empty and ``right[i]``."""
    cells = [list(row) for row in rows]
    widths = _measure(cells)
    sides = [*right] or [False] * len(widths)
    return "\n".join(
        GAP.join(
            pad(cell, columns, right=to_right)
            for cell, columns, to_right in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in cells
    )


def align_facts(
    rows: Sequence[Sequence[str]], columns: int | None, whole: Sequence[str] = ()
) -> str:
    """Align labels and texts, which are wrapped beside their labels if ``columns`` are given.

    The rows with a label in ``whole`` are not wrapped.
    """
    if columns is None:
        return align(rows)
    width = limit_columns(columns)
    wrapped = wrap_facts(rows, width, whole)
    lines = align(wrapped).split("\n")
    return "\n".join(
        # A word that is too long for the place beside the labels begins further to the left.
        line if label or display_width(line) <= width else pad(text, width, right=True)
        for line, (label, text) in zip(lines, wrapped, strict=True)
    )


def _render_block(block: Block, columns: int | None) -> str:
    """Render a block as text; empty where a terminal leaves it out."""
    match block:
        case Facts():
            return align_facts(block.rows, columns)
        case Prose():
            return "\n".join(wrap(block.text, limit_columns(columns)))
        case Quote():
            lines = escape_controls(block.text, but="\n").split("\n")
            return "\n".join([block.title, *(f"│ {line}".rstrip() for line in lines)])
        case Table():
            return _draw_table(block, columns)
        case Chart():
            return _draw_chart(block, columns) if block.in_text else ""
        case ShadedText():
            return _draw_shaded_text(block, limit_columns(columns))
        case UnrolledNetwork():
            return _draw_unrolled(block, limit_columns(columns))


def _draw_table(block: Table, columns: int | None) -> str:
    rows = [[column.name for column in block.columns], *map(list, block.rows)]
    if columns is not None:
        _cut_excerpt(block, rows, columns)
    groups = _draw_groups(block, rows)
    right = [column.is_right_aligned for column in block.columns]
    used = sum(width + len(GAP) for width in _measure(rows))
    bar_columns = min(BAR_COLUMNS, limit_columns(columns) - used)
    if block.bars and bar_columns >= LEAST_BAR_COLUMNS:
        rows[0].append("")
        right.append(False)
        for row, share in zip(rows[1:], block.bars, strict=True):
            row.append("▇" * max(share > 0, round(bar_columns * share)))
    title = wrap(block.title, limit_columns(columns)) if columns and block.title else [block.title]
    return "\n".join(filter(None, [*title, groups, align(rows, right)]))


def _cut_excerpt(block: Table, rows: Sequence[list[str]], columns: int) -> None:
    """Cut the cells of the column that is an excerpt, so that the rows fit into ``columns``."""
    widths = _measure(rows)
    for at, column in enumerate(block.columns):
        if column.excerpt:
            others = sum(widths) - widths[at] + len(GAP) * (len(widths) - 1)
            for row in rows[1:]:
                row[at] = cut(row[at], max(LEAST_COLUMNS, columns - others))


def _draw_groups(block: Table, rows: Sequence[list[str]]) -> str:
    """Write the names of groups to the right above their columns; empty if there are none.

    Where a name is wider than its columns, the head of the first of them is padded.
    """
    widths, names, at = _measure(rows), list[str](), 0
    for name, members in groupby(block.columns, key=attrgetter("group")):
        count = len(list(members))
        room = sum(widths[at : at + count]) + len(GAP) * (count - 1)
        lacking = max(0, display_width(name) - room)
        rows[0][at] = pad(
            rows[0][at], widths[at] + lacking, right=block.columns[at].is_right_aligned
        )
        names.append(pad(name, room + lacking, right=True))
        at += count
    return GAP.join(names).rstrip()


def _measure(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column."""
    return [max(map(display_width, column)) for column in zip(*rows, strict=True)]


def _draw_chart(block: Chart, columns: int | None) -> str:
    """Draw series as marks in a frame; where marks coincide, the later series is shown."""
    across = Axis([*block.span, *(x for series in block.series for x in series.x)], block.log_x)
    heights = [*block.span, *block.includes, *(y for series in block.series for y in series.y)]
    up = Axis(heights, block.log_y, block.from_zero, block.top)
    side = max((len(format_number(y)) for y in up.ticks()), default=0)
    if columns is None:
        width = CHART_COLUMNS
    else:
        width = max(LEAST_CHART_COLUMNS, limit_columns(columns) - side - 2)
    field = [[" "] * width for __ in range(CHART_ROWS)]
    legend = []

    def row(y: float) -> int:
        return round((1 - up.share(y)) * (CHART_ROWS - 1))

    def column(x: float) -> int:
        return round(across.share(x) * (width - 1))

    for name, height in block.levels:
        if up.low <= height <= up.high:
            field[row(height)] = ["┄"] * width
            legend.append(f"┄ {name}")
        else:
            legend.append(
                _("{name}: {height} (off the chart)").format(
                    name=name, height=format_number(height)
                )
            )
    for at, series in enumerate(block.series):
        mark = MARKS[choose_style(series, at) % len(MARKS)]
        for x, y in zip(series.x, series.y, strict=True):
            if up.shows(y) and across.shows(x):
                field[row(y)][column(x)] = mark
        if series.name:
            legend.append(f"{mark} {series.name}")
    legend += [
        _("{name}: {low:,g} to {high:,g}").format(name=name, low=low, high=high)
        for name, low, high in block.ranges
    ]
    labels = {row(y): format_number(y) for y in up.ticks()}
    lines = [
        f"{labels.get(at, ''):>{side}} {'┤' if at in labels else '│'}{''.join(cells)}".rstrip()
        for at, cells in enumerate(field)
    ]
    edge, below = _draw_ticks({column(x): format_number(x) for x in across.ticks()}, width)
    space = " " * side
    horizontal = _("{axis} (logarithmic)").format(axis=block.x) if block.log_x else block.x
    return "\n".join(
        [
            _("{title} ({axis})").format(title=block.title, axis=block.y),
            *lines,
            f"{space} └{edge}",
            f"{space}  {below}",
            f"{space}  {horizontal}",
            *(f"{space}  {line}" for line in wrap_parts(legend, width)),
        ]
    )


def _draw_ticks(labels: Mapping[int, str], width: int) -> tuple[str, str]:
    """Return the lower edge of a chart, and the line below it with those labels that have room."""
    edge, below = ["─"] * width, ""
    for column, label in labels.items():
        edge[column] = "┬"
        start = max(0, min(column - len(label) // 2, width - len(label)))
        if start > len(below) or not below:
            below += " " * (start - len(below)) + label
    return "".join(edge), below


def _draw_shaded_text(block: ShadedText, line_columns: int) -> str:
    """Draw the text in lines, and below each cluster a bar as high as its value."""
    span = block.high - block.low or 1.0
    rows: list[str] = []
    above, below, used = "", "", 0
    for cluster, value in block.clusters():
        shown = show_text(cluster)
        columns = max(1, display_width(shown))
        if used + columns > line_columns:
            rows += [above, below]
            above, below, used = "", "", 0
        share = min(1.0, max(0.0, (value - block.low) / span))
        above += shown
        below += SHADES[round(share * (len(SHADES) - 1))] * columns
        used += columns
        if cluster == "\n":
            rows += [above, below]
            above, below, used = "", "", 0
    rows += [above, below] if above else []
    shared = wrap(block.shared_shades, line_columns) if block.shared_shades else []
    return "\n".join([block.title_with_scale, *shared, *(row.rstrip() for row in rows)])


def _draw_unrolled(block: UnrolledNetwork, line_columns: int) -> str:
    """Draw boxes side by side, with the character read below and those expected above."""
    lines, columns = [], BOX_COLUMNS
    across = max(1, (line_columns - 3) // (columns + 3))
    shown = min(UNROLLED_AT_MOST, len(block.read))
    for first in range(0, shown, across):
        group = slice(first, min(first + across, shown))
        read, expected = block.read[group], block.expected[group]
        rows = [
            [format_share(*row[at]) if at < len(row) else "" for row in expected]
            for at in range(EXPECTED)
        ]
        lines += ["   " + "   ".join(_center(cell, columns) for cell in row) for row in rows]
        lines += [
            "   " + "   ".join(_center("▲", columns) for __ in read),
            "   " + "   ".join(f"┌{'─' * (columns - 2)}┐" for __ in read),
            _join_boxes([block.cell] * len(read), "──▶" if block.loops else "   "),
            *(
                _join_boxes([_shade_state(step[layer]) for step in block.states[group]], "   ")
                for layer in reversed(range(block.layers if block.states else 0))
            ),
            "   " + "   ".join(f"└{'─' * (columns - 2)}┘" for __ in read),
            "   " + "   ".join(_center("▲", columns) for __ in read),
            "   " + "   ".join(_center(show_character(character), columns) for character in read),
            "",
        ]
    left_out = len(block.read) - shown
    more = ngettext(
        "(and {count:,} more step, which pages and pictures have)",
        "(and {count:,} more steps, which pages and pictures have)",
        left_out,
    )
    end = [more.format(count=left_out)] if left_out else []
    folded = _draw_folded(block)
    return "\n".join([block.title, *folded, "", *(line.rstrip() for line in lines[:-1]), *end])


def _draw_folded(block: UnrolledNetwork) -> list[str]:
    """Draw the network once, with the loop from its hidden layer to itself, if it has one."""
    names = block.cell, _(HIDDEN)
    inside = max(map(display_width, names)) + 2
    box = [f"┌{'─' * inside}┐", *(f"│{_center(name, inside)}│" for name in names),
           f"└{'─' * inside}┘"]  # fmt: skip
    above = [_center(_(OUTPUT), inside + 2), _center("▲", inside + 2)]
    below = [_center("▲", inside + 2), _center(_(INPUT), inside + 2)]
    if not block.loops:
        return [f"   {line}".rstrip() for line in (*above, *box, *below)]
    state = _("state")
    back = f"└──{_center('┼', inside + 2).replace(' ', '─')}──┘ {state}"
    return [
        *(f"   {line}".rstrip() for line in (*above, box[0])),
        f"┌─▶{box[1]}──┐",
        *(f"│  {line}  │" for line in (*box[2:], below[0])),
        back,
        f"   {below[1]}".rstrip(),
    ]


def _join_boxes(contents: Sequence[str], between: str) -> str:
    """Return a line of boxes, with what is before, between and after them."""
    boxes = (f"│{_center(content, BOX_COLUMNS - 2)}│" for content in contents)
    return between + between.join(boxes) + between


def _shade_state(values: Sequence[float]) -> str:
    """Return a bar for each value, from -1 to 1."""
    shares = [min(1.0, max(0.0, (value + 1) / 2)) for value in values[: BOX_COLUMNS - 2]]
    return "".join(SHADES[1 + round(share * (len(SHADES) - 2))] for share in shares)


def _center(text: str, columns: int) -> str:
    space = columns - display_width(text)
    return " " * (space // 2) + text + " " * (space - space // 2)
