"""How well a model predicts a text: the surprise at each character, and what was likeliest.

A text of any length is scored in chunks. What `RunningScore` holds does not grow with the text:
sums, the beginning, the hardest characters and lines. `score_text` keeps everything in memory.

A score may also have the surprise of a model that goes on learning from the text (dynamic
evaluation), beside that of the model as it is. All else is of the model as it is.
"""

import heapq
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from charrnn.config import AUTO
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.predictions import Chunk, Predictions, Rows, predict_chunks
from charrnn.reports.score_lines import LineScore, RunningLines
from charrnn.text.corpus import read_file_pieces
from charrnn.text.encodings import resolve_encoding
from charrnn.text.unknown import UnknownCharacters
from charrnn.training.dynamic_evaluation import DynamicEvaluation
from charrnn.units import bits

BEGINNING, HARDEST, CONTEXT = 4000, 20, 12  # characters that are kept
LARGEST_EXPONENT = math.log(sys.float_info.max)
"""The loss in nats above which a perplexity, as of a model that diverged, is no finite float."""


@dataclass(frozen=True)
class ScoreTotals:
    """Means and sums over all predicted ``characters``, which are all but the text's first.

    ``nats`` and ``bits`` are means per character, ``total_nats`` is their sum. ``unknown`` is the
    number of characters that the model does not know, which are skipped or replaced.
    """

    characters: int
    nats: float
    bits: float
    perplexity: float | None
    total_nats: float
    unknown: int


def make_totals(characters: int, total_nats: float, unknown: int) -> ScoreTotals:
    """Return the means and sums of the ``characters`` that were predicted, at least one."""
    mean = total_nats / characters
    perplexity = math.exp(mean) if mean < LARGEST_EXPONENT else None
    return ScoreTotals(characters, mean, bits(mean), perplexity, total_nats, unknown)


@dataclass(frozen=True, eq=False)
class Score(ScoreTotals, NotebookReport, report="score"):
    """A whole text: its totals, and each character as in `Predictions`.

    ``adapted`` are the totals by the model that goes on learning from the text, if there is one.
    ``hardest`` and ``lines`` are those of `ScoreSummary`.
    """

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]
    adapted: ScoreTotals | None = None
    adapted_surprise: npt.NDArray[np.float32] | None = None
    hardest: "tuple[HardCharacter, ...]" = ()
    lines: tuple[LineScore, ...] = ()

    def summarize(self) -> "ScoreSummary":
        """Return what is kept of a text of any length."""
        likeliest = Rows("".join(self.likeliest[:BEGINNING]), len(self.likeliest[0]))
        beginning = Predictions(
            self.text[:BEGINNING], self.surprise[:BEGINNING], likeliest,
            self.probability[:BEGINNING], self.unknown,
        )  # fmt: skip
        return ScoreSummary(
            ScoreTotals(**{field.name: getattr(self, field.name) for field in fields(ScoreTotals)}),
            self.adapted,
            beginning,
            self.hardest,
            self.lines,
        )


@dataclass(frozen=True, order=True)
class HardCharacter:
    """A character that was predicted badly: its ``nats``, and the text ``before`` it."""

    nats: float
    at: int
    before: str
    character: str
    likeliest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class ScoreSummary(NotebookReport, report="score"):
    """A text of any length: its totals, its beginning, its hardest characters and ``lines``.

    ``adapted`` is that of `Score`.
    """

    totals: ScoreTotals
    adapted: ScoreTotals | None
    beginning: Predictions
    hardest: tuple[HardCharacter, ...]
    lines: tuple[LineScore, ...]


def score_text(
    model: LoadedModel, text: str, *, on_unknown: str | None = None, adapt: bool = False
) -> Score:
    """Score a ``text`` from a zero state, and keep everything. Raises as `predict_chunks`.

    With ``adapt``, it is also scored by a copy of the model that learns from it.
    """
    text = model.checkpoint.corpus_info.normalization.apply(text)
    running = RunningScore(predict_chunks(model, [text], "text", on_unknown, _copy(model, adapt)))
    # The products of a segment are small: two threads take 2.6 times as long with 256 units.
    with threadpool_limits(1, "blas") if adapt else nullcontext():
        whole = _concatenate(list(running))
        summary = running.result()
    return Score(
        **vars(summary.totals), text=whole.text, surprise=whole.surprise,
        likeliest=tuple(whole.likeliest), probability=whole.probability, adapted=summary.adapted,
        adapted_surprise=whole.adapted_surprise, hardest=summary.hardest, lines=summary.lines,
    )  # fmt: skip


