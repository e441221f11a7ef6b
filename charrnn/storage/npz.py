"""Reading .npz files that may be anything: nothing is believed before it was checked.

An .npz is a zip of .npy files. Ours are stored, not compressed, so that no array can be larger than
the file it comes from. Nothing in one is ever executed: no pickle, no path that is followed.
"""

import math
import struct
import tokenize
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

HEADER_AT_MOST = 10_000  # bytes
DOCUMENT_AT_MOST = 1 << 26
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
KINDS = {"<f2", "<f4", "<f8", "|u1"}
DAMAGE = (
    zipfile.BadZipFile, struct.error, EOFError, OSError, ValueError, KeyError, TypeError,
    NotImplementedError, RuntimeError, SyntaxError, OverflowError, MemoryError, tokenize.TokenError,
)  # fmt: skip
"""What zipfile, NumPy and json raise on a damaged file."""


class Arrays:
    """The arrays of an open file, read when they are asked for and then of a known shape."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename:
                raise ValueError(f"{name!r} in it is no array")
            if name in self._entries:
                raise ValueError(f"{name} is in it twice")
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise ValueError(f"{name} is compressed or encrypted")
            if entry.file_size != entry.compress_size:
                raise ValueError(f"{name} is not as long as it says")
            self._entries[name] = entry

    @property
    def size(self) -> int:
        """Of all arrays, in bytes."""
        return sum(entry.file_size for entry in self._entries.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def document(self, name: str) -> bytes:
        """An array of bytes, which is a document."""
        if name in self._entries and self._entries[name].file_size > DOCUMENT_AT_MOST:
            raise ValueError(f"{name} is too long")
        found, dtype, _ = self._read(name)
        if dtype != np.uint8:
            raise ValueError(f"{name} is {dtype}, not bytes")
        return found

    def numbers(self, name: str, *dims: int) -> npt.NDArray[Any]:
        """An array of floating-point numbers.

        Raises:
            ValueError: when it has another shape, other values, or a part of them.
            KeyError: when it is missing.
        """
        found, dtype, in_columns = self._read(name, dims)
        if dtype.kind != "f":
            raise ValueError(f"{name} is {dtype}, not float")
        flat = np.frombuffer(found, dtype)
        array = flat.reshape(dims[::-1]).T if in_columns else flat.reshape(dims)
        largest = np.finfo(np.float32).max
        if flat.size and not (-largest <= flat.min() and flat.max() <= largest):  # so of NaN too
            raise ValueError(f"{name} has values that are not finite, or too large")
        return array

    def _read(
        self, name: str, dims: tuple[int, ...] | None = None
    ) -> tuple[bytes, np.dtype[Any], bool]:
        """An array's bytes, their kind, and whether they go down the columns.

        It must have the shape ``dims``; None is any.
        """
        if name not in self._entries:
            raise KeyError(f"{name} is missing")
        entry = self._entries[name]
        with self._archive.open(entry) as file:
            try:
                version = np.lib.format.read_magic(file)
                shape, in_columns, dtype = HEADERS[version](file, max_header_size=HEADER_AT_MOST)
            except zipfile.BadZipFile:
                raise
            except DAMAGE:
                raise ValueError(f"{name} does not begin as an array") from None
            if dims is not None and shape != dims:
                raise ValueError(f"{name} has the shape {shape}, not {dims}")
            if dtype.str not in KINDS:
                raise ValueError(f"{name} is {dtype}, which no model has")
            left, size = entry.file_size - file.tell(), dtype.itemsize * math.prod(shape)
            if size != left:
                raise ValueError(f"{name} has {left:,} bytes, where its shape takes {size:,}")
            found = file.read(left)
            if len(found) != left or file.read(1):  # the end is where its checksum is looked at
                raise ValueError(f"{name} is cut short")
        return found, dtype, in_columns


@contextmanager
def opened(path: Path) -> Iterator[Arrays]:
    """The arrays of a file. Raises what is in `DAMAGE`."""
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        yield Arrays(archive)
