"""Standard output and error as streams: their encoding, their width, and what closes them.

Not here: what is printed on them (console.py).
"""

import errno
import os
import sys
from io import BufferedWriter, FileIO, StringIO, TextIOWrapper
from typing import Any, TextIO

from charrnn.errors import MachineError
from charrnn.language import gettext as _
from charrnn.render.columns import DEFAULT_COLUMNS

TERMINAL_GONE = (errno.EIO,)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def find_columns(stream: TextIO) -> int | None:
    """Return the width at which ``stream`` is shown, now; None where nothing limits it.

    The variable COLUMNS comes before the width of the terminal.
    """
    setting = os.environ.get("COLUMNS", "")
    if setting.isdecimal() and int(setting) > 0:
        return int(setting)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else None
    except OSError:
        return DEFAULT_COLUMNS
    return DEFAULT_COLUMNS if columns == 0 else columns


class LenientFile(FileIO):
    """A file that drops what cannot be written because of one of the ``ignored`` errors.

    A training must not end because its terminal was closed, or because the disk of its log is full.
    """

    def __init__(self, number: int, ignored: tuple[int, ...]) -> None:
        super().__init__(number, "wb", closefd=False)
        self.ignored = ignored

    def write(self, data: Any, /) -> int:
        """Write ``data``, and return its number of bytes."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in self.ignored:
                raise
            return memoryview(data).nbytes


class ClosedOutput(StringIO):
    """Replaces a standard output that was closed before the program began, with ``>&-``."""

    def write(self, text: str, /) -> int:
        """Refuse to write.

        Raises:
            MachineError: always, because the result would be lost.
        """
        problem = _("it is closed, so nothing can be printed")
        raise MachineError(_("standard output"), problem)


def set_up_streams() -> None:
    """Make stdout and stderr write UTF-8 in every locale, and survive a closed terminal.

    Errors and notes that cannot be written because a disk is full are dropped.
    """
    sys.stdout = sys.stdout or ClosedOutput()
    sys.stderr = sys.stderr or StringIO()  # a closed stderr: what is written to it is dropped
    for name, ignored in (("stdout", TERMINAL_GONE), ("stderr", TERMINAL_GONE + DISK_FULL)):
        stream = getattr(sys, name)
        if not isinstance(stream, TextIOWrapper):
            continue
        settings: dict[str, Any] = {
            "encoding": "utf-8",
            "errors": "backslashreplace",
            "newline": "\n",
        }
        if name == "stderr" or stream.isatty():
            raw = BufferedWriter(LenientFile(stream.fileno(), ignored))
            setattr(sys, name, TextIOWrapper(raw, **settings, line_buffering=True))
        else:
            stream.reconfigure(**settings)
