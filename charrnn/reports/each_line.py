"""Each line of a text for itself: how well a model predicts it, without the lines before it.

A line is read from a newline, as a sample without a prime is begun. Where the model knows no
newline, the first character of a line has no predecessor and is not predicted. Lines of a text of
any size are read side by side, some thousand at a time. Only a line itself is in memory as a whole.

Not here: the hardest lines of a text that is read as a whole (score.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.config import AUTO
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.score import ScoreTotals, make_totals
from charrnn.reports.score_lines import (
    LINE_BEGINNING,
    SHORTEST_LINE,
    LineScore,
    score_line,
)
from charrnn.text.corpus import read_file_pieces
from charrnn.text.encodings import resolve_encoding
from charrnn.text.lines import remove_line_end, split_lines
from charrnn.text.unknown import UnknownCharacters, default_on_unknown, encode_text
from charrnn.training.separate_reading import separate_losses

BATCH_CHARACTERS, BATCH_LINES = 1 << 18, 1 << 14  # that are read side by side
SHOWN = 20  # the hardest lines that are kept
MAX_STRETCHES = 200  # of the text, for a chart


@dataclass(frozen=True)
class HardLine(LineScore):
    """A line with the ``surprise`` at each character of ``text``, which is its beginning.

    It is 0 for a character that is not predicted. The line occurs ``times`` times, first as number
    ``line``.
    """

    surprise: tuple[float, ...]
    times: int = 1


@dataclass(frozen=True)
class Stretch:
    """Some lines in a row, from number ``first`` on: the mean ``nats`` of their characters."""

    first: int
    nats: float


@dataclass(frozen=True)
class EachLineSummary:
    """A text whose lines were scored each for itself.

    ``lines`` is their number, ``counted`` that of the lines with a predicted character. The
    ``hardest`` lines have the highest means of the ``compared`` lines, which are those with at
    least ``shortest`` predicted characters and more than white space: the means of short lines are
    extreme. Where most lines are short, ``shortest`` is 1.

    ``stretches`` have ``lines_per_stretch`` each, the last one perhaps fewer; those without a
    predicted character are left out.
    """

    lines: int
    counted: int
    totals: ScoreTotals
    hardest: tuple[HardLine, ...]
    compared: int
    shortest: int
    stretches: tuple[Stretch, ...]
    lines_per_stretch: int


def score_each_line(
    model: LoadedModel, file: Path, *, encoding: str = AUTO, on_unknown: str | None = None
) -> "EachLine":
    """Begin to score each line of ``file``, which is read while the result is iterated over.

    Iteration raises an InputError when the file cannot be read, for an unknown character that is an
    error, and at the end when no character was predicted.
    """
    normalization = model.checkpoint.corpus_info.normalization
    unknown = UnknownCharacters(model.checkpoint.corpus_info.vocabulary)
    texts = unknown.watch(read_file_pieces(file, normalization, resolve_encoding(encoding)))
    return EachLine(model, split_lines(texts), str(file), on_unknown, unknown)


class EachLine:
    """Lines while they are scored: an iterator over their scores that sums them up."""

    def __init__(
        self,
        model: LoadedModel,
        lines: Iterable[str],
        name: str,
        on_unknown: str | None = None,
        unknown_characters: UnknownCharacters | None = None,
    ) -> None:
        """``lines`` are normalized, and have their newlines. Errors call the text ``name``."""
        self._batches = score_batches(model, lines, name, on_unknown)
        self._name, self._unknown_characters = name, unknown_characters
        self._lines, self._counted, self._characters, self._nats = 0, 0, 0, 0.0
        self._comparisons = _Comparison(SHORTEST_LINE), _Comparison(1)
        self._stretches = _Stretches()

    def __iter__(self) -> Iterator[LineScore]:
        """Score the lines to the end of the text, and yield each after adding it to the sums."""
        for batch in self._batches:
            for at, line in enumerate(batch.scores):
                self._add(line)
                for comparison in self._comparisons:
                    comparison.add(line, batch, at)
                yield line
        if not self._characters:
            raise InputError(self._name, _("has no character that the model can predict"))

    @property
    def characters(self) -> int:
        """The number of characters that have been predicted so far."""
        return self._characters

    @property
    def unknown_summary(self) -> str:
        """The names of the characters so far that the model does not know."""
        return self._unknown_characters.summary if self._unknown_characters else ""

    def result(self) -> EachLineSummary:
        """Score the rest of the lines, and return the summary. Raises as iteration does."""
        for __ in self:
            pass
        unknown = self._unknown_characters.number if self._unknown_characters else 0
        of_long, of_all = self._comparisons
        chosen = of_long if 2 * of_long.lines >= of_all.lines else of_all
        return EachLineSummary(
            self._lines,
            self._counted,
            make_totals(self._characters, self._nats, unknown),
            chosen.result(),
            chosen.lines,
            chosen.shortest,
            self._stretches.result(),
            self._stretches.width,
        )

    def _add(self, line: LineScore) -> None:
        self._lines += 1
        self._counted += line.characters > 0
        self._characters += line.characters
        self._nats += line.total_nats
        self._stretches.add(line)


def score_batches(
    model: LoadedModel, lines: Iterable[str], name: str, on_unknown: str | None = None
) -> Iterator["ScoredBatch"]:
    """Score each of ``lines``, which are normalized; yield the scores in their order, in batches.

    ``on_unknown`` is that of `Model.score`.

    Raises:
        InputError: about the text ``name``, for an unknown character that is an error.
    """
    vocabulary = model.checkpoint.corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    (newline,) = vocabulary.lookup_ids("\n").tolist()
    first = 1
    for batch in _make_batches(lines):
        text, ends = "".join(batch), np.cumsum([len(line) for line in batch])
        ids = encode_text(text, vocabulary, on_unknown, name).astype(np.intp)
        # Skipped characters have no id; replaced ones have that of the unknown character.
        is_kept = vocabulary.lookup_ids(text) >= 0
        if len(ids) == len(text):
            is_kept[:] = True
        last = np.append(0, np.cumsum(is_kept))[ends]
        starts, lengths = np.append(0, last[:-1]), np.diff(last, prepend=0)
        if newline >= 0:
            inputs, targets = np.append(newline, ids[:-1]), ids
            inputs[starts[lengths > 0]] = newline
        else:
            inputs, targets, lengths = ids, np.append(ids[1:], 0), np.maximum(lengths - 1, 0)
        losses = separate_losses(
            model.checkpoint.network, inputs[: len(ids)], targets[: len(ids)], starts, lengths
        )
        yield ScoredBatch(first, batch, ends, losses, is_kept, starts, lengths)
        first += len(batch)


class ScoredBatch:
    """Lines from number ``first`` on, with the ``losses`` (N,) of what was kept of their text.

    Line i ends at ``ends[i]`` of their whole text. ``is_kept`` says which characters of that text
    have losses; those of line i are ``lengths[i]`` from ``starts[i]`` on. ``scores`` has the score
    of each line.
    """

    def __init__(
        self,
        first: int,
        lines: list[str],
        ends: Ids,
        losses: npt.NDArray[np.float32],
        is_kept: npt.NDArray[np.bool_],
        starts: Ids,
        lengths: Ids,
    ) -> None:
        self._lines, self._ends = lines, ends
        self._losses, self._is_kept, self._starts = losses, is_kept, starts
        totals = np.zeros(len(lines))
        if (counted := np.flatnonzero(lengths)).size:
            totals[counted] = np.add.reduceat(losses, starts[counted], dtype=np.float64)
        each = zip(lines, lengths.tolist(), totals.tolist(), strict=True)
        self.scores = [
            score_line(number, remove_line_end(line), characters, nats)
            for number, (line, characters, nats) in enumerate(each, first)
        ]

    def show(self, at: int) -> HardLine:
        """Return line number ``at`` of the batch with the surprise at each of its characters."""
        score, line, start = self.scores[at], self._lines[at], self._starts[at]
        (kept,) = np.nonzero(self._is_kept[self._ends[at] - len(line) : self._ends[at]])
        surprise = np.zeros(len(line), np.float32)
        # Where the model knows no newline, the first character that is kept is not predicted.
        predicted = kept[len(kept) - score.characters :]
        surprise[predicted] = self._losses[start : start + score.characters]
        shown = tuple(surprise[:LINE_BEGINNING].tolist())
        return HardLine(**{**vars(score), "text": line[:LINE_BEGINNING]}, surprise=shown)


def _make_batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield lists of some thousand lines, or of one long line."""
    batch, characters = list[str](), 0
    for line in lines:
        batch.append(line)
        characters += len(line)
        if characters >= BATCH_CHARACTERS or len(batch) == BATCH_LINES:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


