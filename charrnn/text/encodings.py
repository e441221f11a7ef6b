"""Which encoding a file has, where nobody says it.

In this order: a byte order mark; the escapes of ISO-2022-JP; UTF-8; a pattern of NULs, as UTF-16
and UTF-32 have; EUC-JP or CP932 (Shift_JIS as Windows writes it), where just one of them fits.
Nothing is taken because it is likely: a text that fits several is for the user to decide.
"""

import codecs
import io
import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from charrnn.config import AUTO
from charrnn.errors import ConfigError, InputError
from charrnn.generators import exhaust
from charrnn.text.decode import PIECE_BYTES, UndecodableError, characters, codec
from charrnn.text.sources import Source
from charrnn.text.vocab import LARGEST_CODE_POINT, REPLACEMENT, code_points

MARKS = (  # the longer first: one begins with another
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
ESCAPES = (b"\x1b$@", b"\x1b$B", b"\x1b$(", b"\x1b(J", b"\x1b(I")
"""Of ISO-2022-JP; not ESC ( B, back to ASCII, which terminals know too."""
ISO_2022_JP = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext")
UTF_8 = "utf-8"
UTF_16 = ("utf-16-le", "utf-16-be")
JAPANESE = ("euc_jp", "cp932")
CUSTOMARY = (
    *JAPANESE, "iso2022_jp", "gb18030", "big5", "euc_kr",
    "cp1252", "cp1251", "koi8-r",
)  # fmt: skip
"""What is tried to help a user on; others can be named."""
LOST_ESCAPES = (
    "is ISO-2022-JP with other escapes in between, which Python's codec cannot read;"
    " save it as UTF-8"
)
ENOUGH = 100_000  # characters beyond ASCII, to judge by their shares
NOT_ASCII = re.compile(r"[^\x00-\x7f].{,5}")
NO_TEXT = re.compile(r"[\x00\x80-\x9f\uf8f0-\uf8f3]|\x1b\$[@B(]")
"""NUL, C1, cp932 for bytes that stand for nothing, and escapes that are left over."""


def resolve_encoding(name: str) -> str:
    """Python's own name of the encoding ``name``, or "auto".

    Raises:
        ConfigError: when there is none.
    """
    if name == AUTO:
        return name
    if (found := codec(name)) is None:
        raise ConfigError(
            "encoding", f"{name!r} is no encoding that Python knows; try utf-8, cp932 or euc_jp"
        )
    return found


def guess_encoding(source: Source, encoding: str) -> Generator[int, None, Source]:
    """The file with the encoding that it has or, where only decoding it can tell, UTF-8.

    Yields bytes as it reads. Raises as `detect_encoding`.
    """
    if encoding == AUTO:
        seen = yield from _looked(source)
        if seen.is_jis:
            return detect_encoding(source)
        encoding = _by_look(source, seen) or UTF_8
    return replace(source, encoding=encoding)


def detect_encoding(source: Source, encoding: str = AUTO) -> Source:
    """The file with the encoding that it has, all of it.

    Raises:
        InputError: when it cannot be read, or its encoding is not clear.
    """
    if encoding == AUTO:
        seen = exhaust(_looked(source))
        recognised = _recognised(source, seen)
        if recognised is None:
            likely = ISO_2022_JP[0] if seen.is_jis else UTF_8
            if (offset := _offset(source, likely)) is None:
                raise InputError(source.path, LOST_ESCAPES)
            raise decoding_error(source, likely, offset)
        encoding = recognised
    return replace(source, encoding=encoding)


def decoding_error(source: Source, encoding: str, offset: int) -> InputError:
    """What to tell of a file that is not in ``encoding``, which it left at the byte ``offset``."""
    place = f"byte {offset:,} (line {_line(source, encoding):,}) is not {encoding.upper()}"
    if encoding == UTF_8 and _is_damaged(source):
        problem = "though most of the file is: it is damaged or cut short"
        return InputError(source.path, f"{place}, {problem}")
    found = _recognised(source, exhaust(_looked(source)))
    if found not in (None, encoding) and _fits(source, found or ""):
        return InputError(source.path, f"{place}; --encoding {found} fits")
    fitting = [f"{name} ({_example(source, name)})" for name in CUSTOMARY if _reads(source, name)]
    if not fitting:
        return InputError(source.path, f"{place}, and no other encoding fits; is it a text?")
    return InputError(
        source.path, f"{place}; it can be {', '.join(fitting)}: say which with --encoding"
    )


@dataclass
class _Look:
    """What a file's bytes look like, before anybody knows what they mean."""

    size: int = 0
    start: bytes = b""
    end: bytes = b""
    escapes: bool = False
    ascii: bool = True
    nuls: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))
    """By their place modulo 4."""

    @property
    def is_jis(self) -> bool:
        """Whether it has to be ISO-2022-JP, if it is whole."""
        return self.escapes and self.ascii

    def at(self, piece: bytes) -> None:
        """Look at the next bytes."""
        self.start += piece[: 4 - len(self.start)]
        self.ascii = self.ascii and piece.isascii()
        if b"\x1b" in piece or b"\x1b" in self.end:
            read = self.end + piece
            self.escapes = self.escapes or any(escape in read for escape in ESCAPES)
        self.end = (self.end + piece[-4:])[-4:]
        if b"\0" in piece:
            places = np.flatnonzero(np.frombuffer(piece, np.uint8) == 0) + self.size
            self.nuls += np.bincount(places % 4, minlength=4)
        self.size += len(piece)


