"""What a corpus is, as a model remembers it. Not here: how it is found out (corpus.py)."""

from dataclasses import dataclass

from charrnn.text.rules import Rules
from charrnn.text.vocab import Vocabulary


@dataclass(frozen=True)
class CorpusInfo:
    """What a corpus is, found in one pass. ``sha256`` is over its characters as UTF-8.

    These are as ``rules`` have made them, the rare ones included. The ``encoding`` of several files
    may be several, separated by commas.
    """

    files: tuple[str, ...]
    characters: int
    vocabulary: Vocabulary
    encoding: str
    rules: Rules
    sha256: str

    @property
    def distinct(self) -> int:
        """The characters of the corpus, the rare ones as one; another model's may be known too."""
        return sum(count > 0 for count in self.vocabulary.counts)
