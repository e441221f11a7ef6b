"""Which lines of a text are, as a whole, lines of a corpus.

A line ends at a newline; the last one needs none, in a text as in the corpus. Empty lines do not
count. The CR of a CRLF, which is there where `newline` is "keep", is not part of a line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lines:
    """A text has ``total`` lines, and ``in_corpus`` of them are lines of the corpus."""

    total: int
    in_corpus: int


def continued_line(prime: str, text: str) -> str:
    """Return a sample's ``text`` with the beginning of its first line, the end of ``prime``."""
    return prime.rpartition("\n")[2] + text


def split_lines(text: str) -> list[str]:
    """Return the lines of ``text`` that are not empty."""
    return [line for line in _split(text) if line]


class LineSearch:
    """Finds lines in a corpus that arrives in parts; ``finish`` after the last part."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = frozenset(lines)
        self._longest = max(map(len, self._lines), default=0)
        self._found: set[str] = set()
        self._rest = ""  # the beginning of a line whose end has not come

    def add(self, part: str) -> None:
        """Search the lines that end in the next part of the corpus."""
        if not self._lines:
            return
        lines = _split(self._rest + part)
        self._found |= self._lines.intersection(lines[:-1])
        # A line longer than all that are sought is none of them, however it goes on. Two more
        # characters are kept: one that makes it too long, and perhaps a CR.
        self._rest = (self._rest + part).rpartition("\n")[2][: self._longest + 2]

    def finish(self) -> None:
        """Search the last line of the corpus, if it has no newline."""
        self._found |= self._lines.intersection(_split(self._rest))

    def contains(self, line: str) -> bool:
        """Return whether ``line`` was found."""
        return line in self._found

    def count(self, lines: Sequence[str]) -> Lines:
        """Count the ``lines`` of a text, and those that were found."""
        return Lines(len(lines), sum(line in self._found for line in lines))


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines
