"""The parts of a corpus that consist of windows of given texts, as far as hashes tell.

Whatever a text and the corpus share, if it is at least as long as a window, is in one of these
excerpts, so an exact search of the excerpts finds all of it. They are far shorter than the corpus.
A window whose hash is that of a text's window by accident makes an excerpt longer, and no result
wrong. Equal excerpts are kept once, with their number, so that a corpus of repetitions is small.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.reports.searched_corpus import Chunk
from charrnn.reports.suffix_array import SuffixArray
from charrnn.reports.window_hashes import HashedText, WindowFilter, hash_windows
from charrnn.text.vocab import code_points

Ends = npt.NDArray[np.int32]

FEWEST_STARTS = 1 << 16
BATCH = 1 << 20
"""Characters of excerpts that are searched together; sorting them takes 60 bytes for each."""


@dataclass(frozen=True)
class Occurrences:
    """The ``times`` that a corpus has a piece, and the characters and newlines before the first."""

    times: int
    position: int
    newlines: int

    def add(self, other: "Occurrences") -> "Occurrences":
        """Return these occurrences and those in another part of the corpus."""
        first = min(self, other, key=lambda found: found.position)
        return Occurrences(self.times + other.times, first.position, first.newlines)


class Excerpts:
    """Excerpts, indexed so that pieces of texts can be found in them.

    Each has its text, and the number of its first characters at which pieces may begin: those that
    begin later are found in the next excerpt, which begins there.
    """

    def __init__(
        self, excerpts: dict[tuple[str, int], Occurrences], separator: str, length: int
    ) -> None:
        self._texts = [text for text, _ in excerpts]
        self._begins = np.array([begins for _, begins in excerpts], np.int64)
        self._found = list(excerpts.values())
        self._times = np.array([found.times for found in self._found], np.int64)
        self._positions = np.array([found.position for found in self._found], np.int64)
        sizes = np.array([len(text) + len(separator) for text in self._texts], np.int64)
        self._starts = np.cumsum(sizes) - sizes
        self._length, self._suffixes = length, SuffixArray(separator.join(self._texts))
        self._filter = WindowFilter([self._suffixes.text], length)

    def find(self, piece: str) -> Occurrences | None:
        """Find a piece of a text, at least as long as a window; None where it does not occur."""
        places = self._suffixes.find(piece)
        excerpts = np.searchsorted(self._starts, places, "right") - 1
        offsets = places - self._starts[excerpts]
        own = offsets < self._begins[excerpts]
        excerpts, offsets = excerpts[own], offsets[own]
        if not len(excerpts):
            return None
        positions = self._positions[excerpts] + offsets
        first = int(positions.argmin())
        excerpt, offset = int(excerpts[first]), int(offsets[first])
        newlines = self._found[excerpt].newlines + self._texts[excerpt].count("\n", 0, offset)
        return Occurrences(int(self._times[excerpts].sum()), int(positions[first]), newlines)

    def find_windows(self, text: str, length: int) -> Iterator[tuple[str, Occurrences]]:
        """Yield the windows of ``text`` that occur, each once, with their occurrences."""
        starts = self._list_starts(text).tolist()
        for window in dict.fromkeys(text[start : start + length] for start in starts):
            if found := self.find(window):
                yield window, found

    def extend_spans(self, text: str, ends: Ends) -> None:
        """Raise ``ends``, (N,), in place where a longer span of ``text`` occurs here.

        ``ends[i]`` is the largest end of the known spans that begin at i or before, 0 without any.
        A span is at least as long as a window.
        """
        N = len(text)
        if N == 0 or ends[0] == N:  # nothing can be longer
            return
        occurs = np.zeros(N + 1, bool)
        occurs[self._list_starts(text)] = True
        # A span that passes a known end contains the window whose last character is behind it.
        needed = np.maximum(np.arange(N, dtype=ends.dtype), ends + 1 - self._length)
        starts: list[int] = np.flatnonzero(occurs[:N] & occurs[needed]).tolist()
        at = 0
        while at < len(starts):
            start = starts[at]
            length = self._suffixes.longest_match(text, start)
            if length < self._length:  # its hash is equal by accident
                at += 1
                continue
            end = start + length
            ends[start] = max(int(ends[start]), end)
            if end == N:
                break
            at = bisect_left(starts, self._next_start(text, start + 1, end), at + 1)
        np.maximum.accumulate(ends, out=ends)

    def _list_starts(self, text: str) -> npt.NDArray[np.intp]:
        """Return the positions in ``text`` where a window begins that seems to occur."""
        return self._filter.find(hash_windows(text, self._length))

    def _next_start(self, text: str, low: int, end: int) -> int:
        """Find the first position from ``low`` on where a span begins that passes ``end``.

        If a span begins somewhere, its part from any later place on occurs too, so the start is
        found by bisection.
        """
        high = end + 1 - self._length
        if not self._contains(text[high : end + 1]):
            return high + 1
        while low < high:
            middle = (low + high) // 2
            if self._contains(text[middle : end + 1]):
                high = middle
            else:
                low = middle + 1
        return low

    def _contains(self, piece: str) -> bool:
        return len(self._suffixes.find(piece)) > 0


class ExcerptCollector:
    """Collects the excerpts of a corpus that arrives in chunks, for ``texts``.

    ``take`` returns what has been collected; call it when ``is_full``, and after ``finish``.
    """

    def __init__(self, texts: Sequence[str], length: int) -> None:
        self._filter, self._length = WindowFilter(texts, length), length
        self._separator = _choose_separator(texts)
        # A long run of windows is cut, so that one of repetitions becomes a few equal excerpts.
        # Each part has what follows it as well, as much as a piece of a text can need.
        longest = max(map(len, texts), default=0)
        self._starts_of_part = max(FEWEST_STARTS, longest)
        self._part = self._starts_of_part + longest - 1
        self._excerpts: dict[tuple[str, int], Occurrences] = {}
        self._characters = 0
        self._run, self._next = "", 0  # the run that has not ended, and the start that continues it
        self._position = self._newlines = 0  # where it begins

    @property
    def is_full(self) -> bool:
        """Whether there is as much as should be searched together."""
        return self._characters >= BATCH

    def add(self, chunk: Chunk, hashed: HashedText) -> None:
        """Add the windows of ``chunk`` that were not in the chunk before."""
        starts = self._filter.find(hashed.hash_windows(self._length))
        starts = starts[starts + self._length > chunk.carried]
        if not len(starts):
            return
        is_first = np.append(True, np.diff(starts) > 1)
        firsts, lasts = starts[is_first], starts[np.append(is_first[1:], True)]
        newlines = np.searchsorted(_find_newlines(chunk.text), firsts) + chunk.newlines
        for first, last, before in zip(
            firsts.tolist(), lasts.tolist(), newlines.tolist(), strict=True
        ):
            end = last + self._length
            if self._run and chunk.position + first == self._next:
                self._run += chunk.text[first + self._length - 1 : end]
            else:
                self.finish()
                self._run = chunk.text[first:end]
                self._position, self._newlines = chunk.position + first, before
            self._next = chunk.position + last + 1
            self._cut_run()

    def finish(self) -> None:
        """End the run of windows that may still go on."""
        if begins := max(0, len(self._run) - self._length + 1):
            self._keep(self._run, begins)
        self._run = ""

    def take(self) -> Excerpts:
        """Return the excerpts that have been collected, and begin anew."""
        excerpts, self._excerpts, self._characters = self._excerpts, {}, 0
        return Excerpts(excerpts, self._separator, self._length)

    def _cut_run(self) -> None:
        while len(self._run) >= self._part:
            self._keep(self._run[: self._part], self._starts_of_part)
            self._newlines += self._run.count("\n", 0, self._starts_of_part)
            self._position += self._starts_of_part
            self._run = self._run[self._starts_of_part :]

    def _keep(self, text: str, begins: int) -> None:
        new = Occurrences(1, self._position, self._newlines)
        known = self._excerpts.get((text, begins))
        if known is None:
            self._characters += len(text) + 1
        self._excerpts[text, begins] = known.add(new) if known else new


def _find_newlines(text: str) -> npt.NDArray[np.intp]:
    return np.flatnonzero(code_points(text) == ord("\n"))


def _choose_separator(texts: Sequence[str]) -> str:
    """Return the first character that is in none of ``texts``, so that no match crosses it."""
    used = set().union(*texts)
    return next(filter(lambda character: character not in used, map(chr, range(1 << 20))))
