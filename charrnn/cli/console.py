"""Output: results on stdout, everything else on stderr, in color where it is wanted."""

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedWriter, FileIO, StringIO, TextIOWrapper
from typing import Any, TextIO

import click

from charrnn.cli.program_name import write_for_user
from charrnn.errors import MachineError
from charrnn.render.columns import DEFAULT_COLUMNS, limit_columns
from charrnn.render.controls import escape_controls


@dataclass(frozen=True)
class Console:
    """Prints results and notes as --quiet, --no-color and --json say."""

    quiet: bool = False
    no_color: bool = False
    json: bool = False

    def print_result(self, text: str) -> None:
        """Print a whole result on stdout, without control characters other than newlines."""
        sys.stdout.write(escape_controls(text, but="\n") + "\n")

    def print_sample(self, text: str) -> None:
        """Print generated text on stdout, unchanged unless a terminal would interpret it."""
        if sys.stdout.isatty():
            text = escape_controls(text.replace("\r\n", "\n"), but="\n\t")
        sys.stdout.write(text)

    def print_parts(self, parts: Iterable[str]) -> None:
        """Print a result on stdout while it is computed, part by part."""
        sys.stdout.writelines(parts)
        sys.stdout.write("\n")

    def note(self, text: str) -> None:
        """Print a note on stderr, unless quiet."""
        if not self.quiet:
            line = self.wrap(write_for_user(text))
            sys.stderr.write(self.dim(line) + "\n")

    def dim(self, text: str) -> str:
        """Return ``text`` in a fainter color, if stderr is in color."""
        return click.style(text, dim=True) if self.in_color else text

    def wrap(self, text: str) -> str:
        """Wrap a note by words on a terminal, without control characters other than newlines."""
        shown = escape_controls(text, but="\n")
        if self.note_columns is None:
            return shown
        from charrnn.render.lines import wrap

        columns = limit_columns(self.note_columns)
        return "\n".join(line for part in shown.split("\n") for line in wrap(part, columns))

    @property
    def note_columns(self) -> int | None:
        """The width of the terminal that stderr is; None if it is none."""
        return find_columns(sys.stderr)

    @property
    def result_columns(self) -> int | None:
        """The width of the terminal that stdout is; None if it is none."""
        return find_columns(sys.stdout)

    @property
    def in_color(self) -> bool:
        """Whether stderr is in color: on a terminal, without --no-color and NO_COLOR."""
        return not self.no_color and not os.environ.get("NO_COLOR") and self.on_terminal

    @property
    def on_terminal(self) -> bool:
        """Whether stderr is a terminal."""
        return sys.stderr.isatty()


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


TERMINAL_GONE = (errno.EIO,)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
        raise MachineError("standard output", "it is closed, so nothing can be printed")


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
