"""What is done to characters as a text is read: a model keeps it for all that it reads later.

Newlines first, then Unicode normalisation (UAX #15). Not here: bytes (decode.py).
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
class Rules:
    """``newline`` "lf" makes CRLF and CR to LF; ``normalize`` is "none", "nfc" or "nfkc"."""

    newline: str = TrainConfig.newline
    normalize: str = TrainConfig.normalize

    def apply(self, text: str) -> str:
        """A whole ``text`` as it would be in the corpus."""
        if self.newline == "lf":
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return unicodedata.normalize(self._form, text) if self._form else text

    def each(self, texts: Iterable[str]) -> Iterator[str]:
        """The same of a text that comes in pieces, wherever they end; none of them is empty."""
        if self.newline == "lf":
            texts = _with_lf(texts)
        return filter(None, _normalized(texts, self._form) if self._form else texts)

    @property
    def _form(self) -> Form | None:
        return None if self.normalize == "none" else cast(Form, self.normalize.upper())


def _with_lf(texts: Iterable[str]) -> Iterator[str]:
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    pending = False  # a CR that might be half of a CRLF
    for text in filter(None, texts):
        if pending or "\r" in text:
            pending = text.endswith("\r")
            text = newlines.decode(text)
        yield text
    yield newlines.decode("", final=True)


def _normalized(texts: Iterable[str], form: Form) -> Iterator[str]:
    """What might still change with the next piece waits for it."""
    waiting: list[str] = []
    for text in texts:
        end = next((at for at in range(len(text) - 1, -1, -1) if _begins(text[at])), 0)
        if end or (text and _begins(text[0])):
            yield unicodedata.normalize(form, "".join([*waiting, text[:end]]))
            waiting = []
        waiting.append(text[end:])
    yield unicodedata.normalize(form, "".join(waiting))


def _begins(character: str) -> bool:
    """Whether nothing before ``character`` can have a part in what it becomes."""
    first = unicodedata.normalize("NFKD", character)[0]
    return not unicodedata.combining(first) and first not in _joining()


@cache
def _joining() -> frozenset[str]:
    """Characters that are composed with the one before though they do not combine.

    The second of each canonical pair, and the vowels and final consonants of Hangul, whose
    compositions are a formula and in no table (Unicode Standard, section 3.12).
    """
    decompositions = map(unicodedata.decomposition, map(chr, range(sys.maxunicode + 1)))
    pairs = (parts.split() for parts in decompositions if parts and not parts.startswith("<"))
    seconds = (chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2)
    return frozenset([*seconds, *map(chr, range(0x1161, 0x1200))])
