"""The program: its commands, and how it ends. An error becomes one line and an exit code."""

import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from charrnn._version import __version__
from charrnn.cli.option_sources import CommandGroup
from charrnn.cli.signals import SignalExit, die_by_signal
from charrnn.cli.streams import find_columns, set_up_streams
from charrnn.cli.usage_error import UsageError
from charrnn.render.columns import limit_columns

HELP_MARGIN = 2  # columns that stay empty at the right of help texts
COMMANDS = {
    "train": ("train_command", "Train a model on text files."),
    "sample": ("sample_command", "Generate text with a trained model."),
    "inspect": ("inspect_group", "Show what a model is and what it has learned."),
}
"""Command -> (attribute of cli/COMMAND.py, one-line help).

The help lines are written here because ``charrnn --help`` imports none of the modules.
"""


class Commands(Mapping[str, click.Command]):
    """The commands by name. Each is imported only when it is used, for a quick start."""

    def __getitem__(self, name: str) -> click.Command:
        attribute, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(f"charrnn.cli.{name}"), attribute)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Program(CommandGroup):
    """The group of commands. A closed pipe and Ctrl-C end it as the signal would."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which a beginner needs them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def unknown_command(self, ctx: click.Context, args: list[str]) -> click.UsageError:
        """Return the error; for a path the user probably omitted ``train`` or ``sample``."""
        from pathlib import Path

        from charrnn.shell_words import write_command

        name, path = args[0], Path(args[0])
        looks_like_path = path.exists() or path.suffix or len(path.parts) > 1 or name == "-"
        if not name or not looks_like_path:
            return super().unknown_command(ctx, args)
        if path.suffix == ".npz" or (path / "config.toml").exists():
            command = write_command("sample", *args)
            advice = f"to sample from a model, run: {command}"
            return UsageError(f"there is no command {name!r}", ctx, advice=advice)
        command = write_command("train", *args)
        advice = f"to train on a text, run: {command}"
        return UsageError(f"there is no command {name!r}", ctx, advice=advice)

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """Parse the command line.

        Parsing prints --help and --version, so a closed pipe must be handled here too.
        """
        with _raise_as_signals():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with _raise_as_signals():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@contextmanager
def _raise_as_signals() -> Iterator[None]:
    """Raise SignalExit for a closed pipe and for Ctrl-C; click would exit with code 1."""
    try:
        yield
    except BrokenPipeError:
        raise SignalExit(signal.SIGPIPE) from None
    except KeyboardInterrupt:
        raise SignalExit(signal.SIGINT) from None


@click.group(
    cls=Program,
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CHARRNN"},
    epilog="\b\nExamples:\n  charrnn train tenki\n  charrnn sample --prime 今日は",
)
@click.version_option(__version__, prog_name="charrnn")
def program() -> None:
    """A character-level recurrent language model learns from a text and continues it."""


def main() -> None:
    """Run the program with the arguments of the command line, and end the process."""
    set_up_streams()
    if "_CHARRNN_COMPLETE" in os.environ:
        from charrnn.cli import shells

        shells.register()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Python's warnings are for developers
    try:
        code = _run(sys.argv[1:])
    except SignalExit as end:
        die_by_signal(end.number)
    else:
        sys.exit(code)


def _run(args: list[str]) -> int:
    try:
        columns = limit_columns(find_columns(sys.stdout)) - HELP_MARGIN
        result = program.main(
            args, prog_name="charrnn", standalone_mode=False, terminal_width=columns
        )
        return result if isinstance(result, int) else 0
    except SignalExit:
        raise
    except Exception as error:
        with _raise_as_signals():
            return _report_error(args, error)


def _report_error(args: list[str], error: Exception) -> int:
    """Print the error, tell it to other ranks, and return its exit code."""
    if "--traceback" in args:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return error.exit_code
    from charrnn.cli import launcher
    from charrnn.cli.failures import exit_code, print_error

    code = exit_code(error) if launcher.is_silent(args) else print_error(error)
    launcher.announce_failure(args, error)
    return code
