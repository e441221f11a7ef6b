"""Everything about one or several models, as the single reports have it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from charrnn.config import DEFAULT_LAGS
from charrnn.errors import InputError
from charrnn.reports.gradients import Gradients, gradients
from charrnn.reports.held_out import HeldOut
from charrnn.reports.loss import Losses, losses
from charrnn.reports.memory import Memory, memories
from charrnn.reports.neurons import Neurons, neurons
from charrnn.reports.runs import Runs, runs
from charrnn.reports.score import Scored, Tally, pieces
from charrnn.reports.summary import Summary, summary
from charrnn.reports.unroll import Unrolled, unroll
from charrnn.reports.vocab import Characters, vocab
from charrnn.storage.model_file import Checkpoint

UNROLLED, SCORED = 24, 3000  # characters of the text


@dataclass(frozen=True, eq=False)
class Overview:
    """One of each report for each model; what shows a text does for the first model alone.

    ``runs`` are those on the models' texts in the folder of the first model's run, if it is one.
    """

    summaries: tuple[Summary, ...]
    runs: Runs | None
    losses: tuple[Losses, ...]
    gradients: tuple[Gradients, ...]
    memories: tuple[Memory, ...]
    neurons: tuple[Neurons, ...]
    unrolled: Unrolled
    score: Scored
    vocab: Characters


def overview(models: Sequence[tuple[Checkpoint, Path, HeldOut]]) -> Overview:
    """For each model, the file it is in and the text to read it with.

    Raises:
        InputError: when there is too little text.
    """
    first, path, text = models[0]
    beginning = replace(text, ids=text.ids[:UNROLLED])
    summaries = tuple(summary(model, str(file)) for model, file, _ in models)
    return Overview(
        summaries=summaries,
        runs=_beside(path, {one.corpus.sha256 for one in summaries}),
        losses=tuple(losses(file) for _, file, _ in models),
        gradients=tuple(
            gradients(model, str(file), read, lags=min(DEFAULT_LAGS, (len(read.ids) - 2) // 2 or 1))
            for model, file, read in models
        ),
        memories=memories([(model, str(file), read) for model, file, read in models]),
        neurons=tuple(neurons(model, str(file), read) for model, file, read in models),
        unrolled=unroll(first, str(path), beginning),
        score=_scored(first, text),
        vocab=vocab(first, str(path)),
    )


def _beside(model: Path, texts: set[str]) -> Runs | None:
    """The runs in the folder where the model's run is, on any of these texts."""
    try:
        found = runs(model.resolve().parent.parent)
    except InputError:  # the model lies where no runs are
        return None
    groups = tuple(group for group in found.groups if group.sha256 in texts)
    return replace(found, groups=groups, unreadable=())


def _scored(checkpoint: Checkpoint, text: HeldOut) -> Scored:
    tally = Tally()
    beginning = checkpoint.corpus_info.vocabulary.decode(text.ids[:SCORED])
    for _ in tally.of(pieces(checkpoint, [beginning], text.name)):
        pass
    return tally.result()
