"""Output: results on stdout, everything else on stderr, in color where it is wanted.

Not here: the streams themselves (streams.py).
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import click

from charrnn.cli.program_name import write_for_user
from charrnn.cli.streams import find_columns
from charrnn.render.columns import limit_columns
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

    def print_row(self, row: str) -> None:
        """Print a row of CSV on stdout, unchanged unless a terminal would interpret it."""
        sys.stdout.write(escape_controls(row, but="\n\t") if sys.stdout.isatty() else row)
        sys.stdout.write("\n")

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
