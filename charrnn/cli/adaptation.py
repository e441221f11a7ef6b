"""``--adapt`` of ``charrnn sample``: a model that learns from a prime before it continues it."""

from collections.abc import Callable
from dataclasses import replace

from threadpoolctl import threadpool_limits

from charrnn.api import Model
from charrnn.cli.console import Console
from charrnn.cli.display import read_with_progress
from charrnn.language import gettext as _
from charrnn.reports.predictions import predict_chunks
from charrnn.reports.score import RunningScore
from charrnn.sampling.continuation import measure_continuations
from charrnn.training.dynamic_evaluation import DynamicEvaluation


def adapt_to_prime(console: Console, model: Model, prime: str, name: str, on_unknown: str) -> Model:
    """Return a copy of ``model`` that has learned from ``prime``, which errors call ``name``.

    A note tells how well both predict the prime.

    Raises:
        InputError: when the model knows fewer than two characters of the prime.
    """
    checkpoint = model.checkpoint
    text = checkpoint.corpus_info.normalization.apply(prime)
    evaluation = DynamicEvaluation(checkpoint.network)
    scoring = RunningScore(predict_chunks(model.loaded, [text], name, on_unknown, evaluation))
    with threadpool_limits(1, "blas"):  # two threads take 2.6 times as long with 256 units
        read_with_progress(console, scoring, _("adapting"), len(text))
        score = scoring.result()
    assert score.adapted is not None
    note = _(
        "adapted to {count:,} characters of the prime: {adapted:z.4f} nats per character while it"
        " learned from them, {plain:z.4f} without"
    )
    totals = score.totals
    console.note(
        note.format(count=totals.characters, adapted=score.adapted.nats, plain=totals.nats)
    )
    return Model(replace(checkpoint, network=evaluation.adapted), model.loaded.path)


def make_logprob_finder(model: Model, prime: str, on_unknown: str) -> Callable[[str], float]:
    """Return a function from a continuation of ``prime`` to its log-probability by ``model``."""
    vocabulary = model.checkpoint.corpus_info.vocabulary
    ids = model.make_prompt(prime, on_unknown).ids
    return measure_continuations(model.checkpoint.network, vocabulary, ids)
