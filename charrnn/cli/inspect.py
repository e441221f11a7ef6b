"""``charrnn inspect``: reports on trained models."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli import blas, option_types, options
from charrnn.cli.console import Console
from charrnn.cli.option_sources import Command, CommandGroup
from charrnn.config import DEFAULT_LAGS
from charrnn.parallel.machine import count_cores

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from charrnn.render.blocks import Section
    from charrnn.reports.held_out import HeldOut
    from charrnn.storage.model_file import Checkpoint

SECONDS_A_POINT = 0.5


class Reports(CommandGroup):
    """A group whose report, when none is named, is the summary."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in ``summary`` before options, before a model, and where there is nothing."""
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)  # a shell asks what can stand here
        helps = {"-h", "--help"}
        resolve_encoding = args[0] if args else ""
        if resolve_encoding not in self.commands and (
            not resolve_encoding
            or (resolve_encoding.startswith("-") and resolve_encoding not in helps)
            or Path(resolve_encoding).exists()
        ):
            args = ["summary", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """The reports, and what the summary takes, which need not be named."""
        if incomplete.startswith("-"):
            return self.commands["summary"].shell_complete(ctx, incomplete)
        reports = super().shell_complete(ctx, incomplete)
        return [*reports, *option_types.MODEL.shell_complete(ctx, None, incomplete)]


@click.group("inspect", cls=Reports, epilog="\b\nExample:\n  charrnn inspect loss runs/tenki")
@click.pass_context
def inspect_group(ctx: click.Context) -> None:
    """Show what a model is and what it has learned; without a NAME, the summary."""
    blas.limit_threads(count_cores() if ctx.invoked_subcommand == "speed" else 1)


class Wanted:
    """Where a report is wanted: on stdout as text or JSON, besides as a picture and as a page."""

    def __init__(self, ctx: click.Context) -> None:
        self.console: Console = options.make_console(ctx)
        self.plot: Path | None = ctx.params.get("plot")
        self.html: Path | None = ctx.params.get("html")
        options.check_plot_file(self.plot)

    def give(
        self, title: str, sections: "Sequence[Section]", documents: Callable[[], Iterator[str]]
    ) -> None:
        """Write what was found everywhere."""
        from charrnn.render import terminal

        if self.console.json:
            for line in documents():
                self.console.print_result(line)
        else:
            self.console.print_result("\n\n".join(map(terminal.text, sections)))
        self.draw(title, sections)

    def draw(self, title: str, sections: "Sequence[Section]") -> None:
        """Write the page and the picture that were asked for."""
        from charrnn.files import write_atomically

        if self.html:
            from charrnn.render.page import page

            document = page(title, sections).encode()
            write_atomically(self.html, lambda file: file.write(document))
        if self.plot:
            from charrnn.render.plot import draw

            for note in draw(sections, self.plot):
                self.console.note(note)


def _loaded(models: Sequence[Path | None], console: Console) -> "Iterator[tuple[Checkpoint, Path]]":
    """Each of ``models``, or the newest, with its file."""
    from charrnn.storage.model_file import load

    for resolve_encoding in models or [None]:
        path = options.find_model(resolve_encoding, console)
        yield load(path), path


def _text(ctx: click.Context, checkpoint: "Checkpoint", model: Path) -> "HeldOut":
    """What the report reads: the file that was named, or else the validation part."""
    from charrnn.reports import held_out
    from charrnn.text.encodings import resolve_encoding

    if (file := ctx.params["text_file"]) is not None:
        return held_out.of_file(checkpoint, file, resolve_encoding(ctx.params["encoding"]))
    return held_out.of_corpus(checkpoint, model)


@inspect_group.command("summary", cls=Command)
@options.model
@options.html
@options.common_options
@click.pass_context
def summary_command(ctx: click.Context, /, model: Path | None, **_: object) -> None:
    """Cell, sizes, parameters by part, corpus, training and losses."""
    from charrnn.render import document, sections
    from charrnn.reports.summary import summary

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    report = summary(checkpoint, str(path))
    wanted.give(str(path), [sections.summary(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("runs", cls=Command)
@click.argument("folder", required=False, type=option_types.FOLDER)
@click.option("--csv", "as_csv", is_flag=True, help="Print a line of values a run.")
@options.html
@options.common_options
@click.pass_context
def runs_command(ctx: click.Context, /, folder: Path | None, as_csv: bool, **_: object) -> None:
    """All runs under FOLDER (or runs/), those on the same text together, best first."""
    from charrnn.render import document, sections
    from charrnn.reports.runs import runs

    wanted = Wanted(ctx)
    if as_csv and wanted.console.json:
        raise click.UsageError("--csv and --json exclude each other", ctx)
    report = runs(folder or option_types.runs_root())
    if as_csv:
        wanted.console.print_result(document.runs_as_csv(report))
        wanted.draw(report.folder, [sections.runs(report)])
        return
    wanted.give(report.folder, [sections.runs(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("loss", cls=Command)
@options.models
@options.plot
@options.html
@options.common_options
@click.pass_context
def loss_command(ctx: click.Context, /, models: tuple[Path, ...], **_: object) -> None:
    """Training and validation loss over steps, in nats a character; models side by side."""
    from charrnn.render import document, sections
    from charrnn.reports.loss import losses

    wanted = Wanted(ctx)
    reports = []
    for model in models or [None]:
        path = options.find_model(model, wanted.console)
        named_file = model is not None and not model.is_dir()
        reports.append(losses(path if named_file else path.parent))
    wanted.give("Loss", [sections.losses(reports)], lambda: map(document.plain, reports))


@inspect_group.command("vocab", cls=Command)
@options.model
@options.html
@options.common_options
@click.pass_context
def vocab_command(ctx: click.Context, /, model: Path | None, **_: object) -> None:
    """The characters that the model knows, with counts and code points."""
    from charrnn.render import document, sections
    from charrnn.reports.vocab import vocab

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    report = vocab(checkpoint, str(path))
    wanted.give(str(path), [sections.vocab(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("speed", cls=Command)
@options.model
@click.option(
    "--seconds",
    type=option_types.POSITIVE_FLOAT,
    default=SECONDS_A_POINT,
    show_default=True,
    help="Time for each measurement.",
)
@options.plot
@options.html
@options.common_options
@click.pass_context
def speed_command(ctx: click.Context, /, model: Path | None, seconds: float, **_: object) -> None:
    """Characters a second in training and sampling, by streams, window and workers.

    Beside them stand GFLOP/s, and their share of what matrix products reach on this machine, which
    should have nothing else to do. What is trained for this is not kept.
    """
    from charrnn.render import document, sections
    from charrnn.reports.speed import speed

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    wanted.console.note("measuring: this takes a while, and wants the machine for itself")
    report = speed(checkpoint, str(path), seconds)
    wanted.give(str(path), [sections.speed(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("score", cls=Command)
@click.argument("file", type=option_types.PATH)
@options.model
@options.on_unknown("replace where the model has an unknown character, else skip")
@options.encoding
@options.plot
@options.html
@options.common_options
@click.pass_context
def score_command(
    ctx: click.Context,
    /,
    file: Path,
    model: Path | None,
    on_unknown: str | None,
    encoding: str,
    **_: object,
) -> None:
    """How well the model predicts FILE (- for stdin): each character's surprise.

    The state starts at zero; the first character has no predecessor and is not counted.
    """
    from charrnn.render import document, sections
    from charrnn.reports.score import Tally, pieces
    from charrnn.text.corpus import read_file_pieces
    from charrnn.text.encodings import resolve_encoding

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    tally = Tally()
    text = read_file_pieces(file, checkpoint.corpus_info.normalization, resolve_encoding(encoding))
    read = tally.of(pieces(checkpoint, text, str(file), on_unknown))
    if wanted.console.json:  # while it is read, as a long text is not held
        wanted.console.print_parts(document.score(read, tally.result))
    else:
        deque(read, maxlen=0)  # the tally keeps what is shown
    wanted.give(f"{file} by {path}", [sections.score(tally.result())], lambda: iter(()))


@inspect_group.command("copied", cls=Command)
@click.argument("file", type=option_types.PATH)
@options.model
@options.corpus
@options.encoding
@options.plot
@options.html
@options.common_options
@click.pass_context
def copied_command(
    ctx: click.Context,
    /,
    file: Path,
    model: Path | None,
    corpus: tuple[Path, ...],
    encoding: str,
    **_: object,
) -> None:
    """How much of FILE (- for stdin) stands verbatim in the corpus that the model learned from.

    The longest span, the share in spans of 20 characters and more, and where these come from.
    """
    from charrnn.render import document, sections
    from charrnn.reports import copied
    from charrnn.text.corpus import read_file
    from charrnn.text.encodings import resolve_encoding

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    text = read_file(file, checkpoint.corpus_info.normalization, resolve_encoding(encoding))
    report = copied.corpus(checkpoint, path, corpus).copied(text)
    wanted.give(
        f"{file} by {path}", [sections.copied(report, text)], lambda: iter([document.plain(report)])
    )


@inspect_group.command("unroll", cls=Command)
@options.model
@click.option("--text", required=True, help="What the network reads, from a zero state.")
@options.plot
@options.html
@options.common_options
@click.pass_context
def unroll_command(ctx: click.Context, /, model: Path | None, text: str, **_: object) -> None:
    """The network unrolled over a text: what it reads, its state, what it expects."""
    from charrnn.render import document, sections
    from charrnn.reports.held_out import of_text
    from charrnn.reports.unroll import unroll

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    report = unroll(checkpoint, str(path), of_text(checkpoint, text, "--text"))
    wanted.give(str(path), [sections.unrolled(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("gradients", cls=Command)
@options.models
@click.option(
    "--lags",
    type=option_types.POSITIVE_INT,
    default=DEFAULT_LAGS,
    show_default=True,
    help="Steps back at most.",
)
@click.option("--untrained", is_flag=True, help="Each model also as it was before its training.")
@options.text_file
@options.plot
@options.html
@options.common_options
@click.pass_context
def gradients_command(
    ctx: click.Context, /, models: tuple[Path, ...], lags: int, untrained: bool,
    **_: object,
) -> None:  # fmt: skip
    """The vanishing gradient: how much of a loss's gradient reaches the state k steps back.

    By backpropagation through exactly k steps, at many places of a text.
    """
    from charrnn.render import document, sections
    from charrnn.reports.gradients import gradients

    wanted = Wanted(ctx)
    reports = [
        gradients(checkpoint, str(path), text, lags=lags, untrained=fresh)
        for checkpoint, path in _loaded(models, wanted.console)
        for text in [_text(ctx, checkpoint, path)]
        for fresh in ([False, True] if untrained else [False])
    ]
    wanted.give("Gradients", [sections.gradients(reports)], lambda: map(document.plain, reports))


@inspect_group.command("memory", cls=Command)
@options.models
@options.text_file
@options.plot
@options.html
@options.common_options
@click.pass_context
def memory_command(ctx: click.Context, /, models: tuple[Path, ...], **_: object) -> None:
    """Long-term dependency: the loss at a place by how many characters before it were given."""
    from charrnn.render import document, sections
    from charrnn.reports.memory import memories

    wanted = Wanted(ctx)
    reports = memories(
        [
            (checkpoint, str(path), _text(ctx, checkpoint, path))
            for checkpoint, path in _loaded(models, wanted.console)
        ]
    )
    wanted.give("Memory", [sections.memory(reports)], lambda: map(document.plain, reports))


@inspect_group.command("neurons", cls=Command)
@options.model
@click.option("--text", help="What units are shown over.  [default: the beginning of the text]")
@options.text_file
@options.plot
@options.html
@options.common_options
@click.pass_context
def neurons_command(
    ctx: click.Context, /, model: Path | None, text: str | None, **_: object
) -> None:
    """What units do over a text; which follow quotes, lines, brackets, sentences, scripts."""
    from charrnn.render import document, sections
    from charrnn.reports.held_out import of_text
    from charrnn.reports.neurons import neurons

    wanted = Wanted(ctx)
    ((checkpoint, path),) = _loaded([model], wanted.console)
    shown = None if text is None else of_text(checkpoint, text, "--text")
    report = neurons(checkpoint, str(path), _text(ctx, checkpoint, path), shown)
    wanted.give(str(path), [sections.neurons(report)], lambda: iter([document.plain(report)]))


@inspect_group.command("report", cls=Command)
@options.models
@options.text_file
@options.html
@options.common_options
@click.pass_context
def report_command(ctx: click.Context, /, models: tuple[Path, ...], **_: object) -> None:
    """All of it, in a natural order: best with --html."""
    from charrnn.render import document, sections
    from charrnn.reports.overview import overview

    wanted = Wanted(ctx)
    loaded = [
        (checkpoint, path, _text(ctx, checkpoint, path))
        for checkpoint, path in _loaded(models, wanted.console)
    ]
    report = overview(loaded)
    title = ", ".join(str(path) for _, path, _ in loaded)
    wanted.give(title, sections.overview(report), lambda: iter([document.overview(report)]))
