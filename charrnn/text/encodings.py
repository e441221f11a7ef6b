"""Detection of a file's encoding.

These are tried in this order: a byte order mark; the escape sequences of ISO-2022-JP; UTF-8; the
pattern of NUL bytes that UTF-16 and UTF-32 have; EUC-JP or CP932 (Shift_JIS as Windows writes it),
if exactly one of the two fits. An encoding is never taken because it is likely: if several fit, the
error lists them and the user decides.
"""

import codecs
import io
import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from charrnn.config import AUTO
from charrnn.errors import ConfigError, InputError
from charrnn.generators import exhaust
from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.setting_types import show_value
from charrnn.text.byte_statistics import ByteStatistics, scan_bytes
from charrnn.text.decode import (
    BYTE_ORDER_MARKS,
    PIECE_BYTES,
    UndecodableError,
    decode_stream,
    find_codec,
)
from charrnn.text.likely_encodings import find_likely_encodings
from charrnn.text.sources import Source
from charrnn.text.vocab import MAX_CODE_POINT, REPLACEMENT, code_points

ISO_2022_JP = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_2004", "iso2022_jp_ext")
UTF_8 = "utf-8"
UTF_16 = ("utf-16-le", "utf-16-be")
JAPANESE = ("euc_jp", "cp932")
UNSUPPORTED_ESCAPES = gettext_noop(
    "is ISO-2022-JP with escape sequences that Python's codec cannot read; save it as UTF-8"
)
SAMPLE_SIZE = 100_000
"""Characters beyond ASCII that are enough to judge a file by their proportions."""
NOT_TEXT = re.compile(r"[\x00\x80-\x9f\uf8f0-\uf8f3]|\x1b\$[@B(]")
"""NUL, C1 controls, the private characters of cp932 for undefined bytes, and escape sequences."""


def resolve_encoding(name: str) -> str:
    """Return Python's own name of the encoding ``name``; "auto" stays "auto".

    Raises:
        ConfigError: when Python has no such text encoding.
    """
    if name == AUTO:
        return name
    if (codec := find_codec(name)) is None:
        problem = _("Python has no text encoding {name}; try utf-8, cp932 or euc_jp")
        raise ConfigError("encoding", problem.format(name=show_value(name)))
    return codec


def guess_encoding(source: Source, encoding: str) -> Generator[int, None, Source]:
    """Return ``source`` with ``encoding``, or for "auto" with a guess from its raw bytes.

    The guess is UTF-8 unless they contradict it; decoding has to confirm it. Yields the number of
    bytes of each piece that is read. Raises as `detect_encoding`.
    """
    if encoding == AUTO:
        statistics = yield from scan_bytes(source)
        if statistics.is_iso_2022_jp:
            return detect_encoding(source)
        encoding = _detect_from_bytes(source, statistics) or UTF_8
    return replace(source, encoding=encoding)


def detect_encoding(source: Source, encoding: str = AUTO) -> Source:
    """Return ``source`` with ``encoding``, or for "auto" with the one in which all of it decodes.

    Raises:
        InputError: when it cannot be read, or no encoding or several fit.
    """
    if encoding == AUTO:
        statistics = exhaust(scan_bytes(source))
        detected = _detect(source, statistics)
        if detected is None:
            expected = ISO_2022_JP[0] if statistics.is_iso_2022_jp else UTF_8
            if (offset := _find_decoding_error(source, expected)) is None:
                raise InputError(source.path, _(UNSUPPORTED_ESCAPES))
            raise decoding_error(source, expected, offset)
        encoding = detected
    return replace(source, encoding=encoding)


