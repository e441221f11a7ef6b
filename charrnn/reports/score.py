"""How well a model predicts a text: the surprise at each character, and what was likeliest.

A text of any length is scored in chunks. What `RunningScore` holds does not grow with the text:
sums, the beginning, the hardest characters and lines. `score_text` keeps everything in memory.
"""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.config import AUTO
from charrnn.errors import InputError
from charrnn.reports.loaded_model import LoadedModel
from charrnn.text.corpus import read_file_pieces
from charrnn.text.encodings import resolve_encoding
from charrnn.text.unknown import default_on_unknown, encode_text
from charrnn.units import bits

WINDOW = 256
ALTERNATIVES = 3
BEGINNING, HARDEST, CONTEXT = 4000, 20, 12  # characters that are kept
LINES, SHORTEST_LINE, LINE_BEGINNING = 10, 10, 200  # lines that are kept; characters of a line


@dataclass(frozen=True, eq=False)
class Predictions:
    """N predictions in a row.

    ``text`` has the characters that were predicted, ``surprise`` (N,) their nats. ``likeliest`` has
    for each a string of the most likely characters, and ``probability`` (N, alternatives) their
    probabilities. ``unknown`` is the number of characters among them that the model does not know.
    """

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]
    unknown: int


@dataclass(frozen=True)
class ScoreTotals:
    """Means and sums over all predicted ``characters``, which are all but the text's first.

    ``nats`` and ``bits`` are means per character, ``total_nats`` is their sum. ``unknown`` is the
    number of characters that the model does not know, which are skipped or replaced.
    """

    characters: int
    nats: float
    bits: float
    perplexity: float
    total_nats: float
    unknown: int


@dataclass(frozen=True, eq=False)
class Score(ScoreTotals):
    """A whole text: its totals, and each character as in `Predictions`."""

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]


@dataclass(frozen=True, order=True)
class HardCharacter:
    """A character that was predicted badly: its ``nats``, and the text ``before`` it."""

    nats: float
    at: int
    before: str
    character: str
    likeliest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, order=True)
class Line:
    """A line of the text: its mean ``nats`` per character, and its number ``line`` from 1.

    The newline counts as one of its ``characters``. ``text`` has only the beginning of a long line.
    """

    nats: float
    line: int
    characters: int
    text: str


@dataclass(frozen=True, eq=False)
class ScoreSummary:
    """A text of any length: its totals, its beginning, its hardest characters and ``lines``."""

    totals: ScoreTotals
    beginning: Predictions
    hardest: tuple[HardCharacter, ...]
    lines: tuple[Line, ...]


def score_text(model: LoadedModel, text: str, *, on_unknown: str | None = None) -> Score:
    """Score a ``text`` from a zero state, and keep everything. Raises as `predict_chunks`."""
    text = model.checkpoint.corpus_info.normalization.apply(text)
    whole = _concatenate(list(predict_chunks(model, [text], "text", on_unknown)))
    nats = float(whole.surprise.sum(dtype=np.float64))
    totals = _totals(len(whole.text), nats, whole.unknown)
    return Score(
        **vars(totals), text=whole.text, surprise=whole.surprise, likeliest=whole.likeliest,
        probability=whole.probability,
    )  # fmt: skip


def score_file(
    model: LoadedModel, file: Path, *, encoding: str = AUTO, on_unknown: str | None = None
) -> "RunningScore":
    """Begin to score ``file``, which is read while the result is iterated over.

    Iteration raises as `predict_chunks`, and an InputError when the file cannot be read.
    """
    normalization = model.checkpoint.corpus_info.normalization
    texts = read_file_pieces(file, normalization, resolve_encoding(encoding))
    return RunningScore(predict_chunks(model, texts, str(file), on_unknown))


