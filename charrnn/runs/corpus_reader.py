"""The corpus of a run, read with progress events. Not here: how it is read (text/corpus.py)."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from charrnn.arrays import Ids
from charrnn.config import AUTO, DEFAULT_VAL, LARGEST_DEFAULT_VAL, TrainConfig
from charrnn.generators import flat_map
from charrnn.language import gettext as _
from charrnn.runs.initial_weights import match_characters
from charrnn.storage.model_file import TrainedModel
from charrnn.text import sources
from charrnn.text.character_kinds import describe_character
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.normalization import Normalization
from charrnn.training.events import Event, Note, Reading

MAX_NAMED = 8
"""The most characters that a note names."""
T = TypeVar("T")
Config = TypeVar("Config", bound=TrainConfig)


class CorpusReader:
    """Reads the texts at ``paths`` as ``config`` says: first `scan`, then `encode`.

    The vocabulary includes the characters of the model ``initial``, if there is one. ``files`` have
    their encodings after `scan`.
    """

    def __init__(
        self, paths: CorpusPaths, config: TrainConfig, initial: TrainedModel | None
    ) -> None:
        found = sources.find_corpus(paths)
        self.files = found.files
        self._notes = found.notes
        self._config, self._initial = config, initial
        sizes = [file.size for file in self.files.all]
        # One pass detects the encoding, one scans, one encodes.
        passes = 2 + (config.encoding == AUTO)
        total = None if None in sizes else passes * sum(size or 0 for size in sizes)
        self._progress = Reading(0, total)

    def scan(self) -> Generator[Event, None, CorpusInfo]:
        """Read the corpus without writing anything, and describe it. Raises as `scan_corpus`."""
        config, initial = self._config, self._initial
        yield from map(Note, self._notes)
        extra = initial.corpus_info.vocabulary if initial else None
        normalization = Normalization(config.newline, config.normalize)
        scan = scan_corpus(
            self.files, config.encoding, normalization, config.min_count, extra,
            config.shuffled_units,
        )  # fmt: skip
        corpus_info, self.files = yield from self._with_progress(scan)
        if corpus_info.unlearned:
            yield _note_unlearned(corpus_info)
        if initial:
            yield from _compare_with_initial(corpus_info, initial.corpus_info)
        return corpus_info

    def encode(self, corpus_info: CorpusInfo, path: Path) -> Generator[Event, None, Ids]:
        """Write the ids of the corpus to ``path`` and map them. Raises as `encode_corpus`."""
        return (yield from self._with_progress(encode_corpus(self.files, corpus_info, path)))

    def _with_progress(self, reading: Generator[int, None, T]) -> Generator[Event, None, T]:
        """Turn the numbers of bytes that ``reading`` yields into events; give its return value."""

        def add(size: int) -> Iterator[Reading]:
            self._progress = replace(self._progress, done=self._progress.done + size)
            yield self._progress

        return (yield from flat_map(reading, add))


def _note_unlearned(corpus_info: CorpusInfo) -> Note:
    """Name the characters that the model meets only when it is validated or tested."""
    characters = corpus_info.unlearned
    listed = _(", ").join(map(describe_character, [*characters][:MAX_NAMED]))
    more = len(characters) - MAX_NAMED
    if more > 0:
        listed = _("{characters} and {more:,} more").format(characters=listed, more=more)
    note = _(
        "characters that stand only in {texts}, so that the model cannot learn them: {number:,},"
        " which occur {times:,} times: {characters}"
    )
    texts = _(" and ").join(f"`{name}`" for name in corpus_info.own_texts)
    times = sum(characters.values())
    return Note(note.format(texts=texts, number=len(characters), times=times, characters=listed))


def set_own_sizes(config: Config, corpus_info: CorpusInfo) -> Config:
    """Return ``config`` with `val` and `test` of a run with texts in `val_file` or `test_file`.

    In the array of ids these texts follow the corpus, so `val` and `test` are their lengths. Where
    there is only a `test_file`, the validation part is the end of the corpus.
    """
    if not corpus_info.own_texts:
        return config
    val, test = (
        text.characters if text else 0 for text in (corpus_info.val_file, corpus_info.test_file)
    )
    if not val:
        val = min(round(DEFAULT_VAL * corpus_info.corpus_characters), LARGEST_DEFAULT_VAL)
    return replace(config, val=float(val), test=float(test))


def _compare_with_initial(
    corpus_info: CorpusInfo, initial: CorpusInfo
) -> Generator[Event, None, None]:
    """Yield notes on how the corpus differs from that of the model whose weights are taken."""
    theirs, ours = initial.normalization, corpus_info.normalization
    if theirs != ours:
        note = _(
            "the model of `init_from` was trained with `newline` {newline} and `normalize`"
            " {normalize}; this run has {new_newline} and {new_normalize}"
        ).format(
            newline=theirs.newline, normalize=theirs.normalize,
            new_newline=ours.newline, new_normalize=ours.normalize,
        )  # fmt: skip
        yield Note(note)
    known, __ = match_characters(corpus_info.vocabulary, initial.vocabulary)
    new = len(corpus_info.vocabulary) - len(known)
    note = _(
        "characters that begin with the weights of `init_from`: {known:,}; with random weights:"
        " {new:,}"
    )
    yield Note(note.format(known=len(known), new=new))