def decoding_error(source: Source, encoding: str, offset: int) -> InputError:
    """Describe a file whose byte at ``offset`` is not in ``encoding``, and what to do about it."""
    name, line = encoding.upper(), _find_error_line(source, encoding)
    detected, excerpts = None, ""
    if encoding == UTF_8 and _is_damaged_utf8(source):
        problem = _(
            "byte {offset:,} (line {line:,}) is not {name}, though most of the file is:"
            " it is damaged or cut short"
        )
    elif detected := _detect_another(source, encoding):
        problem = _("byte {offset:,} (line {line:,}) is not {name}; try `encoding` {detected}")
    elif likely := find_likely_encodings(source, _decodes_to_text):
        excerpts = _(", ").join(
            _("{encoding} ({excerpt})").format(encoding=candidate, excerpt=excerpt)
            for candidate, excerpt in likely
        )
        problem = _(
            "byte {offset:,} (line {line:,}) is not {name}; it may be {excerpts}:"
            " choose one with `encoding`"
        )
    else:
        problem = _(
            "byte {offset:,} (line {line:,}) is not {name}, and no other encoding fits;"
            " is it a text?"
        )
    problem = problem.format(
        offset=offset, line=line, name=name, detected=detected, excerpts=excerpts
    )
    return InputError(source.path, problem)


def _detect_another(source: Source, encoding: str) -> str | None:
    """Detect an encoding in which all of the file decodes; None if it is ``encoding`` or none."""
    detected = _detect(source, exhaust(scan_bytes(source)))
    if detected is None or detected == encoding or not _decodes(source, detected):
        return None
    return detected


def _detect(source: Source, statistics: ByteStatistics) -> str | None:
    """Detect the encoding in the order of this module's docstring; None if none or several fit."""
    if encoding := _detect_from_bytes(source, statistics):
        return encoding
    if statistics.is_iso_2022_jp:
        return None
    if _decodes(source, UTF_8):
        return UTF_8
    if _is_damaged_utf8(source):
        return None
    candidates = list(_wide_encodings(source, statistics))[:1] or [
        encoding for encoding in JAPANESE if _decodes_to_text(source, encoding)
    ]
    if len(candidates) != 1:
        return None
    (candidate,) = candidates
    return candidate if candidate in UTF_16 or _has_kana(source, candidate) else None


def _detect_from_bytes(source: Source, statistics: ByteStatistics) -> str | None:
    """Return the encoding if it is certain before UTF-8 is tried, else None."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if statistics.start.startswith(mark):
            return encoding
    if statistics.is_iso_2022_jp:
        return next((name for name in ISO_2022_JP if _decodes_to_text(source, name)), None)
    # The bytes of an alphabet in UTF-16 are often valid UTF-8 too, full of NULs and other controls.
    wide = next(_wide_encodings(source, statistics), "")
    if wide.startswith("utf-32") or (wide and _is_mostly_one_block(source, wide)):
        return wide
    return UTF_8 if statistics.is_ascii else None


def _wide_encodings(source: Source, statistics: ByteStatistics) -> Iterator[str]:
    """Yield the UTF-32 and UTF-16 encodings that would explain the file's NULs, likeliest first."""
    nul_counts, size = statistics.nul_counts, statistics.size
    if not nul_counts.any():
        return
    # In UTF-32 one byte of each four is always NUL, as code points end at 0x10FFFF; another, that
    # of the planes above the first, is NUL in more than half of all characters.
    for encoding, always, mostly in (("utf-32-le", 3, 2), ("utf-32-be", 0, 1)):
        explained = 4 * nul_counts[always] == size < 8 * nul_counts[mostly]
        if explained and _decodes(source, encoding):
            yield encoding
    ascii_counts = {name: _count_ascii(source, name) for name in UTF_16 if _decodes(source, name)}
    many_nuls = 4 * nul_counts.sum() >= size
    likely = [
        name
        for name, (spaces, ascii_characters) in ascii_counts.items()
        if spaces or (many_nuls and ascii_characters)
    ]
    yield from sorted(likely, key=lambda name: ascii_counts[name], reverse=True)