def predict_chunks(
    model: LoadedModel, texts: Iterable[str], name: str, on_unknown: str | None = None
) -> Iterator[Predictions]:
    """Predict each character of ``texts``, which are one text, from a zero state.

    ``on_unknown`` is that of `Model.score`.

    Raises:
        InputError: for an unknown character that is an error; at the end, when fewer than two
            characters of the text that is called ``name`` were known.
    """
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    alternatives = min(ALTERNATIVES, len(vocabulary))
    states, last, unknown, predicted = network.initial_states(1), np.empty(0, np.intp), 0, 0
    for text in texts:
        unknown += int((vocabulary.lookup_ids(text) < 0).sum())
        ids = np.concatenate([last, encode_text(text, vocabulary, on_unknown, name)]).astype(
            np.intp
        )
        for start in range(0, len(ids) - 1, WINDOW):
            targets = ids[start + 1 : start + 1 + WINDOW]
            logs, states = network.predict(ids[start : start + len(targets), None], states)
            rows = logs[:, 0]
            likeliest = _indices_of_largest(rows, alternatives)
            yield Predictions(
                text=vocabulary.decode(targets),
                surprise=-rows[np.arange(len(targets)), targets],
                likeliest=tuple(map(vocabulary.decode, likeliest)),
                probability=np.exp(np.take_along_axis(rows, likeliest, axis=1)),
                unknown=unknown,
            )
            unknown, predicted = 0, predicted + len(targets)
        last = ids[-1:]
    if not predicted:
        raise InputError(name, "has fewer than two characters that the model knows")
    if unknown:  # the text ends with unknown characters
        empty = np.empty((0, alternatives), np.float32)
        yield Predictions("", empty[:, 0], (), empty, unknown)


class RunningScore:
    """A text while it is scored: an iterator over its `Predictions` that sums them up."""

    def __init__(self, chunks: Iterator[Predictions]) -> None:
        self._chunks = chunks
        self._characters, self._unknown, self._nats = 0, 0, 0.0
        self._beginning: list[Predictions] = []
        self._hardest: list[HardCharacter] = []
        self._before = ""
        self._lines: list[Line] = []
        self._line = Line(0.0, 1, 0, "")  # the current line; its nats are a sum, not a mean

    def __iter__(self) -> Iterator[Predictions]:
        """Score the text to its end, and yield each chunk after adding it to the sums."""
        for chunk in self._chunks:
            self._add(chunk)
            yield chunk

    def result(self) -> ScoreSummary:
        """Score the rest of the text, and return the summary. Raises as iteration does."""
        for chunk in self._chunks:
            self._add(chunk)
        lines = heapq.nlargest(LINES, [*self._lines, *self._finished_line()])
        return ScoreSummary(
            _totals(self._characters, self._nats, self._unknown),
            _concatenate(self._beginning),
            tuple(sorted(self._hardest, key=lambda hard: (-hard.nats, hard.at))),
            tuple(sorted(lines, key=lambda line: (-line.nats, line.line))),
        )

    def _add(self, chunk: Predictions) -> None:
        if self._characters < BEGINNING:
            self._beginning.append(chunk)
        self._keep_hardest(chunk)
        self._keep_hardest_lines(chunk)
        self._characters += len(chunk.text)
        self._unknown += chunk.unknown
        self._nats += float(chunk.surprise.sum(dtype=np.float64))
        self._before = (self._before + chunk.text)[-CONTEXT:]

    def _keep_hardest(self, chunk: Predictions) -> None:
        text = self._before + chunk.text
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

    def _keep_hardest_lines(self, chunk: Predictions) -> None:
        start = 0
        while start < len(chunk.text):
            end = chunk.text.find("\n", start) + 1 or len(chunk.text)
            line = self._line
            self._line = Line(
                line.nats + float(chunk.surprise[start:end].sum(dtype=np.float64)),
                line.line,
                line.characters + end - start,
                (line.text + chunk.text[start:end])[:LINE_BEGINNING],
            )
            if chunk.text[end - 1] == "\n":
                self._lines = heapq.nlargest(LINES, [*self._lines, *self._finished_line()])
                self._line = Line(0.0, line.line + 1, 0, "")
            start = end

    def _finished_line(self) -> list[Line]:
        """Return the current line with its mean; none if it is too short to be compared."""
        line = self._line
        if line.characters < SHORTEST_LINE:
            return []
        return [replace(line, nats=line.nats / line.characters)]


def _indices_of_largest(rows: Array, number: int) -> npt.NDArray[np.intp]:
    """Return the indices of each row's largest values (N, V), in falling order: (N, number)."""
    largest = np.sort(np.argpartition(-rows, number - 1, axis=1)[:, :number], axis=1)
    order = np.argsort(-np.take_along_axis(rows, largest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(largest, order, axis=1)


def _concatenate(chunks: Sequence[Predictions]) -> Predictions:
    return Predictions(
        "".join(chunk.text for chunk in chunks),
        np.concatenate([chunk.surprise for chunk in chunks]),
        tuple(alternatives for chunk in chunks for alternatives in chunk.likeliest),
        np.concatenate([chunk.probability for chunk in chunks]),
        sum(chunk.unknown for chunk in chunks),
    )


def _totals(characters: int, nats: float, unknown: int) -> ScoreTotals:
    mean = nats / characters
    return ScoreTotals(characters, mean, bits(mean), math.exp(mean), nats, unknown)
