"""Charts and unrolled networks as SVG with a text alternative, for an HTML page.

Colors and fonts are those of the page's style sheet (page.css).
"""

import html
from collections.abc import Iterable, Iterator, Sequence

from charrnn.language import gettext as _
from charrnn.render.axis import Axis, format_number
from charrnn.render.blocks import HIDDEN, INPUT, OUTPUT, Chart, Series, UnrolledNetwork
from charrnn.render.controls import escape_controls
from charrnn.render.levels import describe_levels_off, place_levels
from charrnn.render.series_style import COLORS, MAX_MARKED, choose_dash, choose_mark, choose_style
from charrnn.render.words import format_share, join_words, show_character

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 84, 16, 12, 44
"""The margins of a chart; the left and the right one are larger where labels are long."""
DIGIT_WIDTH, NAME_OF_AXIS = 11, 24
"""What a digit beside a tick takes, and the name of the vertical axis, in letters of a phone."""
BOX_WIDTH, BOX_HEIGHT, BETWEEN_LAYERS, BETWEEN_STEPS = 84, 40, 18, 34
SQUARE, FIRST_ROW, ROW = 6, 16, 17
LONG_CELL = 11  # letters that a box has room for
FURTHEST_UP = -100 * HEIGHT  # of a point that is off the chart
NAME_HEIGHT = 18  # from the name of a level to the next, also in the large letters of a phone


def escape(text: str) -> str:
    """Escape ``text`` for any place in a page: neither markup nor control characters are left."""
    return html.escape(escape_controls(text, but="\n\t"))


