"""All runs of a folder side by side, best first, grouped by the text that they were validated on.

Losses on different texts, or on different parts of a text, cannot be compared, so each text or part
has its own group. Only the metadata of the model files is read, not the weights: hundreds of runs
take a second.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import InputError
from charrnn.language import ENGLISH, gettext_noop, speaking
from charrnn.language import gettext as _
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.path_label import PathLabel
from charrnn.reports.summary import Summary, summarize_description
from charrnn.shell_words import write_command
from charrnn.storage.checkpoint import read_description
from charrnn.storage.lock import is_locked
from charrnn.storage.run_folder import (
    DEFAULT_ROOT,
    RunFolder,
    explain_no_model,
    list_run_folders,
)
from charrnn.text.corpus_info import TextInfo
from charrnn.training.state import Diverged


@dataclass(frozen=True)
class RunSummary(Summary):
    """The best model of a run, and the state of the run.

    ``state`` is *finished*, *running*, *unfinished* (``resume`` can go on with it), *diverged* (it
    cannot, and ``diverged`` says where), *broken* (it cannot, as a file is damaged), or *model*
    where there is only a model file.
    """

    state: str


@dataclass(frozen=True)
class Group:
    """Runs validated on the same characters, by rising loss; runs without a loss come last.

    ``shuffle``, ``val_file`` and ``test_file`` are those of `CorpusSummary`.
    """

    files: tuple[str, ...]
    characters: int
    validation_characters: int
    sha256: str
    ngram: float | None
    shuffle: str | None
    val_file: TextInfo | None
    test_file: TextInfo | None
    runs: tuple[RunSummary, ...]


@dataclass(frozen=True)
class Runs(NotebookReport, report="runs"):
    """The groups, the largest first.

    ``unsaved`` are the runs that have no model yet. ``unreadable`` has a message for each damaged
    file.
    """

    folder: str
    groups: tuple[Group, ...]
    unsaved: tuple[str, ...]
    unreadable: tuple[str, ...]


def list_runs(folder: Path) -> Runs:
    """Summarize every run directly in ``folder``.

    Raises:
        InputError: when there is no run.
    """
    by_text: defaultdict[tuple[object, ...], list[RunSummary]] = defaultdict(list)
    unsaved, unreadable = list[str](), list[str]()
    for run in list_run_folders(folder):
        if run.model is None:
            unsaved.append(PathLabel(str(run.path)))
            continue
        state, diverged, problems = _read_state(run)
        unreadable += problems
        try:
            description, __ = read_description(run.model)
            summary = summarize_description(description, PathLabel(str(run.path)), diverged)
        except InputError as error:
            unreadable.append(_describe_unreadable(run.model, error))
            continue
        corpus = summary.corpus
        split = corpus.training_characters, corpus.validation_characters, corpus.test_characters
        own_texts = description.corpus_info.own_texts.items()
        fingerprints = tuple((name, text.sha256) for name, text in own_texts)
        key = corpus.sha256, corpus.distinct, split, corpus.shuffle, fingerprints
        by_text[key].append(RunSummary(**vars(summary), state=state))
    if not (by_text or unsaved or unreadable):
        raise InputError(folder, _explain_empty(folder))
    groups = sorted(map(_group, by_text.values()), key=lambda group: -len(group.runs))
    return Runs(str(folder), tuple(groups), tuple(unsaved), tuple(unreadable))


def _explain_empty(folder: Path) -> str:
    """Say why there is no run directly in ``folder``."""
    if RunFolder(folder).config.is_file() or RunFolder(folder).model:
        command = write_command("inspect", "summary", folder)
        problem = _("is itself a run, not a folder of runs; to inspect it: {command}")
        return problem.format(command=command)
    if folder.is_dir() or folder == DEFAULT_ROOT:
        return explain_no_model()
    if folder.exists():
        return _("is a file; name a folder that has run folders in it")
    return _("no such folder; check the name")


def _read_state(run: RunFolder) -> tuple[str, Diverged | None, tuple[str, ...]]:
    """Return the state of a run, where it diverged, and what is wrong with its last file."""
    if not run.last.is_file():
        return gettext_noop("model"), None, ()
    # The lock is checked before the file, so a run that ends in between is finished, not broken.
    is_running = is_locked(run.path)
    try:
        __, status = read_description(run.last)
    except InputError as error:
        return gettext_noop("broken"), None, (_describe_unreadable(run.last, error),)
    if is_running:
        return gettext_noop("running"), None, ()
    if status.diverged:
        return gettext_noop("diverged"), status.diverged, ()
    return gettext_noop("finished") if status.is_over else gettext_noop("unfinished"), None, ()


def _describe_unreadable(file: Path, error: InputError) -> str:
    """Return the message of ``error``, which names the damaged ``file``.

    It is in English, as all data; what is shown after the name is in the user's language.
    """
    shown = str(error).removeprefix(str(file))
    with speaking(ENGLISH):
        try:
            read_description(file)
        except InputError as english_error:
            error = english_error
    return PathLabel(str(error), file, shown)


def _group(runs: list[RunSummary]) -> Group:
    def by_loss(run: RunSummary) -> tuple[bool, float]:
        loss = run.training.val_loss
        return loss is None, loss or 0.0

    corpus, baselines = runs[0].corpus, runs[0].baselines
    return Group(
        files=corpus.files,
        characters=corpus.characters,
        validation_characters=corpus.validation_characters,
        sha256=corpus.sha256,
        shuffle=corpus.shuffle,
        val_file=corpus.val_file,
        test_file=corpus.test_file,
        ngram=baselines.ngram if baselines else None,
        runs=tuple(sorted(runs, key=by_loss)),
    )
