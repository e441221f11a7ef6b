"""Search in a long text through a suffix array: its suffixes, sorted (Manber and Myers 1993)."""

from bisect import bisect_left, bisect_right

import numpy as np
import numpy.typing as npt

from charrnn.text.vocab import code_points

PIECE = 32
KEY_BITS = 63


class SuffixArray:
    """The places of all suffixes of ``text``, sorted, so that bisection finds any piece of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places = memoryview(sort_suffixes(text))  # type: ignore[arg-type]

    def find(self, piece: str) -> npt.NDArray[np.int32]:
        """Return all places where ``piece`` begins, in no particular order."""
        return np.asarray(self._places[slice(*self._bisect(piece, 0, len(self._places)))])

    def longest_match(self, text: str, start: int) -> int:
        """Return the length of the longest match for ``text`` from ``start`` on."""
        low, high, length = 0, len(self._places), PIECE
        while True:
            piece = text[start : start + length]
            first, last = self._bisect(piece, low, high)
            if first == last or len(piece) < length:
                break
            low, high, length = first, last, 2 * length
        # As the suffixes are sorted, the longest match is one of the two around the piece.
        near = self._places[max(low, first - 1) : first + 1]
        return max(
            (_common_prefix_length(piece, self.text[at : at + length]) for at in near), default=0
        )

    def _bisect(self, piece: str, low: int, high: int) -> tuple[int, int]:
        """Return the range within ``low`` to ``high`` of the suffixes that begin with ``piece``."""

        def prefix(place: int) -> str:
            return self.text[place : place + len(piece)]

        low = bisect_left(self._places, piece, low, high, key=prefix)
        if low == high or prefix(self._places[low]) != piece:
            return low, low
        return low, bisect_right(self._places, piece, low, high, key=prefix)


def sort_suffixes(text: str) -> npt.NDArray[np.int32]:
    """Sort the suffixes of ``text`` by code points, and return their places (N,).

    By doubling: suffixes that are sorted by their first k characters become sorted by 2 k when
    ties are broken by the ranks of the suffixes k characters later (Karp, Miller and Rosenberg
    1972). Only ties are sorted again (Larsson and Sadakane 2007). To begin with, as many first
    characters as fit are packed into one number.
    """
    N = len(text)
    if not N:
        return np.zeros(0, np.int32)
    key, compared = _pack_prefixes(text)
    places = np.argsort(key).astype(np.int32)
    ties = np.arange(N)  # as indices into places
    rank = np.zeros(N + 1, np.int32)  # by the characters compared, from 1; 0 is the text's end
    key = key[places]
    while True:
        first = np.append(True, key[1:] != key[:-1])  # the first of each group of equal keys
        rank[places[ties]] = (
            ties[np.maximum.accumulate(np.where(first, np.arange(len(key)), 0))] + 1
        )
        ties = ties[~(first & np.append(first[1:], True))]
        if not len(ties):
            return places
        tied = places[ties]
        beyond = np.minimum(tied.astype(np.int64) + compared, N)
        key = rank[tied].astype(np.int64) << 32 | rank[beyond]
        order = np.argsort(key)
        places[ties], key = tied[order], key[order]
        compared *= 2


def _pack_prefixes(text: str) -> tuple[npt.NDArray[np.int64], int]:
    """Pack the first characters of every suffix in one number (N,); return also how many fit."""
    _, ranks = np.unique(code_points(text), return_inverse=True)
    bits = int(ranks.max() + 1).bit_length()
    number = KEY_BITS // bits
    padded = np.append(ranks + 1, np.zeros(number, np.int64))
    key = np.zeros(len(text), np.int64)
    for at in range(number):
        key = key << bits | padded[at : at + len(text)]
    return key, number


def _common_prefix_length(a: str, b: str) -> int:
    differences = (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return next(differences, min(len(a), len(b)))
