"""``charrnn inspect``: reports on models and runs, one command per report in report_registry.py."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli import blas, option_types, options
from charrnn.cli.option_names import option_name, replace_settings_by_options
from charrnn.cli.option_sources import (
    Command,
    CommandGroup,
    list_examples,
    make_exclusion_error,
)
from charrnn.cli.report_options import Decorator, declare
from charrnn.cli.usage_error import UsageError
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.parallel.machine import count_cores
from charrnn.report_registry import REPORTS, Report, Takes
from charrnn.shell_words import write_command
from charrnn.suggestions import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from charrnn.api import Model
    from charrnn.cli.console import Console
    from charrnn.render.blocks import Section
    from charrnn.reports.report_text import ReportText

DEFAULT_REPORT = "summary"
ARGUMENTS: dict[Takes, tuple[Decorator, ...]] = {
    Takes.MODEL: (options.model,),
    Takes.MODELS: (options.models,),
    Takes.FILE: (click.argument("file", type=option_types.PATH), options.model),
    Takes.RUNS: (options.models,),
    Takes.FOLDER: (click.argument("folder", required=False, type=option_types.FOLDER),),
}


class ReportCommands(Mapping[str, click.Command]):
    """One command per report, by name. Each is made only when it is used."""

    def __getitem__(self, name: str) -> click.Command:
        return _make_command(REPORTS[name])

    def __iter__(self) -> Iterator[str]:
        return iter(REPORTS)

    def __len__(self) -> int:
        return len(REPORTS)


class ReportGroup(CommandGroup):
    """The group of reports. It runs the summary when no report is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the reports, in the order in which a newcomer needs them."""
        return list(REPORTS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the reports with their whole descriptions, which click would cut short."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(report.name, _(report.help)) for report in REPORTS.values()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``summary`` if the first argument is an option, a model, or missing."""
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)  # a shell asks for completions
        first = args[0] if args else ""
        is_report = first in REPORTS or first in ("-h", "--help")
        if not is_report and (first[:1] in ("", "-") or _is_model(first)):
            args = [DEFAULT_REPORT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Return the reports, and what may follow ``summary``, because that word can be omitted."""
        if incomplete.startswith("-"):
            return self.commands[DEFAULT_REPORT].shell_complete(ctx, incomplete)
        reports = super().shell_complete(ctx, incomplete)
        return [*reports, *option_types.MODEL.shell_complete(ctx, None, incomplete)]

    def unknown_command(self, ctx: click.Context, args: list[str]) -> click.UsageError:
        """Return the error, with the reports and runs that may have been meant.

        Raises:
            InputError: when there is no similar one.
        """
        from charrnn.storage.run_folder import list_names

        names = dict.fromkeys([*REPORTS, *list_names(option_types.runs_root())])
        question = did_you_mean(args[0], names)
        if not question:
            problem = _("no such report, model or run; '{command}' lists the reports")
            command = write_command("inspect", "--help")
            raise InputError(args[0], problem.format(command=command))
        problem = _("there is no report or run {name!r}").format(name=args[0])
        return UsageError(problem, ctx, advice=question)


def _is_model(name: str) -> bool:
    """Return whether ``name`` is a file or folder, or that of a run, or can be nothing else."""
    from charrnn.storage.run_folder import find_named_run, is_name

    path, root = Path(name), option_types.runs_root()
    is_path = "/" in name or path.exists() or not is_name(path)
    return is_path or find_named_run(path, root) is not None


@click.group(
    "inspect",
    cls=ReportGroup,
    commands=ReportCommands(),
    short_help=_("Show what a model is and what it has learned."),
    help=_(
        "Show what a model is and what it has learned. Without a report's name, show the summary."
    ),
    epilog=list_examples("charrnn inspect loss runs/tenki"),
)
@click.pass_context
def inspect_group(ctx: click.Context) -> None:
    """Prepare for the report that follows."""
    report = REPORTS.get(ctx.invoked_subcommand or "")
    blas.limit_threads(count_cores() if report and report.uses_all_cores else 1)


def _make_command(report: Report) -> click.Command:
    decorators: list[Decorator] = [
        *ARGUMENTS[report.takes],
        *(declare(report.name, option) for option in report.options),
        *(declare(report.name, flag) for flag, __ in report.variants),
        *([options.text_file] if report.reads_text else []),
        *_csv_options(report),
        *([options.plot] if report.draws else []),
        *([options.page] if report.page else [options.html, options.json_output]),
        options.common_options,
    ]

    @click.pass_context
    def callback(ctx: click.Context, /, **__: object) -> None:
        _run(report, ctx)

    decorated: Any = callback
    for decorate in reversed(decorators):
        decorated = decorate(decorated)
    summary, details = _(report.help), _(report.details)
    help_text = f"{summary}\n\n{details}".strip()
    example = write_command("inspect", report.name, "runs/tenki", "--html", f"{report.name}.html")
    return click.command(
        report.name, cls=Command, help=help_text, short_help=summary,
        epilog=list_examples(example) if report.page else None,
    )(decorated)  # fmt: skip


def _csv_options(report: Report) -> list[Decorator]:
    """Return the option --csv, if the report or one of its variants has it."""
    texts = [report.csv_help, *(variant.csv_help for __, variant in report.variants)]
    return [
        click.option("--csv", is_flag=True, help=replace_settings_by_options(_(text)))
        for text in texts
        if text
    ]


def _run(report: Report, ctx: click.Context) -> None:
    """Compute a report, print it as text, JSON or CSV, and write its page and picture."""
    from charrnn.render.names import name_for_page, name_for_terminal
    from charrnn.render.sections import build_sections
    from charrnn.render.terminal import render_text

    console, plot, html = options.make_console(ctx), ctx.params.get("plot"), ctx.params["html"]
    options.check_plot_file(plot)
    if report.page:
        _write_page_alone(report, ctx, console)
        return
    as_csv = ctx.params.get("csv")
    if as_csv and console.json:
        raise make_exclusion_error(ctx, "--csv", "--json")
    chosen = report.choose(ctx.params)
    if as_csv and not chosen.to_csv:
        flags = _(" or ").join(option_name(flag) for flag, __ in report.variants)
        raise UsageError(_("--csv needs {options}").format(options=flags), ctx)
    report = chosen
    subject, result = _compute(report, ctx, console)
    if report.progress and not (console.json or as_csv):  # these are printed while it is read
        from charrnn.cli.display import read_with_progress

        what = _("adapting") if ctx.params.get("adapt") else _(report.progress)
        read_with_progress(console, result, what)
    if console.json:
        from charrnn.render.document import result_to_json

        for line in result_to_json(report, result):
            console.print_parts(line)
    if as_csv:
        from charrnn.render.document import result_to_csv

        for row in result_to_csv(report, result):
            console.print_row(row)
    elif not console.json:
        sections = build_sections(report, name_for_terminal(result))
        columns = console.result_columns
        console.print_result("\n\n".join(render_text(section, columns) for section in sections))
    if report.takes is Takes.FILE:  # a score has read the text only now
        _note_unknown(console, str(ctx.params["file"]), result.unknown_summary)
    if html or plot:
        subject, result = name_for_page((subject, result))
        _write_files(_title(report, subject), build_sections(report, result), html, plot, console)


def _write_page_alone(report: Report, ctx: click.Context, console: "Console") -> None:
    """Compute a report that is a page and nothing else, and write it."""
    from charrnn.render import load_page_function
    from charrnn.render.names import name_for_page

    html = ctx.params["html"]
    if html is None:
        problem = _("{report} makes a page; name its file with --html")
        raise UsageError(problem.format(report=report.name), ctx)
    __, result = _compute(report, ctx, console)
    page = load_page_function(report)(name_for_page(result)).encode()
    _write_page(page, html)
    note = _("{file}: {size:z.1f} MB; open it in a browser")
    console.note(note.format(file=html, size=len(page) / 1e6))


def _title(report: Report, subject: Sequence[str]) -> str:
    """Return the title of a page on ``subject``."""
    if report.takes is Takes.FILE:
        file, model = subject
        return _("{file} by {model}").format(file=file, model=model)
    return ", ".join(subject)


def _compute(report: Report, ctx: click.Context, console: "Console") -> tuple[Sequence[str], Any]:
    """Return the names of what a report is about, and its result.

    The names are those of the models, of the file and the model, or of the folder.
    """
    from charrnn.reports import load_function
    from charrnn.reports.path_label import PathLabel

    values = {option: ctx.params[option] for option in report.options}
    values |= {flag: True for flag, each in REPORTS[report.name].variants if each is report}
    if report.takes is Takes.FOLDER:
        folder = ctx.params["folder"] or option_types.runs_root()
        return [PathLabel(str(folder))], load_function(report)(folder, **values)
    paths: Sequence[Path | None] = ctx.params.get("models") or [ctx.params.get("model")]
    if report.takes is Takes.RUNS:
        runs = [_find_run_or_model(path, console) for path in paths]
        return [PathLabel(str(run)) for run in runs], [
            load_function(report)(run, **values) for run in runs
        ]

    from charrnn.reports.methods import compare

    models = [options.load_model(path, console) for path in paths]
    names = [model.loaded.label for model in models]
    inputs = _prepare_texts(report, ctx, models, console) if report.reads_text else []
    # Models that know the same characters would have the same note.
    found = [text for text in inputs if text]
    for name, summary in dict.fromkeys((text.name, text.unknown_summary) for text in found):
        _note_unknown(console, name, summary)
    if values.get("text"):
        from charrnn.sampling.generation import describe_unknown

        texts = values["text"]
        for text in [texts] if isinstance(texts, str) else texts:
            summary = describe_unknown(text, models[0].checkpoint.corpus_info)
            _note_unknown(console, "--text", summary)
    if report.note:
        console.note(_(report.note))
    if report.takes is Takes.MODELS:
        return names, compare(models, report.name, inputs, **values)
    if report.takes is Takes.FILE:
        file = ctx.params["file"]
        return [PathLabel(str(file)), *names], models[0].report(report.name, file, **values)
    return names, models[0].report(report.name, *inputs, **values)


def _note_unknown(console: "Console", text: str, summary: str) -> None:
    """Print a note on the unknown characters of a text, if there are any."""
    if summary:
        note = _("{text}: the model does not know some of its characters: {characters}")
        console.note(note.format(text=text, characters=summary))


def _find_run_or_model(path: Path | None, console: "Console") -> Path:
    """Return the run folder of a report, or the model file if the user named one."""
    model = options.find_model(path, console)
    return model if path == model else model.parent


def _prepare_texts(
    report: Report, ctx: click.Context, models: Sequence["Model"], console: "Console"
) -> "list[ReportText | None]":
    """Return the text that a report reads for each model.

    Where a page does without it, and the corpus of a model cannot be found, it is None.
    """
    file, encoding = ctx.params["text_file"], ctx.params["encoding"]
    texts: list[ReportText | None] = []
    for model in models:
        try:
            texts.append(model.prepare_text(text_file=file, encoding=encoding))
        except InputError as error:
            if file or not report.page:
                raise
            note = _("the page has no text of {model}: {problem}")
            console.note(note.format(model=model.loaded.label, problem=error))
            texts.append(None)
    return texts


def _write_page(page: bytes, path: Path) -> None:
    from charrnn.files import write_atomically

    write_atomically(path, lambda file: file.write(page))


def _write_files(
    title: str,
    sections: "Sequence[Section]",
    html: Path | None,
    plot: Path | None,
    console: "Console",
) -> None:
    """Write the page and the picture that --html and --plot ask for."""
    if html:
        from charrnn.render.page import render_page

        _write_page(render_page(title, sections).encode(), html)
    if plot:
        from charrnn.render.plot import draw_picture

        for note in draw_picture(sections, plot):
            console.note(note)
