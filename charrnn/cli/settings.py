"""Options from a file and from the environment, where a wrong name is an error and not silence.

The command line wins over the environment, the environment over the file, the file over defaults:
click does that by itself once a file has become its ``default_map``.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

NOT_SETTINGS = ("config", "help", "version", "traceback")
PRECEDENCE = [ParameterSource.DEFAULT_MAP, ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE]


class Command(click.Command):
    """A command that refuses environment variables that look like its options and are none."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Check the environment, then parse as usual."""
        prefix = f"{ctx.auto_envvar_prefix}_"
        known = [prefix + name.upper() for name in _settings(self)] + [prefix + "CONFIG"]
        for name in os.environ:
            if name.startswith(prefix) and name not in known and not ctx.resilient_parsing:
                raise click.UsageError(
                    f"the environment has {name}, which is no option{_meant(name, known)}", ctx
                )
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # which the parser leaves out
            raise


def read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """The callback of ``--config``: take this command's table as defaults."""
    if path is None:
        return
    import tomllib

    try:
        tables = tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read ({error.strerror})", ctx, param) from None
    except ValueError as error:
        raise click.BadParameter(f"{path} is not TOML ({error})", ctx, param) from None
    here: Mapping[str, Any] = tables
    commands: click.Command = ctx.find_root().command
    try:
        _check_names(tables, commands, "")
    except ValueError as error:
        raise click.BadParameter(f"{path}: {error}", ctx, param) from None
    for name in ctx.command_path.split()[1:]:
        here = here.get(name, {})
    several = {param.name for param in ctx.command.params if _takes_several(param)}
    ctx.default_map = {
        _key(name): _text(
            [value] if _key(name) in several and not isinstance(value, list) else value
        )
        for name, value in here.items()
    }


class WholeText(click.Option):
    """An option that may be given several times, and once, spaces and all, by the environment."""

    def value_from_envvar(self, ctx: click.Context) -> tuple[str, ...] | None:
        """What the environment has, which click would split."""
        value = self.resolve_envvar_value(ctx)
        return None if value is None else (value,)


def one_of(ctx: click.Context, *names: str) -> None:
    """Of options that exclude each other keep the one from the strongest source in ``ctx.params``.

    Raises:
        click.UsageError: when two come from the same source.
    """
    given = [name for name in names if ctx.params.get(name) is not None]
    ranks = {name: _rank(ctx, name) for name in given}
    strongest = [name for name in given if ranks[name] == max(ranks.values())]
    if len(strongest) > 1:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in strongest)
        raise click.UsageError(f"{options} exclude each other", ctx)
    for name in given:
        if name not in strongest:
            ctx.params[name] = None


def options_given(ctx: click.Context) -> set[str]:
    """The options and arguments that someone set, on the command line or elsewhere."""
    return {name for name in ctx.params if ctx.params[name] is not None and _rank(ctx, name) >= 0}


def _rank(ctx: click.Context, name: str) -> int:
    source = ctx.get_parameter_source(name)
    return PRECEDENCE.index(source) if source in PRECEDENCE else -1


def _check_names(table: Mapping[str, Any], command: click.Command, where: str) -> None:
    """Refuse what is no table of a command, or no option of one."""
    known = list(command.commands) if isinstance(command, click.Group) else _settings(command)
    for name, value in table.items():
        if _key(name) not in known:
            kind = "table" if isinstance(command, click.Group) else "option"
            raise ValueError(f"{where}{name} is no {kind}{_meant(_key(name), known)}")
        if isinstance(command, click.Group):
            if not isinstance(value, dict):
                raise ValueError(f"{where}{name} is not a table")
            _check_names(value, command.commands[name], f"{where}{name}.")
        elif isinstance(value, dict):
            raise ValueError(f"{where}{name} is a table, where a value belongs")


def _settings(command: click.Command) -> list[str]:
    return [p.name for p in command.params if p.name and p.name not in NOT_SETTINGS]


def _takes_several(param: click.Parameter) -> bool:
    return param.nargs == -1 or (isinstance(param, click.Option) and param.multiple)


def _key(name: str) -> str:
    return name.replace("-", "_")


def _text(value: object) -> object:
    """As it would be typed, so that click checks it: by itself it makes 256.5 units into 256."""
    if isinstance(value, bool):
        return value
    return [str(item) for item in value] if isinstance(value, list) else str(value)


def _meant(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""
