"""How well a model predicts a text: the surprise at each character, and what was likeliest.

A text of any length is scored in chunks. What `RunningScore` holds does not grow with the text:
sums, the beginning, the hardest characters and lines. `score_text` keeps everything in memory.
"""

import heapq
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.config import AUTO
from charrnn.errors import InputError
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.score_lines import HardestLines, Line
from charrnn.text.corpus import read_file_pieces
from charrnn.text.encodings import resolve_encoding
from charrnn.text.unknown import UnknownCharacters, default_on_unknown, encode_text
from charrnn.units import bits

WINDOW = 256
ALTERNATIVES = 3
BEGINNING, HARDEST, CONTEXT = 4000, 20, 12  # characters that are kept
LARGEST_EXPONENT = math.log(sys.float_info.max)
"""The loss in nats above which a perplexity, as of a model that diverged, is no finite float."""


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


@dataclass(frozen=True, eq=False)
class Chunk:
    """Predictions, and the piece of the text that was ``read`` for them.

    ``positions`` (N,) are those of the predicted characters in ``read``, which also has characters
    that are not predicted: the text's first one, and unknown ones. Both may be without any.
    """

    predictions: Predictions
    read: str
    positions: npt.NDArray[np.intp]


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
    chunks = predict_chunks(model, [text], "text", on_unknown)
    whole = _concatenate([chunk.predictions for chunk in chunks])
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
    unknown = UnknownCharacters(model.checkpoint.corpus_info.vocabulary)
    texts = unknown.watch(read_file_pieces(file, normalization, resolve_encoding(encoding)))
    return RunningScore(predict_chunks(model, texts, str(file), on_unknown), unknown)


def predict_chunks(
    model: LoadedModel, texts: Iterable[str], name: str, on_unknown: str | None = None
) -> Iterator[Chunk]:
    """Predict each character of ``texts``, which are one text, from a zero state.

    What is read in all chunks adds up to the text.

    ``on_unknown`` is that of `Model.score`.

    Raises:
        InputError: for an unknown character that is an error; at the end, when fewer than two
            characters of the text that is called ``name`` were known.
    """
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    alternatives = min(ALTERNATIVES, len(vocabulary))
    states, last, predicted = network.initial_states(1), np.empty(0, np.intp), 0
    empty = np.empty((0, alternatives), np.float32)
    for text in texts:
        is_known = vocabulary.lookup_ids(text) >= 0
        unknown, read = int((~is_known).sum()), 0
        new = encode_text(text, vocabulary, on_unknown, name)
        # Skipped characters have no id; replaced ones have that of the unknown character.
        places = np.flatnonzero(is_known) if len(new) < len(text) else np.arange(len(text))
        places = places[1 - len(last) :]  # the first character of the text is not predicted
        ids = np.concatenate([last, new]).astype(np.intp)
        for start in range(0, len(ids) - 1, WINDOW):
            targets = ids[start + 1 : start + 1 + WINDOW]
            logs, states = network.predict(ids[start : start + len(targets), None], states)
            rows = logs[:, 0]
            likeliest = _indices_of_largest(rows, alternatives)
            end = int(places[start + len(targets) - 1]) + 1
            predictions = Predictions(
                text=vocabulary.decode(targets),
                surprise=0.0 - rows[np.arange(len(targets)), targets],  # 0 - 0 is 0, and not -0
                likeliest=tuple(map(vocabulary.decode, likeliest)),
                probability=np.exp(np.take_along_axis(rows, likeliest, axis=1)),
                unknown=unknown,
            )
            positions = places[start : start + len(targets)] - read
            yield Chunk(predictions, text[read:end], positions)
            unknown, read, predicted = 0, end, predicted + len(targets)
        if read < len(text):  # it ends with characters that are not predicted
            nothing = Predictions("", empty[:, 0], (), empty, unknown)
            yield Chunk(nothing, text[read:], np.empty(0, np.intp))
        last = ids[-1:]
    if not predicted:
        raise InputError(name, "has fewer than two characters that the model knows")


class RunningScore:
    """A text while it is scored: an iterator over its `Predictions` that sums them up."""

    def __init__(
        self, chunks: Iterator[Chunk], unknown_characters: UnknownCharacters | None = None
    ) -> None:
        self._chunks = chunks
        self._unknown_characters = unknown_characters
        self._characters, self._unknown, self._nats = 0, 0, 0.0
        self._beginning: list[Predictions] = []
        self._hardest: list[HardCharacter] = []
        self._before = ""
        self._lines = HardestLines()

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
            _totals(self._characters, self._nats, self._unknown),
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
        self._before = (self._before + predictions.text)[-CONTEXT:]

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
    perplexity = math.exp(mean) if mean < LARGEST_EXPONENT else None
    return ScoreTotals(characters, mean, bits(mean), perplexity, nats, unknown)
