"""The group of all commands, and its help. Each command is imported only when it is used."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from charrnn._version import __version__
from charrnn.cli.option_sources import CommandGroup, list_examples
from charrnn.cli.signals import raise_as_signals
from charrnn.cli.usage_error import UsageError
from charrnn.language import gettext as _

COMMANDS = {
    "train": ("train_command", _("Train a model on text files.")),
    "sample": ("sample_command", _("Generate text with a trained model.")),
    "inspect": ("inspect_group", _("Show what a model is and what it has learned.")),
}
"""Command -> (attribute of cli/COMMAND.py, one-line help).

The help lines are written here because ``charrnn --help`` imports none of the modules.
"""


class Commands(Mapping[str, click.Command]):
    """The commands by name. Each is imported only when it is used, for a quick start."""

    def __getitem__(self, name: str) -> click.Command:
        attribute = COMMANDS[name][0]
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
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, summary) for name, (__, summary) in COMMANDS.items()])

    def unknown_command(self, ctx: click.Context, args: list[str]) -> click.UsageError:
        """Return the error; for a path the user probably omitted ``train`` or ``sample``."""
        from pathlib import Path

        from charrnn.shell_words import write_command

        name, path = args[0], Path(args[0])
        looks_like_path = path.exists() or path.suffix or len(path.parts) > 1 or name == "-"
        if not name or not looks_like_path:
            return super().unknown_command(ctx, args)
        if path.suffix == ".npz" or (path / "config.toml").exists():
            advice = _("to sample from a model, run: {command}")
            advice = advice.format(command=write_command("sample", *args))
        else:
            advice = _("to train on a text, run: {command}")
            advice = advice.format(command=write_command("train", *args))
        return UsageError(_("there is no command {name!r}").format(name=name), ctx, advice=advice)

    def make_context(self, *arguments: Any, **named: Any) -> click.Context:
        """Parse the command line.

        Parsing prints --help and --version, so a closed pipe must be handled here too.
        """
        with raise_as_signals():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with raise_as_signals():
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result


@click.group(
    cls=Program,
    commands=Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CHARRNN"},
    help=_("A character-level recurrent language model learns from a text and continues it."),
    epilog=list_examples("charrnn train tenki", "charrnn sample --prime 今日は"),
)
@click.version_option(__version__, prog_name="charrnn")
def program() -> None:
    """``charrnn``."""