class _PositionedAxis(Axis):
    """An axis from ``start`` to ``end`` on the picture, in pixels."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, log: bool,
        from_zero: bool = False, top: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(values, log, from_zero, top)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + self.share(value) * (self.end - self.start)


def draw_chart(block: Chart) -> str:
    """Draw a figure with the chart and its legend."""
    lengths = [*block.span, *(x for series in block.series for x in series.x)]
    heights = [
        y for series in block.series for y in (*series.y, *(series.band[1] if series.band else ()))
    ]
    heights += [*block.span, *block.includes]
    up = _PositionedAxis(heights, HEIGHT - BOTTOM, TOP, block.log_y, block.from_zero, block.top)
    left = max(LEFT, NAME_OF_AXIS + 6 + max(map(_measure_label, up.ticks()), default=0))
    across = _PositionedAxis(lengths, left, WIDTH - RIGHT, block.log_x)
    across.end -= max((_measure_beyond(across, tick) for tick in across.ticks()), default=0)
    parts = [*_draw_ranges(block, across), *_draw_axes(block, across, up)]
    styles = [choose_style(series, at) for at, series in enumerate(block.series)]
    for style, series in zip(styles, block.series, strict=True):
        parts += _draw_series(series, style, across, up, block.joined)
    parts += _draw_levels(block, across, up)
    legend = "".join(
        '<li><svg width="30" height="10" aria-hidden="true">'
        f"{_draw_key(style, block.joined)}"
        f"</svg>{escape(series.name)}</li>"
        for style, series in zip(styles, block.series, strict=True)
        if series.name
    )
    legend += "".join(f"<li>{escape(level)}</li>" for level in describe_levels_off(block, up))
    alternative = escape(
        _("; ").join([*map(_describe_series, block.series), *map(_describe_level, block.levels)])
    )
    return (
        f'<figure><figcaption>{escape(block.title)}</figcaption><svg class="chart" viewBox="0 0'
        f' {WIDTH} {HEIGHT}" role="img" aria-label="{escape(block.title)}: {alternative}">'
        + "".join(parts)
        + f'</svg><ul class="legend">{legend}</ul></figure>'
    )


def _describe_series(series: Series) -> str:
    """Describe a series in words, for readers who do not see the chart."""
    name = series.name or _("values")
    if not len(series.x):
        return _("{name}: nothing").format(name=name)
    return _("{name} from {first:z.3g} at {start:z,.6g} to {last:z.3g} at {end:z,.6g}").format(
        name=name, first=series.y[0], start=series.x[0], last=series.y[-1], end=series.x[-1]
    )


def _describe_level(level: tuple[str, float]) -> str:
    name, height = level
    return _("{name} at {height:z.3g}").format(name=name, height=height)


def _measure_label(tick: float) -> float:
    """Return the width of the label of a tick in the large letters of a phone."""
    return DIGIT_WIDTH * len(format_number(tick))


def _measure_beyond(across: _PositionedAxis, tick: float) -> float:
    """Return how far the label of a tick goes beyond the right edge of the picture."""
    return max(0.0, across(tick) + _measure_label(tick) / 2 - WIDTH)


def _draw_levels(block: Chart, across: _PositionedAxis, up: _PositionedAxis) -> Iterator[str]:
    """Draw the levels as lines, each with its name above it, or higher where names are close."""
    height = HEIGHT - BOTTOM - TOP
    left, right = across.start, across.end
    for level in place_levels(block, up, NAME_HEIGHT / height):
        y, name_y = (TOP + (1 - share) * height for share in (level.share, level.name_share))
        x, anchor = (left + 4, "start") if level.is_left else (right, "end")
        yield f'<path class="level" d="M{left:g} {y:.1f}H{right:g}"/>'
        yield (
            f'<text class="over" x="{x:g}" y="{name_y - 4:.1f}" text-anchor="{anchor}">'
            f"{escape(level.name)}</text>"
        )


def _draw_ranges(block: Chart, across: _PositionedAxis) -> Iterator[str]:
    """Shade the named parts of the horizontal axis, as far as they are on it."""
    for name, low, high in block.ranges:
        left, right = (across(min(max(x, across.low), across.high)) for x in (low, high))
        if right <= left:
            continue
        yield (
            f'<rect class="range" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}"'
            f' height="{HEIGHT - BOTTOM - TOP}"/>'
            f'<text class="over" x="{(left + right) / 2:.1f}" y="{TOP + 12}" text-anchor="middle">'
            f"{escape(name)}</text>"
        )


def _draw_axes(block: Chart, across: _PositionedAxis, up: _PositionedAxis) -> Iterator[str]:
    left, right, floor = across.start, across.end, HEIGHT - BOTTOM
    for value in up.ticks():
        y, label = up(value), format_number(value)
        yield f'<path class="grid" d="M{left:g} {y:.1f}H{right:g}"/>'
        yield f'<text x="{left - 6:g}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for value in across.ticks():
        x, label = across(value), format_number(value)
        yield f'<path class="axis" d="M{x:.1f} {floor}v5"/>'
        yield f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{escape(label)}</text>'
    yield f'<path class="axis" d="M{left:g} {TOP}V{floor}H{right:g}"/>'
    yield (
        f'<text x="{(left + right) / 2:g}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(block.x)}</text>"
    )
    yield (
        f'<text transform="translate(18 {(TOP + floor) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(block.y)}</text>"
    )


def _draw_key(at: int, joined: bool) -> str:
    """Draw the sign of a series in the legend."""
    return _draw_line(at, "M0 5H30") if joined else _draw_mark(at, 15, 5)


def _draw_line(at: int, path: str) -> str:
    dash = choose_dash(at).svg
    return f'<path class="line c{at % len(COLORS)}" stroke-dasharray="{dash}" d="{path}"/>'


def _draw_mark(at: int, x: float, y: float) -> str:
    shape = choose_mark(at).svg
    return f'<path class="mark c{at % len(COLORS)}" d="M{x:.1f} {y:.1f}{shape}"/>'


def _draw_series(
    series: Series, at: int, across: _PositionedAxis, up: _PositionedAxis, joined: bool
) -> Iterator[str]:
    color = f"c{at % len(COLORS)}"
    if series.band:
        low, high = series.band
        floor = up.low
        there = [(across(x), up(max(top, floor))) for x, top in zip(series.x, high, strict=True)]
        back = [
            (across(x), up(max(bottom, floor))) for x, bottom in zip(series.x, low, strict=True)
        ]
        yield f'<path class="band {color}" d="{_path_data([*there, *reversed(back)])}Z"/>'
    points = [
        (x, y)
        for x, y in zip(series.x, series.y, strict=True)
        if across.shows(x) and up.is_finite(y)
    ]
    if points and joined:
        path = ((across(x), max(up(y), FURTHEST_UP)) for x, y in points)
        line = _draw_line(at, _path_data(path))
        has_points_off = not all(up.shows(y) for _, y in points)
        yield _clip(line, across) if has_points_off else line
    if len(points) <= MAX_MARKED or not joined:
        yield from (_draw_mark(at, across(x), up(y)) for x, y in points if up.shows(y))


def _clip(drawn: str, across: _PositionedAxis) -> str:
    """Hide what is drawn outside of the two axes."""
    left, width, height = across.start, across.end - across.start, HEIGHT - BOTTOM - TOP
    place = f'x="{left:g}" y="{TOP}" width="{width:g}" height="{height}"'
    view = f"{left:g} {TOP} {width:g} {height}"
    return f'<svg {place} viewBox="{view}">{drawn}</svg>'


def _path_data(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def draw_unrolled(block: UnrolledNetwork) -> str:
    """Draw the network with its loop, then a copy of it for each step.

    A copy has a box for each layer, with its state as colored squares, the character that it reads
    below and those that it expects above.
    """
    top = FIRST_ROW + ROW * max((len(row) for row in block.expected), default=0)
    height = block.layers * (BOX_HEIGHT + BETWEEN_LAYERS)
    floor = top + height + BETWEEN_LAYERS
    parts = [*_draw_copy(block, BETWEEN_STEPS, top)]
    if block.loops:
        parts += (_draw_loop(BETWEEN_STEPS, y) for y in _box_tops(block, top))
    x = 2 * BETWEEN_STEPS + BOX_WIDTH
    parts.append(f'<text class="read" x="{x}" y="{top + height / 2}" text-anchor="middle">=</text>')
    x += BETWEEN_STEPS
    for at, (character, expected) in enumerate(zip(block.read, block.expected, strict=True)):
        parts += _draw_copy(block, x, top, at)
        middle = x + BOX_WIDTH / 2
        parts.append(
            f'<text class="read" x="{middle}" y="{floor + 14}" text-anchor="middle">'
            f"{escape(show_character(character))}</text>"
        )
        for row, (name, share) in enumerate(expected):
            parts.append(_write(middle, FIRST_ROW + ROW * row - 4, format_share(name, share)))
        x += BOX_WIDTH + BETWEEN_STEPS
        if block.loops:
            parts += (
                _draw_arrow(x - BETWEEN_STEPS + 4, y + BOX_HEIGHT / 2, BETWEEN_STEPS - 8)
                for y in _box_tops(block, top)
            )
    alternative = join_words(map(_describe_step, block.read, block.expected))
    return (
        f'<figure><figcaption>{escape(block.title)}</figcaption><div class="wide" tabindex="0"'
        f' role="region" aria-label="{escape(block.title)}"><svg class="unrolled"'
        f' width="{x + 10}" height="{floor + 24}" role="img" aria-label="{escape(alternative)}">'
        f"{''.join(parts)}</svg></div></figure>"
    )


def _box_tops(block: UnrolledNetwork, top: float) -> list[float]:
    """Return the upper edge of each layer's box, from the lowest layer to the top one."""
    step = BOX_HEIGHT + BETWEEN_LAYERS
    return [top + BETWEEN_LAYERS + step * row for row in reversed(range(block.layers))]


