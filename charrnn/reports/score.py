"""How well a model predicts a text: each character's surprise, and what it took to be likeliest.

A text is read in pieces, and what is held does not grow with it: `Tally` keeps sums, the beginning,
the hardest characters and lines. `score` keeps everything, for a program that has the text anyway.
"""

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.errors import InputError
from charrnn.storage.model_file import Checkpoint
from charrnn.text.unknown import default_on_unknown, encode_text
from charrnn.units import bits

WINDOW = 256
ALTERNATIVES = 3
BEGINNING, HARDEST, CONTEXT = 4000, 20, 12  # characters that a tally keeps
LINES, SHORTEST_LINE, LINE_KEPT = 10, 10, 200  # lines, and characters of them


@dataclass(frozen=True, eq=False)
class Piece:
    """N predictions in a row.

    ``text`` is what was predicted, ``surprise`` (N,) in nats, ``likeliest`` a string of
    alternatives for each and ``probability`` (N, alternatives) what the model gave them.
    ``unknown`` characters that the model has never seen were met on the way.
    """

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]
    unknown: int


@dataclass(frozen=True)
class Totals:
    """Of ``characters`` predictions; the text's first character has none.

    ``nats`` and ``bits`` are means a character, ``total_nats`` their sum, ``unknown`` the
    characters that the model has never seen, which are passed over or replaced.
    """

    characters: int
    nats: float
    bits: float
    perplexity: float
    total_nats: float
    unknown: int


@dataclass(frozen=True, eq=False)
class Score(Totals):
    """A whole text: its totals, and each character as in a `Piece`."""

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]


@dataclass(frozen=True, order=True)
class Hard:
    """A character that was not expected: its ``nats``, and what stood ``before`` it."""

    nats: float
    at: int
    before: str
    character: str
    likeliest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, order=True)
class Line:
    """A line of the text, the ``line``-th from 1 on: its mean ``nats`` a character.

    Its newline is one of its ``characters``; of ``text`` no more than the beginning is kept.
    """

    nats: float
    line: int
    characters: int
    text: str


@dataclass(frozen=True, eq=False)
class Scored:
    """A text of any length: its totals, its beginning, its hardest characters and ``lines``."""

    totals: Totals
    beginning: Piece
    hardest: tuple[Hard, ...]
    lines: tuple[Line, ...]


def pieces(
    checkpoint: Checkpoint, texts: Iterable[str], name: str = "text", on_unknown: str | None = None
) -> Iterator[Piece]:
    """Read what ``texts`` are together, once, from a zero state; ``on_unknown`` as `Model.score`.

    Raises:
        InputError: for an unknown character that is an error; at the end, when fewer than two
            characters were known.
    """
    network, vocabulary = checkpoint.network, checkpoint.corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    shown = min(ALTERNATIVES, len(vocabulary))
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
            likeliest = _largest(rows, shown)
            yield Piece(
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
    if unknown:  # after the last that was known
        nothing = np.empty((0, shown), np.float32)
        yield Piece("", nothing[:, 0], (), nothing, unknown)


def score(
    checkpoint: Checkpoint, text: str, name: str = "text", *, on_unknown: str | None = None
) -> Score:
    """All about a ``text``, once from a zero state. Raises as `pieces`."""
    read = list(
        pieces(checkpoint, [checkpoint.corpus_info.normalization.apply(text)], name, on_unknown)
    )
    all_ = _joined(read)
    totals = _totals(len(all_.text), float(all_.surprise.sum(dtype=np.float64)), all_.unknown)
    return Score(
        **vars(totals), text=all_.text, surprise=all_.surprise, likeliest=all_.likeliest,
        probability=all_.probability,
    )  # fmt: skip


class Tally:
    """What is kept of pieces that pass by."""

    def __init__(self) -> None:
        self._characters, self._unknown, self._nats = 0, 0, 0.0
        self._beginning: list[Piece] = []
        self._hardest: list[Hard] = []
        self._before = ""
        self._lines: list[Line] = []
        self._line = Line(0.0, 1, 0, "")  # which is being read; its nats are a sum

    def of(self, read: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces, which are counted as they pass."""
        for piece in read:
            if self._characters < BEGINNING:
                self._beginning.append(piece)
            self._note_hardest(piece)
            self._note_lines(piece)
            self._characters += len(piece.text)
            self._unknown += piece.unknown
            self._nats += float(piece.surprise.sum(dtype=np.float64))
            self._before = (self._before + piece.text)[-CONTEXT:]
            yield piece

    def result(self) -> Scored:
        """What was counted; there was at least one piece."""
        lines = heapq.nlargest(LINES, [*self._lines, *self._ended()])
        return Scored(
            _totals(self._characters, self._nats, self._unknown),
            _joined(self._beginning),
            tuple(sorted(self._hardest, key=lambda one: (-one.nats, one.at))),
            tuple(sorted(lines, key=lambda one: (-one.nats, one.line))),
        )

    def _note_hardest(self, piece: Piece) -> None:
        text = self._before + piece.text
        for place in np.argsort(-piece.surprise, kind="stable")[:HARDEST].tolist():
            end = len(self._before) + place
            hard = Hard(
                float(piece.surprise[place]),
                self._characters + place,
                text[max(0, end - CONTEXT) : end],
                piece.text[place],
                tuple(zip(piece.likeliest[place], piece.probability[place].tolist(), strict=True)),
            )
            if len(self._hardest) < HARDEST:
                heapq.heappush(self._hardest, hard)
            elif hard.nats > self._hardest[0].nats:
                heapq.heapreplace(self._hardest, hard)

    def _note_lines(self, piece: Piece) -> None:
        start = 0
        while start < len(piece.text):
            end = piece.text.find("\n", start) + 1 or len(piece.text)
            line = self._line
            self._line = Line(
                line.nats + float(piece.surprise[start:end].sum(dtype=np.float64)),
                line.line,
                line.characters + end - start,
                (line.text + piece.text[start:end])[:LINE_KEPT],
            )
            if piece.text[end - 1] == "\n":
                self._lines = heapq.nlargest(LINES, [*self._lines, *self._ended()])
                self._line = Line(0.0, line.line + 1, 0, "")
            start = end

    def _ended(self) -> list[Line]:
        """The line that is being read as it counts, unless it is too short to."""
        line = self._line
        if line.characters < SHORTEST_LINE:
            return []
        return [replace(line, nats=line.nats / line.characters)]


def _largest(rows: Array, number: int) -> npt.NDArray[np.intp]:
    """The places of the largest of each row (N, V), in falling order: (N, number)."""
    some = np.sort(np.argpartition(-rows, number - 1, axis=1)[:, :number], axis=1)
    order = np.argsort(-np.take_along_axis(rows, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _joined(read: list[Piece]) -> Piece:
    return Piece(
        "".join(piece.text for piece in read),
        np.concatenate([piece.surprise for piece in read]),
        tuple(one for piece in read for one in piece.likeliest),
        np.concatenate([piece.probability for piece in read]),
        sum(piece.unknown for piece in read),
    )


def _totals(characters: int, nats: float, unknown: int) -> Totals:
    mean = nats / characters
    return Totals(characters, mean, bits(mean), math.exp(mean), nats, unknown)
