"""Options from a file and from the environment, where an unknown name is an error.

The command line takes precedence over the environment, the environment over the file, and the file
over the defaults. click does this when the file's values are its ``default_map``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import click
from click.core import ParameterSource

from charrnn.cli.help_formatter import HelpContext, HelpFormatter
from charrnn.cli.option_names import option_name
from charrnn.cli.usage_error import UsageError
from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.suggestions import did_you_mean

NOT_SETTINGS = ("config", "help", "version", "traceback")
SOURCES = [ParameterSource.DEFAULT_MAP, ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE]
"""From the lowest precedence to the highest."""
DEFAULT_PRECEDENCE = -1


def list_examples(*commands: str) -> str:
    """Return the epilog of a help screen that shows ``commands`` as examples."""
    heading = ngettext("Example:", "Examples:", len(commands))
    return "\n  ".join([f"\b\n{heading}", *commands])


class Command(click.Command):
    """A command that refuses environment variables with its prefix that match no option.

    ``groups`` are the headings of its help, each with the names of its options. Those that no
    group names come last.
    """

    context_class = HelpContext

    def __init__(
        self, *arguments: Any, groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
        **named: Any,
    ) -> None:  # fmt: skip
        super().__init__(*arguments, **named)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under the headings of their groups, in columns of one width."""
        shown = {
            param.name: row
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (row := param.get_help_record(ctx))
        }
        assert isinstance(formatter, HelpFormatter)
        width = min(formatter.first_column, max(len(option) for option, __ in shown.values()))
        grouped = {name for names in self.groups.values() for name in names}
        rest = [name for name in shown if name not in grouped]
        last = _("Other options") if self.groups else _("Options")
        for heading, names in {**self.groups, last: rest}.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(shown[name][0].ljust(width), shown[name][1]) for name in names]
                )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Check the environment, then parse as usual."""
        if not ctx.resilient_parsing:  # completion must not fail
            self._check_environment(ctx)
        ctx.allow_extra_args = True  # they are refused below
        with _attach_context(ctx):
            extra = super().parse_args(ctx, args)
        if extra and not ctx.resilient_parsing:
            problem = _("unexpected argument {argument!r}").format(argument=extra[0])
            raise UsageError(problem, ctx)
        return extra

    def _check_environment(self, ctx: click.Context) -> None:
        prefix = f"{ctx.auto_envvar_prefix}_"
        known = [prefix + name.upper() for name in _list_settings(self)] + [prefix + "CONFIG"]
        for name in os.environ:
            if name.startswith(prefix) and name not in known:
                problem = _("no option belongs to the environment variable {variable}")
                advice = did_you_mean(name, known)
                raise UsageError(problem.format(variable=name), ctx, advice=advice)


class CommandGroup(click.Group):
    """A group that answers an unknown command with the commands that may have been meant."""

    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as usual, and attach the context to usage errors."""
        with _attach_context(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that ``args`` begins with, or raise an error with suggestions."""
        name = args[0]
        is_option = name.startswith("-") and name != "-"
        if not is_option and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            raise self.unknown_command(ctx, args)
        return super().resolve_command(ctx, args)

    def unknown_command(self, ctx: click.Context, args: list[str]) -> click.UsageError:
        """Return the error about ``args``, the first of which is not a command."""
        question = did_you_mean(args[0], self.list_commands(ctx))
        problem = _("there is no command {name!r}").format(name=args[0])
        return UsageError(problem, ctx, advice=question)


@contextmanager
def _attach_context(ctx: click.Context) -> Iterator[None]:
    """Attach ``ctx`` to usage errors, because click's parser raises some without it."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or ctx
        raise


class UnsplitOption(click.Option):
    """An option that can be given several times, or once by a variable, spaces included."""

    def value_from_envvar(self, ctx: click.Context) -> tuple[str, ...] | None:
        """Return the variable's text as one value; click would split it at spaces."""
        value = self.resolve_envvar_value(ctx)
        return None if value is None else (value,)


def read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Use this command's table in the config file as defaults: the callback of ``--config``.

    Raises:
        click.UsageError: when the file cannot be read or has an unknown table or option.
        InputError: when it is a URL.
    """
    if path is None:
        return
    import tomllib

    from charrnn.paths import text_to_path
    from charrnn.system_errors import describe_system_error

    try:
        tables = tomllib.loads(text_to_path(path).read_bytes().decode())
    except OSError as error:
        problem = _("{path} cannot be read ({reason})").format(
            path=path, reason=describe_system_error(error)
        )
        raise click.BadParameter(problem, ctx, param) from None
    except ValueError as error:
        problem = _("{path} is not TOML ({reason})").format(path=path, reason=error)
        raise click.BadParameter(problem, ctx, param) from None
    except RecursionError:
        problem = _("{path} is nested too deeply").format(path=path)
        raise click.BadParameter(problem, ctx, param) from None
    table: Mapping[str, Any] = tables
    if wrong := _find_wrong_name(tables, ctx.find_root().command, ""):
        problem, advice = wrong
        raise UsageError(f"{path}: {problem}", ctx, advice=advice, thing="--config")
    for name in ctx.command_path.split()[1:]:
        table = table.get(name, {})
    several = {param.name for param in ctx.command.params if _takes_several(param)}
    ctx.default_map = {
        (key := _to_key(name)): _to_text(
            [value] if key in several and not isinstance(value, list) else value
        )
        for name, value in table.items()
    }


def keep_highest_precedence(ctx: click.Context, *names: str) -> None:
    """Of the mutually exclusive ``names``, keep only the one whose source has precedence.

    The others become None in ``ctx.params``.

    Raises:
        click.UsageError: when two of them come from the same source.
    """
    precedences = {
        name: _precedence(ctx, name) for name in names if ctx.params.get(name) is not None
    }
    kept = [name for name in precedences if precedences[name] == max(precedences.values())]
    if len(kept) > 1:
        raise make_exclusion_error(ctx, *map(option_name, kept[:2]))
    for name in precedences.keys() - set(kept):
        ctx.params[name] = None


def find_outranked(ctx: click.Context, *groups: Sequence[str]) -> list[str]:
    """Return the options that another of the ``groups``, which exclude each other, outranks.

    Raises:
        click.UsageError: when options of two groups come from the same source.
    """
    set_options = list_explicit(ctx)
    given = {
        name: (_precedence(ctx, name), index)
        for index, names in enumerate(groups)
        for name in names
        if name in set_options
    }
    highest = max((precedence for precedence, __ in given.values()), default=DEFAULT_PRECEDENCE)
    kept = {index: name for name, (precedence, index) in given.items() if precedence == highest}
    if len(kept) > 1:
        raise make_exclusion_error(ctx, *map(option_name, list(kept.values())[:2]))
    return [name for name, (__, index) in given.items() if index not in kept]


def make_exclusion_error(ctx: click.Context, first: str, second: str) -> UsageError:
    """Return the error about two options of which only one can be given."""
    problem = _("{first} and {second} exclude each other")
    return UsageError(problem.format(first=first, second=second), ctx)


def list_explicit(ctx: click.Context) -> set[str]:
    """Return the parameters that were set on the command line, in the environment or in a file."""
    return {
        name
        for name, value in ctx.params.items()
        if value is not None and _precedence(ctx, name) > DEFAULT_PRECEDENCE
    }


def _precedence(ctx: click.Context, name: str) -> int:
    source = ctx.get_parameter_source(name)
    return SOURCES.index(source) if source in SOURCES else DEFAULT_PRECEDENCE


def _find_wrong_name(
    table: Mapping[str, Any], command: click.Command, path: str
) -> tuple[str, str] | None:
    """Return a problem and advice if a name in ``table`` is not a command or an option, else None.

    ``path`` is the name of the table, with a dot at its end. Tables within it are checked too.
    """
    for name, value in table.items():
        if isinstance(command, click.Group):
            if _to_key(name) not in command.commands:
                question = did_you_mean(_to_key(name), command.commands)
                return _("there is no table {name}").format(name=path + name), question
            if not isinstance(value, dict):
                return _("{name} is not a table").format(name=path + name), ""
            if wrong := _find_wrong_name(value, command.commands[name], f"{path}{name}."):
                return wrong
        else:
            if _to_key(name) not in _list_settings(command):
                question = did_you_mean(_to_key(name), _list_settings(command))
                return _("there is no option {name}").format(name=path + name), question
            if isinstance(value, dict):
                problem = _("{name} is a table, where a value belongs")
                return problem.format(name=path + name), ""
    return None


def _list_settings(command: click.Command) -> list[str]:
    return [p.name for p in command.params if p.name and p.name not in NOT_SETTINGS]


def _takes_several(param: click.Parameter) -> bool:
    return param.nargs == -1 or (isinstance(param, click.Option) and param.multiple)


def _to_key(name: str) -> str:
    return name.replace("-", "_")


def _to_text(value: object) -> object:
    """Return a value as it would be typed, so that the rules of the command line parse it."""
    if isinstance(value, bool):
        return value
    return [str(item) for item in value] if isinstance(value, list) else str(value)
