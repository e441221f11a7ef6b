"""``charrnn inspect``: reports on a trained model."""

from pathlib import Path

import click

from charrnn.cli import blas, options
from charrnn.cli.settings import Command
from charrnn.training.machine import cores

SECONDS_A_POINT = 0.5


class Reports(click.Group):
    """A group whose report, when none is named, is the summary."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in ``summary`` before options, before a model, and where there is nothing."""
        helps = {"-h", "--help"}
        named = args[0] if args else ""
        if named not in self.commands and (
            not named or (named.startswith("-") and named not in helps) or Path(named).exists()
        ):
            args = ["summary", *args]
        return super().parse_args(ctx, args)


@click.group("inspect", cls=Reports, epilog="\b\nExample:\n  charrnn inspect loss runs/tenki")
@click.pass_context
def inspect_group(ctx: click.Context) -> None:
    """Show what a model is and what it learned; without a NAME, the summary."""
    blas.limit(cores() if ctx.invoked_subcommand == "speed" else 1)


@inspect_group.command("summary", cls=Command)
@options.model
@options.common
@click.pass_context
def summary_command(ctx: click.Context, /, model: Path | None, **_: object) -> None:
    """Cell, sizes, parameters by part, corpus, training and losses."""
    from charrnn.render import document, text
    from charrnn.reports.summary import summary
    from charrnn.training.checkpoint import load

    console = options.console(ctx)
    path = options.find_model(model, console)
    report = summary(load(path), str(path))
    console.result(document.plain(report) if console.json else text.summary(report))


@inspect_group.command("loss", cls=Command)
@options.model
@options.common
@click.pass_context
def loss_command(ctx: click.Context, /, model: Path | None, **_: object) -> None:
    """Training and validation loss over steps, in nats a character."""
    from charrnn.render import document, text
    from charrnn.reports.loss import losses

    console = options.console(ctx)
    path = options.find_model(model, console)
    named_file = model is not None and not model.is_dir()
    report = losses(path if named_file else path.parent)
    console.result(document.plain(report) if console.json else text.losses(report))


@inspect_group.command("vocab", cls=Command)
@options.model
@options.common
@click.pass_context
def vocab_command(ctx: click.Context, /, model: Path | None, **_: object) -> None:
    """The characters that the model knows, with counts and code points."""
    from charrnn.render import document, text
    from charrnn.reports.vocab import vocab
    from charrnn.training.checkpoint import load

    console = options.console(ctx)
    path = options.find_model(model, console)
    report = vocab(load(path), str(path))
    console.result(document.plain(report) if console.json else text.vocab(report))


@inspect_group.command("speed", cls=Command)
@options.model
@click.option(
    "--seconds",
    type=options.ABOVE_ZERO,
    default=SECONDS_A_POINT,
    show_default=True,
    help="Time for each measurement.",
)
@options.plot
@options.common
@click.pass_context
def speed_command(
    ctx: click.Context, /, model: Path | None, seconds: float, plot: Path | None, **_: object
) -> None:
    """Characters a second in training and sampling, by streams, window and workers.

    Beside them stand GFLOP/s, and their share of what matrix products reach on this machine, which
    should have nothing else to do. What is trained for this is not kept.
    """
    from charrnn.render import document, text
    from charrnn.reports.speed import speed
    from charrnn.training.checkpoint import load

    console = options.console(ctx)
    drawn = options.ready_to_plot(plot)
    path = options.find_model(model, console)
    trained = load(path)
    console.note("measuring: this takes a while, and wants the machine for itself")
    report = speed(trained, str(path), seconds)
    console.result(document.plain(report) if console.json else text.speed(report))
    if drawn and plot:
        drawn.speed(report, plot)


@inspect_group.command("score", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@options.model
@options.common
@click.pass_context
def score_command(ctx: click.Context, /, file: Path, model: Path | None, **_: object) -> None:
    """How well the model predicts FILE (- for stdin): each character's surprise.

    The state starts at zero; the first character has no predecessor and is not counted.
    """
    from charrnn.render import document, text
    from charrnn.reports.score import score
    from charrnn.text.corpus import whole_text
    from charrnn.training.checkpoint import load

    console = options.console(ctx)
    checkpoint = load(options.find_model(model, console))
    report = score(checkpoint, whole_text(file, checkpoint.stock.newline), str(file))
    console.result(document.score(report) if console.json else text.score(report))
