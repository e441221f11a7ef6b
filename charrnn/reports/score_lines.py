"""The score of a line, and the lines of a text that are predicted worst.

Lines are counted by the newlines of the text itself, whatever the model knows or predicts of them.
"""

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.text.vocab import code_points

LINES, SHORTEST_LINE, LINE_BEGINNING = 10, 10, 200  # lines that are kept; characters of a line


@dataclass(frozen=True)
class LineScore:
    """How well the line number ``line``, counted from 1, is predicted.

    ``characters`` is the number of those that were predicted, with the newline if the model knows
    it. ``nats`` is their mean, None if there are none, and ``total_nats`` their sum.
    """

    line: int
    text: str
    characters: int
    nats: float | None
    total_nats: float


def score_line(line: int, text: str, characters: int, total_nats: float) -> LineScore:
    """Return a `LineScore` with the mean of its characters."""
    mean = total_nats / characters if characters else None
    return LineScore(line, text, characters, mean, total_nats)


class HardestLines:
    """The lines with the highest means of those that are added, at most ``number``."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._heap: list[tuple[float, int, LineScore]] = []

    @property
    def least(self) -> float:
        """The mean above which a line is kept; no mean is below 0."""
        return self._heap[0][0] if len(self._heap) == self._number else -1.0

    def add(self, line: LineScore) -> None:
        """Keep a line, if it is harder than those that have been added."""
        if line.nats is not None and line.nats > self.least:
            replace = heapq.heapreplace if len(self._heap) == self._number else heapq.heappush
            replace(self._heap, (line.nats, -line.line, line))

    def result(self) -> tuple[LineScore, ...]:
        """Return the lines, the hardest first."""
        return tuple(line for _, _, line in sorted(self._heap, reverse=True))


class RunningLines:
    """The hardest lines of a text that arrives in pieces, and is read as a whole.

    Lines with fewer than `SHORTEST_LINE` predictions are left out: their means would be extreme.
    Of a long line, only the beginning is kept, as it was read.
    """

    def __init__(self) -> None:
        self._hardest = HardestLines(LINES)
        self._line, self._text = 1, ""  # the line that is not complete yet
        self._characters, self._nats = 0, 0.0

    def add(
        self, read: str, positions: npt.NDArray[np.intp], surprise: npt.NDArray[np.float32]
    ) -> None:
        """Add the next piece of the text, with the ``surprise`` of the characters at ``positions``.

        Both arrays are (N,), and N may be less than the length of ``read``.
        """
        ends = np.flatnonzero(code_points(read) == ord("\n")) + 1
        starts = np.append(0, ends)
        before = np.searchsorted(positions, np.append(starts, len(read)))
        sums = np.append(0, np.cumsum(surprise, dtype=np.float64))[before]
        characters, nats = np.diff(before), np.diff(sums)
        characters[0] += self._characters
        nats[0] += self._nats
        # All lines but the last one are complete.
        long_enough = characters[:-1] >= SHORTEST_LINE
        hard = long_enough & (nats[:-1] > self._hardest.least * characters[:-1])
        for at in np.flatnonzero(hard).tolist():
            text = self._extend("" if at else self._text, read, starts[at], ends[at])
            self._add_line(self._line + at, text, characters[at], nats[at])
        self._text = self._extend("" if len(ends) else self._text, read, starts[-1], len(read))
        self._line += len(ends)
        self._characters, self._nats = int(characters[-1]), float(nats[-1])

    def result(self) -> tuple[LineScore, ...]:
        """Return the hardest lines, the hardest first; the text ends here."""
        if self._characters >= SHORTEST_LINE:
            self._add_line(self._line, self._text, self._characters, self._nats)
            self._characters = 0
        return self._hardest.result()

    def _add_line(self, line: int, text: str, characters: int, nats: float) -> None:
        self._hardest.add(score_line(line, text, int(characters), float(nats)))

    @staticmethod
    def _extend(text: str, read: str, start: int, end: int) -> str:
        """Return ``text`` with ``read[start:end]``, as far as the beginning of a line is kept."""
        return text + read[start : min(end, start + LINE_BEGINNING - len(text))]
