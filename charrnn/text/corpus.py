"""Files to one array of ids on disk, its parts, and the parallel streams that are read from it.

A corpus is never in memory as a whole. One pass counts its characters (`scan_corpus`); a second
writes ids of the smallest sufficient type (`encode_corpus`), which are then memory-mapped. Both
yield the number of bytes that they have read.
"""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.config import AUTO, TrainConfig
from charrnn.errors import InputError, MachineError
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.decode import UndecodableError, characters
from charrnn.text.encodings import decoding_error, detect_encoding, guess_encoding
from charrnn.text.rules import Rules
from charrnn.text.sources import Source, find_sources
from charrnn.text.vocab import Vocabulary, code_points


@dataclass(frozen=True)
class Splits:
    """A corpus cut in three, in this order: what trains, what validates, what tests at the end."""

    train: Ids
    val: Ids
    test: Ids


def scan_corpus(
    found: Sequence[Source],
    encoding: str,
    rules: Rules,
    min_count: int = 1,
    also: Vocabulary | None = None,
) -> Generator[int, None, tuple[CorpusInfo, tuple[Source, ...]]]:
    """Read the files ``found``: their characters, how many, and a fingerprint. Writes nothing.

    Characters that are met fewer than ``min_count`` times have no id of their own, those of
    ``also`` have one in any case. Gives the files, too, each with its encoding.

    Raises:
        InputError: when one cannot be read or decoded, or there is too little to learn from.
    """
    tally, sources = _Tally(), []
    for file in found:
        source, before = (yield from guess_encoding(file, encoding)), tally.copy()
        try:
            yield from tally.read(_codec_pieces(source, rules))
        except UndecodableError as error:
            guess, source, tally = source, detect_encoding(file, encoding), before
            if source == guess:  # as the user or a byte order mark says
                raise decoding_error(source, source.encoding, error.offset) from None
            yield from tally.read(read_pieces(source, rules))
        sources.append(source)
    counts, names = tally.counts, ", ".join(str(source.path) for source in sources)
    if np.count_nonzero(counts) < 2:
        problem = "repeats a single character" if counts.any() else "is empty"
        raise InputError(names, f"{problem}; there is nothing to learn from it")
    vocabulary = _vocabulary(counts, min_count, also)
    if len(vocabulary) < 2:
        raise InputError(names, f"repeats no character {min_count:,} times; lower --min-count")
    corpus_info = CorpusInfo(
        files=tuple(source.name for source in sources),
        characters=int(counts.sum()),
        vocabulary=vocabulary,
        encoding=", ".join(dict.fromkeys(source.encoding for source in sources)),
        rules=rules,
        sha256=tally.fingerprint.hexdigest(),
    )
    return corpus_info, tuple(sources)


def encode_corpus(
    sources: Sequence[Source], corpus_info: CorpusInfo, path: Path
) -> Generator[int, None, Ids]:
    """Write the ids of ``sources`` to ``path``; gives them memory-mapped, (characters,).

    Raises:
        InputError: when they are no longer the text that ``corpus_info`` was taken of.
        MachineError: when there is no room for them.
    """
    fingerprint = hashlib.sha256()
    with path.open("wb") as file:
        for source in sources:
            for text, read in read_pieces(source, corpus_info.rules):
                fingerprint.update(text.encode())
                _write(file, corpus_info.vocabulary.encode(text), path)
                yield read
    if fingerprint.hexdigest() != corpus_info.sha256:
        problem = "is not, or no longer, the text that was read first; start again"
        raise InputError(", ".join(corpus_info.files), problem)
    return np.memmap(path, np.min_scalar_type(len(corpus_info.vocabulary) - 1), "r")


def read_pieces(source: Source, rules: Rules) -> Iterator[tuple[str, int]]:
    """The text of a file in pieces, none of them empty, and how many bytes were read for each.

    Raises:
        InputError: when it cannot be read, or is not in its encoding.
    """
    try:
        yield from _codec_pieces(source, rules)
    except UndecodableError as error:
        raise decoding_error(source, source.encoding, error.offset) from None


def read_source(source: Source, rules: Rules) -> str:
    """The whole text of one file of a corpus that was read before."""
    return "".join(text for text, _ in read_pieces(source, rules))


