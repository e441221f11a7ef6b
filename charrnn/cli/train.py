"""``charrnn train``: options to settings. Not here: what is told meanwhile (display.py)."""

import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli import blas, launcher, options
from charrnn.cli.display import Display
from charrnn.cli.settings import Command, one_of, options_given
from charrnn.cli.signals import Ended, Stop
from charrnn.config import (
    BUDGETS,
    CELL_NAMES,
    DEFAULT_CELL,
    NEWLINES,
    NORMALIZATIONS,
    SCHEDULES,
    TrainConfig,
)

if TYPE_CHECKING:
    from charrnn.parallel.ranks import Ranks

CHOSEN = "by the text"
PREVIEW_ON_TERMINAL = 120


@click.command("train", cls=Command, epilog="\b\nExample:\n  charrnn train corpora/tenki.txt")
@click.argument("corpus", nargs=-1, type=options.PATH, metavar="CORPUS...")
@click.option(
    "--cell",
    type=click.Choice(CELL_NAMES),
    show_default=DEFAULT_CELL,
    help="The recurrent cell.",
)
@click.option(
    "--hidden",
    type=options.POSITIVE,
    show_default=CHOSEN,
    help="Units a layer.",
)
@click.option(
    "--layers",
    type=options.POSITIVE,
    show_default=CHOSEN,
    help="Layers of cells.",
)
@click.option(
    "--dropout",
    type=click.FloatRange(0, 1, max_open=True),
    show_default=CHOSEN,
    help="Share of every layer's outputs left out, one mask a sequence.",
)
@click.option(
    "--recurrent-dropout",
    type=click.FloatRange(0, 1, max_open=True),
    show_default=CHOSEN,
    help="Share of the recurrent weights left out, one mask an update.",
)
@click.option(
    "--tied/--no-tied",
    default=None,
    show_default=CHOSEN,
    help="Input by a vector for each character, which the output shares; or one-hot.",
)
@click.option(
    "--epochs",
    type=options.ABOVE_ZERO,
    show_default=CHOSEN,
    help="Times to read the text. The learning rate's schedule spans the run.",
)
@click.option("--steps", type=options.POSITIVE, help="Updates, in place of --epochs.")
@click.option(
    "--minutes",
    type=options.ABOVE_ZERO,
    help="Time, in place of --epochs: as many updates as fit, found out once.",
)
@click.option(
    "--patience",
    type=options.FROM_ZERO,
    show_default="0.4 of a run's",
    help="Stop after so many evaluations without a better validation loss; 0: never.",
)
@click.option(
    "--batch",
    type=options.POSITIVE,
    show_default=CHOSEN,
    help="Streams of text read side by side.",
)
@click.option(
    "--seq",
    type=options.POSITIVE,
    show_default=CHOSEN,
    help="Characters between two updates (truncated backpropagation through time).",
)
@click.option(
    "--lr",
    type=options.ABOVE_ZERO,
    show_default=CHOSEN,
    help="Learning rate of AdamW.",
)
@click.option(
    "--schedule",
    type=click.Choice(SCHEDULES),
    default=TrainConfig.schedule,
    show_default=True,
    help="What the learning rate does after the warm-up.",
)
@click.option(
    "--warmup",
    type=options.FROM_ZERO,
    show_default="100, at most a tenth of the run",
    help="Updates over which the learning rate rises.",
)
@click.option(
    "--clip",
    type=options.AT_LEAST_ZERO,
    default=TrainConfig.clip,
    show_default=True,
    help="Largest norm of a gradient; 0: any.",
)
@click.option(
    "--weight-decay",
    type=options.AT_LEAST_ZERO,
    default=TrainConfig.weight_decay,
    show_default=True,
    help="Pull of AdamW towards zero, on matrices.",
)
@click.option(
    "--val",
    type=options.AT_LEAST_ZERO,
    show_default="0.1, at most 500,000",
    help="The end of the text, kept for validation: a share, or from 1 on characters.",
)
@click.option(
    "--test",
    type=options.AT_LEAST_ZERO,
    default=TrainConfig.test,
    show_default=True,
    help="Likewise, after the validation part, for one test of the best model.",
)
@click.option(
    "--eval-every",
    type=options.POSITIVE,
    show_default="20 times a run, 8 where that takes long, at least once an epoch",
    help="Updates between evaluations.",
)
@options.encoding
@click.option(
    "--normalize",
    type=click.Choice(NORMALIZATIONS),
    default=TrainConfig.normalize,
    show_default=True,
    help="Unicode normalisation of the text, and of all that the model reads later.",
)
@click.option(
    "--min-count",
    type=options.POSITIVE,
    default=TrainConfig.min_count,
    show_default=True,
    help="Rarer characters become one unknown character, which is never written.",
)
@click.option(
    "--newline",
    type=click.Choice(NEWLINES),
    default=TrainConfig.newline,
    show_default=True,
    help="CRLF and CR become LF, or stay.",
)
@click.option(
    "--preview",
    type=options.FROM_ZERO,
    show_default=f"{PREVIEW_ON_TERMINAL} on a terminal, else 0",
    help="Characters that the model writes after each evaluation, on stderr.",
)
@click.option(
    "--seed",
    type=options.FROM_ZERO,
    default=TrainConfig.seed,
    show_default=True,
    help="Of all randomness: the same seed makes the same model.",
)
@click.option(
    "--workers",
    type=options.POSITIVE,
    show_default="the cores at hand, where the batch allows",
    help="Processes of a rank that share the batch, each with one BLAS thread.",
)
@click.option(
    "--ranks",
    type=options.POSITIVE,
    show_default="those that mpiexec starts, else 1",
    help="Ranks of MPI that share the batch, each with its workers. The same run in fewer processes"
    " has as many workers for each.",
)
@click.option("--no-mpi", is_flag=True, help="Train alone, though mpiexec started others, too.")
@click.option(
    "--init-from",
    type=options.MODEL,
    metavar="MODEL",
    help="Begin with another model's weights, in a new run. Its cell and sizes are kept; characters"
    " that it does not know begin afresh.",
)
@click.option(
    "--out",
    type=options.RUN,
    show_default="runs/NAME, runs/NAME-2, …",
    help="The run folder.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run in --out; CORPUS and options are the run's. --epochs, --steps (new"
    " totals), --minutes (from now on), --patience and what is told (--quiet, --preview …) may"
    " change.",
)
@click.option("--overwrite", is_flag=True, help="Empty an existing run folder first.")
@options.common
@click.pass_context
def train_command(ctx: click.Context, /, **_: object) -> None:
    """Learn from text files, folders of *.txt, .gz files, or - for stdin.

    The run folder gets the best model so far, all that is needed to go on, a log, and the settings.
    """
    one_of(ctx, *BUDGETS)
    config = TrainConfig(**{field.name: ctx.params[field.name] for field in fields(TrainConfig)})
    _check_resume(ctx)
    blas.limit(1)  # a worker's own; they are processes
    from charrnn.runs.rank_job import run_as_follower

    console = options.console(ctx)
    follows = launcher.place()[0] > 0 and not ctx.params["no_mpi"]
    display = Display(replace(console, quiet=True) if follows else console)
    ranks = launcher.joined(ctx)
    with Stop(display.stopping) as stop:
        display.stop = stop
        try:
            with launcher.together(ranks, stop):
                if ranks.rank == 0:
                    _train(ctx, config, display, stop, ranks)
                else:
                    run_as_follower(ranks, stop.requested)
        finally:
            display.close()
    if stop.received is not None:
        sys.stdout.flush()
        raise Ended(stop.received)


