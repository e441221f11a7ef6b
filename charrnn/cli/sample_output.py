"""How samples are printed: one while it is generated, several when each is complete, or as JSON."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from charrnn.cli.console import Console

if TYPE_CHECKING:
    from charrnn.reports.copied import Copied
    from charrnn.sampling.sample import Sample

PIECE_CHARACTERS, PIECE_SECONDS = 256, 0.1
"""The number of characters written into a pipe together, and the longest time that they wait."""


def print_stream(console: Console, prime: str, pieces: Iterator[str]) -> None:
    """Print a sample while it is generated: at once on a terminal, in larger pieces into a pipe."""
    pieces = pieces if sys.stdout.isatty() else _join_pieces(pieces)
    with _newline_on_interrupt():
        for piece in keep_newlines_whole(chain([prime], pieces)):
            console.print_sample(piece)
            sys.stdout.flush()
    console.print_sample("\n")


def print_samples(
    console: Console, samples: Iterable["Sample"], separator: str, *, echo: bool
) -> None:
    """Print each sample when it is complete."""
    number = 0
    with _newline_on_interrupt():
        for number, sample in enumerate(samples, 1):
            before = separator if number > 1 else ""
            console.print_sample(before + (sample.prime if echo else "") + sample.text)
            sys.stdout.flush()
    if number:
        console.print_sample("\n")


def print_json(
    console: Console,
    samples: Iterable["Sample"],
    find_copied: "Callable[[Sequence[Sample]], list[Copied]] | None",
    find_plain_logprob: Callable[[str], float] | None,
) -> None:
    """Print each sample as a JSON object when it is complete.

    ``find_copied`` reads the corpus for each call, so it is given the samples in rounds.
    ``find_plain_logprob`` gives the log-probability of an adapted model's sample by the model as it
    was.
    """
    from charrnn.render import document

    for sample, copied in _add_copied(samples, find_copied):
        plain_logprob = find_plain_logprob(sample.text) if find_plain_logprob else None
        console.print_result(document.sample_to_json(sample, copied, plain_logprob))
        sys.stdout.flush()


def _add_copied(
    samples: Iterable["Sample"], find_copied: "Callable[[Sequence[Sample]], list[Copied]] | None"
) -> "Iterator[tuple[Sample, Copied | None]]":
    from charrnn.sampling.redrawing import collect_rounds

    if find_copied is None:
        yield from ((sample, None) for sample in samples)
        return
    for collected in collect_rounds(samples):
        yield from zip(collected, find_copied(collected), strict=True)


def _join_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the same text in fewer pieces, none of which waits longer than PIECE_SECONDS."""
    joined, start = "", time.monotonic()
    for piece in pieces:
        joined += piece
        if len(joined) >= PIECE_CHARACTERS or time.monotonic() - start > PIECE_SECONDS:
            yield joined
            joined, start = "", time.monotonic()
    yield joined


def keep_newlines_whole(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the same text in pieces that never end between CR and LF."""
    carried = ""
    for piece in pieces:
        text = carried + piece
        carried = "\r" if text.endswith("\r") else ""
        yield text.removesuffix("\r")
    yield carried


@contextmanager
def _newline_on_interrupt() -> Iterator[None]:
    """End the line after Ctrl-C on a terminal, so that the shell's prompt begins a new one."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stdout.isatty():
            sys.stdout.write("\n")
        raise
