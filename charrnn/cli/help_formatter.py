"""The layout of help screens, whose lines are as wide as a terminal shows them.

click counts characters, which is right for English only. Not here: what a help screen says.
"""

from collections.abc import Iterable

import click

from charrnn.language import ENGLISH, get_language
from charrnn.language import gettext as _

LEAST_ARGUMENTS = 20
"""The columns that a usage line leaves for the arguments; else they come on the next line."""
LEAST_TEXT = 10
"""The columns of the second of two columns, on a terminal that is even narrower."""


class HelpFormatter(click.HelpFormatter):
    """Help in which the first column leaves room for the second, also on a narrow terminal."""

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write rows of two columns."""
        super().write_dl(rows, min(col_max, self.first_column), col_spacing)

    @property
    def first_column(self) -> int:
        """The most columns that the first of two columns takes."""
        return min(30, self.width * 2 // 5)


class WideHelpFormatter(HelpFormatter):
    """The same for languages whose characters may be two columns wide."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how a command is called."""
        from charrnn.render.clusters import display_width  # which English does not need

        prefix = prefix or _("Usage:") + " "
        start = f"{prefix}{prog} "
        indent = display_width(start)
        if indent + LEAST_ARGUMENTS > self.width:
            indent = display_width(prefix) + 2 * self.indent_increment
            start = f"{start.rstrip()}\n{' ' * indent}"
        lines = _wrap_paragraphs(args, self.width - indent)
        self.write(start + f"\n{' ' * indent}".join(lines) + "\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        for line in _wrap_paragraphs(text, self.width - self.current_indent):
            self.write(f"{indent}{line}".rstrip() + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write rows of two columns."""
        from charrnn.render.clusters import display_width, pad

        rows = list(rows)
        widest = min(col_max, self.first_column, max(display_width(first) for first, __ in rows))
        indent = " " * self.current_indent
        columns = self.width - widest - col_spacing - self.current_indent
        for first, second in rows:
            lines = _wrap_description(second, max(LEAST_TEXT, columns))
            if display_width(first) > widest:
                self.write(f"{indent}{first}\n")
                first = ""
            for line in lines:
                self.write(f"{indent}{pad(first, widest + col_spacing)}{line}\n")
                first = ""


class HelpContext(click.Context):
    """A context whose help is laid out for the language that is set."""

    def make_formatter(self) -> HelpFormatter:
        """Return an empty help screen."""
        kind = HelpFormatter if get_language() == ENGLISH else WideHelpFormatter
        return kind(width=self.terminal_width, max_width=self.max_content_width)


def _wrap_description(text: str, columns: int) -> list[str]:
    """Return lines of at most ``columns``. A default in brackets stays on one line if it fits."""
    from charrnn.render.clusters import display_width

    description, bracket, default = text.rpartition("  [")
    if not bracket:
        return _wrap_paragraphs(text, columns)
    lines = _wrap_paragraphs(description, columns)
    if display_width(lines[-1] + bracket + default) <= columns:
        return [*lines[:-1], lines[-1] + bracket + default]
    return lines + _wrap_paragraphs(f"[{default}", columns)


def _wrap_paragraphs(text: str, columns: int) -> list[str]:
    r"""Return lines of at most ``columns``. A paragraph below a line ``\b`` keeps its own lines."""
    from charrnn.render.lines import wrap  # which English does not need

    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append("")
        if paragraph.startswith("\b\n"):
            lines += paragraph.splitlines()[1:]
        else:
            lines += [line.strip() for line in wrap(paragraph, columns, cut_words=True)]
    return lines
