"""Sections as one page of HTML that needs nothing beside it: no network, no other file.

Light and dark follow the reader's system. Charts are SVG with a text alternative and their figures
in a table beside them. A shaded text can be walked through with the arrow keys.
"""

import html
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from charrnn.render.axis import Axis, digits
from charrnn.render.blocks import (
    Block,
    Chart,
    Facts,
    Prose,
    Section,
    Series,
    Shades,
    Table,
    Unrolled,
)
from charrnn.render.controls import escape_controls
from charrnn.render.words import sign

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 84, 16, 12, 44
COLORS = 6
DASHES = ("", "6 3", "2 3", "8 3 2 3")
MARKS = (
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0", "m-3 -3h6v6h-6z", "m0 -4l4 7h-8z", "m0 -4l4 4l-4 4l-4 -4z"
)  # fmt: skip
MARKED_UP_TO = 24  # points of a line
ROWS_OPEN_UP_TO = 24
STEP_WIDTH = 92


def escape(text: str) -> str:
    """``text`` for a place in the page: neither markup nor control characters."""
    return html.escape(escape_controls(text, but="\n\t"))


def page(title: str, sections: Sequence[Section]) -> str:
    """The whole document."""
    here = files("charrnn.render")
    style = (here / "page.css").read_text(encoding="utf-8")
    script = (here / "page.js").read_text(encoding="utf-8")
    names = [f"part-{at}" for at in range(len(sections))]
    links = "".join(
        f'<li><a href="#{name}">{escape(section.title)}</a></li>'
        for name, section in zip(names, sections, strict=True)
    )
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if len(sections) > 1 else ""
    body = "\n".join(
        f'<section id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{escape(section.title)}</h2>\n'
        + "\n".join(map(_block, section.blocks))
        + "</section>"
        for name, section in zip(names, sections, strict=True)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{escape(title)}</h1>{contents}</header>
<main>
{body}
</main>
<script>
{script}</script>
</body>
</html>
"""


def _block(block: Block) -> str:
    match block:
        case Facts():
            rows = "".join(
                f"<dt>{escape(name.strip())}</dt><dd>{escape(value)}</dd>"
                for name, value in block.rows
            )
            return f"<dl>{rows}</dl>"
        case Prose():
            return f"<p>{escape(block.text)}</p>"
        case Table():
            return _table(block)
        case Chart():
            return _chart(block)
        case Shades():
            return _shades(block)
        case Unrolled():
            return _unrolled(block)


def _table(block: Table) -> str:
    head = [*block.head, *([""] if block.bars else [])]
    numbers = {int(digit) for digit in block.numbers}
    cells = "".join(
        f'<th scope="col"{_right(at, numbers)}>{escape(name)}</th>' for at, name in enumerate(head)
    )
    rows = []
    for at, row in enumerate(block.rows):
        line = "".join(
            f"<td{_right(column, numbers)}>{escape(cell)}</td>" for column, cell in enumerate(row)
        )
        if block.bars:
            line += f'<td class="bar"><i style="width:{block.bars[at]:.1%}"></i></td>'
        rows.append(f"<tr>{line}</tr>")
    name = escape(block.title or "table")
    caption = f"<caption>{escape(block.title)}</caption>" if block.title else ""
    table = (
        f'<div class="wide" tabindex="0" role="region" aria-label="{name}"><table>{caption}'
        f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
    if len(rows) <= ROWS_OPEN_UP_TO:
        return table
    return f"<details><summary>{name}: {len(rows):,} rows</summary>{table}</details>"


def _right(column: int, numbers: set[int]) -> str:
    return ' class="number"' if column in numbers else ""


def _shades(block: Shades) -> str:
    """Each character a span with its value as opacity of its ground; details in data."""
    spans = []
    details = block.details or [""] * len(block.text)
    scale = max(abs(block.low), abs(block.high)) or 1.0
    for character, value, detail in zip(block.text, block.values, details, strict=True):
        share = min(1.0, abs(value) / scale)
        shown = f"{value:.2f} {block.unit}".strip()
        told = escape(f"{sign(character)} {shown}" + (f" · {detail}" if detail else ""))
        name = "↵" if character == "\n" else escape(character)
        spans.append(f'<span{_signed(value)} style="--v:{share:.2f}" data-d="{told}">{name}</span>')
        if character == "\n":
            spans.append("<br>")
    title = escape(f"{block.title} ({block.low:g} to {block.high:g} {block.unit}".rstrip() + ")")
    return (
        f'<figure class="shades"><figcaption>{escape(block.title)}</figcaption>{_scale(block)}'
        f'<div class="text" tabindex="0" role="application" aria-label="{title}; arrow keys walk'
        f' through the characters">{"".join(spans)}</div>'
        '<output aria-live="polite">Point at a character, or walk with the arrow keys.</output>'
        "</figure>"
    )


def _signed(value: float) -> str:
    return " class=n" if value < 0 else ""


def _scale(block: Shades) -> str:
    """What the shades stand for: the ends, and the middle of signed ones."""
    ends = [block.low, 0.0, block.high] if block.low < 0 else [block.low, block.high]
    top = max(map(abs, ends))
    swatches = "".join(
        f'<span{_signed(value)} style="--v:{abs(value) / top:.2f}">{value:g}</span>'
        for value in ends
    )
    return f'<p class="scale">{swatches} {escape(block.unit)}</p>'


class _Scale(Axis):
    """An axis between two places on the picture."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, log: bool, from_zero: bool = False
    ) -> None:
        super().__init__(values, log, from_zero)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + self.share(value) * (self.end - self.start)


