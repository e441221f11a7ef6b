"""Primes from a file: its whole text, or each of its lines. They can be read more than once."""

from collections.abc import Iterator
from pathlib import Path

from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.text.corpus import read_pieces
from charrnn.text.encodings import detect_encoding
from charrnn.text.lines import split_lines
from charrnn.text.normalization import Normalization
from charrnn.text.sources import find_sources


class PrimeFile:
    """The primes of one file, or of standard input for ``-``; iterating over it reads the file.

    Raises:
        InputError: when it cannot be read, or its encoding is not clear.
    """

    def __init__(
        self, path: Path, normalization: Normalization, encoding: str, *, each_line: bool
    ) -> None:
        if path.is_dir():
            raise InputError(path, _("is a folder; name a file"))
        (source,) = find_sources([path])
        self._source = detect_encoding(source, encoding)
        self._normalization = normalization
        self._each_line = each_line

    def __iter__(self) -> Iterator[str]:
        """Yield each line without its newline; or the whole text, without one newline at its end.

        An editor ends a file with a newline, and the text is to be continued on its last line.
        """
        pieces = (piece for piece, __ in read_pieces(self._source, self._normalization))
        if self._each_line:
            return (
                _remove_carriage_return(line.removesuffix("\n")) for line in split_lines(pieces)
            )
        text = "".join(pieces)
        return iter([_remove_carriage_return(text[:-1]) if text.endswith("\n") else text])


def _remove_carriage_return(line: str) -> str:
    """Remove the CR of a CRLF, which is still there where `newline` is "keep"."""
    return line.removesuffix("\r")
