"""Finds windows of one text in another by their hashes (Karp and Rabin 1987).

A window is the characters from any position on, in a fixed number. With c[i] the code points of a
text, the hash of the window of L characters at j is

    h(j) = sum over k < L of c[j + k] B^(k + 1)   modulo 2^64

It follows from two prefix sums s(j) = sum over i < j of c[i] B^i, because B is odd and has an
inverse: h(j) = (s(j + L) - s(j)) B^(1 - j). So a hash of any length takes one subtraction and one
product. Equal windows have equal hashes, but equal hashes do not prove that windows are equal.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from charrnn.text.vocab import code_points

Hashes = npt.NDArray[np.uint64]

BASE = 0x9E3779B97F4A7C15  # odd, and its bits look random
INVERSE = pow(BASE, -1, 1 << 64)
PIECE = 1 << 19
"""Characters of a long text that are hashed together."""
LEAST_BITS, MOST_BITS, ENTRIES_PER_HASH = 16, 24, 8


class HashedText:
    """The prefix sums of a text, from which the hashes of its windows of any length follow."""

    def __init__(self, text: str) -> None:
        points = code_points(text)
        self._sums = np.zeros(len(points) + 1, np.uint64)
        np.cumsum(points * _powers(BASE, len(points)), out=self._sums[1:])

    def hash_windows(self, length: int) -> Hashes:
        """Return the hashes of all windows of ``length`` characters, (N - length + 1,)."""
        number = max(0, len(self._sums) - length)
        sums = self._sums[length:] - self._sums[:number]
        # The first factor is B^1, so that even a window of one character has a hash of 64 bits.
        return sums * _powers(INVERSE, number) * np.uint64(BASE)


def hash_windows(text: str, length: int) -> Hashes:
    """Return the hashes of all windows of ``length`` characters of a text of any size."""
    starts = range(0, max(1, len(text) - length + 1), PIECE)
    parts = (text[start : start + PIECE + length - 1] for start in starts)
    return np.concatenate([HashedText(part).hash_windows(length) for part in parts])


class WindowFilter:
    """Finds the windows that have the hash of a window of ``texts``.

    Among them are all windows that are in ``texts``, and hardly any others.
    """

    def __init__(self, texts: Sequence[str], length: int) -> None:
        self.length = length
        hashes = [hash_windows(text, length) for text in texts]
        self._hashes = _sort_distinct(np.concatenate([np.zeros(0, np.uint64), *hashes]))
        # Most windows of a corpus are in no text. A table by the first bits of a hash, which stays
        # in the cache, rejects them before any search.
        bits = (ENTRIES_PER_HASH * len(self._hashes)).bit_length()
        self._shift = np.uint64(64 - min(MOST_BITS, max(LEAST_BITS, bits)))
        self._table = np.zeros(1 << (64 - int(self._shift)), bool)
        self._table[self._hashes >> self._shift] = True

    def find(self, hashes: Hashes) -> npt.NDArray[np.intp]:
        """Return where in ``hashes`` a hash of ``texts`` is, in ascending order."""
        near = np.flatnonzero(self._table[(hashes >> self._shift).view(np.int64)])
        return near[_are_among(hashes[near], self._hashes)]


class WindowSearch:
    """Finds the texts of which any window of ``length`` characters is in a part of a corpus."""

    def __init__(self, texts: Sequence[str], length: int) -> None:
        self._texts, self._filter = texts, WindowFilter(texts, length)

    def find(self, part: str, hashed: HashedText) -> Iterator[tuple[int, int]]:
        """Yield the index of each text that has such a window, and where the first one begins."""
        length = self._filter.length
        hashes = hashed.hash_windows(length)
        found = _sort_distinct(hashes[self._filter.find(hashes)])
        if not len(found):
            return
        for index, text in enumerate(self._texts):
            starts = np.flatnonzero(_are_among(hash_windows(text, length), found))
            for start in starts.tolist():
                if text[start : start + length] in part:  # the hashes alone do not prove it
                    yield index, start
                    break


def _sort_distinct(hashes: Hashes) -> Hashes:
    # np.unique takes several times as long.
    hashes.sort()
    return hashes[np.append(True, hashes[1:] != hashes[:-1])] if len(hashes) else hashes


def _are_among(hashes: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Return which of ``hashes`` are in ``known``, which is sorted."""
    if not len(known):
        return np.zeros(len(hashes), bool)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return known[at] == hashes


@cache
def _power_table(base: int, number: int) -> Hashes:
    powers = np.full(number, base, np.uint64)
    powers[0] = 1
    return np.cumprod(powers)


def _powers(base: int, number: int) -> Hashes:
    """Return the powers of ``base`` modulo 2^64 from 0 on, (number,)."""
    return _power_table(base, 1 << max(0, number - 1).bit_length())[:number]
