"""The corpus of a training, with what is read told as events. Not here: how (text/corpus.py)."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from charrnn.arrays import Ids
from charrnn.config import AUTO, TrainConfig
from charrnn.generators import flat_map
from charrnn.runs.initial_weights import match_characters
from charrnn.storage.model_file import Checkpoint
from charrnn.text import sources
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization
from charrnn.training.events import Event, Note, Reading

T = TypeVar("T")


class CorpusReader:
    """The files of ``corpus``, which are read as ``config`` says: first `corpus_info`, then `ids`.

    A model to begin from has its characters known, too. ``files`` have their encodings once the
    stock was taken.
    """

    def __init__(
        self, corpus: Sequence[Path], config: TrainConfig, initial: Checkpoint | None
    ) -> None:
        self.files: Sequence[sources.Source] = sources.find_sources(corpus)
        self._config, self._initial = config, initial
        sizes = [file.size for file in self.files]
        passes = 2 + (config.encoding == AUTO)
        total = None if None in sizes else passes * sum(size or 0 for size in sizes)
        self._told_last = Reading(0, total)

    def scan(self) -> Generator[Event, None, CorpusInfo]:
        """What the corpus is. Raises as `scan_corpus`."""
        config, initial = self._config, self._initial
        also = initial.corpus_info.vocabulary if initial else None
        normalization = Normalization(config.newline, config.normalize)
        reading = scan_corpus(self.files, config.encoding, normalization, config.min_count, also)
        corpus_info, self.files = yield from self._told(reading)
        if initial:
            yield from _compared(corpus_info, initial.corpus_info)
        return corpus_info

    def ids(self, corpus_info: CorpusInfo, path: Path) -> Generator[Event, None, Ids]:
        """The corpus as numbers, in the file ``path``. Raises as `encode_corpus`."""
        return (yield from self._told(encode_corpus(self.files, corpus_info, path)))

    def _told(self, reading: Generator[int, None, T]) -> Generator[Event, None, T]:
        """The result of ``reading``, with the bytes that are read told as events."""

        def add(read: int) -> Iterator[Reading]:
            self._told_last = replace(self._told_last, done=self._told_last.done + read)
            yield self._told_last

        return (yield from flat_map(reading, add))


def _compared(corpus_info: CorpusInfo, before: CorpusInfo) -> Generator[Event, None, None]:
    """What a training that begins from a model with another text should know."""
    old, new = before.normalization, corpus_info.normalization
    if old != new:
        yield Note(
            f"that model read its text with newlines {old.newline} and normalisation"
            f" {old.normalize}; here they are {new.newline} and {new.normalize}"
        )
    kept, _ = match_characters(corpus_info.vocabulary, before.vocabulary)
    afresh = len(corpus_info.vocabulary) - len(kept)
    yield Note(
        f"{len(kept):,} characters begin with the weights that they have in that model, {afresh:,}"
        " afresh"
    )
