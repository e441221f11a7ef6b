"""All runs of a folder side by side: those on the same text, split alike, best first.

Losses on other texts, or on another part of the same one, do not compare, so each has a group. Only
what the files say is read, not the weights: hundreds of runs take a second.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import InputError
from charrnn.reports.summary import Summary, summary
from charrnn.storage.lock import is_locked
from charrnn.storage.model_file import read_description
from charrnn.storage.run_folder import RunFolder, runs_in


@dataclass(frozen=True)
class Run(Summary):
    """The best model of a run, and what becomes of that.

    ``state`` is *finished*, *running*, *unfinished* (what ``--resume`` goes on with), *broken* (it
    cannot, as a file is damaged), or *model* where there is nothing else.
    """

    state: str


@dataclass(frozen=True)
class Group:
    """The runs that validated on the same characters, by rising loss; those without one last."""

    files: tuple[str, ...]
    characters: int
    validation_characters: int
    sha256: str
    ngram: float | None
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Runs:
    """The groups, the largest first.

    ``unsaved`` are runs without a model so far, and ``unreadable`` says of each damaged file what
    is wrong with it.
    """

    folder: str
    groups: tuple[Group, ...]
    unsaved: tuple[str, ...]
    unreadable: tuple[str, ...]


def runs(folder: Path) -> Runs:
    """Read what every run directly in ``folder`` has become.

    Raises:
        InputError: when there is none.
    """
    by_text: defaultdict[tuple[object, ...], list[Run]] = defaultdict(list)
    unsaved, unreadable = list[str](), list[str]()
    for run in runs_in(folder):
        if run.model is None:
            unsaved.append(str(run.path))
            continue
        state, problems = _state(run)
        try:
            one = summary(read_description(run.model)[0], str(run.path))
        except InputError as error:
            problems = (*problems, str(error))
        else:
            corpus = one.corpus
            split = corpus.training_characters, corpus.validation_characters, corpus.test_characters
            by_text[corpus.sha256, corpus.distinct, split].append(Run(**vars(one), state=state))
        unreadable += problems
    if not (by_text or unsaved or unreadable):
        raise InputError(folder, "no run in it yet; train one with 'charrnn train'")
    groups = sorted(map(_group, by_text.values()), key=lambda group: -len(group.runs))
    return Runs(str(folder), tuple(groups), tuple(unsaved), tuple(unreadable))


def _state(run: RunFolder) -> tuple[str, tuple[str, ...]]:
    """What a run has become, and what is wrong with its last file."""
    if not run.last.is_file():
        return "model", ()
    is_running = is_locked(run.path)  # asked first: what ends meanwhile is finished
    try:
        _, is_over = read_description(run.last)
    except InputError as error:
        return "broken", (str(error),)
    if is_running:
        return "running", ()
    return ("finished" if is_over else "unfinished"), ()


def _group(members: list[Run]) -> Group:
    def by_loss(one: Run) -> tuple[bool, float]:
        loss = one.training.val_loss
        return loss is None, loss or 0.0

    corpus, baselines = members[0].corpus, members[0].baselines
    return Group(
        files=corpus.files,
        characters=corpus.characters,
        validation_characters=corpus.validation_characters,
        sha256=corpus.sha256,
        ngram=baselines.ngram if baselines else None,
        runs=tuple(sorted(members, key=by_loss)),
    )
