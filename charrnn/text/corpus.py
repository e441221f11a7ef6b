"""Files to one array of ids on disk, its splits, and the parallel streams that read it.

A corpus is never in memory as a whole. One pass counts its characters (`scan_corpus`); a second
writes their ids in the smallest sufficient dtype (`encode_corpus`). Both yield the number of bytes
that they have just read. The ids are memory-mapped: they may be larger than the memory, and all
processes of a training share one copy in the page cache.
"""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.config import AUTO, TrainConfig
from charrnn.errors import InputError, MachineError
from charrnn.language import gettext as _
from charrnn.system_errors import describe_system_error
from charrnn.text.character_counter import CharacterCounter, add_counts
from charrnn.text.corpus_info import CorpusInfo, TextInfo
from charrnn.text.decode import UndecodableError, decode_stream
from charrnn.text.encodings import decoding_error, detect_encoding, guess_encoding
from charrnn.text.joining import FileJoiner
from charrnn.text.normalization import Normalization
from charrnn.text.shuffling import UnitCounter, write_shuffled
from charrnn.text.sources import CorpusFiles, Source, find_sources
from charrnn.text.vocab import Vocabulary, code_points


@dataclass(frozen=True)
class Splits:
    """The training, validation and test part of a corpus, in the order of the text."""

    train: Ids
    val: Ids
    test: Ids


def scan_corpus(
    files: CorpusFiles,
    encoding: str,
    normalization: Normalization,
    min_count: int = 1,
    required: Vocabulary | None = None,
    shuffle: str | None = None,
) -> Generator[int, None, tuple[CorpusInfo, CorpusFiles]]:
    """Count the characters of ``files``; return the description of the corpus, and the files.

    If ``encoding`` is "auto", each returned file has the encoding that was detected.
    A character that occurs fewer than ``min_count`` times gets no id, unless it is in ``required``,
    or is the newline of a corpus that is shuffled.

    Raises:
        InputError: when a file cannot be read or decoded, or a text is too short: the corpus to
            learn from or to ``shuffle``, another one to validate or test on.
    """
    corpus, sources = yield from _count_files(files.corpus, encoding, normalization, shuffle)
    names = ", ".join(str(source.path) for source in sources)
    if not corpus.counts.any():
        raise InputError(names, _("is empty; there is nothing to learn from it"))
    if np.count_nonzero(corpus.counts) == 1:
        problem = _("repeats a single character; there is nothing to learn from it")
        raise InputError(names, problem)
    corpus.end(names)
    counts, encodings = corpus.counts.copy(), [source.encoding for source in sources]
    own_texts: dict[str, TextInfo] = {}
    own_sources: dict[str, tuple[Source, ...]] = {}
    for name, own_files in (("val_file", files.val_file), ("test_file", files.test_file)):
        if own_files:
            text, own_sources[name] = yield from _count_files(own_files, encoding, normalization)
            own_texts[name] = _describe_text(own_sources[name], text)
            counts = add_counts(counts, text.counts)
            encodings += [source.encoding for source in own_sources[name]]
    vocabulary = _choose_vocabulary(counts, min_count, required, "\n" if shuffle else "")
    if len(vocabulary) < 2:
        problem = _("has no character that occurs {min_count:,} times; lower `min_count`")
        raise InputError(names, problem.format(min_count=min_count))
    corpus_info = CorpusInfo(
        files=tuple(source.name for source in sources),
        characters=int(counts.sum()),
        vocabulary=vocabulary,
        encoding=", ".join(dict.fromkeys(encodings)),
        normalization=normalization,
        sha256=corpus.sha256.hexdigest(),
        unseparated_sha256=corpus.unseparated.hexdigest() if corpus.unseparated else None,
        unlearned=_list_unlearned(corpus.counts, counts),
        shuffle=shuffle,
        **own_texts,
    )
    return corpus_info, CorpusFiles(sources, **own_sources)


