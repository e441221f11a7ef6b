"""`shuffle`: the lines or paragraphs of a corpus in an order that its fingerprint decides.

Validation and test part are the end of a text. In a list that is sorted they would be unlike the
rest, so its lines are learned in a random order. The order is the same in every run on the text:
losses of different seeds stay comparable. A paragraph ends with an empty line.

The text itself is not held in memory, only 16 bytes for each line or paragraph.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.text.vocab import Vocabulary

LINES, PARAGRAPHS = "lines", "paragraphs"
EMPTY_LINE = re.compile(r"\n\r?\n(?=[^\r\n])")
LONGEST_END = 3  # the characters of an empty line, with a CR
CHUNK = 1 << 22  # characters that are searched or copied together
TOGETHER = 1 << 16  # lines that are copied together, unless they are long


class UnitCounter:
    """Counts the lines or paragraphs of a text that arrives in pieces, and keeps its end."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self._ends, self._end, self._has_text = 0, "", False

    def add(self, piece: str) -> None:
        """Count the lines or paragraphs that end in ``piece``."""
        if self.unit == LINES:
            self._ends += piece.count("\n")
        else:
            text = self._end + piece
            for match in EMPTY_LINE.finditer(text):
                # What comes after the empty line is in this piece, so it was not counted before.
                is_new = match.end() >= len(self._end)
                self._has_text = self._has_text or bool(text[: match.start()].strip("\r\n"))
                self._ends += is_new and self._has_text
        self._has_text = self._has_text or bool(piece.strip("\r\n"))
        self._end = (self._end + piece)[-LONGEST_END:]

    @property
    def number(self) -> int:
        """The number of lines or paragraphs."""
        is_last_open = self.unit == PARAGRAPHS or not self._end.endswith("\n")
        return self._ends + (self._has_text and is_last_open)

    @property
    def missing_end(self) -> str:
        """The newlines without which the last line or paragraph would not end like the others."""
        if self.unit == PARAGRAPHS and not re.search(r"\n\r?\n\Z", self._end):
            return "\n" if self._end.endswith("\n") else "\n\n"
        return "" if self._end.endswith("\n") else "\n"


def write_shuffled(
    ids: Ids, vocabulary: Vocabulary, unit: str, fingerprint: str, file: BinaryIO
) -> None:
    """Write the lines or paragraphs of ``ids`` (N,) to ``file`` in the order of ``fingerprint``.

    Raises:
        OSError: when it cannot be written.
    """
    starts = _list_starts(ids, vocabulary, unit)
    order = _draw_order(len(starts) - 1, fingerprint)
    for first in range(0, len(order), TOGETHER):
        units = order[first : first + TOGETHER]
        begins, lengths = starts[units], starts[units + 1] - starts[units]
        if lengths.sum() > CHUNK:
            for begin, length in zip(begins.tolist(), lengths.tolist(), strict=True):
                file.write(ids[begin : begin + length].data)
        else:
            places = np.repeat(begins - np.append(0, lengths.cumsum()[:-1]), lengths)
            file.write(ids[places + np.arange(len(places))].data)


def _list_starts(ids: Ids, vocabulary: Vocabulary, unit: str) -> npt.NDArray[np.int64]:
    """Return the places in ``ids`` where lines or paragraphs begin, and the end of the last one."""
    # They are counted first, because joining the places of all chunks would hold them twice.
    number = sum(map(len, _find_starts(ids, vocabulary, unit)))
    starts, filled = np.empty(number + 1, np.int64), 0
    for places in _find_starts(ids, vocabulary, unit):
        starts[filled : filled + len(places)] = places
        filled += len(places)
    starts[-1] = len(ids)
    return starts


def _find_starts(ids: Ids, vocabulary: Vocabulary, unit: str) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the places in ``ids`` where lines or paragraphs begin, in order."""
    newline, carriage_return = vocabulary.lookup_ids("\n\r")
    yield np.zeros(1, np.int64)
    has_text = False
    for start in range(0, len(ids), CHUNK):
        first = max(0, start - LONGEST_END)
        part = np.asarray(ids[first : start + CHUNK])
        is_newline, is_return = part == newline, part == carriage_return
        begins = _shift(is_newline)
        if unit == PARAGRAPHS:
            ends_empty = is_newline & (begins | _shift(is_return & begins))
            begins = _shift(ends_empty) & ~is_newline & ~is_return
            # Empty lines at the beginning of the text belong to its first paragraph.
            text_begins = np.argmin(is_newline | is_return)
            if not has_text:
                begins[text_begins] = False
            has_text = has_text or not (is_newline[text_begins] or is_return[text_begins])
        places = first + np.flatnonzero(begins)
        yield places[places >= max(start, 1)]


def _shift(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return what is true of the character before each one; the first has none."""
    return np.append(False, marks[:-1])


def _draw_order(number: int, fingerprint: str) -> npt.NDArray[np.int64]:
    """Return a permutation of ``number`` places; a fingerprint is 64 hexadecimal digits.

    Each place is written into the low bits of a random number, and the numbers are sorted. The
    numbers of a bit generator never change between versions of NumPy; those of its distributions
    may.
    """
    bits = max(1, number - 1).bit_length()
    generator = np.random.PCG64(int(fingerprint, 16))
    numbers = generator.random_raw(number)
    numbers >>= np.uint64(bits)
    numbers <<= np.uint64(bits)
    for start in range(0, number, CHUNK):
        numbers[start : start + CHUNK] |= np.arange(
            start, min(start + CHUNK, number), dtype=np.uint64
        )
    numbers.sort()
    numbers &= np.uint64((1 << bits) - 1)
    return numbers.view(np.int64)