def read_file_pieces(path: Path, rules: Rules, encoding: str = AUTO) -> Iterator[str]:
    """The text of one file, or of standard input for -, in pieces. Raises as `scan_corpus`."""
    for source in find_sources([path]):
        for text, _ in read_pieces(detect_encoding(source, encoding), rules):
            yield text


def read_file(path: Path, rules: Rules, encoding: str = AUTO) -> str:
    """The same in one piece."""
    return "".join(read_file_pieces(path, rules, encoding))


def split_corpus(ids: Ids, config: TrainConfig) -> Splits:
    """Cut ``ids`` in three, in the text's order, as ``config`` says. Raises as its `parts`."""
    train, val, _ = config.split_sizes(len(ids))
    return Splits(ids[:train], ids[train : train + val], ids[train + val :])


@dataclass(frozen=True)
class Streams:
    """``batch`` readers, equally spaced, going round and round over ``ids`` without a stop.

    A reader that reaches its neighbour's starting place reads on, so its state is never reset: the
    whole text is one circle of len(ids) - 1 predictions. What the circle joins is the last
    prediction's state and the first character; no character is ever predicted across it.
    """

    ids: Ids
    batch: int
    mine: slice = field(default_factory=lambda: slice(None))
    """Which of the readers are meant by `window`."""

    @property
    def predictions(self) -> int:
        """The predictions in one epoch."""
        return len(self.ids) - 1

    def window(
        self, position: int, length: int
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """What each of ``mine`` meets after ``position`` steps: characters and their successors.

        Both of shape (length, readers).
        """
        starts = np.arange(self.batch)[self.mine] * (self.predictions // self.batch)
        steps = (np.arange(position, position + length)[:, None] + starts) % self.predictions
        return self.ids[steps].astype(np.intp), self.ids[steps + 1].astype(np.intp)


def _codec_pieces(source: Source, rules: Rules) -> Iterator[tuple[str, int]]:
    before = 0
    with source.open() as stream:
        for text in rules.each(characters(stream, source.encoding)):
            now = stream.tell()
            yield text, now - before
            before = now


class _Tally:
    """How often each code point was met, up to the largest, and the fingerprint of all."""

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.int64)
        self.fingerprint = hashlib.sha256()

    def copy(self) -> "_Tally":
        """The same, to come back to."""
        other = _Tally()
        other.counts, other.fingerprint = self.counts.copy(), self.fingerprint.copy()
        return other

    def read(self, read_pieces: Iterable[tuple[str, int]]) -> Iterator[int]:
        """Add all of a file; yields bytes as they are read."""
        for text, read in read_pieces:
            self.fingerprint.update(text.encode())
            found = _code_point_counts(text)
            if len(found) > len(self.counts):
                found, self.counts = self.counts, found
            self.counts[: len(found)] += found
            yield read


def _code_point_counts(text: str) -> npt.NDArray[np.int64]:
    """How often each code point is in ``text``, up to the largest."""
    if not text.isascii():
        return np.bincount(code_points(text))
    pairs = np.frombuffer(text[: len(text) // 2 * 2].encode(), np.uint16)  # half as many to count
    counts = np.bincount(pairs, minlength=1 << 16).reshape(256, 256)
    found = counts.sum(axis=0) + counts.sum(axis=1)
    if len(text) % 2:
        found[ord(text[-1])] += 1
    return found


def _vocabulary(
    counts: npt.NDArray[np.int64], min_count: int, also: Vocabulary | None
) -> Vocabulary:
    kept = counts >= max(1, min_count)
    unknown = bool(counts[~kept].any())
    if also is not None:
        largest = int(code_points(also.characters).max(initial=0))
        counts = np.pad(counts, (0, max(0, largest + 1 - len(counts))))
        kept = np.pad(kept, (0, len(counts) - len(kept)))
        kept[code_points(also.characters)] = True
        unknown = unknown or also.unknown is not None
    known = np.flatnonzero(kept)
    others = [int(counts[~kept].sum())] if unknown else []
    return Vocabulary(
        "".join(map(chr, known)), (*map(int, counts[known]), *others), unknown=unknown
    )


def _write(file: BinaryIO, ids: Ids, path: Path) -> None:
    try:
        file.write(ids.data)
    except OSError as error:
        raise MachineError(path, f"cannot be written ({error.strerror})") from None
