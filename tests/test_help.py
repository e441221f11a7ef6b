"""The help of commands: options in groups, each of which fits on a screen."""

import re

import click
import pytest

from charrnn.cli.option_sources import Command
from charrnn.cli.program import program as commands
from tests.conftest import Program

LINES_OF_A_SCREEN = 23  # and a heading
UNGROUPED = {"config", "traceback", "help"}


def command(name: str) -> Command:
    assert isinstance(commands, click.Group)
    found = commands.commands[name]
    assert isinstance(found, Command)
    return found


def read_sections(help_text: str) -> dict[str, str]:
    """The lines under each heading of a command's options."""
    parts = re.split(r"^(\w[^\n]*):\n", help_text, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {
        heading: lines.partition("\n\n")[0] + "\n"
        for heading, lines in sections.items()
        if "  -" in lines
    }


@pytest.mark.parametrize("name", ["train", "sample"])
def test_every_option_is_in_exactly_one_group(name: str) -> None:
    grouped = [option for options in command(name).groups.values() for option in options]
    options = {
        option.name for option in command(name).params if isinstance(option, click.Option)
    } - UNGROUPED
    assert sorted(grouped) == sorted(map(str, options))


@pytest.mark.parametrize("name", ["train", "sample"])
@pytest.mark.parametrize("columns", ["80", "45"])
def test_groups_are_headings_over_columns_of_one_width(
    program: Program, name: str, columns: str
) -> None:
    sections = read_sections(program(name, "--help", COLUMNS=columns).out)
    assert [*sections] == [*command(name).groups, "Other options"]
    # What an option does begins after it on its line, and goes on below in the same column.
    texts = [
        re.fullmatch(r"  -.*?\S  +(\S.*)| {4,}(\S.*)", line)
        for lines in sections.values()
        for line in lines.splitlines()
    ]
    assert len({text.start(1) if text[1] else text.start(2) for text in texts if text}) == 1


@pytest.mark.parametrize("name", ["train", "sample"])
def test_each_group_fits_on_a_screen(program: Program, name: str) -> None:
    for lines in read_sections(program(name, "--help", COLUMNS="80").out).values():
        assert lines.count("\n") <= LINES_OF_A_SCREEN