def _draw_copy(
    block: UnrolledNetwork, x: float, top: float, at: int | None = None
) -> Iterator[str]:
    """Draw the boxes of the network at ``x``; those of step ``at`` with their state."""
    middle = x + BOX_WIDTH / 2
    for layer, y in enumerate(_box_tops(block, top)):
        name = block.cell if block.layers == 1 else f"{block.cell} {layer + 1}"
        squeezed = ' textLength="76" lengthAdjust="spacingAndGlyphs"' * (len(name) > LONG_CELL)
        yield (
            f'<rect class="box" x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        )
        yield (
            f'<text x="{middle}" y="{y + 17}" text-anchor="middle"{squeezed}>{escape(name)}</text>'
        )
        if at is None:
            yield _write(middle, y + BOX_HEIGHT - 8, _(HIDDEN))
        elif block.states:
            yield from _draw_state(block.states[at][layer], middle, y + BOX_HEIGHT - 14)
        yield _draw_arrow_up(middle, y + BOX_HEIGHT + BETWEEN_LAYERS - 2, BETWEEN_LAYERS - 6)
    yield _draw_arrow_up(middle, top + BETWEEN_LAYERS - 2, BETWEEN_LAYERS - 6)
    if at is None:
        floor = top + block.layers * (BOX_HEIGHT + BETWEEN_LAYERS) + BETWEEN_LAYERS
        yield _write(middle, floor + 14, _(INPUT))
        yield _write(middle, top - 4, _(OUTPUT))


def _write(middle: float, y: float, label: str) -> str:
    return f'<text x="{middle}" y="{y}" text-anchor="middle">{escape(label)}</text>'


def _draw_state(values: Sequence[float], middle: float, y: float) -> Iterator[str]:
    """Draw a square for each value from -1 to 1, with its opacity; negative ones in one color."""
    x = middle - len(values) * SQUARE / 2
    for number, value in enumerate(values):
        sign = "negative" if value < 0 else "positive"
        yield (
            f'<rect class="{sign}" x="{x + SQUARE * number:g}" y="{y:g}" width="{SQUARE}"'
            f' height="{SQUARE}" fill-opacity="{min(1.0, abs(value)):z.2f}"/>'
        )


def _draw_loop(x: float, y: float) -> str:
    """Draw the arrow from a box back into itself."""
    half = BOX_HEIGHT / 2
    return (
        f'<path class="arrow" d="M{x + BOX_WIDTH} {y + half}h12v{-half - 8}H{x - 12}v{half + 8}'
        'h10m-6 -4l6 4l-6 4"/>'
    )


def _draw_arrow(x: float, y: float, length: float) -> str:
    return f'<path class="arrow" d="M{x} {y}h{length}m-6 -4l6 4l-6 4"/>'


def _draw_arrow_up(x: float, y: float, length: float) -> str:
    return f'<path class="arrow" d="M{x} {y}v{-length}m-4 6l4 -6l4 6"/>'


def _describe_step(character: str, expected: Sequence[tuple[str, float]]) -> str:
    likeliest, share = expected[0]
    return _("after {read} it expects {expected} ({share:z.0%})").format(
        read=show_character(character), expected=show_character(likeliest), share=share
    )
