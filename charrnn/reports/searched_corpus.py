"""A corpus that is searched: its text in chunks, one after another, and the places in its files.

The corpus is never in memory as a whole. Not here: what it is searched for.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charrnn.config import AUTO
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.path_label import PathLabel
from charrnn.reports.training_corpus import find_training_corpus
from charrnn.text.corpus import read_pieces
from charrnn.text.encodings import detect_encoding
from charrnn.text.joining import FileJoiner
from charrnn.text.normalization import Normalization
from charrnn.text.sources import Source, find_sources, printable_path

CHUNK = 1 << 19
"""Characters of a chunk. Their hashes take a few megabytes, and calls of NumPy are few."""


@dataclass(frozen=True)
class CorpusFile:
    """A file of a corpus; ``read`` yields its text in pieces, none of them empty, each time."""

    name: str
    read: Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Chunk:
    """A part of a corpus. Its first ``carried`` characters are the end of the chunk before it.

    ``position`` characters and ``newlines`` newlines of the corpus precede the chunk.
    """

    text: str
    carried: int
    position: int
    newlines: int

    @property
    def new_text(self) -> str:
        """The characters that were not in the chunk before."""
        return self.text[self.carried :]


def open_corpus(model: LoadedModel, corpus: Sequence[Path] = ()) -> tuple[CorpusFile, ...]:
    """Return the files of the model's corpus, or the files and folders in ``corpus`` instead.

    Raises:
        InputError: when the corpus cannot be read, or is no longer what the model learned from.
    """
    normalization = model.checkpoint.corpus_info.normalization
    if corpus:
        files = tuple(detect_encoding(file, AUTO) for file in find_sources(corpus))
    else:
        files = tuple(find_training_corpus(model, "corpus", with_own_texts=False).corpus)
    return tuple(_open_file(file, normalization) for file in files)


def _open_file(file: Source, normalization: Normalization) -> CorpusFile:
    def read() -> Iterator[str]:
        return (text for text, _ in read_pieces(file, normalization))

    return CorpusFile(PathLabel(printable_path(file.path), file.path), read)


class CorpusReader:
    """Reads ``files`` once, joined as a model learns them. Afterwards it knows where they begin."""

    def __init__(self, files: Sequence[CorpusFile]) -> None:
        self._files = files
        # The position of each file's first character, the newlines before it, and its name.
        self._starts: list[tuple[int, int, str]] = []

    def read_chunks(self, carried: int) -> Iterator[Chunk]:
        """Yield the corpus in chunks. Each but the first repeats ``carried`` characters."""
        tail, position, newlines = "", 0, 0
        for text in _cut(self._read_pieces()):
            yield Chunk(tail + text, len(tail), position - len(tail), newlines - tail.count("\n"))
            position, newlines = position + len(text), newlines + text.count("\n")
            tail = (tail + text)[-carried:] if carried else ""

    def find_place(self, position: int, newlines: int) -> tuple[str, int]:
        """Return the file and the line, from 1, of a ``position`` that ``newlines`` precede."""
        at = bisect_right(self._starts, position, key=lambda start: start[0]) - 1
        _, newlines_before_file, name = self._starts[at]
        return name, newlines - newlines_before_file + 1

    def _read_pieces(self) -> Iterator[str]:
        joiner, position, newlines = FileJoiner(), 0, 0
        for file in self._files:
            joiner.begin_file()
            is_first = True
            for piece in file.read():
                # The newline between two files ends the last line of the first.
                if separator := joiner.add(piece):
                    yield separator
                position += len(separator)
                newlines += separator.count("\n")
                if is_first:
                    self._starts.append((position, newlines, file.name))
                    is_first = False
                yield piece
                position += len(piece)
                newlines += piece.count("\n")


def _cut(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the same text in pieces of `CHUNK` characters, the last one excepted."""
    waiting, number = list[str](), 0
    for piece in pieces:
        waiting.append(piece)
        number += len(piece)
        if number < CHUNK:
            continue
        text = "".join(waiting)
        end = number - number % CHUNK
        yield from (text[start : start + CHUNK] for start in range(0, end, CHUNK))
        waiting, number = [text[end:]], number - end
    if number:
        yield "".join(waiting)
