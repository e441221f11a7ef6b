"""What is said to the user: results on stdout, all else on stderr, colour where it is wanted."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import click

from charrnn.text.harmless import harmless


@dataclass(frozen=True)
class Console:
    """How much is said, and whether in colour."""

    quiet: bool = False
    no_color: bool = False
    json: bool = False

    def result(self, text: str) -> None:
        """A whole result, on stdout, that drives no terminal wherever it is read."""
        sys.stdout.write(harmless(text, lines=True) + "\n")

    def sampled(self, text: str) -> None:
        """What a model wrote: as it is, but on a terminal harmless too."""
        sys.stdout.write(harmless(text, lines=True) if sys.stdout.isatty() else text)

    def parts(self, parts: Iterable[str]) -> None:
        """A whole result that comes in parts, on stdout."""
        sys.stdout.writelines(parts)
        sys.stdout.write("\n")

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr; nothing when quiet."""
        if not self.quiet:
            sys.stderr.write(self.dim(harmless(text, lines=True)) + "\n")

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
