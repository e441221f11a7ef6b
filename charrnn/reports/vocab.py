"""The characters that a model knows."""

import unicodedata
from dataclasses import dataclass

from charrnn.storage.model_file import Checkpoint

UNKNOWN = "the unknown character: all rare ones"


@dataclass(frozen=True)
class Character:
    """``count`` is over the whole corpus, ``name`` that of Unicode.

    The one that stands for rare characters has no ``character`` and no ``code_point``.
    """

    id: int
    character: str
    code_point: str
    name: str
    count: int


@dataclass(frozen=True)
class Characters:
    """The vocabulary, most frequent first."""

    model: str
    distinct: int
    characters: tuple[Character, ...]


def vocab(checkpoint: Checkpoint, name: str) -> Characters:
    """List the vocabulary of the model of the file called ``name``."""
    vocabulary = checkpoint.corpus_info.vocabulary
    rows = [
        Character(id_, one, f"U+{ord(one):04X}", unicodedata.name(one, ""), count)
        for id_, (one, count) in enumerate(
            zip(vocabulary.characters, vocabulary.counts, strict=False)
        )
    ]
    if vocabulary.unknown is not None:
        rows.append(Character(vocabulary.unknown, "", "", UNKNOWN, vocabulary.counts[-1]))
    ordered = tuple(sorted(rows, key=lambda row: -row.count))
    return Characters(name, len(vocabulary), ordered)
