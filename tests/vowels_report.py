"""A report that is made up for a test: how many vowels a model knows."""

from dataclasses import dataclass

from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport


@dataclass(frozen=True)
class Vowels(ModelFacts, NotebookReport, report="vowels"):
    """The vowels of a vocabulary, with their counts in the corpus."""

    counts: dict[str, int]


def count_vowels(model: LoadedModel) -> Vowels:
    """Count them."""
    vocabulary = model.checkpoint.corpus_info.vocabulary
    counted = zip(vocabulary.characters, vocabulary.counts, strict=True)
    return Vowels(**vars(model.facts), counts={c: n for c, n in counted if c in "aeiou"})
