"""What a model keeps of its corpus. Not here: how it is determined (corpus.py)."""

from dataclasses import dataclass, field

from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary


@dataclass(frozen=True)
class CorpusInfo:
    """Vocabulary, size and fingerprint of a corpus, determined in one pass over it.

    ``sha256`` is the hash of the corpus's characters, in UTF-8, after normalization and before rare
    characters are replaced. ``encoding`` lists those of all files, separated by commas.
    """

    files: tuple[str, ...]
    characters: int
    vocabulary: Vocabulary
    encoding: str
    normalization: Normalization
    sha256: str
    unseparated_sha256: str | None = field(default=None, compare=False)
    """The hash without the newlines that were added between files; None if there are none.

    No model keeps it. Version 0.1.0 joined files without these newlines.
    """

    @property
    def distinct(self) -> int:
        """The number of ids that occur in the corpus; all rare characters are one of them.

        The vocabulary may be larger, as it contains the characters of the model in `init_from`.
        """
        return sum(count > 0 for count in self.vocabulary.counts)
