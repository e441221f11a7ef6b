"""Files that are written completely or not at all: under a temporary name, then renamed."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

TEMPORARY_PREFIX = ".tmp-"


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a temporary file, flush it to disk, and rename it to ``path``.

    Raises:
        OSError: when the disk is full or the folder cannot be written; ``path`` is unchanged.
    """
    import tempfile

    try:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # the message should not name the temporary file
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _umask() -> int:
    """Return the process's umask. It can be read only by setting it, so it is restored at once."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _flush_folder(folder: Path) -> None:
    """Make the renaming survive a power cut, on systems that can flush a folder."""
    with contextlib.suppress(OSError):  # Windows cannot open folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