def _chart(block: Chart) -> str:
    lengths = [*block.span, *(x for one in block.series for x in one.x)]
    heights = [y for one in block.series for y in (*one.y, *(one.band[1] if one.band else ()))]
    heights += block.span
    across = _Scale(lengths, LEFT, WIDTH - RIGHT, block.log_x)
    up = _Scale(heights, HEIGHT - BOTTOM, TOP, block.log_y, block.from_zero)
    parts = [*_axes(block, across, up)]
    for at, one in enumerate(block.series):
        parts += _series(one, at, across, up, block.joined)
    for name, height in block.levels:
        if up.low <= height <= up.high:
            y = up(height)
            parts.append(f'<path class="level" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(
                f'<text x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{escape(name)}</text>'
            )
    legend = "".join(
        f'<li><svg width="30" height="10" aria-hidden="true">{_key(at, block.joined)}</svg>'
        f"{escape(one.name)}</li>"
        for at, one in enumerate(block.series)
        if one.name
    )
    alternative = escape("; ".join(map(_told, block.series)))
    return (
        f'<figure><figcaption>{escape(block.title)}</figcaption><svg class="chart" viewBox="0 0'
        f' {WIDTH} {HEIGHT}" role="img" aria-label="{escape(block.title)}: {alternative}">'
        + "".join(parts)
        + f'</svg><ul class="legend">{legend}</ul></figure>'
    )


def _told(one: Series) -> str:
    """A series in words, for who cannot see it."""
    if not len(one.x):
        return f"{one.name}: nothing"
    return (
        f"{one.name or 'values'} from {one.y[0]:.3g} at {one.x[0]:,.6g} to {one.y[-1]:.3g} at"
        f" {one.x[-1]:,.6g}"
    )


def _axes(block: Chart, across: _Scale, up: _Scale) -> Iterator[str]:
    floor = HEIGHT - BOTTOM
    for value in up.ticks():
        y = up(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{digits(value)}</text>'
    for value in across.ticks():
        x = across(value)
        yield f'<path class="axis" d="M{x:.1f} {floor}v5"/>'
        yield f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{digits(value)}</text>'
    yield f'<path class="axis" d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}"/>'
    yield (
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(block.x)}</text>"
    )
    yield (
        f'<text transform="translate(14 {(TOP + floor) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(block.y)}</text>"
    )


def _key(at: int, joined: bool) -> str:
    """What a series looks like, for the legend."""
    return _line(at, "M0 5H30") if joined else _mark(at, 15, 5)


def _line(at: int, path: str) -> str:
    dash = DASHES[at % len(DASHES)]
    return f'<path class="line c{at % COLORS}" stroke-dasharray="{dash}" d="{path}"/>'


def _mark(at: int, x: float, y: float) -> str:
    shape = MARKS[at % len(MARKS)]
    return f'<path class="mark c{at % COLORS}" d="M{x:.1f} {y:.1f}{shape}"/>'


def _series(one: Series, at: int, across: _Scale, up: _Scale, joined: bool) -> Iterator[str]:
    color = f"c{at % COLORS}"
    if one.band:
        low, high = one.band
        floor = up.low
        there = [(across(x), up(max(top, floor))) for x, top in zip(one.x, high, strict=True)]
        back = [(across(x), up(max(bottom, floor))) for x, bottom in zip(one.x, low, strict=True)]
        yield f'<path class="band {color}" d="{_path([*there, *reversed(back)])}Z"/>'
    points = [
        (across(x), up(y))
        for x, y in zip(one.x, one.y, strict=True)
        if across.shows(x) and up.shows(y)
    ]
    if points and joined:
        yield _line(at, _path(points))
    if len(points) <= MARKED_UP_TO or not joined:
        yield from (_mark(at, x, y) for x, y in points)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _unrolled(block: Unrolled) -> str:
    parts = []
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        x = 30 + at * STEP_WIDTH
        middle = x + 26
        parts.append(f'<rect x="{x}" y="80" width="52" height="40" rx="6"/>')
        parts.append(f'<text x="{middle}" y="105" text-anchor="middle">{escape(block.cell)}</text>')
        parts.append(f'<path class="arrow" d="M{x - 38} 100H{x - 4}m-6 -4l6 4l-6 4"/>')
        parts.append(f'<path class="arrow" d="M{middle} 148V124m-4 6l4 -6l4 6"/>')
        parts.append(f'<path class="arrow" d="M{middle} 76V60m-4 6l4 -6l4 6"/>')
        parts.append(
            f'<text class="read" x="{middle}" y="168" text-anchor="middle">'
            f"{escape(sign(character))}</text>"
        )
        for row, (name, share) in enumerate(expected):
            parts.append(
                f'<text x="{middle}" y="{16 + 17 * row}" text-anchor="middle">'
                f"{escape(sign(name))} {share:.0%}</text>"
            )
    end = 30 + len(block.read) * STEP_WIDTH
    parts.append(f'<path class="arrow" d="M{end - 38} 100H{end - 4}m-6 -4l6 4l-6 4"/>')
    told = ", ".join(
        f"after {sign(character)} it expects {sign(expected[0][0])} ({expected[0][1]:.0%})"
        for character, expected in zip(block.read, block.expected, strict=True)
    )
    return (
        f'<figure><figcaption>{escape(block.title)}</figcaption><div class="wide" tabindex="0"'
        f' role="region" aria-label="{escape(block.title)}"><svg class="unrolled"'
        f' width="{end + 10}" height="180" role="img" aria-label="{escape(told)}">'
        f"{''.join(parts)}</svg></div></figure>"
    )
