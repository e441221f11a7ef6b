"""A third language needs a catalogue and no code: what it does not have in brackets is English.

The program runs as a user's shell starts it, in a language made by a machine.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from charrnn.report_registry import REPORTS, Takes
from tests.bracketed import CODE, find_unbracketed, make_package, read_page, read_picture
from tests.conftest import Finished, Program, clean_environment

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the program is forked")

LINES = (
    "今日は雨だ。「傘を忘れるな」と母が言った。\n今日は風が強い。洗濯物に気をつけた。\n"
    "今日は晴れだ。(庭で)本を読んだ。\n"
) * 60
ARGUMENTS = {
    "compare": ("--text", "今日は雨だ。", "--text", "今日は風だ。", "--length", "5"),
    "unroll": ("--text", "今日は雨だ。"),
    "speed": ("--seconds", "0.001"),
    "gradients": ("--lags", "20", "--untrained"),
    "score": ("--adapt",),
}
FIRST_ARGUMENT = {Takes.FILE: "text.txt", Takes.FOLDER: "runs/1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, and with what errors are about."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "text.txt").write_text(LINES, encoding="utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "short.txt").write_text("今", encoding="utf-8")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 9)
    (folder / "1.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)))
    (folder / "1.npz").write_bytes(b"PK\x03\x04 and no archive")
    (folder / "1.toml").write_text("[train]\nhiden = 3\n")
    (folder / "no-folder").write_text("")
    return folder


@pytest.fixture(scope="module")
def speak(folder: Path) -> Iterator[Program]:
    """``speak("sample", ...)`` runs charrnn in that folder and language."""
    place = Path(tempfile.mkdtemp(prefix="charrnn-"))  # its path is short enough for a socket
    (place / "site").mkdir()
    make_package(place / "site")
    environment = {
        **clean_environment(), "PYTHONPATH": str(place / "site"), "CHARRNN_LANG": CODE,
        "COLUMNS": "100", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    script = Path(__file__).parent / "quick_program.py"
    with subprocess.Popen(
        [sys.executable, str(script), str(place)], env=environment, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        server.stdout.readline()
        yield partial(_run, place / "charrnn", folder, environment)
        server.terminate()
    shutil.rmtree(place)


def _run(program: Path, folder: Path, environment: dict[str, str], *args: str) -> Finished:
    done = subprocess.run(
        [program, *args], stdin=subprocess.DEVNULL, capture_output=True, cwd=folder,
        env=environment, timeout=60, check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def runs(speak: Program, folder: Path) -> Path:
    """Runs of two cells, whose training the language has described."""
    done = speak(
        "train", "text.txt", "--cell", "lstm", "--cell", "rnn", "--hidden", "16", "--steps", "40",
        "--batch", "4", "--seq", "16", "--eval-every", "20", "--preview", "10",
        "--out", "runs/1", "--workers", "2",
    )  # fmt: skip
    assert done.code == 0, done.err
    (folder / "training.txt").write_text(done.err + done.out, encoding="utf-8")
    return folder / "runs/1"


def test_a_training_has_no_other_words(runs: Path, folder: Path) -> None:
    assert runs.exists()
    lines = (folder / "training.txt").read_text(encoding="utf-8")
    assert "«" in lines
    assert find_unbracketed(lines) == []


def test_notes_of_a_sample_have_no_other_words(speak: Program, runs: Path) -> None:
    done = speak("sample", str(runs / "lstm"), "--prime", "今x", "--on-unknown", "skip")
    assert done.code == 0, done.err
    assert "«" in done.err
    assert find_unbracketed(done.err) == []


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_has_no_other_words_in_any_form(
    name: str, speak: Program, runs: Path, folder: Path
) -> None:
    report = REPORTS[name]
    models = ["runs/1/lstm", "runs/1/rnn"]
    if report.takes in (Takes.MODEL, Takes.FILE):
        models = models[:1]
    first = [FIRST_ARGUMENT[report.takes]] if report.takes in FIRST_ARGUMENT else []
    subjects = first if report.takes is Takes.FOLDER else [*first, *models]
    forms = ["--html", f"{name}.html", *(["--plot", f"{name}.svg"] if report.draws else [])]
    done = speak("inspect", name, *subjects, *ARGUMENTS.get(name, ()), *forms)
    assert done.code == 0, done.err
    assert find_unbracketed(done.out) == []
    assert find_unbracketed(done.err) == []
    page = (folder / f"{name}.html").read_text(encoding="utf-8")
    assert f'<html lang="{CODE}">' in page
    assert "«" in read_page(page) or report.page
    assert find_unbracketed(read_page(page)) == []
    if report.draws:
        picture = read_picture((folder / f"{name}.svg").read_text(encoding="utf-8"))
        assert "«" in picture
        assert find_unbracketed(picture) == []


HELPS = [(), ("train",), ("sample",), ("inspect",), *(("inspect", name) for name in REPORTS)]


@pytest.mark.parametrize("command", HELPS, ids=" ".join)
def test_help_has_no_other_words(command: tuple[str, ...], speak: Program) -> None:
    done = speak(*command, "--help")
    assert done.code == 0, done.err
    assert find_unbracketed(done.out) == []


ERRORS = [
    ["nothing"], ["trian", "text.txt"], ["text.txt"], ["--nothing"], ["train"],
    ["train", "nothing.txt"], ["train", "empty.txt"], ["train", "short.txt"],
    ["train", "binary.txt"], ["train", "1.pdf"], ["train", "1.npz"],
    ["train", "text.txt", "--hiden"], ["train", "text.txt", "--hidden"],
    ["train", "text.txt", "--hidden", "many"], ["train", "text.txt", "--hidden", "0"],
    ["train", "text.txt", "--hidden", "9999999"], ["train", "text.txt", "--cell", "gur"],
    ["train", "text.txt", "--dropout", "2"],
    ["train", "text.txt", "--val", "-1"], ["train", "text.txt", "--epochs", "1", "--steps", "1"],
    ["train", "text.txt", "--config", "1.toml"],
    ["train", "text.txt", "--config", "no.toml"], ["train", "text.txt", "--encoding", "utf-99"],
    ["train", "text.txt", "--encoding", "ascii"],
    ["train", "text.txt", "--init-from", "nothing.npz"], ["train", "--resume"],
    ["train", "--resume", "--out", "nothing"], ["train", "text.txt", "--out", "runs/1/lstm"],
    ["train", "text.txt", "--out", "no-folder"], ["train", "http://localhost/a.txt"],
    ["train", "text.txt", "--preview", "-1"],
    ["sample", "nothing"], ["sample", "1.npz"], ["sample", "text.txt"],
    ["sample", "1/lstm", "--prime", "xyz"], ["sample", "1/lstm", "--temperature", "-1"],
    ["sample", "1/lstm", "--top-p", "2"], ["sample", "1/lstm", "--length", "0"],
    ["sample", "1/lstm", "--prime-file", "nothing.txt"], ["sample", "1/lstm", "-n", "0"],
    ["sample", "1/lstm", "--stop", ""], ["sample", "1/lstm", "-e", "--prime", "\\q"],
    ["inspect", "nothing"], ["inspect", "losss"], ["inspect", "loss", "nothing"],
    ["inspect", "summary", "--html", "nothing/a.html"], ["inspect", "loss", "--plot", "a.gif"],
    ["inspect", "score"], ["inspect", "score", "nothing.txt"], ["inspect", "score", "short.txt"],
    ["inspect", "compare", "--text", "今日"], ["inspect", "neurons", "--unit", "99"],
    ["inspect", "neurons", "--property", "a"], ["inspect", "neurons", "--property", "a=("],
    ["inspect", "gradients", "--lags", "999999"], ["inspect", "runs", "nothing"],
    ["inspect", "runs", "text.txt"], ["inspect", "memory", "--text-file", "empty.txt"],
    ["inspect", "live"], ["inspect", "loss", "--json", "--csv"],
    ["inspect", "runs", "--csv", "--json"], ["inspect", "copied", "1.pdf"], ["inspect", "unroll"],
    ["inspect", "unroll", "--text", ""],
]  # fmt: skip


REASONS_OF_PYTHON = (
    "File is not a zip file", "missing ), unterminated subpattern at position 0",
)  # fmt: skip
"""In brackets behind a message: what a library said."""


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("command", ERRORS, ids=" ".join)
def test_an_error_has_no_other_words(command: list[str], speak: Program) -> None:
    done = speak(*command)
    assert done.code in (2, 3, 5, 6), done.err
    given = [word for argument in command for word in re.split(r"\W", argument)]
    assert "«" in done.err
    said = done.err
    for reason in REASONS_OF_PYTHON:
        said = said.replace(reason, "")
    assert [word for word in find_unbracketed(said) if word not in given] == []
