"""The files of a corpus: plain and compressed files, folders, standard input, each readable twice.

A corpus is read once to count its characters and once to encode them, so input that can be
read only once, such as a pipe, is first copied to a temporary file. Not here: which files of a
folder are read (folders.py), and what the bytes mean (decode.py).
"""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import IO, BinaryIO, cast

from charrnn.errors import InputError, MachineError
from charrnn.language import gettext as _
from charrnn.shipped_texts import advise_on_missing
from charrnn.system_errors import describe_system_error
from charrnn.text.compression import (
    DAMAGE,
    MAGIC_BYTES,
    SUFFIXES,
    decompress,
    find_compression,
)
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.decode import PIECE_BYTES
from charrnn.text.file_types import find_file_type
from charrnn.text.folders import FolderListing, list_folder

STDIN = "-"
STDIN_NAME = "stdin"
"""The name that a model keeps for a text from standard input."""
MAX_NAMED = 3


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
        if self.copy is not None or not self.path.is_file():
            return None
        with self.open_compressed() as (__, compression):
            return None if compression else self.path.stat().st_size

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file at its first byte, decompressed if it is compressed.

        Raises:
            InputError: when it cannot be opened, or reading fails inside the ``with`` block.
        """
        with self.open_compressed() as (stream, compression):
            try:
                yield decompress(stream, compression) if compression else stream
            except DAMAGE as error:
                problem = _("damaged {compression} file ({reason})")
                raise InputError(
                    self.path, problem.format(compression=compression, reason=error)
                ) from None

    @contextmanager
    def open_compressed(self) -> Iterator[tuple[BinaryIO, str | None]]:
        """Open the file as it is at its first byte; give its compression too, None if it has none.

        Its content says what it is. A file whose name promises a compression has to have one.

        Raises:
            InputError: as `open`.
        """
        with self._open_once() if self.copy is None else _rewound(self.copy) as stream:
            start = stream.read(MAGIC_BYTES)
            stream.seek(0)
            compression = find_compression(start)
            promised = SUFFIXES.get(self.path.suffix.lower())
            if start and promised and not compression:
                problem = _("damaged {compression} file (its content is not {compression})")
                raise InputError(self.path, problem.format(compression=promised))
            yield stream, compression

    @contextmanager
    def _open_once(self) -> Iterator[BinaryIO]:
        """Open the file itself, or standard input."""
        try:
            if self.path == Path(STDIN):
                if sys.stdin is None:  # standard input is closed, for example by <&- in a shell
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
                yield sys.stdin.buffer
            else:
                with self.path.open("rb") as stream:
                    yield stream
        except OSError as error:
            raise _unreadable_error(self.path, error) from None


@dataclass(frozen=True)
class CorpusFiles:
    """The files of a corpus, and of the texts in `val_file` and `test_file`."""

    corpus: Sequence[Source]
    val_file: Sequence[Source] = ()
    test_file: Sequence[Source] = ()

    @property
    def all(self) -> list[Source]:
        """The files in the order in which they are read."""
        return [*self.corpus, *self.val_file, *self.test_file]

    def map(self, change: Callable[[Source], Source]) -> "CorpusFiles":
        """Return the same with ``change`` applied to every file."""
        return CorpusFiles(*(list(map(change, files)) for files in vars(self).values()))


@dataclass(frozen=True)
class FoundSources:
    """The files of a corpus in their order, and ``notes`` on what one might not expect."""

    files: CorpusFiles
    notes: tuple[str, ...]


def printable_path(path: Path) -> str:
    """Return ``path`` as text that can be printed: invalid bytes in the name are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextmanager
def _rewound(stream: IO[bytes]) -> Iterator[BinaryIO]:
    """Give ``stream`` at its first byte; it stays open."""
    stream.seek(0)
    yield cast(BinaryIO, stream)


def is_descriptor(path: Path) -> bool:
    """Whether ``path`` names a file descriptor, such as /dev/fd/63 for <(command)."""
    return path.name.isdecimal() and path.parent.name == "fd" and path.parts[1] in ("dev", "proc")


