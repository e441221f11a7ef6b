"""How much of a text is copied verbatim from the corpus that a model learned from, and where."""

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from charrnn.config import AUTO
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.path_label import PathLabel
from charrnn.reports.suffix_array import SuffixArray
from charrnn.reports.training_corpus import find_training_corpus
from charrnn.text.corpus import read_file, read_source
from charrnn.text.encodings import detect_encoding, resolve_encoding
from charrnn.text.joining import FileJoiner
from charrnn.text.sources import find_sources, printable_path
from charrnn.text.unknown import UnknownCharacters
from charrnn.text.vocab import code_points

MIN_SPAN = 20  # characters; a shorter span does not count as copied
MAX_LISTED = 1000


@dataclass(frozen=True)
class Span:
    """A part of a text that is also in the corpus, and that cannot be extended to either side.

    It begins after ``start`` characters of the text. The corpus has it ``times`` times, the first
    time in ``line``, which counts from 1, of ``file``.
    """

    start: int
    length: int
    text: str
    times: int
    file: str
    line: int


@dataclass(frozen=True)
class Copied:
    """``copied`` of a text's ``characters`` lie in spans of at least ``least`` characters.

    ``share`` is copied / characters. ``longest_span`` is the longest, however short, and
    ``longest`` its length; it is None where not one character is in the corpus. ``spans`` are
    those of ``least`` or more in the text's order, and may overlap; of more than a thousand only
    the longest are listed, and ``unlisted`` is the number of the rest.
    """

    characters: int
    copied: int
    share: float
    least: int
    longest: int
    longest_span: Span | None
    spans: tuple[Span, ...]
    unlisted: int = 0


@dataclass(frozen=True)
class CopiedFromText(Copied, NotebookReport, report="copied"):
    """The same with the ``text`` itself, for a notebook; it is not in JSON."""

    text: str = ""

    @property
    def copied_text(self) -> "CopiedText":
        """The same in two parts."""
        values = {field.name: getattr(self, field.name) for field in fields(Copied)}
        return CopiedText(Copied(**values), self.text)


@dataclass(frozen=True)
class CopiedText(NotebookReport, report="copied"):
    """What is ``copied`` in a ``text``, and the text itself, which is shown but is not in JSON.

    ``unknown_summary`` names its characters that the model does not know, unless it is compared
    with another corpus than that of the model.
    """

    copied: Copied
    text: str
    unknown_summary: str = ""


def find_copied(
    model: LoadedModel, file: Path, *, encoding: str = AUTO, corpus: Sequence[Path] = ()
) -> CopiedText:
    """Find what ``file`` copies from the model's corpus, or from the files in ``corpus``.

    Raises:
        InputError: when the file or the corpus cannot be read, or the corpus has changed.
    """
    text = read_file(file, model.checkpoint.corpus_info.normalization, resolve_encoding(encoding))
    unknown = UnknownCharacters(model.checkpoint.corpus_info.vocabulary)
    if not corpus:
        unknown.add(text)
    return CopiedText(index_corpus(model, corpus).find_copied(text), text, unknown.summary)


def index_corpus(model: LoadedModel, corpus: Sequence[Path] = ()) -> "CorpusIndex":
    """Index the model's corpus, or the files and folders in ``corpus`` instead.

    Raises:
        InputError: when the corpus cannot be read, or is no longer what the model learned from.
    """
    normalization = model.checkpoint.corpus_info.normalization
    if corpus:
        files = tuple(detect_encoding(file, AUTO) for file in find_sources(corpus))
    else:
        files = tuple(find_training_corpus(model, "corpus", with_own_texts=False).corpus)
    names = [PathLabel(printable_path(file.path), file.path) for file in files]
    texts = [read_source(file, normalization) for file in files]
    return CorpusIndex(list(zip(names, texts, strict=True)))


class CorpusIndex:
    """The files of a corpus, joined as a model learns them, in which texts are searched for."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        """Index ``files``, each with its name and its text."""
        self._names = [name for name, _ in files]
        joiner, parts, self._starts, end = FileJoiner(), list[str](), list[int](), 0
        for _, text in files:
            joiner.begin_file()
            separator = joiner.add(text) if text else ""
            parts += [separator, text]
            # The newline between two files ends the last line of the first.
            self._starts.append(end + len(separator))
            end += len(separator) + len(text)
        text = "".join(parts)
        self._newlines = np.flatnonzero(code_points(text) == ord("\n"))
        self._suffixes = SuffixArray(text)

    def find_copied(self, text: str, least: int = MIN_SPAN) -> Copied:
        """Find the parts of ``text`` that are in the corpus."""
        # Of spans of one length the first comes first: the largest (length, -start) is the longest
        # span, and the smallest (-length, start) are the spans to list.
        longest, covered, end, spans = (0, 0), 0, 0, []
        for start, length in self._maximal_spans(text, least):
            longest = max(longest, (length, -start))
            if length >= least:
                covered += start + length - max(start, end)
                end = start + length
                spans.append((-length, start))
        listed = sorted(heapq.nsmallest(MAX_LISTED, spans), key=lambda pair: pair[1])
        length, start = longest[0], -longest[1]
        return Copied(
            characters=len(text),
            copied=covered,
            share=covered / len(text) if text else 0.0,
            least=least,
            longest=length,
            longest_span=self._locate(text, start, length) if length else None,
            spans=tuple(self._locate(text, start, -negative) for negative, start in listed),
            unlisted=len(spans) - len(listed),
        )

    def _maximal_spans(self, text: str, least: int) -> Iterator[tuple[int, int]]:
        """Yield start and length of every span of ``least`` or more, and of some shorter ones."""
        start = 0
        while start < len(text):
            length = self._suffixes.longest_match(text, start)
            yield start, length
            if length < least:
                start += 1
            elif (end := start + length) == len(text):
                return
            else:
                start = self._next_start(text, start + 1, end, least)

    def _next_start(self, text: str, low: int, end: int, least: int) -> int:
        """Find the first position from ``low`` on where a span begins that passes ``end``.

        If a span begins somewhere, its part from any later place on is in the corpus too, so the
        start is found by bisection.
        """
        high = max(low, end + 1 - least)
        if not self._contains(text[high : end + 1]):
            return high + 1
        while low < high:
            middle = (low + high) // 2
            if self._contains(text[middle : end + 1]):
                high = middle
            else:
                low = middle + 1
        return low

    def _contains(self, piece: str) -> bool:
        return len(self._suffixes.find(piece)) > 0

    def _locate(self, text: str, start: int, length: int) -> Span:
        piece = text[start : start + length]
        places = self._suffixes.find(piece)
        first = int(places.min())
        file = bisect_right(self._starts, first) - 1
        newlines_before_file, newlines_before_span = np.searchsorted(
            self._newlines, [self._starts[file], first]
        )
        line = int(newlines_before_span - newlines_before_file) + 1
        return Span(start, length, piece, len(places), self._names[file], line)