def _train(
    ctx: click.Context, config: TrainConfig, display: Display, stop: Stop, ranks: "Ranks"
) -> None:
    from charrnn.api import resume, train

    corpus, out, console = ctx.params["corpus"], ctx.params["out"], display.console
    preview = ctx.params["preview"]
    if preview is None:
        preview = PREVIEW_ON_TERMINAL if console.on_terminal else 0
    telling: dict[str, Any] = {
        "preview": 0 if console.quiet else preview,
        "on_event": display.show,
        "stop_requested": stop.requested,
        "ranks": ranks,
    }
    if ctx.params["resume"]:
        given = {field.name for field in fields(TrainConfig)} & options_given(ctx)
        resume(out, corpus, {name: ctx.params[name] for name in given}, **telling)
        return
    root, overwrite = options.runs_root(), ctx.params["overwrite"]
    train(
        corpus, config, out=out, root=root, overwrite=overwrite,
        init_from=ctx.params["init_from"], **telling,
    )  # fmt: skip


def _check_resume(ctx: click.Context) -> None:
    """Either there is a text, or a run to go on with."""
    if not ctx.params["resume"]:
        if not ctx.params["corpus"]:
            raise click.UsageError("Missing argument 'CORPUS...'.", ctx)
        return
    if ctx.params["out"] is None:
        raise click.UsageError("--resume needs --out, the run to go on with", ctx)
    if ctx.params["overwrite"]:
        raise click.UsageError("--resume and --overwrite exclude each other", ctx)
    if ctx.params["init_from"] is not None:
        raise click.UsageError("--resume and --init-from exclude each other", ctx)
