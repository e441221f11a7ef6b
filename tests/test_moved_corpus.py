"""A corpus that was renamed or moved: errors print commands, and these commands work."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import InputError
from tests.conftest import TEXT, Program, clean_environment

CONFIG = charrnn.TrainConfig(hidden=8, batch=4, seq=8, steps=20, eval_every=10, workers=1, lr=0.02)
COMMAND = re.compile(r"charrnn (train .*? --resume --out \S+)")


def train(place: Path, *files: str, out: str = "run", steps: int = 20) -> None:
    """Train on the beginning of TEXT, a piece of it in each of the files."""
    for at, name in enumerate(files):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(TEXT[at * 700 : (at + 1) * 700], encoding="utf-8")
    config = replace(CONFIG, steps=steps)
    charrnn.train([place / name for name in files], config, out=place / out)


def kept_places(run: Path) -> list[str]:
    """The corpus in the config.toml of a run."""
    table = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))["train"]
    return [str(path) for path in table["corpus"]]


def typed(command: str, **new_places: str) -> list[str]:
    """A printed command as words, with paths for its placeholders."""
    return [new_places.get(word, word) for word in command.split()]


@pytest.mark.parametrize("extra", [(), ("--steps", "30")], ids=["finished", "unfinished"])
@pytest.mark.parametrize(
    ("file", "moved", "new_place"),
    [("a.txt", ("a.txt", "b.txt"), "b.txt"), ("x/a.txt", ("x", "y"), "y/a.txt")],
    ids=["renamed", "parent-renamed"],
)
def test_resume_names_the_command_that_works(
    program: Program, tmp_path: Path, file: str, moved: tuple[str, str], new_place: str,
    extra: tuple[str, ...],
) -> None:  # fmt: skip
    train(tmp_path, file)
    (tmp_path / moved[0]).rename(tmp_path / moved[1])
    done = program("train", "--resume", "--out", "run", *extra)
    assert done.code == 3
    assert done.err.startswith(f"charrnn: {tmp_path / file}: no such file or folder; ")
    command = COMMAND.search(done.err)
    assert command
    assert command[1] == "train NEWPATH --resume --out run"
    again = program(*typed(command[1], NEWPATH=new_place), *extra)
    assert again.code == 0, again.err
    assert kept_places(tmp_path / "run") == [str(tmp_path / new_place)]
    assert program("train", "--resume", "--out", "run").code == 0


def test_of_several_files_only_those_that_moved_are_asked_for(
    program: Program, tmp_path: Path
) -> None:
    train(tmp_path, "a.txt", "b.txt", "c.txt")
    (tmp_path / "b.txt").rename(tmp_path / "d.txt")
    done = program("train", "--resume", "--out", "run")
    assert done.err.startswith(f"charrnn: {tmp_path / 'b.txt'}: no such file or folder; ")
    command = COMMAND.search(done.err)
    assert command
    a, c = tmp_path / "a.txt", tmp_path / "c.txt"
    assert command[1] == f"train {a} NEWPATH {c} --resume --out run"
    assert program(*typed(command[1], NEWPATH="d.txt")).code == 0
    (tmp_path / "a.txt").rename(tmp_path / "e.txt")
    (tmp_path / "c.txt").rename(tmp_path / "f.txt")
    command = COMMAND.search(program("train", "--resume", "--out", "run").err)
    assert command
    d = tmp_path / "d.txt"
    assert command[1] == f"train NEWPATH1 {d} NEWPATH2 --resume --out run"
    assert program(*typed(command[1], NEWPATH1="e.txt", NEWPATH2="f.txt")).code == 0


@pytest.mark.parametrize("report", ["memory", "gradients", "neurons", "report"])
def test_a_report_names_the_commands_that_work(
    program: Program, tmp_path: Path, run_folder: Path, report: str
) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    moved = tmp_path / "moved.txt"
    shutil.copy(run_folder.parent / "text.txt", moved)
    config = tmp_path / "run/config.toml"
    config.write_text(config.read_text("utf-8").replace("/text.txt", "/gone.txt"), "utf-8")
    options = ["--lags", "5"] if report == "gradients" else []
    done = program("inspect", report, "run", *options)
    assert done.code == 3
    assert done.err.startswith(f"charrnn: {run_folder.parent / 'gone.txt'}: is no longer there; ")
    assert "--text-file" in done.err
    if report in ("memory", "neurons"):
        assert program("inspect", report, "run", "--text-file", moved, *options).code == 0
    command = COMMAND.search(done.err)
    assert command
    assert program(*typed(command[1], NEWPATH=str(moved))).code == 0
    assert program("inspect", report, "run", *options).code == 0


def test_copied_asks_for_the_corpus(program: Program, tmp_path: Path) -> None:
    train(tmp_path, "a.txt", "b.txt")
    (tmp_path / "a.txt").rename(tmp_path / "c.txt")
    done = program("inspect", "copied", "b.txt", "run")
    assert done.code == 3
    assert f"{tmp_path / 'a.txt'}: is no longer there; " in done.err
    assert "name a text with --corpus: where it is now, or another one" in done.err
    again = program("inspect", "copied", "b.txt", "run", "--corpus", "c.txt", "--corpus", "b.txt")
    assert again.code == 0


def test_another_text_at_the_place_is_no_reason_to_give_up(
    program: Program, tmp_path: Path
) -> None:
    train(tmp_path, "a.txt")
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    (tmp_path / "a.txt").write_text(TEXT[100:900], encoding="utf-8")
    expected = "train NEWPATH --resume --out run"
    for command in (("train", "--resume", "--out", "run"), ("inspect", "memory", "run")):
        done = program(*command)
        assert done.code == 3
        printed = COMMAND.search(done.err)
        assert printed
        assert printed[1] == expected
    assert program(*typed(expected, NEWPATH="b.txt")).code == 0
    assert program("inspect", "memory", "run").code == 0


def test_a_text_from_standard_input_can_be_given_again_or_as_a_file(
    program: Program, tmp_path: Path
) -> None:
    text = TEXT[:700].encode()
    small = ("--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "20", "--out", "run")
    assert program("train", "-", *small, stdin=text).code == 0
    done = program("inspect", "memory", "run")
    assert done.code == 3
    assert "came from standard input; name a text with --text-file" in done.err
    assert program("train", "-", "--resume", "--out", "run", stdin=text).code == 0
    assert program("train", "--resume", "--out", "run", stdin=text).code == 0
    (tmp_path / "a.txt").write_bytes(text)
    command = COMMAND.search(done.err)
    assert command
    assert program(*typed(command[1], NEWPATH="a.txt")).code == 0
    assert program("inspect", "memory", "run").code == 0


def test_on_a_terminal_a_text_from_standard_input_is_asked_for(
    program: Program, tmp_path: Path
) -> None:
    """Otherwise the program would wait for someone to type the text, without a word."""
    small = ("--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "2", "--out", "run")
    assert program("train", "-", *small, stdin=TEXT[:700].encode()).code == 0
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "charrnn", "train", "--resume", "--out", "run"], stdin=theirs,
        capture_output=True, cwd=tmp_path, env=clean_environment(), check=False, timeout=60,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 3
    assert b"give it again: charrnn train - --resume --out run < FILE" in done.stderr


def test_what_cannot_be_read_was_not_moved(tmp_path: Path) -> None:
    train(tmp_path, "a.txt")
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match=r"contains no .*; name a text with `text_file`"):
        charrnn.load(tmp_path / "run").memory()


def test_a_config_file_names_a_text_that_has_moved(program: Program, tmp_path: Path) -> None:
    train(tmp_path, "a.txt")
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    done = program("train", "--config", "run/config.toml", "--out", "again")
    assert done.code == 3
    assert f"{tmp_path / 'a.txt'}: no such file or folder; " in done.err
    assert "name the text on the command line, before --config" in done.err
    assert program("train", "b.txt", "--config", "run/config.toml", "--out", "again").code == 0


def test_a_resumed_run_keeps_the_model_that_it_began_with(tmp_path: Path) -> None:
    """So that its config.toml still repeats it."""
    train(tmp_path, "a.txt")
    calls = iter(range(100))
    charrnn.train(
        tmp_path / "a.txt", charrnn.TrainConfig(batch=4, seq=8, steps=20, workers=1, lr=0.02),
        out=tmp_path / "second", init_from=tmp_path / "run",
        stop_requested=lambda: next(calls) > 5,
    )  # fmt: skip
    before = (tmp_path / "second/config.toml").read_bytes()
    assert b"init_from" in before
    charrnn.resume(tmp_path / "second")
    assert (tmp_path / "second/config.toml").read_bytes() == before
