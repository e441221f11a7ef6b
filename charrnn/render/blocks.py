"""What a report consists of when it is shown, whatever it is shown on.

A report becomes sections of blocks once (sections/); a terminal, a picture and a page each draw
the same blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Facts:
    """Names and what they are."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Prose:
    """A sentence or two on how to read what stands beside it."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; those of the columns in ``numbers`` are set to the right.

    ``bars``, shares from 0 to 1, are drawn as one more column.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: str = ""
    bars: Sequence[float] = ()
    title: str = ""


@dataclass(frozen=True)
class Series:
    """Points joined by a line, and the ``band`` in which most of what they stand for lies."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    band: tuple[Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True)
class Chart:
    """Series over one axis, each logarithmic or not. ``levels`` are lines at named heights.

    Points that are not ``joined`` stand alone. ``span`` is what both axes show at least. A terminal
    leaves out what is not ``in_text``, as a table beside it has the same as bars.
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
    levels: Sequence[tuple[str, float]] = ()
    in_text: bool = True


@dataclass(frozen=True)
class Shades:
    """A text with a number for each of its characters, shown as shade from ``low`` to ``high``.

    ``details`` say more about each character, where there is something to say.
    """

    title: str
    text: str
    values: Sequence[float]
    low: float
    high: float
    unit: str
    details: Sequence[str] = ()


@dataclass(frozen=True)
class Unrolled:
    """The network drawn once for each step: what it reads, and what it expects then."""

    title: str
    read: Sequence[str]
    expected: Sequence[Sequence[tuple[str, float]]]
    cell: str


Block: TypeAlias = Facts | Prose | Table | Chart | Shades | Unrolled


@dataclass(frozen=True)
class Section:
    """A report, or a part of one."""

    title: str
    blocks: Sequence[Block]
