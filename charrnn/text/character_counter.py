"""How often each character occurs in a text that arrives in pieces, and the text's fingerprint."""

import hashlib
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.text.joining import FileJoiner
from charrnn.text.shuffling import LINES, UnitCounter
from charrnn.text.vocab import code_points


class CharacterCounter:
    """The number of occurrences of each code point, up to the largest, and the text's SHA-256.

    ``unseparated`` is the SHA-256 without the newlines between files, once there is one.
    """

    def __init__(self, shuffle: str | None = None) -> None:
        self.counts = np.zeros(0, np.int64)
        self.sha256 = hashlib.sha256()
        self.unseparated: hashlib._Hash | None = None
        self._joiner = FileJoiner()
        self._units = UnitCounter(shuffle) if shuffle else None

    def copy(self) -> "CharacterCounter":
        """Return a copy that later counting does not change."""
        other = CharacterCounter()
        other.counts, other.sha256 = self.counts.copy(), self.sha256.copy()
        other.unseparated = self.unseparated and self.unseparated.copy()
        other._joiner, other._units = replace(self._joiner), copy(self._units)
        return other

    def begin_file(self) -> None:
        """Begin the next file."""
        self._joiner.begin_file()

    def count(self, pieces: Iterable[tuple[str, int]]) -> Iterator[int]:
        """Count the characters of ``pieces``; yield the number of bytes read for each."""
        for piece, bytes_read in pieces:
            separator = self._joiner.add(piece)
            if separator and self.unseparated is None:
                self.unseparated = self.sha256.copy()
            if self.unseparated is not None:
                self.unseparated.update(piece.encode())
            text = separator + piece
            self.sha256.update(text.encode())
            if self._units:
                self._units.add(text)
            self.counts = add_counts(self.counts, _count_code_points(text))
            yield bytes_read

    def end(self, names: str) -> None:
        """Count the newlines that a text to be shuffled gets at its end.

        Raises:
            InputError: when the text, whose files are ``names``, has nothing to shuffle.
        """
        if not self._units:
            return
        if self._units.number < 2:
            problem = (
                _("has fewer than two lines, so there is nothing to `shuffle`")
                if self._units.unit == LINES
                else _("has fewer than two paragraphs, so there is nothing to `shuffle`")
            )
            raise InputError(names, problem)
        self.counts = add_counts(self.counts, _count_code_points(self._units.missing_end))


def add_counts(counts: npt.NDArray[np.int64], more: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Add two arrays of counts by code point, the longer of which is changed and returned."""
    if len(more) > len(counts):
        counts, more = more, counts
    counts[: len(more)] += more
    return counts


def _count_code_points(text: str) -> npt.NDArray[np.int64]:
    """Return the number of occurrences in ``text`` of each code point up to the largest."""
    if not text.isascii():
        return np.bincount(code_points(text))
    # Two ASCII characters at a time are one 16-bit number: bincount then has half as many numbers
    # to count, and that takes most of the time. Summing the table over either axis splits the pairs
    # again; which of the two bytes comes first makes no difference to the sum of both.
    pairs = np.frombuffer(text[: len(text) // 2 * 2].encode(), np.uint16)
    pair_counts = np.bincount(pairs, minlength=1 << 16).reshape(256, 256)
    counts = pair_counts.sum(axis=0) + pair_counts.sum(axis=1)
    if len(text) % 2:
        counts[ord(text[-1])] += 1
    return counts
