"""What is said to the user: results on stdout, all else on stderr, colour where it is wanted."""

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedWriter, FileIO, StringIO, TextIOWrapper
from typing import Any

import click

from charrnn.cli.option_names import name_options
from charrnn.errors import MachineError
from charrnn.render.controls import escape_controls


@dataclass(frozen=True)
class Console:
    """How much is said, and whether in colour."""

    quiet: bool = False
    no_color: bool = False
    json: bool = False

    def result(self, text: str) -> None:
        """A whole result, on stdout, that drives no terminal wherever it is read."""
        sys.stdout.write(escape_controls(text, but="\n") + "\n")

    def sampled(self, text: str) -> None:
        """What a model wrote: as it is, but on a terminal harmless too."""
        if sys.stdout.isatty():
            text = escape_controls(text.replace("\r\n", "\n"), but="\n\t")
        sys.stdout.write(text)

    def parts(self, parts: Iterable[str]) -> None:
        """A whole result that comes in parts, on stdout."""
        sys.stdout.writelines(parts)
        sys.stdout.write("\n")

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr; nothing when quiet."""
        if not self.quiet:
            sys.stderr.write(self.dim(escape_controls(name_options(text), but="\n")) + "\n")

    def dim(self, text: str) -> str:
        """``text`` in a quieter colour, where stderr is in colour."""
        return click.style(text, dim=True) if self.in_color else text

    @property
    def in_color(self) -> bool:
        """Colour only on a terminal, and where neither the user nor NO_COLOR says otherwise."""
        return not self.no_color and not os.environ.get("NO_COLOR") and self.on_terminal

    @property
    def on_terminal(self) -> bool:
        """Whether somebody watches stderr."""
        return sys.stderr.isatty()


CLOSED = (errno.EIO,)
"""How writing to a terminal fails that is there no more."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Unheard(FileIO):
    """A terminal or a log that may be closed or full while we write on: that is all, then."""

    def __init__(self, number: int, unheard: tuple[int, ...]) -> None:
        super().__init__(number, "wb", closefd=False)
        self.unheard = unheard

    def write(self, data: Any, /) -> int:
        """As a file does; gives the number of bytes."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in self.unheard:
                raise
            return memoryview(data).nbytes


class Closed(StringIO):
    """In place of a standard output that was closed before we began, as by ``>&-``."""

    def write(self, text: str, /) -> int:
        """Refuse: a result that nobody gets is no result."""
        raise MachineError("standard output", "is closed; nothing can be printed")


def set_up_streams() -> None:
    """Have stdout and stderr write UTF-8 whatever the locale, and outlive their terminal.

    What is said besides ends no training either, when the disk of its log is full.
    """
    sys.stdout = sys.stdout or Closed()
    sys.stderr = sys.stderr or StringIO()  # where nobody listens nothing is said
    for name, unheard in (("stdout", CLOSED), ("stderr", CLOSED + FULL)):
        stream = getattr(sys, name)
        if not isinstance(stream, TextIOWrapper):
            continue
        how: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
        if name == "stderr" or stream.isatty():
            raw = BufferedWriter(Unheard(stream.fileno(), unheard))
            setattr(sys, name, TextIOWrapper(raw, **how, line_buffering=True))
        else:
            stream.reconfigure(**how)
