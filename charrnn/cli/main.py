"""The program: its commands, and the one place where errors become a line and an exit code."""

import os
import signal
import sys
import traceback
from io import TextIOWrapper

import click
from click.exceptions import NoArgsIsHelpError

from charrnn._version import __version__
from charrnn.cli.inspect import inspect_group
from charrnn.cli.sample import sample_command
from charrnn.cli.settings import PREFIX
from charrnn.cli.signals import Ended, die_of
from charrnn.cli.train import train_command
from charrnn.errors import CharrnnError, ConfigError, MachineError

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Read when NumPy is loaded. Small products lose more to threads than they gain."""


class Program(click.Group):
    """The group of commands. A closed pipe and Ctrl-C end it as the signal would."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; click would turn a closed pipe into exit code 1."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            raise Ended(signal.SIGPIPE) from None
        except KeyboardInterrupt:
            raise Ended(signal.SIGINT) from None


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": PREFIX},
    epilog="\b\nExample:\n  charrnn train corpora/tenki.txt\n  charrnn sample --prime 今日は",
)
@click.version_option(__version__, prog_name="charrnn")
def program() -> None:
    """A character-level recurrent language model: learns from a text, and writes on."""


program.add_command(train_command)
program.add_command(sample_command)
program.add_command(inspect_group)


def main() -> None:
    """Run the program on the command line's arguments, and end the process."""
    for name in BLAS_THREADS:
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
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
        if "--traceback" in args:
            traceback.print_exc()
        return _told(error)


def _told(error: Exception) -> int:
    """Say in one line what went wrong; gives the exit code."""
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return error.exit_code
    message, code = _explained(error)
    sys.stderr.write("charrnn: " + " ".join(message.split()) + "\n")
    return code


def _explained(error: Exception) -> tuple[str, int]:
    if isinstance(error, CharrnnError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "charrnn"
        problem = error.format_message().rstrip(".")
        return f"{command.removeprefix('charrnn ')}: {problem}; see '{command} --help'", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), ConfigError.exit_code
    if isinstance(error, MemoryError):
        return "memory: not enough for this; use a smaller model or batch", MachineError.exit_code
    if isinstance(error, OSError):
        place = error.filename or "the system"
        return f"{place}: {error.strerror or error}", MachineError.exit_code
    what = f"{type(error).__name__}: {error}"
    return f"a bug of ours: {what}; please report it with what --traceback shows", 1
