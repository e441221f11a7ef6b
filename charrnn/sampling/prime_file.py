"""Primes that stand in a file: its text, or each of its lines; readable more than once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from charrnn.errors import InputError
from charrnn.text.corpus import read_pieces
from charrnn.text.encodings import detect_encoding
from charrnn.text.rules import Rules
from charrnn.text.sources import find_sources


class PrimeFile:
    """The primes of one file, or of standard input for ``-``.

    Raises:
        InputError: when it cannot be read, or its encoding is not clear.
    """

    def __init__(self, path: Path, rules: Rules, encoding: str, *, each_line: bool) -> None:
        if path.is_dir():
            raise InputError(path, "is a folder; name a file")
        (found,) = find_sources([path])
        self._source = detect_encoding(found, encoding)
        self._rules = rules
        self._each_line = each_line

    def __iter__(self) -> Iterator[str]:
        """Each line without its end; or the whole, but for one newline where the file ends."""
        text = (piece for piece, _ in read_pieces(self._source, self._rules))
        if self._each_line:
            return split_lines(text)
        whole = "".join(text)
        return iter([_without_end(whole[:-1]) if whole.endswith("\n") else whole])


def split_lines(text: Iterable[str]) -> Iterator[str]:
    """The lines of a text that comes in pieces, without their ends."""
    line: list[str] = []
    for piece in text:
        first, *others = piece.split("\n")
        line.append(first)
        for other in others:
            yield _without_end("".join(line))
            line = [other]
    if any(line):
        yield "".join(line)


def _without_end(line: str) -> str:
    """Without what is left of a CRLF where newlines are kept as they are."""
    return line.removesuffix("\r")
