"""How much of a text stands verbatim in the corpus that a model learned from, and where."""

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.config import AUTO
from charrnn.reports.learned import find_corpus
from charrnn.reports.suffix_array import SuffixArray
from charrnn.storage.model_file import Checkpoint
from charrnn.text.corpus import read_source
from charrnn.text.encodings import detect_encoding
from charrnn.text.sources import find_sources, printable_path
from charrnn.text.vocab import code_points

LEAST = 20
LISTED_AT_MOST = 1000
INSTEAD = "name a text with --corpus"
"""What to do where the corpus is not found."""


@dataclass(frozen=True)
class Span:
    """What of a text stands in the corpus in a row, and can be extended to neither side.

    It begins after ``start`` characters. The corpus has it so many ``times``, first in this
    ``line``, from 1 on, of this ``file``.
    """

    start: int
    length: int
    text: str
    times: int
    file: str
    line: int


@dataclass(frozen=True)
class Copied:
    """Of a text's ``characters`` so many ``copied`` stand in spans of ``least`` or more.

    ``share`` is the one through the other. ``longest`` is the length of the longest span, however
    short, which is ``longest_span``, None where not one character is in the corpus. ``spans`` are
    those of ``least`` and more in the text's order, which may overlap; of more than a thousand the
    longest, and ``unlisted`` is the number of the others.
    """

    characters: int
    copied: int
    share: float
    least: int
    longest: int
    longest_span: Span | None
    spans: tuple[Span, ...]
    unlisted: int = 0


def corpus(checkpoint: Checkpoint, model: Path, named: Sequence[Path] = ()) -> "Corpus":
    """What the ``model`` file learned from, or the files and folders that are ``named`` instead.

    Raises:
        InputError: when it cannot be read, or is no longer what the model learned from.
    """
    normalization = checkpoint.corpus_info.normalization
    if named:
        files = tuple(detect_encoding(file, AUTO) for file in find_sources(named))
    else:
        files = tuple(find_corpus(checkpoint, model, INSTEAD))
    return Corpus([(printable_path(file.path), read_source(file, normalization)) for file in files])


class Corpus:
    """Files one after the other, as they were learned, to look pieces of text up in."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        """Of each of ``files`` its name and its text."""
        self._names = [name for name, _ in files]
        self._starts = np.cumsum([0, *(len(text) for _, text in files)]).tolist()
        text = "".join(text for _, text in files)
        self._newlines = np.flatnonzero(code_points(text) == ord("\n"))
        self._suffixes = SuffixArray(text)

    def copied(self, text: str, least: int = LEAST) -> Copied:
        """What of ``text`` stands here."""
        best, covered, end, found = (0, 0), 0, 0, []
        for start, length in self._maximal(text, least):
            best = max(best, (length, -start))
            if length >= least:
                covered += start + length - max(start, end)
                end = start + length
                found.append((-length, start))
        listed = sorted(heapq.nsmallest(LISTED_AT_MOST, found), key=lambda pair: pair[1])
        length, start = best[0], -best[1]
        return Copied(
            characters=len(text),
            copied=covered,
            share=covered / len(text) if text else 0.0,
            least=least,
            longest=length,
            longest_span=self._span(text, start, length) if length else None,
            spans=tuple(self._span(text, at, -negative) for negative, at in listed),
            unlisted=len(found) - len(listed),
        )

    def _maximal(self, text: str, least: int) -> Iterator[tuple[int, int]]:
        """Start and length of every span of ``least`` and more, and of some that are shorter."""
        start = 0
        while start < len(text):
            length = self._suffixes.longest(text, start)
            yield start, length
            if length < least:
                start += 1
            elif (end := start + length) == len(text):
                return
            else:
                start = self._next(text, start + 1, end, least)

    def _next(self, text: str, low: int, end: int, least: int) -> int:
        """Where the first span of ``least`` or more can begin that goes on beyond ``end``.

        Not before ``low``. If it begins somewhere, its part from any later place on is here too.
        """
        high = max(low, end + 1 - least)
        if not self._has(text[high : end + 1]):
            return high + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._has(text[middle : end + 1]) else (middle + 1, high)
        return low

    def _has(self, piece: str) -> bool:
        return len(self._suffixes.find(piece)) > 0

    def _span(self, text: str, start: int, length: int) -> Span:
        piece = text[start : start + length]
        places = self._suffixes.find(piece)
        first = int(places.min())
        file = bisect_right(self._starts, first) - 1
        before, here = np.searchsorted(self._newlines, [self._starts[file], first])
        line = int(here - before) + 1
        return Span(start, length, piece, len(places), self._names[file], line)
