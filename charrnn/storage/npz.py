"""Reading .npz files from an untrusted source: every part is checked before it is used.

An .npz is a zip of .npy files. Ours are stored uncompressed, so that no array can be larger than
the file that holds it. Nothing in a file is executed: there is no pickle, and no path is followed.
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

from charrnn.language import gettext as _

MAX_HEADER_BYTES = 10_000
MAX_DOCUMENT_BYTES = 1 << 26
HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
DTYPES = {"<f2", "<f4", "<f8", "|u1"}
DAMAGE_ERRORS = (
    zipfile.BadZipFile, struct.error, EOFError, OSError, ValueError, KeyError, TypeError,
    NotImplementedError, RuntimeError, SyntaxError, OverflowError, MemoryError, tokenize.TokenError,
)  # fmt: skip
"""The exceptions that zipfile, NumPy and json raise on a damaged file."""


class MissingArrayError(KeyError):
    """A file does not contain the array ``name``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ArrayFile:
    """An open .npz file. An array is read when it is asked for, and must have the given shape."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename:
                raise ValueError(_("it contains {name!r}, which is not an array").format(name=name))
            if name in self._entries:
                raise ValueError(_("it contains {name} twice").format(name=name))
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise ValueError(_("{name} is compressed or encrypted").format(name=name))
            if entry.file_size != entry.compress_size:
                problem = _("{name} does not have the length that it declares")
                raise ValueError(problem.format(name=name))
            self._entries[name] = entry

    @property
    def size(self) -> int:
        """The size of all arrays together, in bytes."""
        return sum(entry.file_size for entry in self._entries.values())

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the arrays."""
        return iter(self._entries)

    def read_document(self, name: str) -> bytes:
        """Return an array of bytes that holds a document.

        Raises:
            ValueError: when it is longer than `MAX_DOCUMENT_BYTES`, damaged, or not of bytes.
            MissingArrayError: when it is missing.
        """
        if name in self._entries and self._entries[name].file_size > MAX_DOCUMENT_BYTES:
            raise ValueError(_("{name} is too long").format(name=name))
        content, dtype, __ = self._read_array(name)
        if dtype != np.uint8:
            problem = _("{name} is an array of {dtype}, not of bytes")
            raise ValueError(problem.format(name=name, dtype=dtype))
        return content

    def read_floats(self, name: str, *dims: int) -> npt.NDArray[Any]:
        """Return an array of floating-point numbers with shape ``dims``.

        Raises:
            ValueError: when its shape, type or length is wrong, or a value is not finite.
            MissingArrayError: when it is missing.
        """
        content, dtype, is_column_major = self._read_array(name, dims)
        if dtype.kind != "f":
            problem = _("{name} is an array of {dtype}, not of floats")
            raise ValueError(problem.format(name=name, dtype=dtype))
        flat = np.frombuffer(content, dtype)
        array = flat.reshape(dims[::-1]).T if is_column_major else flat.reshape(dims)
        largest = np.finfo(np.float32).max
        # Written as "not within", since NaN is neither within nor outside.
        if flat.size and not (-largest <= flat.min() and flat.max() <= largest):
            problem = _("{name} has values that are not finite or too large")
            raise ValueError(problem.format(name=name))
        return array

    def _read_array(
        self, name: str, dims: tuple[int, ...] | None = None
    ) -> tuple[bytes, np.dtype[Any], bool]:
        """Return an array's bytes, its type, and whether it is stored column by column.

        Its shape must be ``dims``; None allows any.
        """
        if name not in self._entries:
            raise MissingArrayError(name)
        entry = self._entries[name]
        with self._archive.open(entry) as file:
            try:
                version = np.lib.format.read_magic(file)
                read_header = HEADER_READERS[version]
                shape, is_column_major, dtype = read_header(file, max_header_size=MAX_HEADER_BYTES)
            except zipfile.BadZipFile:
                raise
            except DAMAGE_ERRORS:
                raise ValueError(
                    _("{name} does not begin like an array").format(name=name)
                ) from None
            if dims is not None and shape != dims:
                problem = _("{name} has the shape {shape}, not {expected}")
                raise ValueError(problem.format(name=name, shape=shape, expected=dims))
            if dtype.str not in DTYPES:
                problem = _("{name} is an array of {dtype}, which no model contains")
                raise ValueError(problem.format(name=name, dtype=dtype))
            remaining = entry.file_size - file.tell()
            size = dtype.itemsize * math.prod(shape)
            if size != remaining:
                problem = _("{name} has {bytes:,} bytes, but its shape takes {expected:,}")
                raise ValueError(problem.format(name=name, bytes=remaining, expected=size))
            content = file.read(remaining)
            # zipfile compares the checksum only when it reads past the end.
            if len(content) != remaining or file.read(1):
                raise ValueError(_("{name} is cut short").format(name=name))
        return content, dtype, is_column_major


@contextmanager
def open_arrays(path: Path) -> Iterator[ArrayFile]:
    """Open an .npz file. Damage raises one of `DAMAGE_ERRORS`, here or when an array is read."""
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        yield ArrayFile(archive)