def _looked(source: Source) -> Generator[int, None, _Look]:
    seen = _Look()
    with source.open() as stream:
        while piece := stream.read(PIECE_BYTES):
            seen.at(piece)
            yield len(piece)
    return seen


def _recognised(source: Source, seen: _Look) -> str | None:
    """What the order of this module's beginning finds; None where it is not clear."""
    if found := _by_look(source, seen):
        return found
    if seen.is_jis:
        return None
    if _fits(source, UTF_8):
        return UTF_8
    if _is_damaged(source):
        return None
    fitting = list(_by_nuls(source, seen))[:1] or [
        encoding for encoding in JAPANESE if _reads(source, encoding)
    ]
    if len(fitting) > 1 or not all(one in UTF_16 or _has_kana(source, one) for one in fitting):
        return None
    return fitting[0] if fitting else None


def _by_look(source: Source, seen: _Look) -> str | None:
    """The encoding where it shows without decoding UTF-8."""
    for mark, encoding in MARKS:
        if seen.start.startswith(mark):
            return encoding
    if seen.is_jis:
        return next((one for one in ISO_2022_JP if _reads(source, one)), None)
    # letters of an alphabet in UTF-16 are UTF-8 with NULs and other controls, too
    found = next(_by_nuls(source, seen), "")
    if found.startswith("utf-32") or (found and _is_one_block(source, found)):
        return found
    return UTF_8 if seen.ascii else None


def _by_nuls(source: Source, seen: _Look) -> Iterator[str]:
    """Encodings whose characters have several bytes, and would explain NULs; the best first."""
    if not seen.nuls.any():
        return
    for encoding, always, mostly in (("utf-32-le", 3, 2), ("utf-32-be", 0, 1)):
        certain = 4 * seen.nuls[always] == seen.size < 8 * seen.nuls[mostly]
        if certain and _fits(source, encoding):
            yield encoding
    fitting = {one: _ascii(source, one) for one in UTF_16 if _fits(source, one)}
    many = 4 * seen.nuls.sum() >= seen.size
    likely = [one for one, (spaces, others) in fitting.items() if spaces or (many and others)]
    yield from sorted(likely, key=lambda one: fitting[one], reverse=True)


def _is_one_block(source: Source, encoding: str) -> bool:
    """Whether most characters are of one block of 256, as in a language with an alphabet."""
    blocks = np.zeros(LARGEST_CODE_POINT // 256 + 1, np.int64)
    with source.open() as stream:
        for text in characters(stream, encoding):
            blocks += np.bincount(code_points(text) // 256, minlength=len(blocks))
    return bool(2 * blocks.max() > blocks.sum())


def _has_kana(source: Source, encoding: str) -> bool:
    """Whether it is Japanese in ``encoding``: of what is not ASCII, a twentieth is kana.

    As other languages in their encodings become kanji, half-width kana or private characters.
    """
    kana, others = 0, 0
    with source.open() as stream:
        for text in characters(stream, encoding):
            found = code_points(text)
            kana += int(np.count_nonzero((found >= 0x3041) & (found <= 0x30FA)))
            others += int(np.count_nonzero(found >= 0x80))
            if others > ENOUGH:
                break
    return 20 * kana >= others


def _ascii(source: Source, encoding: str) -> tuple[int, int]:
    """Its spaces and newlines, and all of its ASCII; nothing where a NUL is a character of it."""
    spaces, all_ = 0, 0
    with source.open() as stream:
        for text in characters(stream, encoding):
            if "\0" in text:
                return 0, 0
            spaces += sum(map(text.count, "\n \u3000"))
            all_ += int(np.count_nonzero(code_points(text) < 0x80))
    return spaces, all_


def _reads(source: Source, encoding: str) -> bool:
    """Whether it is in ``encoding``, and a text then."""
    with suppress(UndecodableError), source.open() as stream:
        return not any(map(NO_TEXT.search, characters(stream, encoding)))
    return False


def _is_damaged(source: Source) -> bool:
    """Whether it is UTF-8 but for a few bytes, which CP932 often takes, and makes nonsense of.

    Beside a byte that is wrong most others beyond ASCII are right; in other encodings few are.
    """
    decoder, right, wrong = codecs.getincrementaldecoder(UTF_8)("replace"), 0, 0
    with source.open() as stream:
        while piece := stream.read(PIECE_BYTES):
            text = decoder.decode(piece)
            wrong += text.count(REPLACEMENT)
            right += int(np.count_nonzero(code_points(text) >= 0x80)) - text.count(REPLACEMENT)
            if right + wrong > ENOUGH:
                break
    return right > wrong + len(decoder.decode(b"", final=True))


def _fits(source: Source, encoding: str) -> bool:
    return _offset(source, encoding) is None


def _offset(source: Source, encoding: str) -> int | None:
    """Where the file stops being in ``encoding``; None if it is to its end."""
    try:
        with source.open() as stream:
            for _ in characters(stream, encoding):
                pass
    except UndecodableError as error:
        return error.offset
    return None


def _line(source: Source, encoding: str) -> int:
    """The line of the text that is the last in ``encoding``."""
    newlines, line = io.IncrementalNewlineDecoder(None, translate=True), 1
    with suppress(UndecodableError), source.open() as stream:
        for text in characters(stream, encoding):
            line += newlines.decode(text).count("\n")
    return line + newlines.decode("", final=True).count("\n")


def _example(source: Source, encoding: str) -> str:
    """What it would be in ``encoding``, from where it is more than ASCII."""
    with source.open() as stream:
        for text in characters(stream, encoding):
            if found := NOT_ASCII.search(text):
                return found[0]
    return "ASCII"
