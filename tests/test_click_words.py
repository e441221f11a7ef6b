"""What click says: the catalogue has it, and no English is left in Japanese help."""

import ast
import re
from pathlib import Path

import click
import pytest

from charrnn.cli import click_words
from tests.conftest import Program
from tests.test_help import COMMANDS

ENGLISH = re.compile(r"Usage|Options|Commands|Show |default:|required")


def read_constants(path: Path) -> set[object]:
    """The constants of a module, its texts among them."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant)}


def list_words() -> list[str]:
    words = [click_words.HELP, [click_words.VERSION], click_words.ERRORS, click_words.COMPLETION]
    return [word for each in words for word in each]


@pytest.mark.parametrize("word", list_words())
def test_click_still_says_it(word: str) -> None:
    modules = Path(click.__file__).parent.glob("*.py")
    assert any(word in read_constants(module) for module in modules)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_japanese_help_has_no_english_of_click(program: Program, command: list[str]) -> None:
    shown = program(*command, "--help", CHARRNN_LANG="ja").out
    assert shown.startswith("使い方: charrnn")
    assert not ENGLISH.search(shown)


def test_click_finds_the_translation_of_an_error(program: Program) -> None:
    done = program("--", CHARRNN_LANG="ja")
    assert done.code == 2
    assert "コマンドが指定されていません" in done.err
