"""All runs of a folder side by side: those on the same text, split alike, best first.

Losses on other texts, or on another part of the same one, do not compare, so each has a group.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import InputError
from charrnn.reports.summary import Summary, summary
from charrnn.training.checkpoint import load
from charrnn.training.folder import models_in


@dataclass(frozen=True)
class Group:
    """The runs that validated on the same characters, by rising loss; those without one last."""

    files: tuple[str, ...]
    characters: int
    validation_characters: int
    sha256: str
    ngram: float | None
    runs: tuple[Summary, ...]


@dataclass(frozen=True)
class Runs:
    """The groups, the largest first, and model files that could not be read."""

    folder: str
    groups: tuple[Group, ...]
    unreadable: tuple[str, ...]


def runs(folder: Path) -> Runs:
    """Read the best model of every run below ``folder``.

    Raises:
        InputError: when there is none.
    """
    by_text: defaultdict[tuple[object, ...], list[Summary]] = defaultdict(list)
    unreadable = []
    for model in models_in(folder):
        try:
            one = summary(load(model), str(model.parent))
        except InputError as error:
            unreadable.append(str(error))
            continue
        corpus = one.corpus
        split = corpus.training_characters, corpus.validation_characters, corpus.test_characters
        by_text[corpus.sha256, corpus.distinct, split].append(one)
    if not by_text:
        raise InputError(folder, "no trained model in it yet; train one with 'charrnn train'")
    groups = sorted(map(_group, by_text.values()), key=lambda group: -len(group.runs))
    return Runs(str(folder), tuple(groups), tuple(unreadable))


def _group(members: list[Summary]) -> Group:
    def by_loss(one: Summary) -> tuple[bool, float]:
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
