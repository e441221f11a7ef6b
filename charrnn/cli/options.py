"""Options made from settings, and the options and arguments that several commands share."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from charrnn.cli.console import Console
from charrnn.cli.option_names import option_name
from charrnn.cli.option_sources import read_config
from charrnn.cli.option_types import CORPUS, ENCODINGS, MODEL, PATH, NewFileType, runs_root, type_of
from charrnn.config import AUTO, REPORT_SETTINGS
from charrnn.errors import MachineError
from charrnn.language import gettext as _
from charrnn.setting_types import Flag, rules

if TYPE_CHECKING:
    from charrnn.api import Model

F = TypeVar("F", bound=Callable[..., Any])


def setting(
    config: type,
    name: str,
    help_text: str,
    *,
    default: str | None = None,
    short: str = "",
    **details: Any,
) -> Callable[[F], F]:
    """Return an option for the field ``name`` of ``config``, with its type, range and default.

    ``default`` describes the default in words if the value itself would not be enough. ``short``
    is a short form of the option. ``details`` are passed on to click.
    """
    rule, __ = rules(config)[name]
    option = option_name(name)
    if default is not None:
        in_words = _("default: {default}").format(default=default)
        help_text = f"{help_text}  [{in_words}]"
    value = getattr(config, name)
    if value is not None:
        details["default"] = value
    elif isinstance(rule, Flag):
        details["default"] = None  # click's own default for a flag is False
    details.setdefault("type", type_of(rule))
    return click.option(
        *([short] if short else []),
        f"{option}/--no-{option.removeprefix('--')}" if isinstance(rule, Flag) else option,
        show_default=default is None and value is not None,
        help=help_text,
        **details,
    )


model = click.argument("model", required=False, type=MODEL)
models = click.argument("models", nargs=-1, type=MODEL, metavar="[MODEL]...")
html = click.option(
    "--html",
    type=NewFileType(),
    metavar="FILE.html",
    help=_("Also save the report as a web page that opens offline."),
)
page = click.option(
    "--html",
    type=NewFileType(),
    metavar="FILE.html",
    help=_("Where to save the page.  [required]"),
)
"""--html of a report that is a page. It is not click's to require, as its error has no advice."""
plot = click.option(
    "--plot",
    type=NewFileType(),
    metavar="FILE.png|.svg",
    help=_("Also save a chart (needs matplotlib)."),
)
encoding = click.option(
    "--encoding",
    default=AUTO,
    show_default=True,
    metavar="NAME",
    shell_complete=lambda ctx, param, typed: [name for name in ENCODINGS if name.startswith(typed)],
    help=_("Encoding of the files, such as utf-8, cp932 or euc_jp; auto detects it."),
)
_text_file = click.option(
    "--text-file",
    type=PATH,
    metavar="FILE",
    help=_(
        "Read this text (- for standard input).  [default: the validation part of the model's"
        " corpus]"
    ),
)
corpus = click.option(
    "--corpus",
    type=CORPUS,
    multiple=True,
    metavar="PATH",
    help=_(
        "Compare with this file or folder; may be given several times.  [default: the corpus that"
        " the model was trained on]"
    ),
)


def text_file(command: F) -> F:
    """Add --text-file and --encoding."""
    return _text_file(encoding(command))


def on_unknown(default: str) -> Callable[[F], F]:
    """Return the option --on-unknown, whose help describes its ``default``."""
    return click.option(
        "--on-unknown",
        type=type_of(REPORT_SETTINGS["on_unknown"]),
        help=_(
            "What to do about characters that the model has never seen: an error lists them, or"
            " they are skipped, or replaced by the unknown character that --min-count makes."
            "  [default: {default}]"
        ).format(default=default),
    )


json_output = click.option(
    "--json", is_flag=True, help=_("Print JSON, and nothing else, on stdout.")
)


def common_options(command: F) -> F:
    """Add the options that all commands share."""
    for option in reversed(
        [
            click.option("-q", "--quiet", is_flag=True, help=_("Print no notes and no progress.")),
            click.option(
                "--no-color",
                is_flag=True,
                help=_("Print without color, as if the variable NO_COLOR were set."),
            ),
            click.option(
                "--config",
                type=click.Path(),
                is_eager=True,
                expose_value=False,
                callback=read_config,
                metavar="FILE.toml",
                help=_(
                    "Read options from this command's table in a TOML file. Unknown names are"
                    " errors."
                ),
            ),
            click.option(
                "--traceback",
                is_flag=True,
                expose_value=False,
                help=_("When an error occurs, also print where in the program it was raised."),
            ),
        ]
    ):
        command = option(command)
    return command


def make_console(ctx: click.Context) -> Console:
    """Return a console that follows --quiet, --no-color and --json."""
    return Console(ctx.params["quiet"], ctx.params["no_color"], json=ctx.params.get("json", False))


def check_plot_file(path: Path | None) -> None:
    """Make sure, before long work, that a chart can be saved to ``path``.

    Raises:
        click.BadParameter: when the extension is neither .png nor .svg.
        MachineError: when matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix not in (".png", ".svg"):
        problem = _("{path} ends neither in .png nor in .svg").format(path=path)
        raise click.BadParameter(problem, param_hint="--plot")
    import logging

    # matplotlib writes on stderr what it finds odd in the fonts, the folders and the settings of
    # this machine. Notes about a picture come from charrnn.
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL + 1)
    # A notebook sets its own backend, which matplotlib refuses where it is not installed. Files
    # need none.
    os.environ["MPLBACKEND"] = "agg"
    try:
        import_module("charrnn.render.plot")
    except ImportError:
        problem = _("is not installed; run {command}")
        problem = problem.format(command="pip install 'charrnn-numpy[plot]'")
        raise MachineError("matplotlib", problem) from None


def find_model(path: Path | None, console: Console, advice: str | None = None) -> Path:
    """Return the model file at ``path``, or the newest one.

    Prints a note that names the file, unless the user named it; always if its training diverged.
    ``advice`` says what to do where there is no model yet, in place of the library's advice.
    """
    from charrnn.storage import diverged_run, run_folder

    file = run_folder.find_model(path, runs_root(), advice)
    if note := diverged_run.explain_model(file):
        console.note(note)
        return file
    # A run folder means its best model, so no note is needed for that one either.
    is_expected = path == file or (path and file == run_folder.RunFolder(file.parent).best)
    if not is_expected:
        console.note(_("model {file}").format(file=file))
    return file


def load_model(path: Path | None, console: Console) -> "Model":
    """Load the model at ``path``, or the newest one, with its run unless a file was named."""
    from charrnn.api import load

    file = find_model(path, console)
    return load(file if path == file else file.parent)
