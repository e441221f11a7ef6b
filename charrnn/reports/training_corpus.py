"""The corpus that a model was trained on, found again through the model's run folder."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.language import gettext as _
from charrnn.reports.loaded_model import LoadedModel
from charrnn.runs.moved_corpus import list_missing, write_move_command
from charrnn.runs.run_config import read_corpus_paths
from charrnn.storage.run_folder import RunFolder
from charrnn.text.changed_corpus import explain_change, is_same_text
from charrnn.text.corpus import scan_corpus
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.sources import STDIN, CorpusFiles, find_sources


def find_training_corpus(
    model: LoadedModel, setting: str, *, with_own_texts: bool = True
) -> CorpusFiles:
    """Find the files of the model's corpus, and those of `val_file` and `test_file`.

    ``with_own_texts`` says whether these two are needed.

    The config.toml of the run folder says where they were; the fingerprint in the model says
    whether they are still the same.

    Raises:
        InputError: when they cannot be found or have changed. The message tells the user to name
            another text with ``setting``.
    """
    all_paths = _corpus_paths(model, setting)
    if not with_own_texts:
        all_paths = CorpusPaths(all_paths.corpus)
    paths = all_paths.corpus
    if Path(STDIN) in all_paths.all:
        raise _unusable(model, paths, [Path(STDIN)], setting, _("came from standard input"))
    if missing := list_missing(paths):
        raise _unusable(model, paths, missing, setting, _("is no longer there"))
    try:
        files = CorpusFiles(
            **{name: find_sources(of_text) for name, of_text in all_paths.items() if of_text}
        )
    except InputError as error:
        raise InputError(error.thing, _advise(error.problem, setting)) from None
    expected = model.checkpoint.corpus_info
    corpus_info, sources = exhaust(
        scan_corpus(
            files, model.checkpoint.config.encoding, expected.normalization,
            shuffle=expected.shuffle,
        )
    )  # fmt: skip
    if corpus_info.sha256 != expected.sha256:
        problem = _("is no longer the text that the model learned from")
        has_folder = any(path.is_dir() for path in paths)
        if change := explain_change(expected, corpus_info, has_folder=has_folder):
            problem = _("is no longer the text that the model learned from ({change})")
            problem = problem.format(change=change)
        raise _unusable(model, paths, paths, setting, problem)
    for name in expected.own_texts if with_own_texts else ():
        if not is_same_text(name, expected, corpus_info):
            thing = ", ".join(map(str, getattr(all_paths, name))) or name
            problem = _("is not, or no longer, the `{name}` of the model").format(name=name)
            raise InputError(thing, _advise(problem, setting))
    return sources


def _unusable(
    model: LoadedModel, paths: Sequence[Path], moved: Sequence[Path], setting: str, problem: str
) -> InputError:
    """Return the error for a corpus of which some paths cannot be used, and what to do."""
    thing: object = ", ".join(map(str, moved))
    if Path(STDIN) in moved:
        thing = _("the corpus of {model}").format(model=_(model.label))
    if setting == "corpus":
        advised = _("{problem}; name a text with `{setting}`: where it is now, or another one")
        return InputError(thing, advised.format(problem=problem, setting=setting))
    if model.diverged:  # a run that cannot be resumed
        return InputError(thing, _advise(problem, setting))
    assert model.path is not None
    command = write_move_command(paths, model.path.parent, moved)
    advised = _(
        "{problem}; name a text with `{setting}`, or the new place of the corpus: {command}"
    )
    return InputError(thing, advised.format(problem=problem, setting=setting, command=command))


def _advise(problem: str, setting: str) -> str:
    """Return ``problem`` with the advice to name another text with ``setting``."""
    return _("{problem}; name a text with `{setting}`").format(problem=problem, setting=setting)


def _corpus_paths(model: LoadedModel, setting: str) -> CorpusPaths:
    if model.path is not None:
        with suppress(InputError):
            return read_corpus_paths(RunFolder(model.path.parent).config)
    problem = _("cannot find the corpus that it was trained on")
    raise InputError(_(model.label), _advise(problem, setting))
