"""Where a corpus comes from: files, folders, gzip and standard input, each readable twice.

A corpus is read once to take stock and once to number its characters, so what can be read only
once (a pipe) is first copied to a temporary file. Not here: what the bytes mean (decode.py).
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
FOLDER_PATTERNS = ("*.txt", "*.txt.gz")


@dataclass(frozen=True)
class Source:
    """One file of a corpus. ``copy`` holds the bytes of what cannot be read twice."""

    path: Path
    copy: IO[bytes] | None = None
    encoding: str = "utf-8"

    @property
    def name(self) -> str:
        """How it is called in a model: without its folder, which is nobody's business."""
        if self.path == Path(STDIN):
            return "stdin"
        return printable_path(Path(self.path.name))

    @property
    def size(self) -> int | None:
        """Its bytes, as many as `open` gives; None where that takes reading it."""
        if self.path.suffix.lower() == ".gz" or self.copy is not None:
            return None
        return self.path.stat().st_size if self.path.is_file() else None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes from the first one on, unzipped where its name ends in .gz.

        Raises:
            InputError: when it cannot be opened, or fails while it is read.
        """
        try:
            if self.copy is not None:
                self.copy.seek(0)
                yield cast(BinaryIO, self.copy)
            elif self.path == Path(STDIN):
                if sys.stdin is None:  # closed, as by <&-
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
            raise InputError(self.path, f"cannot be read ({_reason(error)})") from None


def printable_path(path: Path) -> str:
    """``path`` as text, also where its name is in no encoding that the system knows."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find_sources(corpus: Iterable[str | Path]) -> list[Source]:
    """The files of a corpus, in the order given; those of a folder by name.

    Raises:
        InputError: naming what is missing, or a folder without text files.
    """
    paths = list(map(Path, corpus))
    if paths.count(Path(STDIN)) > 1:
        raise InputError(STDIN, "stands there twice; standard input can be read once")
    return [source for path in paths for source in _found(path)]


def _found(path: Path) -> Iterator[Source]:
    if path == Path(STDIN):
        yield Source(path, _copied(path))
        return
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        problem = "is a link to nowhere" if path.is_symlink() else "no such file or folder"
        raise InputError(path, f"{problem}; check the name") from None
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read ({_reason(error)})") from None
    if stat.S_ISDIR(kind):
        yield from _below(path)
    elif stat.S_ISREG(kind):
        yield Source(path)
    elif stat.S_ISSOCK(kind):
        raise InputError(path, "is a socket, which cannot be read as a file")
    else:  # a pipe or a device: readable, but only once
        yield Source(path, _copied(path))


def _below(folder: Path) -> Iterator[Source]:
    def refuse(error: OSError) -> None:
        raise InputError(error.filename, f"cannot be read ({_reason(error)})")

    files = sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=refuse)
        for name in names
        if any(map(Path(name).match, FOLDER_PATTERNS))
    )
    if not files:
        raise InputError(folder, f"has no {' or '.join(FOLDER_PATTERNS)} in it")
    for file in files:
        yield from _found(file)


def _copied(path: Path) -> IO[bytes]:
    """Its bytes in a temporary file, which lives as long as its source.

    Raises:
        InputError: when it cannot be read.
        MachineError: when there is no room for it.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with Source(path).open() as stream:
        while piece := cast(BufferedIOBase, stream).read1(PIECE_BYTES):  # one Ctrl-D is the end
            try:
                copy.write(piece)
            except OSError as error:
                problem = f"no room for a copy in {tempfile.gettempdir()} ({error.strerror})"
                raise MachineError(path, problem) from None
    return copy


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
