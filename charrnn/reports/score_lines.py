"""The lines of a text that were predicted worst, found while the text is read.

Lines are counted by the newlines of the text itself, whatever the model knows or predicts of them.
"""

import heapq
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

LINES, SHORTEST_LINE, LINE_BEGINNING = 10, 10, 200  # lines that are kept; characters of a line


@dataclass(frozen=True, order=True)
class Line:
    """A line of the text: its mean ``nats`` per character, and its number ``line`` from 1.

    ``characters`` are those that were predicted, with the newline if the model knows it. ``text``
    has only the beginning of a long line, as it was read.
    """

    nats: float
    line: int
    characters: int
    text: str


class HardestLines:
    """The hardest lines of a text that arrives in pieces."""

    def __init__(self) -> None:
        self._hardest: list[Line] = []
        self._current = Line(0.0, 1, 0, "")  # its nats are a sum, not a mean

    def add(
        self, read: str, positions: npt.NDArray[np.intp], surprise: npt.NDArray[np.float32]
    ) -> None:
        """Add the next piece of the text, with the ``surprise`` of the characters at ``positions``.

        Both arrays are (N,), and N may be less than the length of ``read``.
        """
        start = 0
        while start < len(read):
            end = read.find("\n", start) + 1 or len(read)
            first, last = map(int, np.searchsorted(positions, [start, end]))
            line = self._current
            self._current = Line(
                line.nats + float(surprise[first:last].sum(dtype=np.float64)),
                line.line,
                line.characters + last - first,
                (line.text + read[start : min(end, start + LINE_BEGINNING)])[:LINE_BEGINNING],
            )
            if read[end - 1] == "\n":
                self._hardest = heapq.nlargest(LINES, [*self._hardest, *self._finished_line()])
                self._current = Line(0.0, line.line + 1, 0, "")
            start = end

    def result(self) -> tuple[Line, ...]:
        """Return the hardest lines, the hardest first; the text ends here."""
        lines = heapq.nlargest(LINES, [*self._hardest, *self._finished_line()])
        return tuple(sorted(lines, key=lambda line: (-line.nats, line.line)))

    def _finished_line(self) -> list[Line]:
        """Return the current line with its mean; none if it is too short to be compared."""
        line = self._current
        if line.characters < SHORTEST_LINE:
            return []
        return [replace(line, nats=line.nats / line.characters)]
