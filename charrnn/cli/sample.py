"""``charrnn sample``: continue a text, or each line of a file."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli import blas, options
from charrnn.cli.console import Console
from charrnn.cli.settings import Command, WholeText, one_of
from charrnn.config import AUTO, DRAWING, SAMPLING_THREADS, WIDEST_BEAM, SampleConfig
from charrnn.parallel.machine import count_cores

if TYPE_CHECKING:
    from charrnn.api import Model, Sample
    from charrnn.reports.copied import Copied

DEFAULT_SEPARATOR = "\n---\n"
SHOWN = 40
"""Columns for a stop that is told."""
PIECE, PATIENCE = 256, 0.1
"""Characters that go into a pipe together, and seconds that they may wait for each other."""
SETTINGS = ("length", *DRAWING, "stop", "no_repeat", "beam", "on_unknown")


@click.command(
    "sample",
    cls=Command,
    epilog="\b\nExamples:\n  charrnn sample runs/tenki --prime 今日は --length 200"
    "\n  charrnn sample --prime-file lines.txt --each-line --json > texts.jsonl",
)
@options.model
@click.option(
    "--prime",
    metavar="TEXT",
    help="Text to continue. Without it the model begins a line.",
)
@click.option(
    "--prime-file",
    type=options.PATH,
    metavar="FILE",
    help="Continue this file (- for stdin); one newline at its very end is not part of the prime.",
)
@click.option("--each-line", is_flag=True, help="Every line of the file is a prime of its own.")
@options.encoding
@click.option(
    "--length",
    type=options.FROM_ZERO,
    default=SampleConfig.length,
    show_default=True,
    help="New characters; 0 with --stop: until the stop, however long that takes.",
)
@click.option(
    "-n",
    "--samples",
    type=options.POSITIVE,
    default=1,
    show_default=True,
    help="Samples of a prime, drawn side by side; with --beam the likeliest few.",
)
@click.option(
    "--temperature",
    type=options.AT_LEAST_ZERO,
    default=SampleConfig.temperature,
    show_default=True,
    help="0 takes the likeliest character; 1 samples the model as it is.",
)
@click.option(
    "--top-k",
    type=options.FROM_ZERO,
    default=SampleConfig.top_k,
    show_default="off",
    help="Only the N likeliest characters; 0: all.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=SampleConfig.top_p,
    show_default="off",
    help="Only the likeliest that together have this probability.",
)
@click.option(
    "--min-p",
    type=click.FloatRange(0, 1),
    default=SampleConfig.min_p,
    show_default="off",
    help="Only those with at least this share of the likeliest's probability.",
)
@click.option(
    "--stop",
    cls=WholeText,
    multiple=True,
    metavar="TEXT",
    help="End where the new text has this, which is not printed. May be given several times.",
)
@click.option(
    "--no-repeat",
    type=options.FROM_ZERO,
    default=SampleConfig.no_repeat,
    show_default="off",
    metavar="N",
    help="No span of N characters twice, those of the prime included; sensible from 15 on.",
)
@click.option(
    "--beam",
    type=click.IntRange(0, WIDEST_BEAM),
    show_default="off",
    metavar="N",
    help="Search for the likeliest text among N held at a time, instead of drawing one.",
)
@click.option(
    "--seed",
    type=options.FROM_ZERO,
    show_default="drawn, and shown",
    help="The same seed draws the same text.",
)
@options.on_unknown("error")
@click.option("--echo/--no-echo", default=True, show_default=True, help="Print the prime too.")
@click.option(
    "--separator",
    default=DEFAULT_SEPARATOR,
    metavar="TEXT",
    show_default="a line with ---",
    help="Between samples.",
)
@click.option(
    "--copied",
    is_flag=True,
    help="With --json: also what of each sample stands verbatim in the corpus.",
)
@options.corpus
@options.common
@click.pass_context
def sample_command(
    ctx: click.Context,
    /,
    model: Path | None,
    samples: int,
    seed: int | None,
    echo: bool,
    separator: str,
    copied: bool,
    corpus: tuple[Path, ...],
    **_: object,
) -> None:
    """Continue a text in the manner of the corpus that MODEL learned.

    MODEL is a .npz file or a run folder; without it, the newest run is taken.
    """
    config = _config(ctx)
    console = options.console(ctx)
    blas.limit(min(SAMPLING_THREADS, count_cores()))
    from charrnn.api import draw_seed, load

    path = options.find_model(model, console)
    trained = load(path)
    primes, number = _primes(ctx, trained, config)
    look_up = _copied(trained, path, corpus) if copied else None
    draws = config.temperature > 0 and not config.beam
    drawn = seed if seed is not None else draw_seed() if draws else 0
    told = drawn if draws and seed is None else None
    if number == samples == 1 and not console.json:
        (prime,) = primes
        stream = trained.stream(prime, config, seed=drawn)
        _tell(console, trained, config, told)
        _stream(console, prime if echo else "", stream)
        return
    found = trained.sample_each(primes, config, seed=drawn, number=samples)
    _tell(console, trained, config, told)
    from charrnn.cli.display import show_count

    with show_count(found, number * samples, "sample", console) as texts:
        if console.json:
            _write_json(console, texts, look_up)
        else:
            _write(console, texts, separator, echo=echo)


def _config(ctx: click.Context) -> SampleConfig:
    """What was asked for, where that can be done together."""
    given = ctx.params
    one_of(ctx, "prime", "prime_file")
    if given["each_line"] and given["prime_file"] is None and given["prime"] is None:
        raise click.UsageError("--each-line needs --prime-file, the lines", ctx)
    if given["beam"] == 0:
        given["beam"] = None
    for name in DRAWING:
        one_of(ctx, "beam", name)
    if given["copied"] and not given["json"]:
        problem = "--copied goes with --json; 'charrnn inspect copied' shows it for a text"
        raise click.UsageError(problem, ctx)
    if given["corpus"] and not given["copied"]:
        raise click.UsageError("--corpus goes with --copied", ctx)
    if given["beam"] is not None and given["samples"] > given["beam"]:
        raise click.UsageError(f"-n is at most {given['beam']:,}, which --beam holds", ctx)
    return SampleConfig(**{name: given[name] for name in SETTINGS if given[name] is not None})


def _primes(
    ctx: click.Context, trained: "Model", config: SampleConfig
) -> tuple[Iterable[str], int]:
    """What is to be continued, and how many. All was looked at: nothing is written before."""
    file, encoding = ctx.params["prime_file"], ctx.params["encoding"]
    if encoding != AUTO or file is not None:
        from charrnn.text.encodings import resolve_encoding as encoding_named

        encoding = encoding_named(encoding)
    if file is None:
        prime = ctx.params["prime"] or ""
        trained.opening(prime, config.on_unknown)
        return [prime], 1
    from charrnn.sampling.prime_file import PrimeFile

    each_line = ctx.params["each_line"]
    primes = PrimeFile(
        file, trained.checkpoint.corpus_info.normalization, encoding, each_line=each_line
    )
    number = 0
    for number, prime in enumerate(primes, 1):
        place = f"{file}, line {number:,}" if each_line else str(file)
        trained.opening(prime, config.on_unknown, place)
    return primes, number


def _tell(console: Console, trained: "Model", config: SampleConfig, seed: int | None) -> None:
    """What is worth knowing, once it is sure that there will be a text."""
    for stop in config.stop:
        if never := trained.never_writes(stop):
            from charrnn.render.words import shorten

            told, characters = shorten(stop, SHOWN), shorten(never, SHOWN)
            console.note(f"--stop {told}: will not come, as the model never writes {characters}")
    if seed is not None:
        console.note(f"seed {seed}")


def _stream(console: Console, opening: str, stream: Iterator[str]) -> None:
    """Write characters as they come: at once on a terminal, in larger pieces into a pipe."""
    pieces = stream if sys.stdout.isatty() else _gathered(stream)
    with _ended_line():
        for piece in whole_newlines(chain([opening], pieces)):
            console.sampled(piece)
            sys.stdout.flush()
    console.sampled("\n")


def _write(console: Console, texts: Iterable["Sample"], separator: str, *, echo: bool) -> None:
    """Write whole texts as they end."""
    number = 0
    with _ended_line():
        for number, sample in enumerate(texts, 1):
            before = separator if number > 1 else ""
            console.sampled(before + (sample.prime if echo else "") + sample.text)
            sys.stdout.flush()
    if number:
        console.sampled("\n")


def _write_json(
    console: Console, texts: Iterable["Sample"], look_up: "Callable[[str], Copied] | None"
) -> None:
    """Write an object a line as texts end."""
    from charrnn.render import document

    for sample in texts:
        console.result(document.sample(sample, look_up and look_up(sample.text)))
        sys.stdout.flush()


def _gathered(stream: Iterable[str]) -> Iterator[str]:
    """The same text in larger pieces, where that keeps nobody waiting."""
    piece, since = "", time.monotonic()
    for more in stream:
        piece += more
        if len(piece) >= PIECE or time.monotonic() - since > PATIENCE:
            yield piece
            piece, since = "", time.monotonic()
    yield piece


def whole_newlines(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of which none ends between CR and LF."""
    waiting = ""
    for piece in pieces:
        whole = waiting + piece
        waiting = "\r" if whole.endswith("\r") else ""
        yield whole.removesuffix("\r")
    yield waiting


@contextmanager
def _ended_line() -> Iterator[None]:
    """Leave a terminal with a line of its own for the prompt when it is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        if sys.stdout.isatty():
            sys.stdout.write("\n")
        raise


def _copied(trained: "Model", path: Path, corpus: tuple[Path, ...]) -> Callable[[str], "Copied"]:
    """What looks up texts in a corpus."""
    from charrnn.reports import copied

    return copied.corpus(trained.checkpoint, path, corpus).copied