class _Comparison:
    """The hardest of the lines with at least ``shortest`` predicted characters.

    Lines of white space are left out. Equal lines have equal scores, so they count as one.
    """

    def __init__(self, shortest: int) -> None:
        self.shortest, self.lines = shortest, 0
        self._hardest: dict[int, HardLine] = {}  # by the hash of the line, which may be long
        self._least = -np.inf

    def add(self, line: LineScore, batch: ScoredBatch, at: int) -> None:
        """Add a line, which is number ``at`` of the ``batch``."""
        if line.nats is None or line.characters < self.shortest or not line.text.strip():
            return
        self.lines += 1
        key = hash(line.text)
        if known := self._hardest.get(key):
            self._hardest[key] = replace(known, times=known.times + 1)
        elif line.nats > self._least:
            self._hardest[key] = batch.show(at)
            if len(self._hardest) > SHOWN:
                del self._hardest[min(self._hardest, key=self._mean)]
            if len(self._hardest) == SHOWN:
                self._least = min(map(self._mean, self._hardest))

    def result(self) -> tuple[HardLine, ...]:
        """Return the lines, the hardest first."""
        ordered = sorted(self._hardest, key=lambda key: (-self._mean(key), self._hardest[key].line))
        return tuple(self._hardest[key] for key in ordered)

    def _mean(self, key: int) -> float:
        return self._hardest[key].nats or 0.0


class _Stretches:
    """The mean loss along a text whose length is not known: at most `MAX_STRETCHES` numbers.

    Whenever there are more, two neighbors become one.
    """

    def __init__(self) -> None:
        self.width, self._lines = 1, 0
        self._sums: list[tuple[float, int]] = []  # nats and characters of each stretch

    def add(self, line: LineScore) -> None:
        """Add the next line."""
        if self._lines == MAX_STRETCHES * self.width:
            pairs = zip(self._sums[::2], self._sums[1::2], strict=True)
            self._sums = [(nats + more, N + others) for (nats, N), (more, others) in pairs]
            self.width *= 2
        if self._lines % self.width == 0:
            self._sums.append((0.0, 0))
        nats, characters = self._sums[-1]
        self._sums[-1] = nats + line.total_nats, characters + line.characters
        self._lines += 1

    def result(self) -> tuple[Stretch, ...]:
        """Return the stretches that have predicted characters."""
        return tuple(
            Stretch(1 + at * self.width, nats / characters)
            for at, (nats, characters) in enumerate(self._sums)
            if characters
        )
