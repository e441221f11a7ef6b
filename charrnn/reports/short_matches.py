"""The length of the longest match of each text in a corpus, where it is a short one."""

from collections.abc import Sequence

from charrnn.reports.window_hashes import HashedText, WindowSearch


class ShortMatches:
    """The longest match of each of ``texts`` in a corpus that arrives in parts.

    ``lengths`` has its length for each text, or ``limit`` where it is at least as long. A text is
    only searched for windows of one character more than its longest match so far: wherever a
    longer match is, such a window is too.
    """

    def __init__(self, texts: Sequence[str], limit: int) -> None:
        self.lengths = [0] * len(texts)
        self._texts, self._limit = texts, limit
        self._searches: dict[int, tuple[list[int], WindowSearch]] = {}

    def add(self, part: str, hashed: HashedText) -> None:
        """Search the next part; it repeats the last ``limit`` - 1 characters of the one before."""
        for length in range(1, self._limit + 1):
            if search := self._prepare_search(length):
                indices, windows = search
                for at, start in windows.find(part, hashed):
                    index = indices[at]
                    self.lengths[index] = self._extend(self._texts[index], start, length, part)

    def _prepare_search(self, length: int) -> tuple[list[int], WindowSearch] | None:
        """Return the texts whose longest match is one shorter than ``length``, and their search."""
        indices = [
            index
            for index, text in enumerate(self._texts)
            if self.lengths[index] == length - 1 and len(text) >= length
        ]
        if not indices:
            self._searches.pop(length, None)
            return None
        known = self._searches.get(length)
        if known is None or known[0] != indices:
            search = WindowSearch([self._texts[index] for index in indices], length)
            known = self._searches[length] = indices, search
        return known

    def _extend(self, text: str, start: int, length: int, part: str) -> int:
        """Return the length, up to the limit, of the match at ``start``, known to be ``length``."""
        while (
            length < min(self._limit, len(text) - start)
            and text[start : start + length + 1] in part
        ):
            length += 1
        return length
