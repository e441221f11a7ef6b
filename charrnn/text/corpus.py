"""Files to one array of ids on disk, its splits, and the parallel streams that read it.

A corpus is never in memory as a whole. One pass counts its characters (`scan_corpus`); a second
writes their ids in the smallest sufficient dtype (`encode_corpus`). Both yield the number of bytes
that they have just read. The ids are memory-mapped: they may be larger than the memory, and all
processes of a training share one copy in the page cache.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.config import AUTO, TrainConfig
from charrnn.errors import InputError, MachineError
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.decode import UndecodableError, decode_stream
from charrnn.text.encodings import decoding_error, detect_encoding, guess_encoding
from charrnn.text.joining import FileJoiner
from charrnn.text.normalization import Normalization
from charrnn.text.sources import Source, find_sources
from charrnn.text.vocab import Vocabulary, code_points


@dataclass(frozen=True)
class Splits:
    """The training, validation and test part of a corpus, in the order of the text."""

    train: Ids
    val: Ids
    test: Ids


def scan_corpus(
    files: Sequence[Source],
    encoding: str,
    normalization: Normalization,
    min_count: int = 1,
    required: Vocabulary | None = None,
) -> Generator[int, None, tuple[CorpusInfo, tuple[Source, ...]]]:
    """Count the characters of ``files``; return the description of the corpus, and the files.

    If ``encoding`` is "auto", each returned file has the encoding that was detected.
    A character that occurs fewer than ``min_count`` times gets no id, unless it is in ``required``.

    Raises:
        InputError: when a file cannot be read or decoded, or the text is too short to learn from.
    """
    counter, sources = _CharacterCounter(), []
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
    counts, names = counter.counts, ", ".join(str(source.path) for source in sources)
    if not counts.any():
        raise InputError(names, "is empty; there is nothing to learn from it")
    if np.count_nonzero(counts) == 1:
        raise InputError(names, "repeats a single character; there is nothing to learn from it")
    vocabulary = _choose_vocabulary(counts, min_count, required)
    if len(vocabulary) < 2:
        problem = f"has no character that occurs {min_count:,} times; lower `min_count`"
        raise InputError(names, problem)
    corpus_info = CorpusInfo(
        files=tuple(source.name for source in sources),
        characters=int(counts.sum()),
        vocabulary=vocabulary,
        encoding=", ".join(dict.fromkeys(source.encoding for source in sources)),
        normalization=normalization,
        sha256=counter.sha256.hexdigest(),
        unseparated_sha256=counter.unseparated.hexdigest() if counter.unseparated else None,
    )
    return corpus_info, tuple(sources)


def encode_corpus(
    sources: Sequence[Source], corpus_info: CorpusInfo, path: Path
) -> Generator[int, None, Ids]:
    """Write the ids of ``sources`` to the file ``path``; return them memory-mapped, (characters,).

    Raises:
        InputError: when the text is not the one that ``corpus_info`` describes.
        MachineError: when the disk is full.
    """
    sha256, joiner = hashlib.sha256(), FileJoiner()
    with path.open("wb") as file:
        for source in sources:
            joiner.begin_file()
            for piece, bytes_read in read_pieces(source, corpus_info.normalization):
                text = joiner.add(piece) + piece
                sha256.update(text.encode())
                _write_ids(file, corpus_info.vocabulary.encode(text), path)
                yield bytes_read
    if sha256.hexdigest() != corpus_info.sha256:
        problem = "is not, or no longer, the text that was read first; start again"
        raise InputError(", ".join(corpus_info.files), problem)
    return np.memmap(path, np.min_scalar_type(len(corpus_info.vocabulary) - 1), "r")


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
    return "".join(text for text, _ in read_pieces(source, normalization))


def read_file_pieces(
    path: Path, normalization: Normalization, encoding: str = AUTO
) -> Iterator[str]:
    """Read one file, or standard input for -, in pieces. Raises as `scan_corpus`."""
    for source in find_sources([path]):
        for text, _ in read_pieces(detect_encoding(source, encoding), normalization):
            yield text


def read_file(path: Path, normalization: Normalization, encoding: str = AUTO) -> str:
    """Read one file, or standard input for -, as a whole. Raises as `scan_corpus`."""
    return "".join(read_file_pieces(path, normalization, encoding))


def split_corpus(ids: Ids, config: TrainConfig) -> Splits:
    """Split ``ids`` as ``config`` says. Raises as its `split_sizes`."""
    train, val, _ = config.split_sizes(len(ids))
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


class _CharacterCounter:
    """The number of occurrences of each code point, up to the largest, and the text's SHA-256.

    ``unseparated`` is the SHA-256 without the newlines between files, once there is one.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)
        self.sha256 = hashlib.sha256()
        self.unseparated: hashlib._Hash | None = None
        self._joiner = FileJoiner()

    def copy(self) -> "_CharacterCounter":
        """Return a copy that later counting does not change."""
        other = _CharacterCounter()
        other.counts, other.sha256 = self.counts.copy(), self.sha256.copy()
        other.unseparated = self.unseparated and self.unseparated.copy()
        other._joiner = replace(self._joiner)
        return other

    def begin_file(self) -> None:
        """Begin the next file."""
        self._joiner.begin_file()

    def count(self, pieces: Iterable[tuple[str, int]]) -> Iterator[int]:
        """Count the characters of ``pieces``; yield the number of bytes read for each."""
        for piece, bytes_read in pieces:
            separator = self._joiner.add(piece)
            if separator and self.unseparated is None:
                self.unseparated = self.sha256.copy()
            if self.unseparated is not None:
                self.unseparated.update(piece.encode())
            text = separator + piece
            self.sha256.update(text.encode())
            counts = _count_code_points(text)
            # The shorter array is added to the longer one, so neither has to be padded.
            if len(counts) > len(self.counts):
                counts, self.counts = self.counts, counts
            self.counts[: len(counts)] += counts
            yield bytes_read


def _count_code_points(text: str) -> npt.NDArray[np.int64]:
    """Return the number of occurrences in ``text`` of each code point up to the largest."""
    if not text.isascii():
        return np.bincount(code_points(text))
    # Two ASCII characters at a time are one 16-bit number: bincount then has half as many numbers
    # to count, and that takes most of the time. Summing the table over either axis splits the pairs
    # again; which of the two bytes comes first makes no difference to the sum of both.
    pairs = np.frombuffer(text[: len(text) // 2 * 2].encode(), np.uint16)
    pair_counts = np.bincount(pairs, minlength=1 << 16).reshape(256, 256)
    counts = pair_counts.sum(axis=0) + pair_counts.sum(axis=1)
    if len(text) % 2:
        counts[ord(text[-1])] += 1
    return counts


def _choose_vocabulary(
    counts: npt.NDArray[np.int64], min_count: int, required: Vocabulary | None
) -> Vocabulary:
    """Return the characters that occur at least ``min_count`` times, and those of ``required``.

    It has an unknown character if other characters occur, or if ``required`` has one.
    """
    kept = counts >= max(1, min_count)
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


def _write_ids(file: BinaryIO, ids: Ids, path: Path) -> None:
    try:
        file.write(ids.data)
    except OSError as error:
        raise MachineError(path, f"cannot be written ({error.strerror})") from None
