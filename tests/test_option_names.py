"""The library speaks of settings; on the command line its messages speak of options."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import charrnn
from charrnn.cli.option_names import (
    error_message,
    list_settings,
    option_name,
    replace_settings_by_options,
)
from charrnn.cli.program import program as commands
from charrnn.errors import ConfigError, InputError, SettingName
from tests.conftest import Program
from tests.test_cli import every_command


def test_a_quoted_setting_becomes_its_option() -> None:
    assert (
        replace_settings_by_options("lower `val` or `eval_every`") == "lower --val or --eval-every"
    )
    assert replace_settings_by_options("`number` of them") == "--samples of them"


def test_other_quoted_words_stay_as_they_are() -> None:
    message = "`ls` in `My Folder`, 'val' and a lone ` are no settings"
    assert replace_settings_by_options(message) == message


def test_a_config_error_names_its_option_and_other_errors_their_file() -> None:
    assert error_message(ConfigError("min_p", "set `top_p`")) == "--min-p: set --top-p"
    assert error_message(InputError("val", "has no `seed`")) == "val: has no --seed"
    assert error_message(InputError(SettingName("prime"), "is odd")) == "--prime: is odd"
    assert str(InputError(SettingName("prime"), "is odd")) == "prime: is odd"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("sample", "RUN", "--prime", "☃"), "--prime"),
        (("sample", "RUN", "--prime-file", "prime"), "prime"),
        (("sample", "RUN", "--stop", "☃", "--length", "0"), "--stop"),
        (("inspect", "unroll", "RUN", "--text", "☃"), "--text"),
        (("inspect", "neurons", "RUN", "--text", "☃"), "--text"),
        (("inspect", "neurons", "RUN", "--text-file", "text"), "text"),
    ],
)
def test_an_error_about_a_text_names_its_option_or_file(
    command: tuple[str, ...], option: str, program: Program, run_folder: Path, tmp_path: Path
) -> None:
    for name in ("prime", "text"):
        (tmp_path / name).write_text("☃", encoding="utf-8")
    done = program(*(run_folder if word == "RUN" else word for word in command))
    assert done.code == 3
    assert f"charrnn: {option}: " in done.err


def test_every_name_is_an_option_and_every_option_has_a_name() -> None:
    options = {
        option
        for command in every_command(commands).values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--")
    }
    assert set(map(option_name, list_settings())) == options - {"--help", "--version"}


PACKAGE = Path(charrnn.__file__).parent
LIBRARY = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ("cli", "render")
]


def strings(path: Path) -> Iterator[str]:
    """All strings of a module that are not documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            yield str(node.value)


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_library_speaks_of_settings_and_not_of_options(path: Path) -> None:
    for text in strings(path):
        # Not meant: an option alone is an argument of a command that is printed, and a pipe to
        # charrnn follows another program and its options.
        message = re.sub(r"^--[a-z-]+$|^.* --.*\| charrnn train -$", "", text)
        assert not re.search("--[a-z]", message), text
        for name in re.findall(r"`(\w[^`]*)`", text):
            assert name in list_settings(), text
