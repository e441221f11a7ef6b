"""How errors end the program: with one line on stderr, and an exit code."""

import sys

import click
from click.core import ParameterSource

from charrnn.cli.option_names import error_message
from charrnn.cli.program_name import write_program_as_called
from charrnn.cli.usage_error import UsageError
from charrnn.errors import CharrnnError, ConfigError, MachineError
from charrnn.language import gettext as _
from charrnn.render.controls import escape_controls
from charrnn.suggestions import did_you_mean
from charrnn.system_errors import describe_system_error


def print_error(error: Exception, place: str = "") -> int:
    """Print the error on one line, after ``place``, and return its exit code."""
    message, code = _explain(error)
    if message.startswith("charrnn: "):  # a file of this name, which looks like the program here
        message = f"'charrnn'{message.removeprefix('charrnn')}"
    # Only line ends are replaced: a name in the message may have two spaces, or those of Japanese.
    line = " ".join(filter(None, map(str.strip, f"{place}{message}".splitlines())))
    sys.stderr.write(f"charrnn: {escape_controls(write_program_as_called(line))}\n")
    sys.stderr.flush()
    return code


def exit_code(error: Exception) -> int:
    """Return the exit code of ``error``."""
    return _explain(error)[1]


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, CharrnnError):
        return error_message(error), error.exit_code
    if isinstance(error, click.ClickException):
        problem, advice = explain_usage_error(error)
        line = _("{problem}; {advice}").format(problem=problem, advice=advice)
        return line if advice else problem, ConfigError.exit_code
    if isinstance(error, MemoryError):
        line = _("memory: there is not enough for this; use a smaller model or batch")
        return line, MachineError.exit_code
    if isinstance(error, OSError):
        place = error.filename or _("the system")
        return f"{place}: {describe_system_error(error)}", MachineError.exit_code
    if type(error).__module__.startswith("mpi4py"):  # which is imported only where MPI is used
        line = _("MPI: the connection to another rank failed, which may have ended; use --resume")
        return line, MachineError.exit_code
    line = _("a bug in charrnn: {description}; please report it with the output of --traceback")
    return line.format(description=f"{type(error).__name__}: {error}"), 1


def explain_usage_error(error: click.ClickException) -> tuple[str, str]:
    """Return what is wrong with the command line, and what to do.

    click's own sentences are replaced, because their style differs from that of other errors.
    """
    if not isinstance(error, click.UsageError):
        return error.format_message(), ""
    command = error.ctx.command_path if error.ctx else "charrnn"
    thing, problem, advice = _split_usage_error(error, command)
    advice = advice or _("see '{command} --help'").format(command=command)
    return f"{thing}: {problem}" if thing else problem, advice


def _split_usage_error(error: click.UsageError, command: str) -> tuple[str, str, str]:
    """Return the thing that is wrong, the problem, and the advice, which may be empty.

    The thing is an option or else the command. It is empty for the program itself, whose name is
    printed before every error.
    """
    command_thing = "" if command == "charrnn" else command.removeprefix("charrnn ")
    match error:
        case UsageError():
            return error.thing or command_thing, error.message, error.advice
        case click.NoSuchOption():
            question = did_you_mean(error.option_name, _list_options(error.ctx))
            problem = _("'{command}' has no such option").format(command=command)
            return error.option_name, problem, question
        case click.BadOptionUsage():
            if _is_flag(error.option_name, error.ctx):
                return error.option_name, _("this option takes no value"), ""
            return error.option_name, _("this option needs a value"), ""
        case click.MissingParameter():
            problem = _("{parameter} is missing").format(parameter=_parameter_name(error.param))
            return command_thing, problem, ""
        case click.BadParameter():
            thing = error.param_hint or _parameter_name(error.param)
            problem = error.message.rstrip(".")
            if error.param and isinstance(error.param.type, click.types.BoolParamType):
                problem = _("its value is neither true nor false")
            return str(thing), problem, _describe_source(error)
    return command_thing, error.format_message().rstrip("."), ""


def _describe_source(error: click.BadParameter) -> str:
    """Return a sentence that says where a wrong value was set, or "" if it was typed."""
    name = error.param.name if error.param else None
    if not name or not error.ctx:
        return ""
    source = error.ctx.get_parameter_source(name)
    if source is ParameterSource.ENVIRONMENT:
        variable = f"{error.ctx.auto_envvar_prefix}_{name.upper()}"
        return _("it is set by the environment variable {variable}").format(variable=variable)
    if source is ParameterSource.DEFAULT_MAP:
        return _("it is set in the file that --config names")
    return ""


def _parameter_name(parameter: click.Parameter | None) -> str:
    """Return the name that a user knows: an option's long one, or an argument's in the help."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return parameter.human_readable_name if parameter else _("the command line")


def _list_options(ctx: click.Context | None) -> list[str]:
    """Return all long and short options of the command."""
    if ctx is None:
        return []
    parameters = ctx.command.get_params(ctx)
    names = [name for param in parameters for name in (*param.opts, *param.secondary_opts)]
    return [name for name in names if name.startswith("-")]


def _is_flag(name: str, ctx: click.Context | None) -> bool:
    parameters = ctx.command.get_params(ctx) if ctx else []
    return any(
        isinstance(param, click.Option)
        and param.is_flag
        and name in (*param.opts, *param.secondary_opts)
        for param in parameters
    )
