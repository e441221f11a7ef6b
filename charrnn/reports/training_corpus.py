"""The corpus that a model was trained on, found again through the model's run folder."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.reports.loaded_model import LoadedModel
from charrnn.runs.run_config import read_corpus_paths
from charrnn.storage.run_folder import RunFolder
from charrnn.text.corpus import scan_corpus
from charrnn.text.sources import STDIN, Source, find_sources


def find_training_corpus(model: LoadedModel, setting: str) -> Sequence[Source]:
    """Find the files of the model's corpus.

    The config.toml of the run folder says where they were; the fingerprint in the model says
    whether they are still the same.

    Raises:
        InputError: when they cannot be found or have changed. The message tells the user to name
            another text with ``setting``.
    """
    paths = _corpus_paths(model, setting)
    if Path(STDIN) in paths:
        problem = f"its corpus came from standard input; name a text with `{setting}`"
        raise InputError(model.label, problem)
    try:
        files = find_sources(paths)
    except InputError as error:
        problem = f"is no longer there; name a text with `{setting}`"
        raise InputError(error.thing, problem) from None
    expected = model.checkpoint.corpus_info
    corpus_info, sources = exhaust(
        scan_corpus(files, model.checkpoint.config.encoding, expected.normalization)
    )
    if corpus_info.sha256 != expected.sha256:
        raise InputError(
            ", ".join(map(str, paths)),
            f"is no longer the text that the model learned from; name a text with `{setting}`",
        )
    return sources


def _corpus_paths(model: LoadedModel, setting: str) -> Sequence[Path]:
    if model.path is not None:
        with suppress(InputError):
            return read_corpus_paths(RunFolder(model.path.parent).config)
    raise InputError(
        model.label, f"cannot find the corpus that it was trained on; name a text with `{setting}`"
    )
