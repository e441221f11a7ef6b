"""The corpus that a model learned from, found again."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.storage.model_file import Checkpoint
from charrnn.storage.run_folder import RunFolder
from charrnn.text.corpus import scan_corpus
from charrnn.text.sources import STDIN, Source, find_sources


def find_corpus(checkpoint: Checkpoint, model: Path, otherwise: str) -> Sequence[Source]:
    """The files of the corpus of the ``model`` file.

    Its run folder's config.toml says where they were; the fingerprint says whether they are still
    the same.

    Raises:
        InputError: when they are not known or no longer there, and what to do ``otherwise``.
    """
    settings = RunFolder(model.parent).config
    try:
        corpus = tomllib.loads(settings.read_text(encoding="utf-8"))["train"]["corpus"]
        files = ", ".join(corpus)
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(model, f"its corpus is not known here; {otherwise}") from None
    if STDIN in corpus:
        raise InputError(model, f"its corpus came from standard input; {otherwise}")
    try:
        found = find_sources(corpus)
    except InputError as error:
        raise InputError(error.thing, f"is no longer there; {otherwise}") from None
    corpus_info, sources = exhaust(
        scan_corpus(found, checkpoint.config.encoding, checkpoint.corpus_info.normalization)
    )
    if corpus_info.sha256 != checkpoint.corpus_info.sha256:
        problem = "is no longer the text that the model learned from"
        raise InputError(files, f"{problem}; {otherwise}")
    return sources
