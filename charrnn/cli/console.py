"""What is said to the user: results on stdout, all else on stderr, colour where it is wanted."""

import errno
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedWriter, FileIO, StringIO, TextIOWrapper
from typing import Any

import click

from charrnn.errors import MachineError
from charrnn.text.harmless import harmless


@dataclass(frozen=True)
class Console:
    """How much is said, and whether in colour."""

    quiet: bool = False
    no_color: bool = False
    json: bool = False

    def result(self, text: str) -> None:
        """A whole result, on stdout, that drives no terminal wherever it is read."""
        sys.stdout.write(harmless(text, but="\n") + "\n")

    def sampled(self, text: str) -> None:
        """What a model wrote: as it is, but on a terminal harmless too."""
        if sys.stdout.isatty():
            text = harmless(text.replace("\r\n", "\n"), but="\n\t")
        sys.stdout.write(text)

    def parts(self, parts: Iterable[str]) -> None:
        """A whole result that comes in parts, on stdout."""
        sys.stdout.writelines(parts)
        sys.stdout.write("\n")

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr; nothing when quiet."""
        if not self.quiet:
            sys.stderr.write(self.dim(harmless(text, but="\n")) + "\n")

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


class Terminal(FileIO):
    """A terminal that may be closed while we write on: nobody watches then, and that is all."""

    def write(self, data: Any, /) -> int:
        """As a file does; gives the number of bytes."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(data).nbytes


class Closed(StringIO):
    """In place of a standard output that was closed before we began, as by ``>&-``."""

    def write(self, text: str, /) -> int:
        """Refuse: a result that nobody gets is no result."""
        raise MachineError("standard output", "is closed; nothing can be printed")


def set_up_streams() -> None:
    """Have stdout and stderr write UTF-8 whatever the locale, and outlive their terminal."""
    sys.stdout = sys.stdout or Closed()
    sys.stderr = sys.stderr or StringIO()  # where nobody listens nothing is said
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, TextIOWrapper):
            continue
        how: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
        if stream.isatty():
            terminal = BufferedWriter(Terminal(stream.fileno(), "wb", closefd=False))
            setattr(sys, name, TextIOWrapper(terminal, **how, line_buffering=True))
        else:
            stream.reconfigure(**how)
