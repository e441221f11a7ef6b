"""The program: its commands, and its end: an error is a line and an exit code (failures.py)."""

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
from charrnn.cli import launcher
from charrnn.cli.console import set_up_streams
from charrnn.cli.failures import exit_code, tell
from charrnn.cli.signals import Ended, die_of

COMMANDS = {
    "train": (
        "train_command",
        "Learn from text files, folders of *.txt, .gz files, or - for stdin.",
    ),
    "sample": ("sample_command", "Continue a text in the manner of the corpus that MODEL learned."),
    "inspect": ("inspect_group", "Show what a model is and what it learned."),
}
"""Each with its name in the module of cli/ that is called as it is, and what it does."""


class Commands(Mapping[str, click.Command]):
    """The commands by name, each imported when it is asked for: the others cost nothing."""

    def __getitem__(self, name: str) -> click.Command:
        attribute, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(f"charrnn.cli.{name}"), attribute)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Program(click.Group):
    """The group of commands. A closed pipe and Ctrl-C end it as the signal would."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, does) for name, (_, does) in COMMANDS.items()])

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """Read the command line; ``--help`` and ``--version`` print meanwhile."""
        with _ended():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with _ended():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@contextmanager
def _ended() -> Iterator[None]:
    """A closed pipe and Ctrl-C as the signals that they are: click makes exit code 1 of them."""
    try:
        yield
    except BrokenPipeError:
        raise Ended(signal.SIGPIPE) from None
    except KeyboardInterrupt:
        raise Ended(signal.SIGINT) from None


@click.group(
    cls=Program,
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CHARRNN"},
    epilog="\b\nExample:\n  charrnn train corpora/tenki.txt\n  charrnn sample --prime 今日は",
)
@click.version_option(__version__, prog_name="charrnn")
def program() -> None:
    """A character-level recurrent language model: learns from a text, and writes on."""


def main() -> None:
    """Run the program on the command line's arguments, and end the process."""
    set_up_streams()
    if "_CHARRNN_COMPLETE" in os.environ:
        from charrnn.cli import shells

        shells.register()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # for who writes programs; what matters is told
    try:
        code = _run(sys.argv[1:])
    except Ended as end:
        die_of(end.number)
    else:
        sys.exit(code)


def _run(args: list[str]) -> int:
    try:
        result = program.main(args, prog_name="charrnn", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Ended:
        raise
    except Exception as error:
        with _ended():
            if "--traceback" in args:
                import traceback

                traceback.print_exc()
            if isinstance(error, NoArgsIsHelpError):
                error.show()
                return error.exit_code
            code = exit_code(error) if launcher.follows(args) else tell(error)
            launcher.miss(args, error)
            return code
