"""Both pages of the tour show what charrnn prints in their language.

Figures, sampled texts and bars are masked, because the trainings here take a few steps.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.bracketed import SOURCE
from tests.conftest import ROOT
from tests.documented_commands import BLOCK, Command, read
from tests.test_document_commands import (
    PYTHON_FOLDER,
    SETTINGS,
    project,
    serve_program,
    shorten,
)

__all__ = ["project"]  # a fixture

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shell commands")

LANGUAGES = {"tour.md": {"LC_ALL": "C"}, "tour.ja.md": {"LC_ALL": "", "LANG": "ja_JP.UTF-8"}}
BRACKET_LINES = 400  # enough for a report on brackets
CONTINUATION = re.compile(r"^(\w+ +[AB]) .*")
MASKS = {
    r"▇+": "",
    r"\S \d+%": "PREDICTION",
    r"\d+:[+-]?\d[\d.]*": "UNIT",
    r"(< |[+-])?\d[\d,.]*(e[+-]\d+)?%?": "NUMBER",
}


def split(line: str) -> list[str]:
    """Split a line at two spaces, with masks in place of what a training decides."""
    line = CONTINUATION.sub(r"\1", line)
    for pattern, mask in MASKS.items():
        line = re.sub(pattern, mask, line)
    return re.split(r"\s{2,}", line.strip())


def list_blocks(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the commands of each block of a page, and the lines of output that it shows."""
    for block in BLOCK.finditer(read(ROOT / "docs" / page)):
        lines = block[2].splitlines() if block[1] == "console" else []
        commands = [line[2:] for line in lines if line.startswith("$ ")]
        yield commands, [line for line in lines if line and line[:2] != "$ " and line != "…"]


def list_messages() -> set[str]:
    """Return all messages, in English and in Japanese."""
    with SOURCE.open("rb") as file:
        catalogue = read_po(file)
    return {
        form
        for message in catalogue
        for text in (message.id, message.string)
        for form in ([text] if isinstance(text, str) else text or [])
    }


@pytest.mark.parametrize("page", LANGUAGES)
def test_the_tour_shows_what_is_printed(page: str, project: Path) -> None:
    messages = {chunk for message in list_messages() for chunk in split(message)}
    missing = []
    kakko = (ROOT / "corpora/kakko.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    (project / "corpora/kakko.txt").write_text("".join(kakko[:BRACKET_LINES]), encoding="utf-8")
    with serve_program(LANGUAGES[page]) as folder:
        environment = {
            **os.environ, **SETTINGS, **LANGUAGES[page], "PYTHONPATH": str(ROOT),
            "PATH": os.pathsep.join(map(str, [folder, PYTHON_FOLDER, os.environ["PATH"]])),
        }  # fmt: skip
        for commands, shown in list_blocks(page):
            script = "\n".join(shorten(Command(command)) for command in commands)
            done = subprocess.run(
                ["bash"], input=script, cwd=project, env=environment, capture_output=True,
                encoding="utf-8", timeout=120, check=True,
            )  # fmt: skip
            printed = [split(line) for line in done.stdout.splitlines()]
            chunks = {chunk for line in printed for chunk in line} | messages
            for line in map(split, shown):
                is_row = "NUMBER" in " ".join(line) or "PREDICTION" in line
                known = (chunk in chunks or chunk in script for chunk in line)
                if line not in printed and not (is_row and all(known)):
                    missing.append(line)
    assert not missing, "\n".join(map("  ".join, missing))
