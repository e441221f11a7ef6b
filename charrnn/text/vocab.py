"""Characters to ids and back. A character is a Unicode code point of any script.

Not here: reading files (corpus.py), and what kind of character one is (character_kinds.py).
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids

MAX_CODE_POINT = 0x10FFFF
REPLACEMENT = "\ufffd"


class Vocabulary:
    """The characters that a model knows, in the order of their ids.

    ``unknown`` is the last id, which stands for all other characters; None in a model without one.
    ``counts`` has the number of occurrences of each id in the corpus, in the same order.
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
    def _id_table(self) -> npt.NDArray[np.int32]:
        """The id of each code point, -1 for those without one.

        It ends one past the largest known code point: that last entry, -1, stands for all above.
        """
        known = self._code_points[: len(self.characters)]
        ids = np.full(int(known.max(initial=0)) + 2, -1, np.int32)
        ids[known] = np.arange(len(known))
        return ids

    @cached_property
    def _encoding_table(self) -> Ids:
        """`_id_table` in the smallest dtype, with the unknown character's id instead of -1."""
        dtype = np.min_scalar_type(len(self) - 1)
        return np.where(self._id_table < 0, self.unknown or 0, self._id_table).astype(dtype)

    def lookup_ids(self, text: str) -> npt.NDArray[np.int32]:
        """Return the ids of ``text``, -1 for a character that is not in the vocabulary."""
        return self._id_table[np.minimum(code_points(text), len(self._id_table) - 1)]

    def encode(self, text: str) -> Ids:
        """Encode a piece of the corpus; return its ids in the smallest dtype that holds all ids.

        A character without an id becomes the unknown character, which must exist then.
        """
        table = self._encoding_table
        # bytes.translate is a table look-up in C over single bytes: no array of code points, which
        # has four bytes per character, has to be made.
        if table.itemsize == 1 and text.isascii():
            padded = table[:128].tobytes().ljust(256, table[-1:].tobytes())
            return np.frombuffer(text.encode().translate(padded), np.uint8)
        return table.take(code_points(text), mode="clip")

    def decode(self, ids: Ids) -> str:
        """Return the text of ``ids``, with U+FFFD for the unknown character."""
        return self._code_points[ids].astype("<u4").tobytes().decode("utf-32-le")


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """Return the code points of ``text``, which may have lone surrogates, as arguments can."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
