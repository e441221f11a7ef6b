"""Bytes to characters by a Python codec: strictly, in pieces of bounded size.

Not here: which codec (encodings.py), where the bytes come from (sources.py), and what is done to
the characters (rules.py).
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

PIECE_BYTES = 1 << 20
BYTE_ORDER_MARK = "\ufeff"
OWN_MARK = ("utf-8-sig", "utf-16", "utf-32")  # codecs that take it away themselves
LENIENT = ("utf-7", "unicode-escape", "raw-unicode-escape")  # let half of a surrogate pair pass
OF_HOSTS = ("idna", "punycode")  # make other characters of the same bytes when they come in pieces


class UndecodableError(ValueError):
    """The byte at ``offset`` begins no character."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def codec(name: str) -> str | None:
    """Python's own name of an encoding that a text can have; None if there is no such."""
    try:
        found = codecs.lookup(name).name
        b"text".decode(name)
    except UnicodeDecodeError:
        return found  # an encoding, if not of this text
    except (LookupError, ValueError):
        return None
    return None if found in OF_HOSTS else found


def characters(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The text of ``stream`` in pieces. A byte order mark at the start is dropped.

    Raises:
        UndecodableError: at the first byte that is no part of a character, after what is before.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    marked, read = encoding not in OWN_MARK, 0
    while True:
        piece = stream.read(PIECE_BYTES)
        read += len(piece)
        before = decoder.getstate()
        try:
            text = decoder.decode(piece, not piece)
            if encoding in LENIENT:
                text.encode()
        except UnicodeDecodeError as error:  # in what was left of the piece before, and this one
            offset = read - len(error.object) + error.start
            decoder.setstate(before)
            yield decoder.decode(piece[: max(0, offset - read + len(piece))])
            raise UndecodableError(offset) from None
        except UnicodeError:  # without a place
            raise UndecodableError(read - len(piece)) from None
        if marked and text:
            text, marked = text.removeprefix(BYTE_ORDER_MARK), False
        yield text
        if not piece:
            return
