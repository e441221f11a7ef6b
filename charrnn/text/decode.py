"""Bytes to characters by a Python codec: strictly, in pieces of bounded size.

Not here: which codec (encodings.py), where the bytes come from (sources.py), and what is done to
the characters (normalization.py).
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

PIECE_BYTES = 1 << 20
BYTE_ORDER_MARK = "\ufeff"
# The mark of UTF-16-LE is the beginning of that of UTF-32-LE, so the longer marks come first.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
CODECS_REMOVING_MARK = ("utf-8-sig", "utf-16", "utf-32")
"""Codecs that remove the byte order mark themselves."""
CODECS_ACCEPTING_SURROGATES = ("utf-7", "unicode-escape", "raw-unicode-escape")
"""Codecs that decode lone surrogates, which are not characters."""
CODECS_OF_HOST_NAMES = ("idna", "punycode")
"""Codecs whose result depends on where the bytes are cut into pieces."""


class UndecodableError(ValueError):
    """The bytes at ``offset`` are not a character in the encoding."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def find_codec(name: str) -> str | None:
    """Return Python's own name of the text encoding ``name``; None if there is no such encoding."""
    try:
        own_name = codecs.lookup(name).name
        b"text".decode(name)
    except UnicodeDecodeError:
        # These bytes are not in the encoding, but it is one that decodes to text.
        return own_name
    except (LookupError, ValueError):
        return None
    return None if own_name in CODECS_OF_HOST_NAMES else own_name


def decode_stream(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Decode ``stream`` in pieces. A byte order mark at its start is dropped.

    Raises:
        UndecodableError: at the first invalid byte, after the characters before it were yielded.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    check_for_mark, bytes_read = encoding not in CODECS_REMOVING_MARK, 0
    while True:
        piece = stream.read(PIECE_BYTES)
        bytes_read += len(piece)
        state_before = decoder.getstate()
        try:
            text = decoder.decode(piece, not piece)
            if encoding in CODECS_ACCEPTING_SURROGATES:
                text.encode()
        except UnicodeDecodeError as error:
            # error.object is what the decoder held back from earlier pieces, then this piece.
            offset = bytes_read - len(error.object) + error.start
            decoder.setstate(state_before)
            yield decoder.decode(piece[: max(0, offset - bytes_read + len(piece))])
            raise UndecodableError(offset) from None
        except UnicodeError:
            # Some codecs, such as UTF-16 without a mark, raise without a position.
            raise UndecodableError(bytes_read - len(piece)) from None
        if check_for_mark and text:
            text, check_for_mark = text.removeprefix(BYTE_ORDER_MARK), False
        yield text
        if not piece:
            return
