"""The files of a corpus: plain files, folders, gzip and standard input, each readable twice.

A corpus is read once to count its characters and once to encode them, so input that can be
read only once, such as a pipe, is first copied to a temporary file. Not here: what the bytes mean
(decode.py).
"""

import errno
import gzip
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import IO, BinaryIO, cast

from charrnn.errors import InputError, MachineError
from charrnn.text.decode import PIECE_BYTES

STDIN = "-"
STDIN_NAME = "stdin"
"""The name that a model keeps for a text from standard input."""
FOLDER_PATTERNS = ("*.txt", "*.txt.gz")


@dataclass(frozen=True)
class Source:
    """One file of a corpus. ``copy`` holds the bytes of a pipe or device, read only once."""

    path: Path
    copy: IO[bytes] | None = None
    encoding: str = "utf-8"

    @property
    def name(self) -> str:
        """The name that a model keeps: without the folder, which is private."""
        if self.path == Path(STDIN):
            return STDIN_NAME
        return printable_path(Path(self.path.name))

    @property
    def size(self) -> int | None:
        """The number of bytes in the opened file; None if only reading it can tell."""
        if self.path.suffix.lower() == ".gz" or self.copy is not None:
            return None
        return self.path.stat().st_size if self.path.is_file() else None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file at its first byte, decompressed if its name ends in .gz.

        Raises:
            InputError: when it cannot be opened, or reading fails inside the ``with`` block.
        """
        try:
            if self.copy is not None:
                self.copy.seek(0)
                yield cast(BinaryIO, self.copy)
            elif self.path == Path(STDIN):
                if sys.stdin is None:  # standard input is closed, for example by <&- in a shell
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                yield sys.stdin.buffer
            elif self.path.suffix.lower() == ".gz":
                with gzip.open(self.path, "rb") as stream:
                    yield cast(BinaryIO, stream)
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(self.path, f"damaged gzip file ({error})") from None
        except OSError as error:
            raise InputError(self.path, f"cannot be read ({_describe_error(error)})") from None


def printable_path(path: Path) -> str:
    """Return ``path`` as text that can be printed: invalid bytes in the name are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def is_descriptor(path: Path) -> bool:
    """Whether ``path`` names a file descriptor, such as /dev/fd/63 for <(command)."""
    return path.name.isdecimal() and path.parent.name == "fd" and path.parts[1] in ("dev", "proc")


def stdin_is_terminal() -> bool:
    """Whether nothing but a user who types would be read from standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def find_sources(corpus: Iterable[str | Path]) -> list[Source]:
    """List the files of a corpus, in the order given; those of a folder are sorted by name.

    Raises:
        InputError: when a file is missing or unreadable, or a folder contains no text files.
    """
    paths = list(map(Path, corpus))
    if paths.count(Path(STDIN)) > 1:
        raise InputError(STDIN, "is given twice; standard input can be read only once")
    return [source for path in paths for source in _list_sources(path)]


def _list_sources(path: Path) -> Iterator[Source]:
    if path == Path(STDIN):
        yield Source(path, _copy_to_temporary_file(path))
        return
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            raise InputError(path, "is a link to a file that does not exist") from None
        raise InputError(path, "no such file or folder; check the name") from None
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read ({_describe_error(error)})") from None
    if stat.S_ISDIR(mode):
        yield from _list_folder(path)
    elif stat.S_ISREG(mode):
        yield Source(path)
    elif stat.S_ISSOCK(mode):
        raise InputError(path, "is a socket, which cannot be read as a file")
    else:  # a pipe or a device, which can be read only once
        yield Source(path, _copy_to_temporary_file(path))


def _list_folder(folder: Path) -> Iterator[Source]:
    def raise_input_error(error: OSError) -> None:
        raise InputError(error.filename, f"cannot be read ({_describe_error(error)})")

    files = sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=raise_input_error)
        for name in names
        if any(map(Path(name).match, FOLDER_PATTERNS))
    )
    if not files:
        raise InputError(folder, "contains no *.txt or *.txt.gz files")
    for file in files:
        yield from _list_sources(file)


def _copy_to_temporary_file(path: Path) -> IO[bytes]:
    """Copy the bytes of ``path`` to a temporary file, which is deleted when it is closed.

    Raises:
        InputError: when ``path`` cannot be read.
        MachineError: when the disk is full.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with Source(path).open() as stream:
        # read1 returns at the first end of file, so one Ctrl-D on a terminal is enough and not two.
        while piece := cast(BufferedIOBase, stream).read1(PIECE_BYTES):
            try:
                copy.write(piece)
            except OSError as error:
                problem = f"cannot be copied to {tempfile.gettempdir()} ({error.strerror})"
                raise MachineError(path, problem) from None
    return copy


def _describe_error(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
