"""Where a text has a given piece: its suffixes in sorted order (Manber and Myers 1993)."""

from bisect import bisect_left, bisect_right

import numpy as np
import numpy.typing as npt

from charrnn.text.vocab import code_points

PIECE = 32
KEY_BITS = 63


class SuffixArray:
    """The places of all suffixes of ``text``, sorted, so that a piece is found by bisection."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._places = memoryview(sort_suffixes(text))  # type: ignore[arg-type]

    def find(self, piece: str) -> npt.NDArray[np.int32]:
        """All places where ``piece`` stands, in no order."""
        return np.asarray(self._places[slice(*self._beginning(piece, 0, len(self._places)))])

    def longest(self, text: str, start: int) -> int:
        """How many characters of ``text`` from ``start`` on stand here in a row."""
        low, high, length = 0, len(self._places), PIECE
        while True:
            piece = text[start : start + length]
            first, last = self._beginning(piece, low, high)
            if first == last or len(piece) < length:
                break
            low, high, length = first, last, 2 * length
        near = self._places[max(low, first - 1) : first + 1]  # as they are sorted, none is nearer
        return max((_in_common(piece, self.text[at : at + length]) for at in near), default=0)

    def _beginning(self, piece: str, low: int, high: int) -> tuple[int, int]:
        """Of the suffixes between, those that begin with ``piece``."""

        def beginning(place: int) -> str:
            return self.text[place : place + len(piece)]

        low = bisect_left(self._places, piece, low, high, key=beginning)
        if low == high or beginning(self._places[low]) != piece:
            return low, low
        return low, bisect_right(self._places, piece, low, high, key=beginning)


def sort_suffixes(text: str) -> npt.NDArray[np.int32]:
    """The places (N,) of the suffixes of ``text`` in sorted order, by code points.

    By doubling: what is sorted by its first k characters is sorted by 2 k when ties are broken by
    where the suffix k characters on stands (Karp, Miller and Rosenberg 1972). Only ties are sorted
    again (Larsson and Sadakane 2007), and the first characters are packed into one number.
    """
    N = len(text)
    if not N:
        return np.zeros(0, np.int32)
    key, compared = _packed(text)
    places = np.argsort(key).astype(np.int32)
    among = np.arange(N)  # the ties, as indices into places
    rank = np.zeros(N + 1, np.int32)  # from 1 on by what was compared; 0: the end of the text
    key = key[places]
    while True:
        first = np.append(True, key[1:] != key[:-1])  # of those that are equal
        rank[places[among]] = (
            among[np.maximum.accumulate(np.where(first, np.arange(len(key)), 0))] + 1
        )
        among = among[~(first & np.append(first[1:], True))]
        if not len(among):
            return places
        tied = places[among]
        beyond = np.minimum(tied.astype(np.int64) + compared, N)
        key = rank[tied].astype(np.int64) << 32 | rank[beyond]
        order = np.argsort(key)
        places[among], key = tied[order], key[order]
        compared *= 2


def _packed(text: str) -> tuple[npt.NDArray[np.int64], int]:
    """The first so many characters of every suffix as one number, (N,) in their order."""
    _, ranks = np.unique(code_points(text), return_inverse=True)
    bits = int(ranks.max() + 1).bit_length()
    number = KEY_BITS // bits
    padded = np.append(ranks + 1, np.zeros(number, np.int64))
    key = np.zeros(len(text), np.int64)
    for at in range(number):
        key = key << bits | padded[at : at + len(text)]
    return key, number


def _in_common(a: str, b: str) -> int:
    """How many characters they begin with together."""
    apart = (at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other)
    return next(apart, min(len(a), len(b)))
