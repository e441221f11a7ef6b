"""Files to one array of ids on disk, its parts, and the parallel streams that are read from it.

A corpus is never in memory as a whole: one pass takes stock (`take_stock`), a second writes ids of
the smallest fitting type (`encode`), which are then memory-mapped.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from charrnn.config import TrainConfig
from charrnn.errors import InputError
from charrnn.text.decode import ENCODING, characters
from charrnn.text.sources import Source, find
from charrnn.text.stock import Stock
from charrnn.text.vocab import LARGEST_CODE_POINT, Ids, Vocabulary, code_points


@dataclass(frozen=True)
class Parts:
    """A corpus cut in three, in this order: what trains, what validates, what tests at the end."""

    train: Ids
    val: Ids
    test: Ids


def take_stock(sources: Sequence[Source], newline: str) -> Stock:
    """Read ``sources`` once: their characters, how many, and a fingerprint. Writes nothing.

    Raises:
        InputError: when one cannot be read, is not UTF-8, or there is too little to learn from.
    """
    counts = np.zeros(LARGEST_CODE_POINT + 1, np.int64)
    fingerprint = hashlib.sha256()
    for text in _texts(sources, newline):
        fingerprint.update(text.encode())
        found = np.bincount(code_points(text))
        counts[: len(found)] += found
    known = np.flatnonzero(counts)
    if len(known) < 2:
        problem = "is empty" if not len(known) else "repeats a single character"
        names = ", ".join(str(source.path) for source in sources)
        raise InputError(names, f"{problem}; there is nothing to learn from it")
    return Stock(
        files=tuple(source.name for source in sources),
        characters=int(counts.sum()),
        vocabulary=Vocabulary("".join(map(chr, known)), tuple(map(int, counts[known]))),
        encoding=ENCODING,
        newline=newline,
        sha256=fingerprint.hexdigest(),
    )


def encode(sources: Sequence[Source], stock: Stock, path: Path) -> Ids:
    """Write the ids of ``sources`` to ``path``; gives them memory-mapped, (characters,).

    Raises:
        InputError: when they are no longer the text that ``stock`` was taken of.
    """
    kind = np.min_scalar_type(len(stock.vocabulary) - 1)
    fingerprint = hashlib.sha256()
    with path.open("wb") as file:
        for text in _texts(sources, stock.newline):
            fingerprint.update(text.encode())
            file.write(stock.vocabulary.lookup(text).astype(kind).tobytes())
    if fingerprint.hexdigest() != stock.sha256:
        raise InputError(", ".join(stock.files), "changed while it was read; start again")
    return np.memmap(path, kind, "r")


def whole_text(path: Path, newline: str) -> str:
    """The text of one file, or of standard input for -, in memory. Raises as `take_stock`."""
    return "".join(texts(path, newline))


def texts(path: Path, newline: str) -> Iterator[str]:
    """The same in pieces of bounded size, none of them empty."""
    return _texts(find([path]), newline)


def divide(ids: Ids, config: TrainConfig) -> Parts:
    """Cut ``ids`` in three, in the text's order, as ``config`` says. Raises as its `parts`."""
    train, val, _ = config.parts(len(ids))
    return Parts(ids[:train], ids[train : train + val], ids[train + val :])


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


def _texts(sources: Sequence[Source], newline: str) -> Iterator[str]:
    for source in sources:
        with source.open() as stream:
            yield from characters(stream, str(source.path), newline)