def _count_files(
    files: Sequence[Source], encoding: str, normalization: Normalization, shuffle: str | None = None
) -> Generator[int, None, tuple[CharacterCounter, tuple[Source, ...]]]:
    """Count the characters of one text; return also its files with their encodings."""
    counter, sources = CharacterCounter(shuffle), []
    for file in files:
        source = yield from guess_encoding(file, encoding)
        counter.begin_file()
        counter_before = counter.copy()
        try:
            yield from counter.count(_decode_pieces(source, normalization))
        except UndecodableError as error:
            # Most files are UTF-8, so that is tried first and saves a pass. When it fails, the
            # encoding is detected in full and the file is counted again from its beginning.
            guessed, source, counter = source, detect_encoding(file, encoding), counter_before
            # The encoding came from the user or a byte order mark: there is nothing else to try.
            if source == guessed:
                raise decoding_error(source, source.encoding, error.offset) from None
            yield from counter.count(read_pieces(source, normalization))
        sources.append(source)
    return counter, tuple(sources)


def _describe_text(sources: Sequence[Source], counter: CharacterCounter) -> TextInfo:
    """Describe a text to validate or test on; raise an InputError if nothing is predicted in it."""
    characters = int(counter.counts.sum())
    if characters < 2:
        names = ", ".join(str(source.path) for source in sources)
        problem = _("has fewer than two characters; there is nothing to predict in it")
        raise InputError(names, problem)
    names_of_files = tuple(source.name for source in sources)
    return TextInfo(names_of_files, characters, counter.sha256.hexdigest())


def _list_unlearned(
    corpus: npt.NDArray[np.int64], all_texts: npt.NDArray[np.int64]
) -> dict[str, int]:
    """Return the characters that occur in all texts but not in the corpus, with their counts."""
    only_elsewhere = all_texts.copy()
    only_elsewhere[: len(corpus)][corpus > 0] = 0
    return {chr(point): int(only_elsewhere[point]) for point in np.flatnonzero(only_elsewhere)}


def encode_corpus(
    files: CorpusFiles, corpus_info: CorpusInfo, path: Path
) -> Generator[int, None, Ids]:
    """Write the ids of ``files`` to the file ``path``; return them memory-mapped, (characters,).

    The corpus comes first, shuffled if it is to be; then the texts of `val_file` and `test_file`.

    Raises:
        InputError: when a text is not the one that ``corpus_info`` describes.
        MachineError: when the disk is full.
    """
    dtype = np.min_scalar_type(len(corpus_info.vocabulary) - 1)
    with path.open("wb") as file:
        if corpus_info.shuffle is None:
            yield from _encode_text(files.corpus, corpus_info, corpus_info, file)
        else:
            with TemporaryFile(dir=path.parent) as in_order:
                yield from _encode_text(files.corpus, corpus_info, corpus_info, in_order)
                in_order.flush()
                with _report_full_disk(path):
                    write_shuffled(
                        np.memmap(in_order, dtype, "r"), corpus_info.vocabulary,
                        corpus_info.shuffle, corpus_info.sha256, file,
                    )  # fmt: skip
        for name, text in corpus_info.own_texts.items():
            yield from _encode_text(getattr(files, name), text, corpus_info, file)
    return np.memmap(path, dtype, "r")


def _encode_text(
    sources: Sequence[Source], text: CorpusInfo | TextInfo, corpus_info: CorpusInfo, file: BinaryIO
) -> Iterator[int]:
    """Write the ids of one text, which must have the fingerprint of ``text``."""
    sha256, joiner = hashlib.sha256(), FileJoiner()
    unit = corpus_info.shuffle if text is corpus_info else None
    units = UnitCounter(unit) if unit else None
    for source in sources:
        joiner.begin_file()
        for piece, bytes_read in read_pieces(source, corpus_info.normalization):
            joined = joiner.add(piece) + piece
            sha256.update(joined.encode())
            if units:
                units.add(joined)
            _write_ids(file, corpus_info.vocabulary.encode(joined))
            yield bytes_read
    if units:
        _write_ids(file, corpus_info.vocabulary.encode(units.missing_end))
    if sha256.hexdigest() != text.sha256:
        problem = _("is not, or no longer, the text that was read first; start again")
        raise InputError(", ".join(text.files), problem)


