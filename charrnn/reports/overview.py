"""Everything about one or several models: the other reports, one after another."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from charrnn.arrays import Ids
from charrnn.config import DEFAULT_LAGS, SampleConfig
from charrnn.errors import InputError
from charrnn.reports.compare import Comparison, compare_texts
from charrnn.reports.differing_texts import find_differing_texts
from charrnn.reports.gradients import Gradients, measure_gradients
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.loss import Losses, model_losses, read_losses
from charrnn.reports.memory import Memory, compare_memory
from charrnn.reports.neurons import Neurons, analyze_neurons
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.predictions import predict_chunks
from charrnn.reports.report_text import ReportText
from charrnn.reports.runs import Runs, list_runs
from charrnn.reports.score import RunningScore, ScoreSummary
from charrnn.reports.sequential import SequentialProducts, measure_sequential
from charrnn.reports.summary import Summary, summarize
from charrnn.reports.unroll import Unrolled, unroll_text
from charrnn.reports.vocab import Characters, list_characters
from charrnn.sampling.generation import generate, make_prompt
from charrnn.sampling.sampler import sort_finished
from charrnn.text.vocab import Vocabulary

UNROLLED, SCORED = 24, 3000  # characters of the text that these reports read
SAMPLE_LENGTH, SAMPLE_SEED = 200, 0


@dataclass(frozen=True)
class FoundComparison:
    """A ``comparison`` of two texts, which ``model`` found among ``places`` many of ``text``."""

    comparison: Comparison
    model: str
    text: str
    places: int


@dataclass(frozen=True, eq=False)
class Overview(NotebookReport, report="report"):
    """One of each report for each model; `unrolled`, `score` and `vocab` are of a single one.

    This is the first whose state depends on the state before, or else the first. ``samples`` has a
    text that each model wrote. ``differing`` compares how the models read two texts that end alike,
    None where no model has a loop, or the text is too short. ``runs`` are the runs on the models'
    corpora in the folder of the first model's run, None where it is not in a run folder.
    """

    summaries: tuple[Summary, ...]
    samples: tuple[str, ...]
    differing: FoundComparison | None
    runs: Runs | None
    losses: tuple[Losses, ...]
    gradients: tuple[Gradients, ...]
    memories: tuple[Memory, ...]
    sequential: tuple[SequentialProducts, ...]
    neurons: tuple[Neurons, ...]
    unrolled: Unrolled
    score: ScoreSummary
    vocab: Characters


def make_overview(models: Sequence[LoadedModel], texts: Sequence[ReportText]) -> Overview:
    """Make all reports on each model with its text.

    Raises:
        InputError: when a text is too short.
    """
    looping = [model.checkpoint.network.shape.cell_record.loops for model in models]
    shown = looping.index(True) if any(looping) else 0
    single, text = models[shown], texts[shown]
    vocabulary = single.checkpoint.corpus_info.vocabulary
    score = RunningScore(predict_chunks(single, [vocabulary.decode(text.ids[:SCORED])], text.name))
    summaries = tuple(map(summarize, models))
    return Overview(
        summaries=summaries,
        samples=tuple(map(_write_sample, models)),
        differing=_compare_differing_texts(models, summaries, texts),
        runs=_runs_beside(models[0], {summary.corpus.sha256 for summary in summaries}),
        losses=tuple(map(_read_losses, models)),
        gradients=tuple(
            measure_gradients(model, text, lags=min(DEFAULT_LAGS, (len(text.ids) - 2) // 2 or 1))
            for model, text in zip(models, texts, strict=True)
        ),
        memories=compare_memory(models, texts),
        sequential=measure_sequential(models),
        neurons=tuple(map(analyze_neurons, models, texts)),
        unrolled=unroll_text(single, replace(text, ids=_cut_line(vocabulary, text.ids))),
        score=score.result(),
        vocab=list_characters(single),
    )


def _cut_line(vocabulary: Vocabulary, ids: Ids) -> Ids:
    """Return some characters of ``ids``: of the first line that begins there, if one does."""
    (newline,) = vocabulary.lookup_ids("\n")
    (breaks,) = np.nonzero(ids[:-UNROLLED] == newline)
    begin = breaks[0] + 1 if len(breaks) else 0
    return ids[begin : begin + UNROLLED]


def _write_sample(model: LoadedModel) -> str:
    """Return a text that the model writes, always the same one."""
    prompt = make_prompt(model.checkpoint.corpus_info, "", "skip", "")
    config = SampleConfig(length=SAMPLE_LENGTH)
    (sample,) = sort_finished(generate(model.checkpoint, [prompt], config, SAMPLE_SEED, 1))
    return sample.text


def _compare_differing_texts(
    models: Sequence[LoadedModel], summaries: Sequence[Summary], texts: Sequence[ReportText]
) -> FoundComparison | None:
    """Find two texts with the best model that has a loop; compare all models of its corpus."""
    looping = [
        (model, summary, text)
        for model, summary, text in zip(models, summaries, texts, strict=True)
        if model.checkpoint.network.shape.cell_record.loops
    ]
    if not looping:
        return None
    model, summary, text = min(looping, key=lambda each: _validation_loss(each[1]))
    found = find_differing_texts(model, text)
    if found is None:
        return None
    alike = [
        other
        for other, its in zip(models, summaries, strict=True)
        if its.corpus.sha256 == summary.corpus.sha256
    ]
    decode = model.checkpoint.corpus_info.vocabulary.decode
    comparison = compare_texts(
        alike, text=[decode(found.a), decode(found.b)], stop=["\n"], seed=SAMPLE_SEED
    )
    return FoundComparison(comparison, model.label, text.name, found.places)


def _validation_loss(summary: Summary) -> float:
    loss = summary.training.val_loss
    return math.inf if loss is None else loss


def _read_losses(model: LoadedModel) -> Losses:
    """Return the losses of the whole run, or else those up to the step of the model."""
    if model.run is not None:
        with suppress(InputError):
            return replace(read_losses(model.run), model=model.label)
    return model_losses(model)


def _runs_beside(model: LoadedModel, corpora: set[str]) -> Runs | None:
    """List the runs beside the model's own, on any corpus with one of these fingerprints."""
    if model.path is None:
        return None
    try:
        runs = list_runs(model.path.resolve().parent.parent)
    except InputError:  # the model is not in a run folder
        return None
    groups = tuple(group for group in runs.groups if group.sha256 in corpora)
    return replace(runs, groups=groups, unreadable=())
