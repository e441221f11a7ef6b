"""The text that a report reads with a model: the validation part, or the user's own text."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charrnn.arrays import Ids
from charrnn.config import AUTO
from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.language import Phrase
from charrnn.language import gettext as _
from charrnn.ngram import MAX_COUNTED
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.path_label import PathLabel
from charrnn.reports.training_corpus import find_training_corpus
from charrnn.text.corpus import encode_corpus, read_file, split_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.encodings import resolve_encoding
from charrnn.text.unknown import UnknownCharacters, default_on_unknown, encode_text


@dataclass(frozen=True, eq=False)
class ReportText:
    """A text as ids (N,) of a model's vocabulary, N at least 2.

    ``unknown`` is the number of its characters that the model does not know, and
    ``unknown_summary`` names them. ``train`` is the end of the training part, as much of it as
    n-grams are counted on; None where that is not known.
    """

    name: str
    ids: Ids
    unknown: int = 0
    unknown_summary: str = ""
    train: Ids | None = None


def read_report_text(model: LoadedModel, file: Path, encoding: str = AUTO) -> ReportText:
    """Read the whole of ``file``.

    Raises:
        InputError: when it cannot be read, or the model knows fewer than two of its characters.
    """
    text = read_file(file, model.checkpoint.corpus_info.normalization, resolve_encoding(encoding))
    return encode_report_text(model, text, PathLabel(str(file)))


def encode_report_text(model: LoadedModel, text: str, name: str) -> ReportText:
    """Encode the whole of ``text``, which errors call ``name``. Raises as `read_report_text`."""
    corpus_info = model.checkpoint.corpus_info
    text, vocabulary = corpus_info.normalization.apply(text), corpus_info.vocabulary
    unknown = UnknownCharacters(vocabulary)
    unknown.add(text)
    ids = encode_text(text, vocabulary, default_on_unknown(vocabulary), name).astype(np.intp)
    if len(ids) < 2:
        raise InputError(name, _("has fewer than two characters that the model knows"))
    return ReportText(name, ids, unknown.number, unknown.summary)


def find_validation_part(model: LoadedModel) -> ReportText:
    """Read the validation part of the corpus that the model was trained on.

    Raises:
        InputError: when the corpus cannot be found or has changed, or has no validation part.
    """
    files = find_training_corpus(model, "text_file")
    corpus_info = model.checkpoint.corpus_info
    with tempfile.TemporaryDirectory() as folder:
        ids = exhaust(encode_corpus(files, corpus_info, Path(folder, "ids")))
        parts = split_corpus(ids, model.checkpoint.config)
        validation_part = ReportText(
            _name_validation_part(corpus_info),
            np.array(parts.val, np.intp),
            train=np.array(parts.train[-MAX_COUNTED:]),
        )
    if len(validation_part.ids) < 2:
        problem = _("was trained without a validation part (`val` 0); name a text with `text_file`")
        raise InputError(_(model.label), problem)
    return validation_part


def _name_validation_part(corpus_info: CorpusInfo) -> str:
    if corpus_info.val_file:
        return ", ".join(corpus_info.val_file.files)
    return Phrase("the validation part of {files}", files=", ".join(corpus_info.files))
