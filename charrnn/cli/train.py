"""``charrnn train``, which turns options into settings.

Not here: how events are shown (display.py).
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from charrnn.cli import blas, launcher, option_types, options, several_cells
from charrnn.cli.display import Display
from charrnn.cli.option_sources import (
    Command,
    find_outranked,
    keep_highest_precedence,
    list_examples,
    list_explicit,
    make_exclusion_error,
)
from charrnn.cli.signals import SignalExit, StopRequest
from charrnn.cli.usage_error import UsageError
from charrnn.config import (
    BUDGETS,
    CELL_NAMES,
    DEFAULT_CELL,
    DEFAULT_VAL,
    LARGEST_DEFAULT_VAL,
    TrainConfig,
)
from charrnn.errors import InputError
from charrnn.language import gettext as _

if TYPE_CHECKING:
    from charrnn.parallel.ranks import RankTeam

F = TypeVar("F", bound=Callable[..., Any])

FROM_CORPUS = _("chosen from the corpus")
PREVIEW_ON_TERMINAL = 120
PREVIEW_PAUSE = 2.0  # seconds between two previews on a terminal

GROUPS = {
    _("Model"): ("cell", "hidden", "layers", "tied", "init_from", "seed"),
    _("Budget"): ("epochs", "steps", "minutes", "patience", "eval_every"),
    _("Regularization and optimization"): (
        "dropout", "recurrent_dropout", "temporal_regularization", "weight_decay",
        "batch", "seq", "lr", "schedule", "warmup", "clip",
    ),
    _("Text"): (
        "val", "test", "val_file", "test_file", "shuffle", "encoding", "normalize", "newline",
        "min_count",
    ),
    _("Output"): (
        "out", "resume", "overwrite", "preview", "preview_prime", "json", "quiet", "no_color",
    ),
    _("Machines"): ("workers", "ranks", "no_mpi"),
}  # fmt: skip
"""The headings of the help, with the options below each."""

OWN_TEXTS = ("val_file", "test_file")
"""Texts of their own, each of them one or more files."""

setting = partial(options.setting, TrainConfig)


def own_text(option: str, help_text: str) -> Callable[[F], F]:
    """Return the option of a text that is no part of the corpus."""
    return click.option(
        option,
        type=option_types.CORPUS,
        multiple=True,
        metavar="FILE",
        help=help_text,
    )


@click.command(
    "train",
    cls=Command,
    groups=GROUPS,
    short_help=_("Train a model on text files."),
    help="\n\n".join(
        [
            _("Train a model on text files."),
            _(
                "CORPUS is a text file, which may be compressed (.gz, .bz2, .xz); a folder, of"
                " which every *.txt is read; or - for standard input. Where there is no such file,"
                " tenki, kakko and harbour are texts that come with charrnn. Several inputs are"
                " joined in the given order."
            ),
            _(
                "The run folder then holds the best model, a checkpoint to resume from, a log and"
                " the settings."
            ),
        ]
    ),
    epilog=list_examples("charrnn train tenki"),
)
@click.argument("corpus", nargs=-1, type=option_types.CORPUS, metavar="CORPUS...")
@setting(
    "cell",
    _(
        "The recurrent cell: {cells} or {last_cell}. Given several times (--cell rnn --cell gru),"
        " one run for each, and a comparison at the end."
    ).format(cells=_(", ").join(CELL_NAMES[:-1]), last_cell=CELL_NAMES[-1]),
    default=DEFAULT_CELL,
    metavar="CELL",
    multiple=True,
)
@setting("hidden", _("Units per layer."), default=FROM_CORPUS)
@setting("layers", _("Number of layers."), default=FROM_CORPUS)
@setting(
    "dropout",
    _("Fraction of each layer's outputs set to zero in training, below 1."),
    default=FROM_CORPUS,
    metavar="P",
)
@setting(
    "recurrent_dropout",
    _("Fraction of the recurrent weights set to zero in a step, below 1."),
    default=FROM_CORPUS,
    metavar="P",
)
@setting(
    "tied",
    _(
        "Tie input and output: the vector of a character is its row of the output layer. Otherwise,"
        " the input is one-hot."
    ),
    default=FROM_CORPUS,
)
@setting("epochs", _("Number of passes through the training text."), default=FROM_CORPUS)
@setting("steps", _("Number of updates of the weights, instead of --epochs."))
@setting(
    "minutes",
    _(
        "Time to train, instead of --epochs. The size of the network and the number of steps follow"
        " from the speed of the first steps."
    ),
)
@setting(
    "patience",
    _("Stop after N evaluations without a better validation loss; 0 never stops early."),
    default=_("0.4 of the evaluations"),
)
@setting("batch", _("Text passages that are read in parallel."), default=FROM_CORPUS)
@setting(
    "seq",
    _("Characters of each passage per step (truncated backpropagation through time)."),
    default=FROM_CORPUS,
)
@setting("lr", _("Learning rate of AdamW after the warm-up."), default=FROM_CORPUS)
@setting("schedule", _("Whether the learning rate falls to zero or stays, after the warm-up."))
@setting(
    "warmup",
    _("Warm-up steps of the learning rate."),
    default=_("100, at most a tenth of the run"),
)
@setting("clip", _("Largest norm of the gradient; 0 is no limit."))
@setting("weight_decay", _("Weight decay of AdamW."))
@setting(
    "temporal_regularization",
    _("Penalty on outputs that change between characters; 0 is none."),
    default="1 (lstm), 0.3 (gru), 0 (rnn)",
    metavar="X",
)
@setting(
    "val",
    _(
        "Size of the validation text at the end of the corpus: a fraction if below 1, otherwise a"
        " number of characters."
    ),
    default=_("{fraction}, at most {largest:,} characters").format(
        fraction=DEFAULT_VAL, largest=LARGEST_DEFAULT_VAL
    ),
)
@setting(
    "test",
    _("Size of the test text, after the validation text. The best model is tested on it once."),
)
@own_text("--val-file", _("Validate on this text, not on the end of the corpus (repeatable)."))
@own_text("--test-file", _("Test on this text, not on the end of the corpus (repeatable)."))
@setting(
    "shuffle",
    _(
        "Shuffle the lines, or the paragraphs between empty lines, before the text is cut. The"
        " order follows from the text."
    ),
    metavar="lines|paragraphs",
)
@setting(
    "eval_every",
    _("Steps between two evaluations on the validation text."),
    default=_("20 evaluations per run, fewer if they take long, at least one per epoch"),
)
@options.encoding
@setting(
    "normalize",
    _("Unicode normalization of every text that the model reads."),
)
@setting(
    "min_count",
    _("Characters that occur fewer than N times become one unknown character."),
)
@setting("newline", _("Convert CRLF and CR line ends to LF, or keep them."))
@click.option(
    "--preview",
    type=option_types.NON_NEGATIVE_INT,
    help=_(
        "Length of the sample that is shown after each evaluation.  [default: {length} on a"
        " terminal, else 0]"
    ).format(length=PREVIEW_ON_TERMINAL),
)
@click.option(
    "--preview-prime",
    metavar="TEXT",
    help=_("Text that this sample continues.  [default: none; the model starts a new line]"),
)
@setting("seed", _("Random seed. The same seed, corpus and settings make the same model."))
@setting(
    "workers",
    _("Processes that share the batch."),
    default=_("the number of cores, if the batch allows it"),
)
@setting(
    "ranks",
    _("MPI ranks that share the batch, each with its own --workers."),
    default=_("the number that mpiexec started, else 1"),
)
@click.option(
    "--no-mpi",
    is_flag=True,
    help=_("Train alone, even if mpiexec started several processes."),
)
@click.option(
    "--init-from",
    type=option_types.MODEL,
    metavar="MODEL",
    help=_(
        "Start with the weights of this model, and keep its cell and sizes. Characters that it"
        " does not know get random weights."
    ),
)
@click.option(
    "--out",
    type=option_types.RUN,
    metavar="DIR",
    help=_("The run folder.  [default: runs/NAME, runs/NAME-2, …]"),
)
@click.option(
    "--resume",
    is_flag=True,
    help=_(
        "Continue the run in --out exactly where it stopped. CORPUS and options are those of the"
        " run; only --epochs, --steps, --minutes and --patience can be changed, where --epochs and"
        " --steps count from the run's beginning."
    ),
)
@click.option("--overwrite", is_flag=True, help=_("Delete the run that is in --out first."))
@options.json_output
@options.common_options
@click.pass_context
def train_command(ctx: click.Context, /, **__: object) -> None:
    """Train a model, or one for each of several cells."""
    keep_highest_precedence(ctx, *BUDGETS)
    for name in find_outranked(ctx, ("val", "test"), OWN_TEXTS):
        ctx.params[name] = getattr(TrainConfig, name, ())
    cells = ctx.params["cell"]
    if len(cells) > 1:
        several_cells.check_cells(ctx, cells)
    ctx.params["cell"] = cells[0] if len(cells) == 1 else None
    config = TrainConfig(**{field.name: ctx.params[field.name] for field in fields(TrainConfig)})
    _check_resume(ctx)
    blas.limit_threads(1)  # each worker process has its own core
    from charrnn.runs.rank_job import run_as_follower

    console = options.make_console(ctx)
    is_follower = launcher.rank_and_size()[0] > 0 and not ctx.params["no_mpi"]
    display = Display(replace(console, quiet=True) if is_follower else console)
    ranks = launcher.join_ranks(ctx)
    with StopRequest(display.show_stopping) as stop:
        display.stop = stop
        try:
            with launcher.run_together(ranks, stop):
                if len(cells) > 1:
                    _train_cells(ctx, cells, config, display, stop, ranks)
                elif ranks.rank == 0:
                    _train(ctx, config, display, stop, ranks)
                else:
                    run_as_follower(ranks, stop.is_requested)
        finally:
            display.close()
    if stop.received is not None:
        sys.stdout.flush()
        raise SignalExit(stop.received)


def _train_cells(
    ctx: click.Context, cells: Sequence[str], config: TrainConfig, display: Display,
    stop: StopRequest, ranks: "RankTeam",
) -> None:  # fmt: skip
    """Train each of several cells in a run folder of its own, then show a table of them."""
    from charrnn.storage.run_folder import RunFolder

    out = ctx.params["out"]
    if out is not None:
        for cell in cells:
            RunFolder(out / cell).check_free(overwrite=ctx.params["overwrite"])

    def train_cell(config: TrainConfig) -> None:
        rewind()
        assert config.cell
        folder = None if out is None else out / config.cell
        _train(ctx, config, display, stop, ranks, out=folder, suffix=f"-{config.cell}")

    texts = [path for name in ("corpus", *OWN_TEXTS) for path in ctx.params[name]]
    with several_cells.keep_standard_input(texts) as rewind:
        try:
            several_cells.train_each(cells, config, train_cell, stop.is_requested)
        finally:
            display.show_comparison()


def _train(
    ctx: click.Context, config: TrainConfig, display: Display, stop: StopRequest,
    ranks: "RankTeam", out: Path | None = None, suffix: str = "",
) -> None:  # fmt: skip
    """Start or resume the training that the options describe.

    ``out`` is the run folder in place of that of the options. Without one, ``suffix`` is the end of
    the new folder's name.
    """
    from charrnn.api import resume, train

    corpus, out, console = ctx.params["corpus"], out or ctx.params["out"], display.console
    preview, prime = ctx.params["preview"], ctx.params["preview_prime"]
    if preview is None:
        preview = PREVIEW_ON_TERMINAL if console.on_terminal or prime else 0
    reporting: dict[str, Any] = {
        "preview": 0 if console.quiet else preview,
        "preview_prime": prime or "",
        "preview_pause": PREVIEW_PAUSE if console.on_terminal else 0.0,
        "on_event": display.show,
        "stop_requested": stop.is_requested,
        "team": ranks,
    }
    own_texts: dict[str, Any] = {name: ctx.params[name] for name in OWN_TEXTS}
    if ctx.params["resume"]:
        names = {field.name for field in fields(TrainConfig)} & list_explicit(ctx)
        changes = {name: ctx.params[name] for name in names}
        resume(out, corpus, changes, **own_texts, **reporting)
        return
    _check_configured_corpus(ctx)
    root, overwrite = option_types.runs_root(), ctx.params["overwrite"]
    train(
        corpus, config, out=out, root=root, suffix=suffix, overwrite=overwrite,
        init_from=ctx.params["init_from"], **own_texts, **reporting,
    )  # fmt: skip


def _check_configured_corpus(ctx: click.Context) -> None:
    """Make sure that a corpus that the file of --config names is there.

    Raises:
        InputError: naming what is missing, and that the command line can name another place.
    """
    from charrnn.runs.moved_corpus import list_missing

    if ctx.get_parameter_source("corpus") is not ParameterSource.DEFAULT_MAP:
        return
    if missing := list_missing(ctx.params["corpus"]):
        raise InputError(
            ", ".join(map(str, missing)),
            _(
                "no such file or folder; the file of `config` names it; if it was moved, name the"
                " text on the command line, before `config`"
            ),
        )


def _check_resume(ctx: click.Context) -> None:
    """Make sure that there is either a corpus or a run to resume.

    Raises:
        click.UsageError: when there is neither, or with options that only a new run can have.
    """
    if not ctx.params["resume"]:
        if not ctx.params["corpus"]:
            raise UsageError(_("CORPUS is missing"), ctx)
        return
    if ctx.params["out"] is None:
        raise UsageError(_("--resume needs the run folder"), ctx, advice=_("give --out"))
    if ctx.params["overwrite"]:
        raise make_exclusion_error(ctx, "--resume", "--overwrite")
    if ctx.params["init_from"] is not None:
        raise make_exclusion_error(ctx, "--resume", "--init-from")
