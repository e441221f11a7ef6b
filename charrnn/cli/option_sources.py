"""Options from a file and from the environment, where an unknown name is an error.

The command line takes precedence over the environment, the environment over the file, and the file
over the defaults. click does that by itself once the file's values are its ``default_map``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from charrnn.cli.option_names import option_name
from charrnn.cli.suggestions import did_you_mean

NOT_SETTINGS = ("config", "help", "version", "traceback")
SOURCES = [ParameterSource.DEFAULT_MAP, ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE]
"""From the weakest to the strongest."""
DEFAULT_SOURCE = -1


class Command(click.Command):
    """A command that refuses environment variables that look like its options but are none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Check the environment, then parse as usual."""
        if not ctx.resilient_parsing:  # as in completion, which must not fail
            self._check_environment(ctx)
        ctx.allow_extra_args = True  # they are refused below, in our words
        try:
            extra = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # which the parser leaves out
            raise
        if extra and not ctx.resilient_parsing:
            raise click.UsageError(f"the argument {extra[0]!r} is one too many", ctx)
        return extra

    def _check_environment(self, ctx: click.Context) -> None:
        prefix = f"{ctx.auto_envvar_prefix}_"
        known = [prefix + name.upper() for name in _list_settings(self)] + [prefix + "CONFIG"]
        for name in os.environ:
            if name.startswith(prefix) and name not in known:
                question = did_you_mean(name, known)
                raise click.UsageError(
                    f"the environment variable {name} sets no option{question}", ctx
                )


class CommandGroup(click.Group):
    """A group that answers an unknown command with the commands that may have been meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as usual, and let an error know its command, which the parser leaves out."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first."""
        name = args[0]
        is_option = name.startswith("-") and name != "-"
        if not is_option and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            raise self.unknown_command(ctx, args)
        return super().resolve_command(ctx, args)

    def unknown_command(self, ctx: click.Context, args: list[str]) -> click.UsageError:
        """The error about ``args``, whose first names no command."""
        question = did_you_mean(args[0], self.list_commands(ctx))
        return click.UsageError(f"there is no command {args[0]!r}{question}", ctx)


class UnsplitOption(click.Option):
    """An option that can be given several times; a variable gives it once, spaces included."""

    def value_from_envvar(self, ctx: click.Context) -> tuple[str, ...] | None:
        """The variable's text, which click would split at spaces."""
        value = self.resolve_envvar_value(ctx)
        return None if value is None else (value,)


def read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """The callback of ``--config``: make this command's table the defaults.

    Raises:
        click.BadParameter: when the file cannot be read or has an unknown table or option.
    """
    if path is None:
        return
    import tomllib

    try:
        tables = tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read ({error.strerror})", ctx, param) from None
    except ValueError as error:
        raise click.BadParameter(f"{path} is not TOML ({error})", ctx, param) from None
    table: Mapping[str, Any] = tables
    try:
        _check_names(tables, ctx.find_root().command, "")
    except ValueError as error:
        raise click.BadParameter(f"{path}: {error}", ctx, param) from None
    for name in ctx.command_path.split()[1:]:
        table = table.get(name, {})
    several = {param.name for param in ctx.command.params if _takes_several(param)}
    ctx.default_map = {
        (key := _to_key(name)): _to_text(
            [value] if key in several and not isinstance(value, list) else value
        )
        for name, value in table.items()
    }


def drop_weaker(ctx: click.Context, *names: str) -> None:
    """Of options that exclude each other keep, in ``ctx.params``, that of the strongest source.

    Raises:
        click.UsageError: when two of them come from the same source.
    """
    ranks = {name: _source_rank(ctx, name) for name in names if ctx.params.get(name) is not None}
    strongest = [name for name in ranks if ranks[name] == max(ranks.values())]
    if len(strongest) > 1:
        first, second = map(option_name, strongest[:2])
        raise click.UsageError(f"{first} and {second} exclude each other", ctx)
    for name in ranks.keys() - set(strongest):
        ctx.params[name] = None


def list_explicit(ctx: click.Context) -> set[str]:
    """The options and arguments that were set on the command line, in the environment or a file."""
    return {
        name
        for name, value in ctx.params.items()
        if value is not None and _source_rank(ctx, name) > DEFAULT_SOURCE
    }


def _source_rank(ctx: click.Context, name: str) -> int:
    source = ctx.get_parameter_source(name)
    return SOURCES.index(source) if source in SOURCES else DEFAULT_SOURCE


def _check_names(table: Mapping[str, Any], command: click.Command, path: str) -> None:
    """Check that a table's names are commands or options, in all tables below ``path`` too.

    Raises:
        ValueError: naming an unknown table or option.
    """
    for name, value in table.items():
        if isinstance(command, click.Group):
            if _to_key(name) not in command.commands:
                question = did_you_mean(_to_key(name), command.commands)
                raise ValueError(f"there is no table {path}{name}{question}")
            if not isinstance(value, dict):
                raise ValueError(f"{path}{name} is not a table")
            _check_names(value, command.commands[name], f"{path}{name}.")
        else:
            if _to_key(name) not in _list_settings(command):
                question = did_you_mean(_to_key(name), _list_settings(command))
                raise ValueError(f"there is no option {path}{name}{question}")
            if isinstance(value, dict):
                raise ValueError(f"{path}{name} is a table, where a value belongs")


def _list_settings(command: click.Command) -> list[str]:
    return [p.name for p in command.params if p.name and p.name not in NOT_SETTINGS]


def _takes_several(param: click.Parameter) -> bool:
    return param.nargs == -1 or (isinstance(param, click.Option) and param.multiple)


def _to_key(name: str) -> str:
    return name.replace("-", "_")


def _to_text(value: object) -> object:
    """A value as it would be typed, so that it is parsed by the rules of the command line."""
    if isinstance(value, bool):
        return value
    return [str(item) for item in value] if isinstance(value, list) else str(value)
