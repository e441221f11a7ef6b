"""Where a corpus comes from: files, folders, gzip and standard input, each readable twice.

A corpus is read once to take stock and once to number its characters, so what can be read only
once (a pipe) is first copied to a temporary file. Not here: what the bytes mean (decode.py).
"""

import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from charrnn.errors import InputError

STDIN = "-"
FOLDER_PATTERNS = ("*.txt", "*.txt.gz")


@dataclass(frozen=True)
class Source:
    """One file of a corpus. ``copy`` holds the bytes of what cannot be read twice."""

    path: Path
    copy: IO[bytes] | None = None

    @property
    def name(self) -> str:
        """How it is called in a model: without its folder, which is nobody's business."""
        return "stdin" if self.path == Path(STDIN) else self.path.name

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
            elif self.path.suffix == ".gz":
                with gzip.open(self.path, "rb") as stream:
                    yield cast(BinaryIO, stream)
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(self.path, f"damaged gzip file ({error})") from None
        except OSError as error:
            raise InputError(self.path, f"cannot be read ({error.strerror})") from None


def find(corpus: Iterable[str | Path]) -> list[Source]:
    """The files of a corpus, in the order given; those of a folder by name.

    Raises:
        InputError: naming what is missing, or a folder without text files.
    """
    return [source for path in corpus for source in _found(Path(path))]


def _found(path: Path) -> Iterator[Source]:
    if path == Path(STDIN):
        yield Source(path, _copied(sys.stdin.buffer))
    elif path.is_dir():
        yield from _below(path)
    elif path.is_file():
        yield Source(path)
    elif path.exists():  # a pipe or a device: readable, but only once
        with path.open("rb") as stream:
            yield Source(path, _copied(stream))
    else:
        raise InputError(path, "no such file or folder; check the name")


def _below(folder: Path) -> Iterator[Source]:
    files = sorted({file for pattern in FOLDER_PATTERNS for file in folder.rglob(pattern)})
    if not files:
        raise InputError(folder, f"has no {' or '.join(FOLDER_PATTERNS)} in it")
    yield from (Source(file) for file in files if file.is_file())


def _copied(stream: BinaryIO) -> IO[bytes]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its source
    shutil.copyfileobj(stream, copy)
    return copy
