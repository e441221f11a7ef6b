"""Files compressed by gzip, bzip2 or xz, recognized by their first bytes and read as a stream.

Not here: archives of several files, which are refused (file_types.py).
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

from charrnn.language import gettext as _
from charrnn.text.decode import PIECE_BYTES

MAGIC = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
}
BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
"""What follows ``BZh`` and a digit: the first block, or the end of an empty file."""
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}
MAGIC_BYTES = 10
XZ_MEMORY = 1 << 29
"""Bytes of memory that decompressing may take; what xz -9 has written takes 65 MiB."""


class DamagedError(ValueError):
    """The compressed data ends too early, or is not what it should be."""


DAMAGE = (DamagedError, EOFError, zlib.error, gzip.BadGzipFile)
"""The errors of reading damaged data; the last three are those of gzip."""


def find_compression(start: bytes) -> str | None:
    """Return the name of the compression of a file that begins with these `MAGIC_BYTES` bytes."""
    for magic, name in MAGIC.items():
        if start.startswith(magic) and (name != "bzip2" or start[4:10] in BZIP2_BLOCKS):
            return name
    return None


def decompress(stream: BinaryIO, compression: str) -> BinaryIO:
    """Return a stream of the decompressed bytes of ``stream``, which stays open.

    Reading from it raises one of `DAMAGE` where the data is damaged, or an OSError.
    """
    if compression == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))
    if compression == "bzip2":
        return io.BufferedReader(_Decompressing(stream, bz2.BZ2Decompressor), PIECE_BYTES)
    return io.BufferedReader(_Decompressing(stream, _new_xz_decompressor), PIECE_BYTES)


def _new_xz_decompressor() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)


class _Decompressing(io.RawIOBase):
    """The decompressed bytes of one or several compressed streams in a row.

    Zeros may follow them. The files of the standard library end without an error where something
    else follows, for example a second stream that is damaged: its text would silently be missing.
    """

    def __init__(
        self, stream: BinaryIO, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]
    ) -> None:
        self._stream = stream
        self._new = new
        self._decompressor = new()
        self._next_input = b""
        self._position = 0

    def readable(self) -> bool:
        """Return True: this is a stream to read from."""
        return True

    def tell(self) -> int:
        """Return the number of decompressed bytes that were read."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the beginning of ``buffer``; return the number of bytes, 0 at the end.

        Raises:
            DamagedError: where the data is damaged or cut short.
        """
        data = self._decompress(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _decompress(self, size: int) -> bytes:
        while not self._decompressor.eof or self._starts_another():
            piece = b""
            if self._decompressor.needs_input:
                piece = self._next_input or self._stream.read(PIECE_BYTES)
                self._next_input = b""
                if not piece:
                    raise DamagedError(_("it is cut short"))
            try:
                data = self._decompressor.decompress(piece, size)
            except (OSError, lzma.LZMAError) as error:
                raise DamagedError(str(error)) from None
            if data:
                return data
        return b""

    def _starts_another(self) -> bool:
        """Go on to the stream after the one that has ended; return False at the end of the file."""
        rest = self._decompressor.unused_data.lstrip(b"\0")
        while not rest:
            if not (piece := self._stream.read(PIECE_BYTES)):
                return False
            rest = piece.lstrip(b"\0")
        self._decompressor, self._next_input = self._new(), rest
        return True