def score_file(
    model: LoadedModel,
    file: Path,
    *,
    encoding: str = AUTO,
    on_unknown: str | None = None,
    adapt: bool = False,
) -> "RunningScore":
    """Begin to score ``file``, which is read while the result is iterated over.

    With ``adapt``, it is also scored by a copy of the model that learns from it.
    Iteration raises as `predict_chunks`, and an InputError when the file cannot be read.
    """
    normalization = model.checkpoint.corpus_info.normalization
    unknown = UnknownCharacters(model.checkpoint.corpus_info.vocabulary)
    texts = unknown.watch(read_file_pieces(file, normalization, resolve_encoding(encoding)))
    chunks = predict_chunks(model, texts, str(file), on_unknown, _copy(model, adapt))
    return RunningScore(chunks, unknown)


def _copy(model: LoadedModel, adapt: bool) -> DynamicEvaluation | None:
    return DynamicEvaluation(model.checkpoint.network) if adapt else None


class RunningScore(NotebookReport, report="score"):
    """A text while it is scored: an iterator over its `Predictions` that sums them up."""

    def __init__(
        self, chunks: Iterator[Chunk], unknown_characters: UnknownCharacters | None = None
    ) -> None:
        self._chunks = chunks
        self._unknown_characters = unknown_characters
        self._characters, self._unknown, self._nats = 0, 0, 0.0
        self._adapted_nats: float | None = None
        self._beginning: list[Predictions] = []
        self._hardest: list[HardCharacter] = []
        self._before = ""
        self._lines = RunningLines()

    def __iter__(self) -> Iterator[Predictions]:
        """Score the text to its end, and yield each chunk after adding it to the sums."""
        for chunk in self._chunks:
            self._add(chunk)
            yield chunk.predictions

    @property
    def unknown_summary(self) -> str:
        """The names of the characters so far that the model does not know."""
        return self._unknown_characters.summary if self._unknown_characters else ""

    def result(self) -> ScoreSummary:
        """Score the rest of the text, and return the summary. Raises as iteration does."""
        for chunk in self._chunks:
            self._add(chunk)
        return ScoreSummary(
            self._totals(self._nats),
            None if self._adapted_nats is None else self._totals(self._adapted_nats),
            _concatenate(self._beginning),
            tuple(sorted(self._hardest, key=lambda hard: (-hard.nats, hard.at))),
            self._lines.result(),
        )

    def _add(self, chunk: Chunk) -> None:
        predictions = chunk.predictions
        if self._characters < BEGINNING:
            self._beginning.append(predictions)
        self._keep_hardest(predictions)
        self._lines.add(chunk.read, chunk.positions, predictions.surprise)
        self._characters += len(predictions.text)
        self._unknown += predictions.unknown
        self._nats += float(predictions.surprise.sum(dtype=np.float64))
        if predictions.adapted_surprise is not None:
            nats = float(predictions.adapted_surprise.sum(dtype=np.float64))
            self._adapted_nats = (self._adapted_nats or 0.0) + nats
        self._before = (self._before + predictions.text)[-CONTEXT:]

    def _totals(self, nats: float) -> ScoreTotals:
        return make_totals(self._characters, nats, self._unknown)

    def _keep_hardest(self, chunk: Predictions) -> None:
        text = self._before + chunk.text
        least = self._hardest[0].nats if len(self._hardest) == HARDEST else -math.inf
        if not len(chunk.surprise) or chunk.surprise.max() <= least:
            return
        for at in np.argsort(-chunk.surprise, kind="stable")[:HARDEST].tolist():
            end = len(self._before) + at
            hard = HardCharacter(
                float(chunk.surprise[at]),
                self._characters + at,
                text[max(0, end - CONTEXT) : end],
                chunk.text[at],
                tuple(zip(chunk.likeliest[at], chunk.probability[at].tolist(), strict=True)),
            )
            if len(self._hardest) < HARDEST:
                heapq.heappush(self._hardest, hard)
            elif hard.nats > self._hardest[0].nats:
                heapq.heapreplace(self._hardest, hard)


def _concatenate(chunks: Sequence[Predictions]) -> Predictions:
    each = (chunk.adapted_surprise for chunk in chunks)
    adapted = [surprise for surprise in each if surprise is not None]
    return Predictions(
        "".join(chunk.text for chunk in chunks),
        np.concatenate([chunk.surprise for chunk in chunks]),
        Rows("".join(chunk.likeliest.text for chunk in chunks), chunks[0].likeliest.width),
        np.concatenate([chunk.probability for chunk in chunks]),
        sum(chunk.unknown for chunk in chunks),
        np.concatenate(adapted) if adapted else None,
    )
