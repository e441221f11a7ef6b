"""What a corpus is, as a model remembers it. Not here: how it is found out (corpus.py)."""

from dataclasses import dataclass

from charrnn.text.vocab import Vocabulary


@dataclass(frozen=True)
class Stock:
    """What a corpus is, found in one pass. ``sha256`` is over its characters as UTF-8."""

    files: tuple[str, ...]
    characters: int
    vocabulary: Vocabulary
    encoding: str
    newline: str
    sha256: str
