"""``charrnn sample``: continue a text."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from charrnn.cli import blas, options
from charrnn.cli.console import Console
from charrnn.cli.settings import Command
from charrnn.config import SAMPLING_THREADS, SampleConfig
from charrnn.training.machine import cores

DEFAULT_SEPARATOR = "\n---\n"
PIECE = 256
"""Characters that go into a pipe together."""


@click.command(
    "sample",
    cls=Command,
    epilog="\b\nExample:\n  charrnn sample runs/tenki --prime 今日は --length 200",
)
@options.model
@click.option(
    "--prime",
    default="",
    metavar="TEXT",
    help="Text to continue. Without it the model begins a line.",
)
@click.option(
    "--length",
    type=options.FROM_ZERO,
    default=SampleConfig.length,
    show_default=True,
    help="New characters.",
)
@click.option(
    "-n",
    "--samples",
    type=options.POSITIVE,
    default=1,
    show_default=True,
    help="Samples, computed side by side.",
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
@options.common
@click.pass_context
def sample_command(
    ctx: click.Context,
    /,
    model: Path | None,
    prime: str,
    samples: int,
    seed: int | None,
    echo: bool,
    separator: str,
    **_: object,
) -> None:
    """Continue a text in the manner of the corpus that MODEL learned.

    MODEL is a .npz file or a run folder; without it, the newest run is taken.
    """
    names = ("length", "temperature", "top_k", "top_p", "min_p")
    config = SampleConfig(
        **{name: ctx.params[name] for name in names},
        on_unknown=ctx.params["on_unknown"] or SampleConfig.on_unknown,
    )
    blas.limit(min(SAMPLING_THREADS, cores()))
    from charrnn.api import drawn_seed

    console = options.console(ctx)
    trained = options.load_model(model, console)
    drawn = drawn_seed() if seed is None else seed
    opening = prime if echo else ""
    if samples == 1 and not console.json:
        stream = trained.stream(prime, config, seed=drawn)
        _show_seed(console, seed, drawn)
        _write(console, opening, stream)
        return
    texts = trained.samples(prime, config, seed=drawn, number=samples)
    _show_seed(console, seed, drawn)
    if console.json:
        from charrnn.render import document

        console.result("\n".join(map(document.plain, texts)))
    else:
        console.sampled(separator.join(opening + sample.text for sample in texts) + "\n")


def _show_seed(console: Console, asked: int | None, drawn: int) -> None:
    """Tell a seed that the user could not know, once it is sure that there will be a text."""
    if asked is None:
        console.note(f"seed {drawn}")


def _write(console: Console, opening: str, stream: Iterator[str]) -> None:
    """Write characters as they come: at once on a terminal, in larger pieces into a pipe."""
    together = 1 if sys.stdout.isatty() else PIECE
    console.sampled(opening)
    while piece := "".join(islice(stream, together)):
        console.sampled(piece)
        sys.stdout.flush()
    console.sampled("\n")
