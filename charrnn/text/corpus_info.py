"""What a model keeps of its corpus. Not here: how it is determined (corpus.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary


@dataclass(frozen=True)
class TextInfo:
    """The names of a text's files, its number of characters, and its fingerprint as below."""

    files: tuple[str, ...]
    characters: int
    sha256: str


@dataclass(frozen=True)
class CorpusInfo:
    """Vocabulary, size and fingerprint of a corpus, determined in one pass over it.

    ``sha256`` is the hash of the corpus's characters, in UTF-8, after normalization, before
    ``shuffle`` and before rare characters are replaced. ``encoding`` lists those of all files,
    separated by commas.

    ``val_file`` and ``test_file`` are texts of their own that the model is validated and tested
    on, None where these are parts of the corpus. ``characters`` and the counts of the vocabulary
    are over all of these texts; ``files`` and ``sha256`` are of the corpus alone.
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
    unlearned: Mapping[str, int] = field(default_factory=dict, compare=False)
    """The characters that do not occur in the corpus, only in the other texts, and how often.

    No model keeps them.
    """
    shuffle: str | None = None
    val_file: TextInfo | None = None
    test_file: TextInfo | None = None

    @property
    def corpus_characters(self) -> int:
        """The characters of the corpus alone, with the newlines that `shuffle` adds at its end."""
        return self.characters - sum(text.characters for text in self.own_texts.values())

    @property
    def own_texts(self) -> dict[str, TextInfo]:
        """The texts of `val_file` and `test_file`, where there are any."""
        texts = {"val_file": self.val_file, "test_file": self.test_file}
        return {name: text for name, text in texts.items() if text is not None}

    @property
    def distinct(self) -> int:
        """The number of ids that occur in the corpus; all rare characters are one of them.

        The vocabulary may be larger, as it contains the characters of the model in `init_from`.
        """
        return sum(count > 0 for count in self.vocabulary.counts)
