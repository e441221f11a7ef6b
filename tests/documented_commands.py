"""The commands that the documents and the help show, in the order in which a reader meets them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from charrnn.cli.program import program as command_line
from tests.conftest import ROOT

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("corpora/*.md")),
]  # fmt: skip
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:charrnn|make|python|pip|pipx|uvx|docs/tour\.sh) [^`\n]+)`")
PLACEHOLDER = re.compile(r"…|\b(?!CHARRNN)[A-Z]+\b(?!=)|=…")
COMMAND_NAME = re.compile(r"charrnn [a-z]+( [a-z]+)?$")
"""In a sentence, the name of a command, which need not work without arguments."""


@dataclass(frozen=True)
class Command:
    """A line to type, or a block that is a script."""

    text: str
    language: str = "console"


def list_commands(document: str) -> list[Command]:
    """List the commands of a document: those of its blocks, and those in its sentences."""
    commands: list[Command] = []
    end = 0
    for block in BLOCK.finditer(document):
        commands += _find_inline(document[end : block.start()])
        commands += _split_block(block[1], block[2])
        end = block.end()
    return [*commands, *_find_inline(document[end:])]


def _split_block(language: str, content: str) -> Iterator[Command]:
    if language == "console":
        for line in content.splitlines():
            if line.startswith("$ "):
                yield Command(line[2:])
    elif language in ("sh", "python"):
        yield Command(content, language)


def _find_inline(text: str) -> Iterator[Command]:
    for line in text.splitlines():
        for command in INLINE.findall(line.replace(r"\|", "|")):
            is_name = COMMAND_NAME.match(command) and not line.startswith("|")
            if not is_name and not PLACEHOLDER.search(command):
                yield Command(command)


def list_help_examples() -> list[Command]:
    """List the commands at the ends of the help texts."""
    commands = [command_line, *command_line.commands.values()]
    return [
        Command(line.strip())
        for command in commands
        for line in (command.epilog or "").splitlines()
        if line.startswith("  ")
    ]


def list_groups(command: click.Command) -> Iterator[click.Command]:
    """Yield a command and all commands in it."""
    yield command
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from list_groups(inner)


def read(path: Path) -> str:
    """Return the text of a document."""
    return path.read_text(encoding="utf-8")
