"""``charrnn train`` with several cells: one training after the other, and a table at the end."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli.launcher import rank_and_size
from charrnn.cli.option_names import option_name
from charrnn.cli.usage_error import UsageError
from charrnn.config import TrainConfig
from charrnn.errors import DivergedError
from charrnn.language import gettext as _
from charrnn.shell_words import write_command

if TYPE_CHECKING:
    from charrnn.training.events import End, Start


STOPPED = {
    "finished": _("finished"),
    "patience": _("patience"),
    "interrupted": _("interrupted"),
    "diverged": _("diverged"),
}
"""Why a training ended, in the table."""


def check_cells(ctx: click.Context, cells: Sequence[str]) -> None:
    """Check that ``cells`` can be trained one after the other.

    Raises:
        click.UsageError: when one occurs twice, or with options that are about a single run.
    """
    if repeated := [cell for cell in dict.fromkeys(cells) if cells.count(cell) > 1]:
        raise UsageError(_("--cell {cell} is given twice").format(cell=repeated[0]), ctx)
    for name in ("resume", "init_from"):
        if ctx.params[name]:
            problem = _("{option} is about a single run, and several --cell are given")
            raise UsageError(problem.format(option=option_name(name)), ctx)
    if rank_and_size()[1] > 1 and not ctx.params["no_mpi"]:
        problem = _("several --cell cannot be trained by one mpiexec")
        raise UsageError(problem, ctx, advice=_("start mpiexec once for each cell"))


def train_each(
    cells: Sequence[str],
    config: TrainConfig,
    train_cell: Callable[[TrainConfig], object],
    is_stopped: Callable[[], bool],
) -> None:
    """Call ``train_cell`` with the settings of each cell, until ``is_stopped``.

    Where a training diverges, the others go on.

    Raises:
        DivergedError: at the end, naming the cells whose training diverged.
    """
    diverged: dict[str, DivergedError] = {}
    for cell in cells:
        try:
            train_cell(_choose(config, cell))
        except DivergedError as error:
            diverged[cell] = error
        if is_stopped():
            break
    if diverged:
        problems = _("; ").join(f"{error.thing}: {error.problem}" for error in diverged.values())
        raise DivergedError(", ".join(diverged), problems)


def _choose(config: TrainConfig, cell: str) -> TrainConfig:
    """Return the settings of one of several cells; one without recurrent weights drops none."""
    from charrnn.network.cell import get_cell

    if not get_cell(cell).recurrent_weights:
        config = replace(config, recurrent_dropout=None)
    return replace(config, cell=cell)


@contextmanager
def keep_standard_input(texts: Sequence[Path]) -> Iterator[Callable[[], None]]:
    """Copy standard input to a temporary file if it is one of the ``texts``.

    Yields a function that is called before each training: it puts standard input back at its
    beginning.
    """
    if Path("-") not in texts or sys.stdin is None:
        yield lambda: None
        return
    import tempfile

    before = sys.stdin
    with tempfile.TemporaryFile() as copy:
        while piece := before.buffer.read(1 << 20):
            copy.write(piece)
        copy.flush()

        def rewind() -> None:
            os.lseek(copy.fileno(), 0, os.SEEK_SET)
            sys.stdin = io.TextIOWrapper(os.fdopen(os.dup(copy.fileno()), "rb"), encoding="utf-8")

        try:
            yield rewind
        finally:
            sys.stdin = before


def describe_runs(runs: "Sequence[tuple[Start, End]]", columns: int | None) -> str:
    """Return a table of trainings that ended, and the command that compares them on a page."""
    from charrnn.render.blocks import Section, Table, numeric_columns, text_columns
    from charrnn.render.terminal import render_text
    from charrnn.render.words import format_loss

    rows = [
        (
            start.model.cell,
            f"{start.model.layers} × {start.model.hidden}",
            f"{start.model.parameters:,}",
            "" if end.val_loss is None else format_loss(end.val_loss),
            "" if end.baselines is None else format_loss(end.baselines.ngram),
            f"{end.chars_per_second:z,.0f}",
            STOPPED[end.stopped],
            end.run,
        )
        for start, end in runs
    ]
    heads = (
        *text_columns(_("cell"), _("units")),
        *numeric_columns(_("parameters"), _("val loss"), "n-gram", _("characters/s")),
        *text_columns("", _("run")),
    )
    table = render_text(Section("", [Table(heads, rows)]), columns)
    trained = [Path(end.run) for __, end in runs if end.best_step is not None]
    if not trained:
        return table
    command = write_command("inspect", "report", *trained, "--html", "report.html")
    label = _("compare")
    return f"{table}\n\n{label}  {command}"
