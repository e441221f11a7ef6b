"""How much of a text is copied verbatim from the corpus that a model learned from, and where.

The corpus is read once or twice and is never in memory: hashes find the excerpts of it that can
share anything with a text (excerpts.py), and these are searched exactly.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from charrnn.config import AUTO, DEFAULT_LEAST
from charrnn.reports.excerpts import Ends, ExcerptCollector, Excerpts, Occurrences
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.searched_corpus import CorpusFile, CorpusReader, open_corpus
from charrnn.reports.short_matches import ShortMatches
from charrnn.reports.whole_lines import Lines, LineSearch, split_lines
from charrnn.reports.window_hashes import HashedText
from charrnn.text.corpus import read_file
from charrnn.text.encodings import resolve_encoding
from charrnn.text.unknown import UnknownCharacters

LONGEST_WINDOW = 20
"""Characters of the windows by which excerpts are found. Shorter ones find too many."""
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
    the longest are listed, and ``unlisted`` is the number of the rest. ``lines`` says how many
    lines of the text are lines of the corpus.
    """

    characters: int
    copied: int
    share: float
    least: int
    longest: int
    longest_span: Span | None
    spans: tuple[Span, ...]
    unlisted: int
    lines: Lines


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


class Stretch(NamedTuple):
    """Characters of a text: where they begin, and their number."""

    start: int
    length: int

    def cut_from(self, text: str) -> str:
        """Return the characters."""
        return text[self.start : self.start + self.length]


def find_copied_in_file(
    model: LoadedModel, file: Path, *, least: int = DEFAULT_LEAST, encoding: str = AUTO,
    corpus: Sequence[Path] = (),
) -> CopiedText:  # fmt: skip
    """Find what ``file`` copies from the model's corpus, or from the files in ``corpus``.

    Raises:
        InputError: when the file or the corpus cannot be read, or the corpus has changed.
    """
    text = read_file(file, model.checkpoint.corpus_info.normalization, resolve_encoding(encoding))
    unknown = UnknownCharacters(model.checkpoint.corpus_info.vocabulary)
    if not corpus:
        unknown.add(text)
    (copied,) = find_copied(open_corpus(model, corpus), [text], least)
    return CopiedText(copied, text, unknown.summary)


def find_copied(
    files: Sequence[CorpusFile], texts: Sequence[str], least: int = DEFAULT_LEAST,
    lined_texts: Sequence[str] | None = None,
) -> list[Copied]:  # fmt: skip
    """Find what each of ``texts`` copies from the corpus in ``files``.

    The corpus is read at most twice, however many texts there are. ``lined_texts`` are the texts
    whose lines are counted, where these are not the texts themselves.

    Raises:
        InputError: when the corpus cannot be read.
    """
    lines = [split_lines(text) for text in (texts if lined_texts is None else lined_texts)]
    line_search = LineSearch(chain.from_iterable(lines))
    matches = _find_matches(files, texts, min(least, LONGEST_WINDOW), line_search)
    chosen = [_choose_spans(ends, least) for ends in matches.ends]
    locations = _locate(files, texts, matches, [spans.located for spans in chosen])
    return [
        locations.describe(text, spans, short_length, least, line_search.count(text_lines))
        for text, spans, short_length, text_lines in zip(
            texts, chosen, matches.short_lengths, lines, strict=True
        )
    ]


@dataclass(frozen=True)
class _Matches:
    """What the first reading of a corpus has found of each text.

    ``ends`` has, for each position of a text, the largest end of the stretches that occur in the
    corpus, begin there or before, and have ``window`` characters or more; 0 without any.
    ``short_lengths`` are the lengths of the longest matches, where they are shorter than a window.
    ``excerpts`` are all of the corpus that matter, or None if they were too long to be searched
    together.
    """

    window: int
    ends: Sequence[Ends]
    short_lengths: Sequence[int]
    excerpts: Excerpts | None
    reader: CorpusReader


def _find_matches(
    files: Sequence[CorpusFile], texts: Sequence[str], window: int, line_search: LineSearch
) -> _Matches:
    reader, short = CorpusReader(files), ShortMatches(texts, window)
    collector = ExcerptCollector(texts, window)
    ends = [np.zeros(len(text), np.int32) for text in texts]
    batches = 0

    def search_excerpts() -> Excerpts:
        nonlocal batches
        batches += 1
        excerpts = collector.take()
        for text, ends_of_text in zip(texts, ends, strict=True):
            excerpts.extend_spans(text, ends_of_text)
        return excerpts

    for chunk in reader.read_chunks(window - 1):
        hashed = HashedText(chunk.text)
        line_search.add(chunk.new_text)
        short.add(chunk.text, hashed)
        collector.add(chunk, hashed)
        if collector.is_full:
            search_excerpts()
    line_search.finish()
    collector.finish()
    last = search_excerpts()
    return _Matches(window, ends, short.lengths, last if batches == 1 else None, reader)


