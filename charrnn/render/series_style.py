"""Colors, dashes and marks that tell the series of a chart apart, for pictures and pages."""

from typing import NamedTuple

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


def choose_dash(at: int) -> _Style:
    """Return the dash of series ``at``: 24 series differ in their color or their dash."""
    return DASHES[(at + at // len(COLORS)) % len(DASHES)]


def choose_mark(at: int) -> _Style:
    """Return the mark of series ``at``: 24 series differ in their color or their mark."""
    return MARKS[(at + at // len(COLORS)) % len(MARKS)]