def stdin_is_terminal() -> bool:
    """Whether nothing but a user who types would be read from standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def find_sources(corpus: Iterable[str | Path]) -> tuple[Source, ...]:
    """List the files of one text that is read for something else than a training."""
    paths = list(map(Path, corpus))
    _check_standard_input(paths)
    return tuple(_list_all(paths, [], for_training=False))


def find_corpus(paths: CorpusPaths) -> FoundSources:
    """List the files of a corpus, in the order given; those of a folder as `list_folder` does.

    Raises:
        InputError: when a file is missing, unreadable or no text, or a folder contains no texts.
    """
    _check_standard_input(paths.all)
    notes: list[str] = []
    files = CorpusFiles(
        **{name: _list_all(of_text, notes, for_training=True) for name, of_text in paths.items()}
    )
    if repeated := _find_repeated(files.corpus):
        note = _(
            "read more than once, because it was named more than once: {files};"
            " the validation part may contain text of the training part"
        )
        notes.append(note.format(files=_name_paths(repeated)))
    learned = {source.path.resolve() for source in files.corpus if source.copy is None}
    for name, own_files in (("val_file", files.val_file), ("test_file", files.test_file)):
        shared = [source.path for source in own_files if source.path.resolve() in learned]
        if shared:
            note = _("`{name}` has text that the model learns: {files} is in the corpus too")
            notes.append(note.format(name=name, files=_name_paths(shared)))
    return FoundSources(files, tuple(notes))


def _check_standard_input(paths: Sequence[Path]) -> None:
    if paths.count(Path(STDIN)) > 1:
        raise InputError(STDIN, _("is given twice; standard input can be read only once"))


def _list_all(paths: Sequence[Path], notes: list[str], *, for_training: bool) -> list[Source]:
    """List the files of one text, and append to ``notes``."""
    return [source for path in paths for source in _list_sources(path, notes, for_training)]


def _find_repeated(files: Sequence[Source]) -> list[Path]:
    """Return the paths of files that come again after their first time, also by another name."""
    seen: set[Path] = set()
    repeated: list[Path] = []
    for path in (source.path for source in files if source.copy is None):
        file = path.resolve()
        if file in seen and path not in repeated:
            repeated.append(path)
        seen.add(file)
    return repeated


def _list_sources(path: Path, notes: list[str], for_training: bool) -> Iterator[Source]:
    """Yield the files that ``path`` means, and append to ``notes``."""
    if path == Path(STDIN):
        yield _check_type(Source(path, _copy_to_temporary_file(path)), notes, for_training)
        return
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        if path.is_symlink():
            raise InputError(path, _("is a link to a file that does not exist")) from None
        advice = advise_on_missing(path) if for_training else _("check the name")
        problem = _("no such file or folder; {advice}").format(advice=advice)
        raise InputError(path, problem) from None
    except (OSError, ValueError) as error:
        raise _unreadable_error(path, error) from None
    if stat.S_ISDIR(mode):
        listing = list_folder(path)
        if not listing.files:
            raise _no_texts_error(path, listing)
        notes += _describe_listing(path, listing)
        for file in listing.files:
            yield from _list_sources(file, notes, for_training)
    elif stat.S_ISREG(mode):
        yield _check_type(Source(path), notes, for_training)
    elif stat.S_ISSOCK(mode):
        raise InputError(path, _("is a socket, which cannot be read as a file"))
    else:  # a pipe or a device, which can be read only once
        yield _check_type(Source(path, _copy_to_temporary_file(path)), notes, for_training)


def _check_type(source: Source, notes: list[str], for_training: bool) -> Source:
    """Return ``source`` if it is a text; note that its markup is learned too, if it has any.

    Raises:
        InputError: when its content is recognized as something else.
    """
    with source.open_compressed() as (__, compression):
        pass
    with source.open() as stream:
        kind = find_file_type(stream)
    if kind is None:
        return source
    name = STDIN if source.copy is not None else str(source.path)
    explanation = kind.explain(name, compression, for_training=for_training)
    if not kind.is_text:
        raise InputError(source.path, explanation)
    path = printable_path(source.path)
    notes.append(_("{path} {explanation}").format(path=path, explanation=explanation))
    return source


def _no_texts_error(folder: Path, listing: FolderListing) -> InputError:
    if listing.left_out:
        problem = _(
            "has only hidden texts, such as {first}, which are left out of folders;"
            " name those that should be read"
        )
        return InputError(folder, problem.format(first=printable_path(listing.left_out[0])))
    problem = _("contains no *.txt files, also none compressed (.txt.gz, .txt.bz2, .txt.xz)")
    return InputError(folder, problem)


def _describe_listing(folder: Path, listing: FolderListing) -> Iterator[str]:
    """Yield a note on each kind of files in ``folder`` that one might expect to be read."""
    left_out = _("{folder}: left out what is hidden, the system's or no regular file: {files}")
    repeated = _("{folder}: read only once what has several names: {files}")
    loops = _("{folder}: did not follow links to a folder that they are in: {files}")
    broken = _("{folder}: left out links to what does not exist: {files}")
    for note, paths in (
        (left_out, listing.left_out),
        (repeated, listing.repeated),
        (loops, listing.loops),
        (broken, listing.broken),
    ):
        if paths:
            yield note.format(folder=printable_path(folder), files=_name_paths(paths))


def _name_paths(paths: Sequence[Path]) -> str:
    files = _(", ").join(printable_path(path) for path in paths[:MAX_NAMED])
    more = len(paths) - MAX_NAMED
    return _("{files}, and {more:,} more").format(files=files, more=more) if more > 0 else files


def _copy_to_temporary_file(path: Path) -> IO[bytes]:
    """Copy the bytes of ``path`` to a temporary file, which is deleted when it is closed.

    Raises:
        InputError: when ``path`` cannot be read.
        MachineError: when the disk is full.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with Source(path)._open_once() as stream:
        # read1 returns at the first end of file, so one Ctrl-D on a terminal is enough and not two.
        while piece := cast(BufferedIOBase, stream).read1(PIECE_BYTES):
            try:
                copy.write(piece)
            except OSError as error:
                problem = _("cannot be copied to {folder} ({reason})").format(
                    folder=tempfile.gettempdir(), reason=describe_system_error(error)
                )
                raise MachineError(path, problem) from None
    return copy


def _unreadable_error(path: Path, error: Exception) -> InputError:
    reason = describe_system_error(error) if isinstance(error, OSError) else str(error)
    return InputError(path, _("cannot be read ({reason})").format(reason=reason))