def _is_mostly_one_block(source: Source, encoding: str) -> bool:
    """Return whether most characters share all but their low byte, as those of one alphabet do."""
    blocks = np.zeros(MAX_CODE_POINT // 256 + 1, np.int64)
    with source.open() as stream:
        for text in decode_stream(stream, encoding):
            blocks += np.bincount(code_points(text) // 256, minlength=len(blocks))
    return bool(2 * blocks.max() > blocks.sum())


def _has_kana(source: Source, encoding: str) -> bool:
    """Return whether at least a twentieth of the characters beyond ASCII is kana, as in Japanese.

    Other languages in their own encodings decode to kanji, half-width kana or private characters,
    or to single kana inside words: in cp852, Romanian "lângă" has the bytes of "lハgﾇ" in cp932.
    A single kana behind a Latin letter does not count, therefore.
    """
    kana, not_ascii = 0, 0
    with source.open() as stream:
        for text in decode_stream(stream, encoding):
            codes = code_points(text)
            is_kana = (codes >= 0x3041) & (codes <= 0x30FA)
            is_latin = (codes < 0x80) & np.isin(codes | 0x20, np.arange(ord("a"), ord("z") + 1))
            is_japanese = (codes >= 0x3001) & (codes < 0xFF61)
            is_single = is_latin[:-2] & is_kana[1:-1] & ~is_japanese[2:]
            kana += int(np.count_nonzero(is_kana) - np.count_nonzero(is_single))
            not_ascii += int(np.count_nonzero(codes >= 0x80))
            if not_ascii > SAMPLE_SIZE:
                break
    return 20 * kana >= not_ascii


def _count_ascii(source: Source, encoding: str) -> tuple[int, int]:
    """Count the spaces and newlines, and the ASCII characters; (0, 0) if there is a NUL."""
    spaces, ascii_characters = 0, 0
    with source.open() as stream:
        for text in decode_stream(stream, encoding):
            if "\0" in text:
                return 0, 0
            spaces += sum(map(text.count, "\n \u3000"))
            ascii_characters += int(np.count_nonzero(code_points(text) < 0x80))
    return spaces, ascii_characters


def _decodes_to_text(source: Source, encoding: str) -> bool:
    """Return whether the file decodes, to characters that occur in texts."""
    with suppress(UndecodableError), source.open() as stream:
        return not any(map(NOT_TEXT.search, decode_stream(stream, encoding)))
    return False


def _is_damaged_utf8(source: Source) -> bool:
    """Return whether the file is UTF-8 except for a few bytes.

    Most characters beyond ASCII are then valid; in a file of another encoding few are. CP932 often
    decodes such a file too, to nonsense.
    """
    decoder, valid, invalid = codecs.getincrementaldecoder(UTF_8)("replace"), 0, 0
    with source.open() as stream:
        while piece := stream.read(PIECE_BYTES):
            text = decoder.decode(piece)
            invalid += text.count(REPLACEMENT)
            not_ascii = int(np.count_nonzero(code_points(text) >= 0x80))
            valid += not_ascii - text.count(REPLACEMENT)
            if valid + invalid > SAMPLE_SIZE:
                break
    return valid > invalid + len(decoder.decode(b"", final=True))


def _decodes(source: Source, encoding: str) -> bool:
    return _find_decoding_error(source, encoding) is None


def _find_decoding_error(source: Source, encoding: str) -> int | None:
    """Return the offset of the first byte that is not in ``encoding``; None if all are."""
    try:
        with source.open() as stream:
            for __ in decode_stream(stream, encoding):
                pass
    except UndecodableError as error:
        return error.offset
    return None


def _find_error_line(source: Source, encoding: str) -> int:
    """Return the number of the line in which decoding fails, from 1 on."""
    newlines, line = io.IncrementalNewlineDecoder(None, translate=True), 1
    with suppress(UndecodableError), source.open() as stream:
        for text in decode_stream(stream, encoding):
            line += newlines.decode(text).count("\n")
    return line + newlines.decode("", final=True).count("\n")
