"""The text that a report reads a model with: what was kept from it in training, or another file."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.arrays import Ids
from charrnn.config import AUTO
from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.ngram import MAX_COUNTED
from charrnn.reports.learned import find_corpus
from charrnn.storage.model_file import Checkpoint
from charrnn.text.corpus import encode_corpus, read_file, split_corpus
from charrnn.text.unknown import default_on_unknown, encode_text

ELSE = "name a text with --text-file"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A text as ids (N,) of a model's vocabulary, N at least 2, and how many ``unknown`` it has.

    ``train`` is the end of what the model learned from, as far as n-grams are counted on it; None
    where that is not known.
    """

    name: str
    ids: Ids
    unknown: int = 0
    train: Ids | None = None


def of_file(checkpoint: Checkpoint, file: Path, encoding: str = AUTO) -> HeldOut:
    """The whole of ``file``.

    Raises:
        InputError: when it cannot be read, or the model knows fewer than two of its characters.
    """
    return of_text(
        checkpoint, read_file(file, checkpoint.corpus_info.normalization, encoding), str(file)
    )


def of_text(checkpoint: Checkpoint, text: str, name: str) -> HeldOut:
    """The whole of ``text``, which errors call ``name``. Raises as `of_file`."""
    text, vocabulary = (
        checkpoint.corpus_info.normalization.apply(text),
        checkpoint.corpus_info.vocabulary,
    )
    unknown = int((vocabulary.lookup_ids(text) < 0).sum())
    known = encode_text(text, vocabulary, default_on_unknown(vocabulary), name).astype(np.intp)
    if len(known) < 2:
        raise InputError(name, "has fewer than two characters that the model knows")
    return HeldOut(name, known, unknown)


def of_corpus(checkpoint: Checkpoint, model: Path) -> HeldOut:
    """The validation part of the corpus that the ``model`` file learned from.

    Raises:
        InputError: when it is not found again, or nothing of it was kept.
    """
    files = find_corpus(checkpoint, model, ELSE)
    with tempfile.TemporaryDirectory() as folder:
        parts = split_corpus(
            exhaust(encode_corpus(files, checkpoint.corpus_info, Path(folder, "ids"))),
            checkpoint.config,
        )
        held_out = HeldOut(
            f"the validation part of {', '.join(checkpoint.corpus_info.files)}",
            np.array(parts.val, np.intp),
            train=np.array(parts.train[-MAX_COUNTED:]),
        )
    if len(held_out.ids) < 2:
        raise InputError(model, f"nothing of its corpus was kept from it (--val 0); {ELSE}")
    return held_out
