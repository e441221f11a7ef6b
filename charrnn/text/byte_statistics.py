"""What the bytes of a file show before they are decoded, for encodings.py."""

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from charrnn.text.decode import PIECE_BYTES
from charrnn.text.sources import Source

ESCAPE_SEQUENCES = (b"\x1b$@", b"\x1b$B", b"\x1b$(", b"\x1b(J", b"\x1b(I")
"""Those of ISO-2022-JP, without ESC ( B, the return to ASCII, which terminal logs contain too."""


@dataclass
class ByteStatistics:
    """What the bytes of a file show before they are decoded."""

    size: int = 0
    start: bytes = b""
    last_bytes: bytes = b""
    has_escapes: bool = False
    is_ascii: bool = True
    nul_counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))
    """NUL bytes by their offset modulo 4."""

    @property
    def is_iso_2022_jp(self) -> bool:
        """Whether the file has the escapes of ISO-2022-JP, which no other text has."""
        return self.has_escapes and self.is_ascii

    def update(self, piece: bytes) -> None:
        """Add the next bytes of the file."""
        self.start += piece[: 4 - len(self.start)]
        self.is_ascii = self.is_ascii and piece.isascii()
        # An escape sequence may be cut by the end of a piece, so the last bytes are kept.
        if b"\x1b" in piece or b"\x1b" in self.last_bytes:
            joined = self.last_bytes + piece
            self.has_escapes = self.has_escapes or any(
                escape in joined for escape in ESCAPE_SEQUENCES
            )
        self.last_bytes = (self.last_bytes + piece[-4:])[-4:]
        if b"\0" in piece:
            offsets = np.flatnonzero(np.frombuffer(piece, np.uint8) == 0) + self.size
            self.nul_counts += np.bincount(offsets % 4, minlength=4)
        self.size += len(piece)


def scan_bytes(source: Source) -> Generator[int, None, ByteStatistics]:
    """Read the whole file; yield the number of bytes of each piece.

    Raises:
        InputError: when it cannot be read.
    """
    statistics = ByteStatistics()
    with source.open() as stream:
        while piece := stream.read(PIECE_BYTES):
            statistics.update(piece)
            yield len(piece)
    return statistics
