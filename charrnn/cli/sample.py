"""``charrnn sample``: continue a text, or each line of a file."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli import blas, option_types, options, sample_output
from charrnn.cli.console import Console
from charrnn.cli.option_sources import Command, UnsplitOption, keep_highest_precedence
from charrnn.cli.usage_error import UsageError
from charrnn.config import (
    AUTO,
    SAMPLING_ONLY_SETTINGS,
    SAMPLING_THREADS,
    SampleConfig,
    TrainConfig,
)
from charrnn.parallel.machine import count_cores
from charrnn.setting_types import rules

if TYPE_CHECKING:
    from charrnn.api import Model
    from charrnn.reports.copied import Copied

DEFAULT_SEPARATOR = "\n---\n"
MAX_NOTE_COLUMNS = 40
"""The width to which a note shortens a stop text."""

setting = partial(options.setting, SampleConfig)


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
    help="Text to continue.  [default: none; the model starts a new line]",
)
@click.option(
    "--prime-file",
    type=option_types.PATH,
    metavar="FILE",
    help="Continue the text in this file (- for standard input), without the newline at its end.",
)
@click.option(
    "--each-line",
    is_flag=True,
    help="Continue each line of the file separately.",
)
@options.encoding
@setting("length", "Number of new characters. 0 requires --stop and means no limit.")
@click.option(
    "-n",
    "--samples",
    type=option_types.POSITIVE_INT,
    default=1,
    show_default=True,
    help="Number of samples per prime; with --beam, the N most likely texts.",
)
@setting(
    "temperature",
    "How freely characters are chosen: 0 always takes the most likely one, 1 follows the model's"
    " probabilities.",
)
@setting("top_k", "Choose only among the N most likely characters; 0 for all.", default="off")
@setting(
    "top_p",
    "Choose only among the most likely characters that together reach this probability; above 0"
    " and at most 1.",
    default="off",
    metavar="P",
)
@setting(
    "min_p",
    "Choose only among characters at least P times as likely as the most likely one; from 0 to 1.",
    default="off",
    metavar="P",
)
@setting(
    "stop",
    "End a sample before this text. May be given several times.",
    cls=UnsplitOption,
    multiple=True,
    metavar="TEXT",
)
@setting(
    "no_repeat",
    "Never generate N characters in a row that occurred before, in the prime or the sample. Values"
    " below 15 harm most texts.",
    default="off",
)
@setting(
    "beam",
    "Search for the most likely text, keeping N candidates (at most 10,000), instead of sampling.",
    default="off",
)
@click.option(
    "--seed",
    type=option_types.type_of(rules(TrainConfig)["seed"][0]),
    help="Random seed. The same seed generates the same text.  [default: random, and shown]",
)
@options.on_unknown("error")
@click.option(
    "--echo/--no-echo",
    default=True,
    show_default=True,
    help="Print the prime before each sample.",
)
@click.option(
    "--separator",
    default=DEFAULT_SEPARATOR,
    metavar="TEXT",
    help="Text to print between samples.  [default: a line with ---]",
)
@click.option(
    "--copied",
    is_flag=True,
    help="With --json: also report which parts of each sample occur verbatim in the corpus.",
)
@options.corpus
@options.common_options
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
    """Generate text with a trained model.

    MODEL is a run folder or a .npz file; without it, the newest run is used.
    """
    config = _make_config(ctx)
    console = options.make_console(ctx)
    blas.limit_threads(min(SAMPLING_THREADS, count_cores()))
    from charrnn.api import load
    from charrnn.sampling.generation import draw_seed

    trained = load(options.find_model(model, console))
    primes, prime_count = _read_primes(ctx, trained, config)
    find_copied = _make_copied_finder(trained, corpus) if copied else None
    is_random = config.temperature > 0 and not config.beam
    shows_seed = is_random and seed is None
    if seed is None:
        seed = draw_seed() if is_random else 0
    if prime_count == samples == 1 and not console.json:
        (prime,) = primes
        pieces = trained.stream(prime, config, seed=seed)
        _print_notes(console, trained, config, seed if shows_seed else None)
        sample_output.print_stream(console, prime if echo else "", pieces)
        return
    results = trained.sample_each(primes, config, seed=seed, number=samples)
    _print_notes(console, trained, config, seed if shows_seed else None)
    from charrnn.cli.display import show_count

    with show_count(results, prime_count * samples, "sample", console) as counted:
        if console.json:
            sample_output.print_json(console, counted, find_copied)
        else:
            sample_output.print_samples(console, counted, separator, echo=echo)


def _make_config(ctx: click.Context) -> SampleConfig:
    """Return the settings that the options describe.

    Raises:
        click.UsageError: for options that cannot be combined.
    """
    values = ctx.params
    keep_highest_precedence(ctx, "prime", "prime_file")
    if values["each_line"] and values["prime_file"] is None and values["prime"] is None:
        raise UsageError("--each-line needs --prime-file", ctx)
    if values["beam"] == 0:
        values["beam"] = None
    for name in SAMPLING_ONLY_SETTINGS:
        keep_highest_precedence(ctx, "beam", name)
    if values["copied"] and not values["json"]:
        advice = "for a text in a file, run 'charrnn inspect copied'"
        raise UsageError("--copied needs --json", ctx, advice=advice)
    if values["corpus"] and not values["copied"]:
        raise UsageError("--corpus needs --copied", ctx)
    if values["beam"] is not None and values["samples"] > values["beam"]:
        problem = f"--samples can be at most {values['beam']:,}, the candidates of --beam"
        raise UsageError(problem, ctx)
    names = [field.name for field in fields(SampleConfig)]
    return SampleConfig(**{name: values[name] for name in names if values[name] is not None})


def _read_primes(
    ctx: click.Context, model: "Model", config: SampleConfig
) -> tuple[Iterable[str], int]:
    """Return the primes and their number.

    All primes are checked here, so that no output precedes an error.
    """
    file, encoding = ctx.params["prime_file"], ctx.params["encoding"]
    if encoding != AUTO or file is not None:
        from charrnn.text.encodings import resolve_encoding

        encoding = resolve_encoding(encoding)
    if file is None:
        prime = ctx.params["prime"] or ""
        model.make_prompt(prime, config.on_unknown)
        return [prime], 1
    from charrnn.sampling.prime_file import PrimeFile

    each_line = ctx.params["each_line"]
    normalization = model.checkpoint.corpus_info.normalization
    primes = PrimeFile(file, normalization, encoding, each_line=each_line)
    prime_count = 0
    for prime_count, prime in enumerate(primes, 1):
        place = f"{file}, line {prime_count:,}" if each_line else str(file)
        model.make_prompt(prime, config.on_unknown, place)
    return primes, prime_count


def _print_notes(console: Console, model: "Model", config: SampleConfig, seed: int | None) -> None:
    """Print notes on impossible stop texts and on a random ``seed``, before the first sample."""
    for stop in config.stop:
        if missing := model.unknown_characters(stop):
            from charrnn.render.words import shorten

            stop_text = shorten(stop, MAX_NOTE_COLUMNS)
            unknown = shorten(missing, MAX_NOTE_COLUMNS)
            console.note(
                f"--stop {stop_text}: the model cannot produce it, because it does not know"
                f" {unknown}"
            )
    if seed is not None:
        console.note(f"seed {seed}")


def _make_copied_finder(model: "Model", corpus: tuple[Path, ...]) -> Callable[[str], "Copied"]:
    """Return a function that finds the parts of a text that occur in the corpus."""
    from charrnn.reports.copied import index_corpus

    return index_corpus(model.loaded, corpus).find_copied
