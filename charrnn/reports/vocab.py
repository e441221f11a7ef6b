"""The characters that a model knows."""

from dataclasses import dataclass

from charrnn.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Character:
    """``count`` is over the whole corpus."""

    id: int
    character: str
    code_point: str
    count: int


@dataclass(frozen=True)
class Characters:
    """The vocabulary, most frequent first."""

    model: str
    distinct: int
    characters: tuple[Character, ...]


def vocab(checkpoint: Checkpoint, name: str) -> Characters:
    """List the vocabulary of the model of the file called ``name``."""
    vocabulary = checkpoint.stock.vocabulary
    rows = (
        Character(id_, character, f"U+{ord(character):04X}", count)
        for id_, (character, count) in enumerate(
            zip(vocabulary.characters, vocabulary.counts, strict=True)
        )
    )
    ordered = tuple(sorted(rows, key=lambda row: -row.count))
    return Characters(name, len(vocabulary), ordered)
