"""The blocks that reports are shown as: tables, charts, shaded texts.

A report becomes sections of blocks once (sections/). The terminal, the picture and the page each
draw these blocks in their own way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.render.clusters import split_clusters


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Prose:
    """A few sentences on how to read the other blocks of the section."""

    text: str


@dataclass(frozen=True)
class Quote:
    """A text that a model wrote, as it is."""

    title: str
    text: str


@dataclass(frozen=True)
class Column:
    """A column of a table. It is aligned to the ``right`` if it is ``numeric``, or if asked to.

    The name of a ``group`` stands above the names of neighbouring columns that have it. A terminal
    cuts an ``excerpt`` so that the table fits.
    """

    name: str
    numeric: bool = False
    right: bool = False
    group: str = ""
    excerpt: bool = False

    @property
    def is_right_aligned(self) -> bool:
        """Whether its cells are aligned to the right."""
        return self.numeric or self.right


def text_columns(*names: str) -> tuple[Column, ...]:
    """Return a column of text for each name."""
    return tuple(map(Column, names))


def numeric_columns(*names: str, group: str = "") -> tuple[Column, ...]:
    """Return a column of numbers for each name."""
    return tuple(Column(name, numeric=True, group=group) for name in names)


@dataclass(frozen=True)
class Table:
    """Rows with a cell for each of the ``columns``.

    One column at most is an excerpt. ``bars`` has a share from 0 to 1 for each row, or is empty;
    they are drawn as one more column.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    bars: Sequence[float] = ()
    title: str = ""


@dataclass(frozen=True)
class Series:
    """Points joined by a line. ``band`` has the lower and upper edge of an area around it.

    ``model`` is the model that it is about, which has one color on a whole page, or empty.
    ``style`` is the number of its color, dash and mark (series_style.py); None stands for its place
    in the chart.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    band: tuple[Sequence[float], Sequence[float]] | None = None
    model: str = ""
    style: int | None = None


@dataclass(frozen=True)
class Chart:
    """Series over two axes, each logarithmic or not. ``levels`` are lines at named heights.

    Points that are not ``joined`` are marks without a line. Both axes include the values in
    ``span``, and the vertical axis those in ``includes``. Points above ``top`` are off the chart,
    so that they do not press all others together; a line to one leaves the chart. ``ranges`` are
    named parts of the horizontal axis, which are marked. A terminal leaves out a chart that is not
    ``in_text``, because a table with bars has the same numbers.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    log_x: bool = False
    log_y: bool = False
    from_zero: bool = False
    joined: bool = True
    span: Sequence[float] = ()
    includes: Sequence[float] = ()
    top: float | None = None
    levels: Sequence[tuple[str, float]] = ()
    ranges: Sequence[tuple[str, float, float]] = ()
    in_text: bool = True


@dataclass(frozen=True)
class ShadedText:
    """A text with a value for each of its characters, drawn as a shade from ``low`` to ``high``.

    Characters that are drawn as one have one shade, for that one of their values that is furthest
    from 0. ``details`` has more to say about each character, or is empty.
    """

    title: str
    text: str
    values: Sequence[float]
    low: float
    high: float
    unit: str
    details: Sequence[str] = ()

    def clusters(self) -> Iterator[tuple[str, float]]:
        """Yield the characters that are drawn as one, and the value that their shade is for."""
        at = 0
        for cluster in split_clusters(self.text):
            yield cluster, max(self.values[at : at + len(cluster)], key=abs)
            at += len(cluster)

    @property
    def shared_shades(self) -> str:
        """A sentence on characters that share a shade; empty if there are none."""
        if all(len(cluster) == 1 for cluster in split_clusters(self.text)):
            return ""
        return _(
            "A letter and its marks, and other characters that are drawn as one, have one shade (on"
            " a terminal, one bar): that of their value furthest from 0."
        )

    @property
    def title_with_scale(self) -> str:
        """The title and what the shades stand for."""
        if not self.unit:
            return _("{title} ({low:g} to {high:g})").format(**vars(self))
        return _("{title} ({low:g} to {high:g} {unit})").format(**vars(self))


INPUT, HIDDEN = gettext_noop("input"), gettext_noop("hidden layer")
OUTPUT = gettext_noop("output")
"""The names of the layers of an unrolled network, which are translated where they are shown."""


@dataclass(frozen=True)
class UnrolledNetwork:
    """The network drawn once for each step, with the character read and those expected next.

    ``states`` has for each step, and in it for each layer from the lowest, the outputs of a few
    units, from -1 to 1. Where the network ``loops``, each step takes the state of the one before.
    """

    title: str
    read: Sequence[str]
    expected: Sequence[Sequence[tuple[str, float]]]
    cell: str
    states: Sequence[Sequence[Sequence[float]]] = ()
    loops: bool = True

    @property
    def layers(self) -> int:
        """The number of layers."""
        return len(self.states[0]) if self.states else 1


Block: TypeAlias = Facts | Prose | Quote | Table | Chart | ShadedText | UnrolledNetwork


@dataclass(frozen=True)
class Section:
    """A report, or a part of one."""

    title: str
    blocks: Sequence[Block]
