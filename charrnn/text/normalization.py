"""Newline translation and Unicode normalization of a text as it is read.

A model keeps both settings and applies them to every text that it reads later. Newlines are
translated first, then the text is normalized (UAX #15). Not here: bytes (decode.py).
"""

import io
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, cast

from charrnn.config import TrainConfig

Form: TypeAlias = Literal["NFC", "NFKC"]


@dataclass(frozen=True)
class Normalization:
    """``newline`` "lf" turns CRLF and CR into LF; ``normalize`` is "none", "nfc" or "nfkc"."""

    newline: str = TrainConfig.newline
    normalize: str = TrainConfig.normalize

    def apply(self, text: str) -> str:
        """Normalize a whole text."""
        if self.newline == "lf":
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return unicodedata.normalize(self._form, text) if self._form else text

    def apply_to_pieces(self, pieces: Iterable[str]) -> Iterator[str]:
        """Normalize a text that arrives in pieces, which may end anywhere.

        The pieces that are yielded join to the normalized text; none of them is empty.
        """
        if self.newline == "lf":
            pieces = _translate_newlines(pieces)
        return filter(None, _normalize_pieces(pieces, self._form) if self._form else pieces)

    @property
    def _form(self) -> Form | None:
        return None if self.normalize == "none" else cast(Form, self.normalize.upper())


def _translate_newlines(pieces: Iterable[str]) -> Iterator[str]:
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    # Pieces without a CR, which are most, skip the decoder. A CR at the end of a piece may be the
    # first half of a CRLF: the decoder holds it back, so the next piece has to pass through it too.
    cr_pending = False
    for text in filter(None, pieces):
        if cr_pending or "\r" in text:
            cr_pending = text.endswith("\r")
            text = newlines.decode(text)
        yield text
    yield newlines.decode("", final=True)


def _normalize_pieces(pieces: Iterable[str], form: Form) -> Iterator[str]:
    """Normalize up to the last boundary; hold the rest back, as the next piece may change it."""
    held: list[str] = []
    for text in pieces:
        positions = range(len(text) - 1, -1, -1)
        boundary = next((index for index in positions if _has_boundary_before(text[index])), 0)
        if boundary or (text and _has_boundary_before(text[0])):
            yield unicodedata.normalize(form, "".join([*held, text[:boundary]]))
            held = []
        held.append(text[boundary:])
    yield unicodedata.normalize(form, "".join(held))


def _has_boundary_before(character: str) -> bool:
    """Return whether a text can be cut before ``character`` and its parts normalized separately.

    True for a starter (combining class 0) that never composes with the character before it. The
    first character of the compatibility decomposition decides, so the answer holds for each form.
    """
    first = unicodedata.normalize("NFKD", character)[0]
    return not unicodedata.combining(first) and first not in _starters_composing_backward()


@cache
def _starters_composing_backward() -> frozenset[str]:
    """Return a superset of the characters of class 0 that can compose with the one before.

    They are the second characters of canonical decompositions into pairs, and the vowels and final
    consonants of Hangul, which are composed by a formula and therefore stand in no table (Unicode
    Standard, section 3.12).
    """
    decompositions = map(unicodedata.decomposition, map(chr, range(sys.maxunicode + 1)))
    # A decomposition that begins with a tag such as <compat> is not canonical.
    pairs = (parts.split() for parts in decompositions if parts and not parts.startswith("<"))
    seconds = (chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2)
    return frozenset([*seconds, *map(chr, range(0x1161, 0x1200))])
