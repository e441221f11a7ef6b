"""Bytes to characters, in pieces of bounded size: UTF-8 checked strictly, newlines made one.

Not here: where the bytes come from (sources.py) and what the characters are numbered (vocab.py).
"""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from charrnn.errors import InputError

ENCODING = "utf-8"
PIECE_BYTES = 1 << 20
BYTE_ORDER_MARK = "\ufeff"


def characters(stream: BinaryIO, name: str, newline: str) -> Iterator[str]:
    """The text of ``stream`` in pieces, none of them empty.

    A byte order mark at the start is dropped. ``newline`` "lf" turns CRLF and CR into LF; "keep"
    leaves them.

    Raises:
        InputError: at the first byte that is not UTF-8, with its offset and line.
    """
    newlines = io.IncrementalNewlineDecoder(None, translate=newline == "lf")
    at_start = True
    for text in _decoded(stream, name):
        if at_start:
            text = text.removeprefix(BYTE_ORDER_MARK)
            at_start = False
        if text := newlines.decode(text):
            yield text
    if text := newlines.decode("", final=True):  # a CR that might have been half of a CRLF
        yield text


def with_newlines(text: str, newline: str) -> str:
    """A whole ``text`` with the newlines that a corpus read with ``newline`` would have."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if newline == "lf" else text


def _decoded(stream: BinaryIO, name: str) -> Iterator[str]:
    offset, line, pending = 0, 1, b""  # pending: a character cut in two by the end of a piece
    while True:
        piece = stream.read(PIECE_BYTES)
        data = pending + piece
        try:
            text, used = codecs.utf_8_decode(data, "strict", not piece)
        except UnicodeDecodeError as error:
            offset += error.start
            line += data.count(b"\n", 0, error.start)
            raise InputError(
                name, f"byte {offset:,} (line {line:,}) is not UTF-8; save the text as UTF-8"
            ) from None
        if text:
            yield text
        if not piece:
            return
        offset, line, pending = offset + used, line + data.count(b"\n", 0, used), data[used:]
