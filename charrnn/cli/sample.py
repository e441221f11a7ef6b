"""``charrnn sample``: continue a text."""

import sys
from pathlib import Path

import click

from charrnn.cli import options
from charrnn.cli.settings import Command
from charrnn.config import SampleConfig

DEFAULT_SEPARATOR = "\n---\n"


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
    "--seed",
    type=options.FROM_ZERO,
    show_default="drawn, and shown",
    help="The same seed draws the same text.",
)
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
    names = ("length", "temperature", "top_k", "top_p")
    config = SampleConfig(**{name: ctx.params[name] for name in names})
    from charrnn.api import drawn_seed
    from charrnn.render import document

    console = options.console(ctx)
    trained = options.load_model(model, console)
    if seed is None:
        seed = drawn_seed()
        console.note(f"seed {seed}")
    opening = prime if echo else ""
    if console.json:
        for sample in trained.samples(prime, config, seed=seed, number=samples):
            console.result(document.plain(sample))
    elif samples == 1:
        stream = trained.stream(prime, config, seed=seed)
        sys.stdout.write(opening)
        for character in stream:
            sys.stdout.write(character)
            if sys.stdout.isatty():
                sys.stdout.flush()
        sys.stdout.write("\n")
    else:
        texts = trained.samples(prime, config, seed=seed, number=samples)
        console.result(separator.join(opening + sample.text for sample in texts))