@dataclass(frozen=True)
class _ChosenSpans:
    """The spans of a text that are shown: the ``longest`` of a window or more, and those listed."""

    copied: int
    longest: Stretch | None
    listed: Sequence[Stretch]
    unlisted: int

    @property
    def located(self) -> Iterable[Stretch]:
        """The spans whose places are shown."""
        return self.listed if self.longest is None else [self.longest, *self.listed]


def _choose_spans(ends: Ends, least: int) -> _ChosenSpans:
    """Choose the spans that are shown. One begins wherever the end is larger than before."""
    # Of spans of one length the first comes first: the largest (length, -start) is the longest
    # span, and the smallest (-length, start) are the spans to list.
    longest, copied, copied_end, spans = (0, 0), 0, 0, []
    starts = np.flatnonzero(np.diff(ends, prepend=np.int32(0)))
    for start, end in zip(starts.tolist(), ends[starts].tolist(), strict=True):
        length = end - start
        longest = max(longest, (length, -start))
        if length >= least:
            copied += end - max(start, copied_end)
            copied_end = end
            spans.append((-length, start))
    listed = heapq.nsmallest(MAX_LISTED, spans)
    return _ChosenSpans(
        copied=copied,
        longest=Stretch(-longest[1], longest[0]) if longest[0] else None,
        listed=sorted(Stretch(start, -negative) for negative, start in listed),
        unlisted=len(spans) - len(listed),
    )


@dataclass(frozen=True)
class _Locations:
    """The occurrences of pieces in a corpus that ``reader`` has read."""

    reader: CorpusReader
    occurrences: Mapping[str, Occurrences]

    def describe(
        self, text: str, spans: _ChosenSpans, short_length: int, least: int, lines: Lines
    ) -> Copied:
        """Return the result for a ``text``."""
        longest = spans.longest or self._find_first(text, short_length)
        return Copied(
            characters=len(text),
            copied=spans.copied,
            share=spans.copied / len(text) if text else 0.0,
            least=least,
            longest=longest.length if longest else 0,
            longest_span=self._locate(text, longest) if longest else None,
            spans=tuple(self._locate(text, span) for span in spans.listed),
            unlisted=spans.unlisted,
            lines=lines,
        )

    def _find_first(self, text: str, length: int) -> Stretch | None:
        """Return the first stretch of ``length`` that occurs in the corpus."""
        starts = range(len(text) - length + 1) if length else []
        return next(
            (
                Stretch(start, length)
                for start in starts
                if text[start : start + length] in self.occurrences
            ),
            None,
        )

    def _locate(self, text: str, stretch: Stretch) -> Span:
        piece = stretch.cut_from(text)
        found = self.occurrences[piece]
        file, line = self.reader.find_place(found.position, found.newlines)
        return Span(stretch.start, stretch.length, piece, found.times, file, line)


def _locate(
    files: Sequence[CorpusFile], texts: Sequence[str], matches: _Matches,
    stretches: Sequence[Iterable[Stretch]],
) -> _Locations:  # fmt: skip
    """Find the ``stretches`` of each text in the corpus, and its matches shorter than a window."""
    pieces = {
        stretch.cut_from(text)
        for text, of_text in zip(texts, stretches, strict=True)
        for stretch in of_text
    }
    occurrences = dict[str, Occurrences]()
    sought: dict[int, list[str]] = {}
    if matches.excerpts:
        found = ((piece, matches.excerpts.find(piece)) for piece in pieces)
        occurrences = {piece: each for piece, each in found if each}
    elif pieces:
        sought[matches.window] = list(pieces)
    for text, length in zip(texts, matches.short_lengths, strict=True):
        if 0 < length < matches.window:
            sought.setdefault(length, []).append(text)
    if not sought:
        return _Locations(matches.reader, occurrences)
    return _read_again(files, sought, matches.window, occurrences)


def _read_again(
    files: Sequence[CorpusFile], sought: Mapping[int, Sequence[str]], window: int,
    occurrences: dict[str, Occurrences],
) -> _Locations:  # fmt: skip
    """Read the corpus again, and add to the ``occurrences`` those of what is ``sought``.

    That is, by the length of a window: whole pieces for ``window``, and for a shorter one texts
    whose windows are sought.
    """
    reader = CorpusReader(files)
    collectors = {length: ExcerptCollector(texts, length) for length, texts in sought.items()}

    def search_excerpts(length: int) -> None:
        excerpts, found = collectors[length].take(), dict[str, Occurrences]()
        if length == window:
            each = ((piece, excerpts.find(piece)) for piece in sought[length])
            found = {piece: occurrence for piece, occurrence in each if occurrence}
        else:
            for text in sought[length]:
                found |= excerpts.find_windows(text, length)
        for piece, new in found.items():
            occurrences[piece] = occurrences[piece].add(new) if piece in occurrences else new

    for chunk in reader.read_chunks(max(sought) - 1):
        hashed = HashedText(chunk.text)
        for length, collector in collectors.items():
            collector.add(chunk, hashed)
            if collector.is_full:
                search_excerpts(length)
    for length, collector in collectors.items():
        collector.finish()
        search_excerpts(length)
    return _Locations(reader, occurrences)
