"""Colors, dashes and marks that tell the series of a chart apart, for pictures and pages."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from charrnn.render.blocks import Chart, Section, Series

COLORS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b83280", "#4a5568")
"""The colors of pictures. A page has as many, --c0 to --c5 in page.css, for light and dark."""
MAX_MARKED = 24
"""A line with more points than this has no marks."""


class _Style(NamedTuple):
    """A dash or a mark as matplotlib and as SVG write it."""

    matplotlib: str
    svg: str


DASHES = (_Style("-", ""), _Style("--", "6 3"), _Style("-.", "8 3 2 3"), _Style(":", "2 3"))
MARKS = (
    _Style("o", "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0"),
    _Style("s", "m-3 -3h6v6h-6z"),
    _Style("^", "m0 -4l4 7h-8z"),
    _Style("D", "m0 -4l4 4l-4 4l-4 -4z"),
)


def style_series(sections: Sequence[Section]) -> list[Section]:
    """Number the series of all charts, so that a model has the same color in all of them.

    Several series of one model in a chart have its color, and other dashes and marks. Series that
    are about no model have the numbers after those of the models.
    """
    charts = [block for section in sections for block in section.blocks if isinstance(block, Chart)]
    models = dict.fromkeys(line.model for chart in charts for line in chart.series if line.model)
    numbers = {model: number for number, model in enumerate(models)}
    return [
        replace(
            section,
            blocks=[
                replace(block, series=list(_number(block.series, numbers)))
                if isinstance(block, Chart)
                else block
                for block in section.blocks
            ],
        )
        for section in sections
    ]


def _number(series: Sequence[Series], numbers: dict[str, int]) -> Iterator[Series]:
    others = count(len(numbers))
    seen: dict[str, int] = {}
    for line in series:
        if line.model:
            again = seen[line.model] = seen.get(line.model, -1) + 1
            # A number that is larger by the number of colors has the same color.
            yield replace(line, style=numbers[line.model] + again * len(COLORS))
        else:
            yield replace(line, style=next(others))


def choose_style(series: Series, at: int) -> int:
    """Return the number of a series, which is at place ``at`` of its chart."""
    return at if series.style is None else series.style


def choose_dash(at: int) -> _Style:
    """Return the dash of series ``at``: 24 series differ in their color or their dash."""
    return DASHES[(at + at // len(COLORS)) % len(DASHES)]


def choose_mark(at: int) -> _Style:
    """Return the mark of series ``at``: 24 series differ in their color or their mark."""
    return MARKS[(at + at // len(COLORS)) % len(MARKS)]
