"""The characters that a model knows."""

import unicodedata
from dataclasses import dataclass

from charrnn.language import gettext_noop
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.notebook import NotebookReport

UNKNOWN_NAME = gettext_noop("the unknown character: all rare ones")


@dataclass(frozen=True)
class Character:
    """One character: its ``count`` is over the whole corpus, its ``name`` is Unicode's.

    The unknown character, which stands for all rare ones, has no ``character`` and no
    ``code_point``.
    """

    id: int
    character: str
    code_point: str
    name: str
    count: int


@dataclass(frozen=True)
class Characters(NotebookReport, report="vocab"):
    """The vocabulary, most frequent first."""

    model: str
    distinct: int
    characters: tuple[Character, ...]


def list_characters(model: LoadedModel) -> Characters:
    """List a model's vocabulary."""
    vocabulary = model.checkpoint.corpus_info.vocabulary
    counted = zip(vocabulary.characters, vocabulary.counts, strict=False)
    rows = [
        Character(id_, character, f"U+{ord(character):04X}", unicodedata.name(character, ""), count)
        for id_, (character, count) in enumerate(counted)
    ]
    if vocabulary.unknown is not None:
        rows.append(Character(vocabulary.unknown, "", "", UNKNOWN_NAME, vocabulary.counts[-1]))
    ordered = tuple(sorted(rows, key=lambda row: -row.count))
    return Characters(model.label, len(vocabulary), ordered)