def read_pieces(source: Source, normalization: Normalization) -> Iterator[tuple[str, int]]:
    """Read a file in pieces, none of them empty, each with the number of bytes read for it.

    Raises:
        InputError: when it cannot be read, or is not in its encoding.
    """
    try:
        yield from _decode_pieces(source, normalization)
    except UndecodableError as error:
        raise decoding_error(source, source.encoding, error.offset) from None


def read_source(source: Source, normalization: Normalization) -> str:
    """Read the whole text of one file whose encoding is known. Raises as `read_pieces`."""
    return "".join(text for text, __ in read_pieces(source, normalization))


def read_file_pieces(
    path: Path, normalization: Normalization, encoding: str = AUTO
) -> Iterator[str]:
    """Read one file, or standard input for -, in pieces. Raises as `scan_corpus`."""
    for source in find_sources([path]):
        for text, __ in read_pieces(detect_encoding(source, encoding), normalization):
            yield text


def read_file(path: Path, normalization: Normalization, encoding: str = AUTO) -> str:
    """Read one file, or standard input for -, as a whole. Raises as `scan_corpus`."""
    return "".join(read_file_pieces(path, normalization, encoding))


def split_corpus(ids: Ids, config: TrainConfig) -> Splits:
    """Split ``ids`` as ``config`` says. Raises as its `split_sizes`."""
    train, val, __ = config.split_sizes(len(ids))
    return Splits(ids[:train], ids[train : train + val], ids[train + val :])


@dataclass(frozen=True)
class Streams:
    """``batch`` streams at equal distances, which read ``ids`` cyclically.

    A stream that reaches the start of the next stream continues, so its state is never reset. The
    text is a circle of len(ids) - 1 predictions: after the last one a stream continues at the first
    character and keeps its state. That first character itself is never a target.
    """

    ids: Ids
    batch: int
    shard: slice = field(default_factory=lambda: slice(None))
    """The streams whose windows this process takes: its share of the batch."""

    @property
    def predictions(self) -> int:
        """The number of predictions in one epoch."""
        return len(self.ids) - 1

    def window(
        self, position: int, length: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the inputs and targets of the streams in ``shard`` from time step ``position`` on.

        Both have the shape (length, streams).
        """
        starts = np.arange(self.batch)[self.shard] * (self.predictions // self.batch)
        steps = (np.arange(position, position + length)[:, None] + starts) % self.predictions
        return self.ids[steps].astype(np.intp), self.ids[steps + 1].astype(np.intp)


def _decode_pieces(source: Source, normalization: Normalization) -> Iterator[tuple[str, int]]:
    position = 0
    with source.open() as stream:
        for text in normalization.apply_to_pieces(decode_stream(stream, source.encoding)):
            before, position = position, stream.tell()
            yield text, position - before


def _choose_vocabulary(
    counts: npt.NDArray[np.int64], min_count: int, required: Vocabulary | None, separator: str
) -> Vocabulary:
    """Return the characters that occur at least ``min_count`` times, and those of ``required``.

    ``separator``, a character that occurs or "", is kept however rare it is. The vocabulary has an
    unknown character if other characters occur, or if ``required`` has one.
    """
    kept = counts >= max(1, min_count)
    kept[code_points(separator)] = True
    unknown = bool(counts[~kept].any())
    if required is not None:
        largest = int(code_points(required.characters).max(initial=0))
        counts = np.pad(counts, (0, max(0, largest + 1 - len(counts))))
        kept = np.pad(kept, (0, len(counts) - len(kept)))
        kept[code_points(required.characters)] = True
        unknown = unknown or required.unknown is not None
    known = np.flatnonzero(kept)
    unknown_count = [int(counts[~kept].sum())] if unknown else []
    all_counts = (*map(int, counts[known]), *unknown_count)
    return Vocabulary("".join(map(chr, known)), all_counts, unknown=unknown)


def _write_ids(file: BinaryIO, ids: Ids) -> None:
    with _report_full_disk(file.name):
        file.write(ids.data)


@contextmanager
def _report_full_disk(path: object) -> Iterator[None]:
    """Raise a MachineError about ``path`` when it cannot be written."""
    try:
        yield
    except OSError as error:
        problem = _("cannot be written ({reason})").format(reason=describe_system_error(error))
        raise MachineError(path, problem) from None
