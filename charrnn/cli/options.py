"""Options that several commands share, and the types of their values."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from charrnn.cli.console import Console
from charrnn.cli.settings import read_config
from charrnn.config import AUTO, DEFAULT_RUNS, ON_UNKNOWN
from charrnn.errors import MachineError
from charrnn.render.controls import escape_controls

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from charrnn.api import Model

F = TypeVar("F", bound=Callable[..., Any])

ENCODINGS = (
    "auto", "utf-8", "utf-16", "cp932", "euc_jp", "iso2022_jp",
    "gb18030", "big5", "euc_kr", "cp1252", "cp1251", "koi8-r",
)  # fmt: skip
"""Those that a shell offers; any that Python knows can be named."""


class PathType(click.Path):
    """A path, which the library reads or refuses, and what a shell offers for it (shells.py)."""

    def __init__(self, kind: str, runs: Callable[[click.Context], bool]) -> None:
        super().__init__(path_type=Path, readable=False)
        self.kind = kind
        self.runs = runs

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter | None, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """The run folders, where ``runs`` says so, and whatever files the shell finds."""
        from click.shell_completion import CompletionItem

        runs = _runs() if self.runs(ctx) else []
        found = [CompletionItem(run) for run in runs if run.startswith(incomplete)]
        return [*found, CompletionItem(incomplete, type=self.kind)]


def _runs() -> list[str]:
    """The run folders that there are and whose names a line of UTF-8 can tell."""
    from charrnn.storage.run_folder import models_in

    try:
        folders = [str(model.parent) for model in models_in(runs_root())]
    except OSError:
        return []
    return [
        name for name in folders if name.encode(errors="ignore").decode() == escape_controls(name)
    ]


PATH = PathType("file", lambda ctx: False)
FOLDER = PathType("dir", lambda ctx: False)
MODEL = PathType("npz", lambda ctx: True)
RUN = PathType("dir", lambda ctx: bool(ctx.params.get("resume") or ctx.params.get("overwrite")))
POSITIVE = click.IntRange(min=1)
FROM_ZERO = click.IntRange(min=0)
AT_LEAST_ZERO = click.FloatRange(min=0)
ABOVE_ZERO = click.FloatRange(min=0, min_open=True)

model = click.argument("model", required=False, type=MODEL)
models = click.argument("models", nargs=-1, type=MODEL, metavar="[MODEL]...")
html = click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Write it as a page that opens offline, too.",
)
plot = click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png|.svg",
    help="Draw it, too (with matplotlib).",
)
encoding = click.option(
    "--encoding",
    default=AUTO,
    show_default=True,
    metavar="NAME",
    shell_complete=lambda ctx, param, begun: [name for name in ENCODINGS if name.startswith(begun)],
    help="Of the text: utf-8, cp932, euc_jp or any other that Python knows; auto finds it out.",
)
_text_file = click.option(
    "--text-file",
    type=PATH,
    metavar="FILE",
    help="Read this text (- for stdin).  [default: the validation part of the model's corpus]",
)


corpus = click.option(
    "--corpus",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Compare with these files and folders.  [default: the corpus that the model learned from]",
)


def text_file(command: F) -> F:
    """Another text than the corpus's, and its encoding."""
    return _text_file(encoding(command))


def on_unknown(default: str) -> Callable[[F], F]:
    """What to do about characters that a model has never seen."""
    return click.option(
        "--on-unknown",
        type=click.Choice(ON_UNKNOWN),
        show_default=default,
        help="Characters that the model has never seen: refuse them by name, pass over them, or"
        " take them as the unknown character of --min-count.",
    )


def common(command: F) -> F:
    """The options of every command."""
    for option in reversed(
        [
            click.option("--json", is_flag=True, help="Print JSON on stdout, and nothing else."),
            click.option("-q", "--quiet", is_flag=True, help="No notes and no progress."),
            click.option("--no-color", is_flag=True, help="No colour. NO_COLOR does the same."),
            click.option(
                "--config",
                type=click.Path(),
                is_eager=True,
                expose_value=False,
                callback=read_config,
                metavar="FILE.toml",
                help="Take options from this file's table for the command.",
            ),
            click.option(
                "--traceback",
                is_flag=True,
                expose_value=False,
                help="Show where in the program an error arose.",
            ),
        ]
    ):
        command = option(command)
    return command


def console(ctx: click.Context) -> Console:
    """What the command was told about how to speak."""
    return Console(ctx.params["quiet"], ctx.params["no_color"], ctx.params["json"])


def ready_to_plot(path: Path | None) -> None:
    """Say before long work, not after it, that it could not be drawn to ``path``.

    Raises:
        click.BadParameter: when the file's name does not say what kind of picture it is to be.
        MachineError: when matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix not in (".png", ".svg"):
        raise click.BadParameter(f"{path} ends neither in .png nor in .svg", param_hint="--plot")
    try:
        import_module("charrnn.render.plot")
    except ImportError:
        problem = "is not installed; pip install 'charrnn-numpy[plot]'"
        raise MachineError("--plot: matplotlib", problem) from None


def runs_root() -> Path:
    """Where run folders lie unless they are named."""
    return Path(os.environ.get("CHARRNN_RUNS") or DEFAULT_RUNS)


def find_model(named: Path | None, console: Console) -> Path:
    """The model file that is meant; says which, where the user left it open."""
    from charrnn.storage import run_folder

    path = run_folder.find_model(named, runs_root())
    if named != path and (named is None or path.name != run_folder.RunFolder(named).best.name):
        console.note(f"model {path}")
    return path


def load_model(named: Path | None, console: Console) -> "Model":
    """The model that is meant, read."""
    from charrnn.api import load

    return load(find_model(named, console))
