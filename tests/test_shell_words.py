"""Commands that are printed do in every shell what they say."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.cli import program_name
from charrnn.shell_words import quote_word, write_command
from tests.conftest import Program, clean_environment

SHELLS = {"bash": ["-c"], "zsh": ["-f", "-c"], "fish": ["-N", "-c"]}
INSTALLED = [[shell, *options] for shell, options in SHELLS.items() if shutil.which(shell)]
IN_UTF8 = {**clean_environment(), "LC_ALL": "C.UTF-8"}
NAMES = [
    "my run (1)", "it's", "'", "''", '"', "a\\b", "a\\\\b", "a\\'b\\", "$HOME", "`id`", "a;b",
    "a&b", "~", "~root", "#1", "!!", "a!b", "*", "a?", "[ab]", "{a,b}", "<a>", "a|b", "=ls",
    "%self", "%1", "^a", "a=b", "a b\\'c", "tab\there", "line\nbreak", "\x1b[31m", "100%", "a  b",
    " a", "a ", "", "今日は", "私の　小説", "小説（一）", "がぎ", "हिन्दी", "naïve", "👩\u200d👧",
    "a\u202eb", "a\u2028b", os.fsdecode(b"run\xe9"), os.fsdecode(b"\x83\x5c.txt"),
    os.fsdecode(b"it's \xe9"),
]  # fmt: skip


@pytest.mark.parametrize("shell", INSTALLED, ids=lambda shell: str(shell[0]))
def test_a_quoted_word_reaches_the_program_unchanged(shell: list[str], tmp_path: Path) -> None:
    show = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    words = " ".join(map(quote_word, NAMES))
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(show)} {words}"
    done = subprocess.run(
        [*shell, command], capture_output=True, check=True, cwd=tmp_path, env=IN_UTF8
    )
    assert done.stderr == b""
    assert list(map(os.fsdecode, done.stdout.split(b"\0"))) == NAMES


def test_what_is_quoted_can_be_printed() -> None:
    for name in NAMES:
        assert quote_word(name).encode().decode().isprintable() or "　" in name


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("sample", Path("runs/tenki")), "charrnn sample runs/tenki"),
        (("sample", Path("runs/小説-2")), "charrnn sample runs/小説-2"),
        (("sample", Path("my run (1)")), "charrnn sample 'my run (1)'"),
        (("sample", Path("-x")), "charrnn sample ./-x"),
        (("sample", Path("- x")), "charrnn sample './- x'"),
        (
            ("train", Path("-"), "--resume", "--out", Path("-x")),
            "charrnn train - --resume --out ./-x",
        ),
    ],
)
def test_only_what_needs_it_is_quoted(words: tuple[str | Path, ...], command: str) -> None:
    assert write_command(*words) == command


@pytest.mark.parametrize("name", ["it's my run (1)", "-x", os.fsdecode(b"run\xe9")])
def test_the_command_at_the_end_of_a_training_works(
    program: Program, name: str, text: Path, tmp_path: Path
) -> None:
    small = ("--hidden", "4", "--batch", "2", "--seq", "8", "--steps", "2", "--workers", "1")
    done = program("train", text, *small, "--out", name, "-q")
    command = done.out.splitlines()[-1].removeprefix("sample").strip()
    assert command.startswith("charrnn sample ")
    start = tmp_path / "bin/charrnn"
    start.parent.mkdir()
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m charrnn "$@"\n')
    start.chmod(0o755)
    path = f"{start.parent}{os.pathsep}{os.environ['PATH']}"
    for shell in INSTALLED:
        sampled = subprocess.run(
            [*shell, f"{command} --length 3 --seed 1"], capture_output=True, check=False,
            cwd=tmp_path, env={**IN_UTF8, "PATH": path},
        )  # fmt: skip
        assert (sampled.returncode, sampled.stderr) == (0, b"")


def test_spaces_in_names_stay_in_errors(program: Program) -> None:
    done = program("sample", "a  b　c.npz")
    assert done.err.startswith("charrnn: a  b　c.npz: no such model")


def test_without_a_script_commands_are_printed_for_python(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "train one with 'charrnn train'; sample  charrnn sample runs/charrnn"
    assert program_name.write_program_as_called(text) == text
    monkeypatch.setattr(sys, "argv", ["/lib/charrnn/__main__.py"])
    monkeypatch.setattr(sys, "orig_argv", ["/my tools/python", "-m", "charrnn"])
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    called = "'/my tools/python' -m charrnn"
    assert program_name.write_program_as_called(text) == (
        f"train one with '{called} train'; sample  {called} sample runs/charrnn"
    )
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/charrnn")
    assert program_name.write_program_as_called(text) == text
