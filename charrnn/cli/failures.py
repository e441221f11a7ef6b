"""An error as one line and an exit code."""

import sys

import click

from charrnn.cli.option_names import error_message
from charrnn.errors import CharrnnError, ConfigError, MachineError
from charrnn.render.controls import escape_controls


def tell(error: Exception, where: str = "") -> int:
    """Say in one line what went wrong, and ``where`` if that is not here; gives the exit code."""
    message, code = _explained(error)
    sys.stderr.write("charrnn: " + escape_controls(" ".join(f"{where}{message}".split())) + "\n")
    sys.stderr.flush()
    return code


def exit_code(error: Exception) -> int:
    """What a script sees of it."""
    return _explained(error)[1]


def _explained(error: Exception) -> tuple[str, int]:
    if isinstance(error, CharrnnError):
        return error_message(error), error.exit_code
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
