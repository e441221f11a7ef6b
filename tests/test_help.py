"""The help of commands: options in groups, each of which fits on a screen, in both languages."""

import json
import re
from pathlib import Path

import click
import pytest

from charrnn.cli.option_sources import Command
from charrnn.cli.program import program as commands
from charrnn.render.clusters import display_width
from charrnn.report_registry import REPORTS
from tests.conftest import Program, run_python

LINES_OF_A_SCREEN = 23  # and a heading
UNGROUPED = {"config", "traceback", "help"}
COMMANDS = [[], ["train"], ["sample"], ["inspect"], *(["inspect", name] for name in REPORTS)]
PRINT_HELP = """
import json
from charrnn.cli.user_language import choose_language
choose_language()
import click
from charrnn.cli.program import program

texts = {}

def read(command, place):
    texts[place] = command.help
    texts[place + " in short"] = command.get_short_help_str()
    for option in command.get_params(click.Context(command)):
        if isinstance(option, click.Option):
            texts[f"{place} {option.name}"] = option.help
    for number, heading in enumerate(getattr(command, "groups", {})):
        texts[f"{place}, group {number}"] = heading
    for name in getattr(command, "commands", {}):
        read(command.commands[name], f"{place} {name}")

read(program, "charrnn")
print(json.dumps(texts))
"""


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


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_no_line_in_japanese_is_wider_than_the_terminal(
    program: Program, name: list[str], columns: int
) -> None:
    shown = program(*name, "--help", COLUMNS=str(columns), CHARRNN_LANG="ja").out
    help_text = shown.partition("\n  例:\n")[0]  # commands are not broken
    assert max(map(display_width, help_text.splitlines())) <= columns


@pytest.mark.parametrize("name", ["train", "sample"])
@pytest.mark.parametrize("columns", ["80", "45"])
def test_japanese_descriptions_are_in_one_column(program: Program, name: str, columns: str) -> None:
    sections = read_sections(program(name, "--help", COLUMNS=columns, CHARRNN_LANG="ja").out)
    assert len(sections) == len(command(name).groups) + 1
    lines = [line for section in sections.values() for line in section.splitlines()]
    texts = [re.fullmatch(r"  -.*?\S  +(\S.*)| {4,}(\S.*)", line) for line in lines]
    assert len({text.start(1) if text[1] else text.start(2) for text in texts if text}) == 1


def test_a_default_in_japanese_is_not_broken_where_it_fits(program: Program) -> None:
    shown = program("train", "--help", COLUMNS="80", CHARRNN_LANG="ja").out
    assert shown.count("[既定値: 文章から決定]") == 9


@pytest.mark.parametrize("name", [[], ["inspect"]], ids=" ".join)
def test_each_command_is_listed_on_one_line_in_japanese(program: Program, name: list[str]) -> None:
    shown = program(*name, "--help", COLUMNS="80", CHARRNN_LANG="ja").out
    listed = shown.partition("\nコマンド:\n")[2].partition("\n\n")[0].splitlines()
    found = commands if not name else commands.commands["inspect"]
    assert isinstance(found, click.Group)
    assert [line.split()[0] for line in listed] == [*found.commands]


def test_all_help_is_translated(tmp_path: Path) -> None:
    english, japanese = (read_help(tmp_path, language) for language in ("en", "ja"))
    assert english.keys() == japanese.keys()
    assert {place for place in english if english[place] == japanese[place]} == set()


def test_a_shell_offers_options_with_japanese_help(program: Program) -> None:
    words = {"COMP_WORDS": "charrnn train --pat", "COMP_CWORD": "2"}
    done = program(_CHARRNN_COMPLETE="zsh_complete", CHARRNN_LANG="ja", **words)
    assert "検証損失が" in done.out


def read_help(folder: Path, language: str) -> dict[str, str]:
    """Each text of the help of all commands in a language, by its place."""
    done = run_python(folder, "-c", PRINT_HELP, CHARRNN_LANG=language)
    texts: dict[str, str] = json.loads(done.out)
    return texts
