"""Characters to ids and back. A character is a Unicode code point, in whatever script.

Not here: reading files (corpus.py).
"""

import unicodedata
from functools import cached_property

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids

LARGEST_CODE_POINT = 0x10FFFF
NAMED_AT_MOST = 40
REPLACEMENT = "\ufffd"


class Vocabulary:
    """The characters that a model knows, in the order of their ids.

    Where it has an ``unknown`` character, that is the last id, and stands for all others.
    ``counts`` says how often each id stands in the corpus, in the same order.
    """

    def __init__(self, characters: str, counts: tuple[int, ...], *, unknown: bool = False) -> None:
        assert len(characters) + unknown == len(counts)
        assert len(characters) == len(set(characters))
        self.characters = characters
        self.counts = counts
        self.unknown = len(characters) if unknown else None

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def _code_points(self) -> npt.NDArray[np.uint32]:
        return code_points(self.characters + (REPLACEMENT if self.unknown is not None else ""))

    @cached_property
    def _ids(self) -> npt.NDArray[np.int32]:
        """The id of every code point up to one past the largest known; -1 where there is none."""
        known = self._code_points[: len(self.characters)]
        ids = np.full(int(known.max(initial=0)) + 2, -1, np.int32)
        ids[known] = np.arange(len(known))
        return ids

    @cached_property
    def _table(self) -> Ids:
        """The same in the smallest type; the unknown character's where there is none."""
        kind = np.min_scalar_type(len(self) - 1)
        return np.where(self._ids < 0, self.unknown or 0, self._ids).astype(kind)

    def lookup(self, text: str) -> npt.NDArray[np.int32]:
        """The ids of ``text``, -1 for a character that is not in the vocabulary."""
        return self._ids[np.minimum(code_points(text), len(self._ids) - 1)]

    def encode(self, text: str) -> Ids:
        """The ids of a piece of the corpus, in the smallest type that they fit."""
        table = self._table
        if table.itemsize == 1 and text.isascii():
            padded = table[:128].tobytes().ljust(256, table[-1:].tobytes())
            return np.frombuffer(text.encode().translate(padded), np.uint8)
        return table.take(code_points(text), mode="clip")

    def decode(self, ids: Ids) -> str:
        """The text of ``ids``, with U+FFFD for the unknown character."""
        return self._code_points[ids].astype("<u4").tobytes().decode("utf-32-le")


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of ``text``; lone surrogates, which an argument may hold, included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def label(character: str) -> str:
    """``'猫' (U+732B)``, and only the code point where there is nothing to see."""
    number = f"U+{ord(character):04X}"
    return f"'{character}' ({number})" if visible(character) else number


def visible(character: str) -> bool:
    """Whether a terminal shows ``character`` as a sign of its own and does nothing else with it."""
    return unicodedata.category(character)[0] not in "CZM"
