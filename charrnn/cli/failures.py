"""An error as one line and an exit code."""

import sys

import click
from click.core import ParameterSource

from charrnn.cli.option_names import error_message
from charrnn.cli.suggestions import did_you_mean
from charrnn.errors import CharrnnError, ConfigError, MachineError
from charrnn.render.controls import escape_controls


def print_error(error: Exception, place: str = "") -> int:
    """Print on one line what went wrong, with ``place`` before it, and return the exit code."""
    message, code = _explain(error)
    sys.stderr.write("charrnn: " + escape_controls(" ".join(f"{place}{message}".split())) + "\n")
    sys.stderr.flush()
    return code


def exit_code(error: Exception) -> int:
    """The exit code of ``error``."""
    return _explain(error)[1]


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, CharrnnError):
        return error_message(error), error.exit_code
    if isinstance(error, click.ClickException):
        return usage_message(error), ConfigError.exit_code
    if isinstance(error, MemoryError):
        problem = "memory: there is not enough for this; use a smaller model or batch"
        return problem, MachineError.exit_code
    if isinstance(error, OSError):
        place = error.filename or "the system"
        return f"{place}: {error.strerror or error}", MachineError.exit_code
    what = f"{type(error).__name__}: {error}"
    return f"a bug in charrnn: {what}; please report it with the output of --traceback", 1


def usage_message(error: click.ClickException) -> str:
    """What is wrong with the command line; click's own sentences have another style."""
    if not isinstance(error, click.UsageError):
        return error.format_message()
    command = error.ctx.command_path if error.ctx else "charrnn"
    problem = _usage_problem(error, command)
    says_what_to_do = "; " in problem
    return problem if says_what_to_do else f"{problem}; see '{command} --help'"


def _usage_problem(error: click.UsageError, command: str) -> str:
    if isinstance(error, click.NoSuchOption):
        question = did_you_mean(error.option_name, _list_options(error.ctx))
        return f"{error.option_name}: '{command}' has no such option{question}"
    if isinstance(error, click.BadOptionUsage):
        if _is_flag(error.option_name, error.ctx):
            return f"{error.option_name}: this option takes no value"
        return f"{error.option_name}: this option needs a value"
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        name = error.param_hint or _parameter_name(error.param)
        problem = error.message.rstrip(".")
        if error.param and isinstance(error.param.type, click.types.BoolParamType):
            problem = "its value is neither true nor false"
        return f"{name}: {problem}{_describe_source(error)}"
    problem = error.format_message().rstrip(".")
    if isinstance(error, click.MissingParameter):
        problem = f"{_parameter_name(error.param)} is missing"
    # the name of the program stands before every message already
    return problem if command == "charrnn" else f"{command.removeprefix('charrnn ')}: {problem}"


def _describe_source(error: click.BadParameter) -> str:
    """Where a wrong value was set, if it was not typed."""
    name = error.param.name if error.param else None
    if not name or not error.ctx:
        return ""
    source = error.ctx.get_parameter_source(name)
    if source is ParameterSource.ENVIRONMENT:
        variable = f"{error.ctx.auto_envvar_prefix}_{name.upper()}"
        return f"; it is set by the environment variable {variable}"
    if source is ParameterSource.DEFAULT_MAP:
        return "; it is set in the file that --config names"
    return ""


def _parameter_name(parameter: click.Parameter | None) -> str:
    """The name by which a user knows it: an option's long one, an argument's as the help shows."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.human_readable_name if parameter else "the command line"


def _list_options(ctx: click.Context | None) -> list[str]:
    """All long and short options of the command."""
    if ctx is None:
        return []
    parameters = ctx.command.get_params(ctx)
    return [name for one in parameters for name in (*one.opts, *one.secondary_opts) if "-" in name]


def _is_flag(name: str, ctx: click.Context | None) -> bool:
    parameters = ctx.command.get_params(ctx) if ctx else []
    return any(
        isinstance(one, click.Option) and one.is_flag and name in (*one.opts, *one.secondary_opts)
        for one in parameters
    )
