"""Where the levels of a chart and their names are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.language import gettext as _
from charrnn.render.axis import Axis, format_number
from charrnn.render.blocks import Chart

FREE, SIDE = 0.15, 0.25
"""The distance of a level from a series at which its name has room, as a share of the vertical
axis, and the share of the horizontal axis that the name takes."""


@dataclass(frozen=True)
class PlacedLevel:
    """A level of a chart: its position ``share`` on the axis, from 0 to 1, and that of its name.

    The name is at the left or the right end of the level, where the series are further away.
    """

    name: str
    share: float
    name_share: float
    is_left: bool


def place_levels(block: Chart, up: Axis, gap: float) -> list[PlacedLevel]:
    """Place the levels that are on the axis, with their names at least ``gap`` apart."""
    levels = sorted(
        (level for level in block.levels if up.low <= level[1] <= up.high),
        key=lambda level: level[1],
    )
    shares = [up.share(height) for __, height in levels]
    return [
        PlacedLevel(name, share, name_share, _is_left_free(block, up, share))
        for (name, __), share, name_share in zip(levels, shares, _spread(shares, gap), strict=True)
    ]


def describe_levels_off(block: Chart, up: Axis) -> list[str]:
    """Name the levels that are not on the axis, with their heights."""
    return [
        _("{name}: {height} (off the chart)").format(name=name, height=format_number(height))
        for name, height in block.levels
        if not up.low <= height <= up.high
    ]


def _spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move rising positions apart to at least ``gap``, but the highest to at most 1 - ``gap``."""
    spread = list[float]()
    for position in positions:
        spread.append(max(position, spread[-1] + gap) if spread else position)
    limit = 1 - gap
    for at in reversed(range(len(spread))):
        spread[at] = min(spread[at], limit)
        limit = spread[at] - gap
    return spread


def _is_left_free(block: Chart, up: Axis, level: float) -> bool:
    """Tell whether the series are far from ``level`` at the left, or further than at the right.

    The right end is the second choice, because most legends are there.
    """
    across = Axis([x for series in block.series for x in series.x], block.log_x)

    def nearest(*, left: bool) -> float:
        near = [
            y
            for series in block.series
            for x, y in zip(series.x, series.y, strict=True)
            if across.shows(x)
            and up.shows(y)
            and (across.share(x) <= SIDE if left else across.share(x) >= 1 - SIDE)
        ]
        return min((abs(up.share(y) - level) for y in near), default=1.0)

    return nearest(left=True) > min(FREE, nearest(left=False))
