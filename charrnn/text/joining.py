"""Joining the files of a corpus: a newline between two files where the first ends without one.

Without it, the last line of a file and the first of the next would be one line, which neither file
has. Not here: what is joined (corpus.py).
"""

import re
from dataclasses import dataclass

NEWLINE = re.compile(r"\r\n?|\n")


@dataclass
class FileJoiner:
    """Joins files, each of which arrives in pieces: `begin_file`, then `add` for each piece.

    A file ends with a newline if its last character is LF or CR. The newline that is added is of
    the kind that the files have, where `newline` is "keep".
    """

    _last: str = ""
    _newline: str = ""
    _is_file_start: bool = False

    def begin_file(self) -> None:
        """Begin the next file. An empty one has no pieces, and changes nothing."""
        self._is_file_start = True

    def add(self, piece: str) -> str:
        """Return the newline that belongs before ``piece``, or "". A piece is never empty."""
        separator = ""
        if self._is_file_start and self._last not in ("", "\n", "\r"):
            following = NEWLINE.search(piece)
            separator = self._newline or (following[0] if following else "\n")
        self._is_file_start = False
        self._remember(piece)
        return separator

    def _remember(self, piece: str) -> None:
        """Keep the last character, and the kind of the last newline."""
        end = piece.rfind("\n")
        if end >= 0:
            before = piece[end - 1] if end else self._last
            self._newline = "\r\n" if before == "\r" else "\n"
        elif "\r" in piece:
            self._newline = "\r"
        self._last = piece[-1]
