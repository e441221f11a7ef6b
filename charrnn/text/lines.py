"""A text that arrives in pieces, split into its lines.

A line ends with a newline only, as for `grep -n`. Whether a CR becomes one is decided before
(normalization.py).
"""

from collections.abc import Iterable, Iterator


def split_lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield each line with its newline, which the last one may not have. No line is empty."""
    line: list[str] = []
    for piece in pieces:
        *ended, rest = piece.split("\n")
        for end in ended:
            yield "".join([*line, end, "\n"])
            line = []
        line.append(rest)
    if any(line):
        yield "".join(line)


def remove_line_end(line: str) -> str:
    """Remove the newline at the end of ``line``, with the CR before it if there is one."""
    return line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")
