"""Characters to ids and back. A character is a Unicode code point, in whatever script.

Not here: reading files (corpus.py).
"""

import unicodedata
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.errors import InputError

Ids: TypeAlias = npt.NDArray[np.integer[Any]]
LARGEST_CODE_POINT = 0x10FFFF
NAMED_AT_MOST = 8


class Vocabulary:
    """The characters that a model knows, in the order of their ids.

    ``counts`` says how often each stands in the corpus, in the same order.
    """

    def __init__(self, characters: str, counts: tuple[int, ...]) -> None:
        assert len(characters) == len(counts) == len(set(characters))
        self.characters = characters
        self.counts = counts

    def __len__(self) -> int:
        return len(self.characters)

    @cached_property
    def _code_points(self) -> npt.NDArray[np.uint32]:
        return code_points(self.characters)

    @cached_property
    def _ids(self) -> npt.NDArray[np.int32]:
        """The id of every code point up to one past the largest known; -1 where there is none."""
        ids = np.full(int(self._code_points.max(initial=0)) + 2, -1, np.int32)
        ids[self._code_points] = np.arange(len(self))
        return ids

    def lookup(self, text: str) -> npt.NDArray[np.int32]:
        """The ids of ``text``, -1 for a character that is not in the vocabulary."""
        return self._ids[np.minimum(code_points(text), len(self._ids) - 1)]

    def encode(self, text: str, name: str) -> npt.NDArray[np.int32]:
        """The ids of ``text``.

        Raises:
            InputError: naming each character of ``name`` that is not in the vocabulary.
        """
        ids = self.lookup(text)
        if (ids < 0).any():
            unknown = dict.fromkeys(char for char, id_ in zip(text, ids, strict=True) if id_ < 0)
            raise InputError(name, f"{describe(list(unknown))} not in the model's vocabulary")
        return ids

    def decode(self, ids: Ids) -> str:
        """The text of ``ids``."""
        return self._code_points[ids].astype("<u4").tobytes().decode("utf-32-le")


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of ``text``; lone surrogates, which an argument may hold, included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def describe(characters: list[str]) -> str:
    """Name ``characters`` for a message: as they look, and by code point."""
    named = ", ".join(map(label, characters[:NAMED_AT_MOST]))
    more = len(characters) - NAMED_AT_MOST
    return named + (
        f" and {more} more are" if more > 0 else " is" if len(characters) == 1 else " are"
    )


def label(character: str) -> str:
    """``'猫' (U+732B)``, and only the code point where there is nothing to see."""
    number = f"U+{ord(character):04X}"
    return f"'{character}' ({number})" if visible(character) else number


def visible(character: str) -> bool:
    """Whether a terminal shows ``character`` as a sign of its own and does nothing else with it."""
    return unicodedata.category(character)[0] not in "CZM"
