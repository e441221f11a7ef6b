"""What scripts rely on: the exit code as bash, dash and Python see it, and JSON on stdout."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Program, clean_environment
from tests.processes import children, gone
from tests.test_cli import failed

PATIENCE = 60
SMALL = "--hidden 8 --batch 4 --seq 16 --workers 1"
LONG = f"train text.txt {SMALL} --steps 1000000 --eval-every 20 --json --out out"
DIVERGING = (
    "train text.txt --cell rnn --hidden 16 --batch 4 --seq 16 --steps 60 --eval-every 1"
    " --lr 1e38 --warmup 0 --clip 0 --out out"
)
BROKEN = """
import sys
sys.modules["matplotlib"] = None  # as where it is not installed
import charrnn.text.sources as sources
whole = sources.find_corpus
def find(corpus):
    if "bug" in map(str, corpus.all): raise KeyError("oops")
    return whole(corpus)
sources.find_corpus = find
"""
SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"no {name} here"))
    for name in ("bash", "dash")
]


@dataclass(frozen=True)
class Ending:
    """A command and how it ends: its exit code in a shell, and the word that says why."""

    code: int
    command: str
    word: str = ""
    by: signal.Signals | None = None


ENDINGS = [
    Ending(0, "sample run --length 3 --seed 1"),
    Ending(1, "train bug", "a bug in charrnn: KeyError"),
    Ending(2, "sample run --top-p 0", "--top-p"),
    Ending(3, "sample none.npz", "none.npz: no such model"),
    Ending(4, DIVERGING, "the validation loss is not finite; lower --lr"),
    Ending(5, f"train text.txt {SMALL} --out run", "run: already contains a run"),
    Ending(6, "inspect loss run --plot loss.png", "matplotlib: is not installed"),
    Ending(129, LONG, by=signal.SIGHUP),
    Ending(130, LONG, by=signal.SIGINT),
    Ending(143, LONG, by=signal.SIGTERM),
    Ending(141, "sample run --length 10000000 --seed 1"),
]


@pytest.fixture
def place(run_folder: Path, text: Path) -> Path:
    """A folder with a text, a run, and a Python in which something is broken."""
    shutil.copytree(run_folder, text.parent / "run")
    (text.parent / "broken").mkdir()
    (text.parent / "broken/sitecustomize.py").write_text(BROKEN)
    return text.parent


def environment(place: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**clean_environment(), "PATH": path, "PYTHONPATH": str(place / "broken")}


def started(arguments: list[str], place: Path, out: Any = subprocess.DEVNULL) -> Any:
    return subprocess.Popen(
        arguments, cwd=place, env=environment(place), stdout=out,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def once_it_learns(place: Path) -> None:
    end = time.monotonic() + PATIENCE
    while '"eval"' not in (place / "stdout").read_text(encoding="utf-8"):
        assert time.monotonic() < end
        time.sleep(0.05)


def told_as(ending: Ending, place: Path, err: bytes) -> None:
    """One line that says why, but for signals, of which the user knows; and the work is saved."""
    lines = [line for line in err.decode().splitlines() if line.startswith("charrnn: ")]
    assert len(lines) == bool(ending.word)
    assert all(ending.word in line for line in lines)
    assert b"Traceback" not in err
    if ending.code == 141:
        assert err == b""
    if ending.by is not None:
        assert (place / "out/last.npz").is_file()
        assert not (place / "out/.lock").exists()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: str(ending.code))
def test_a_shell_sees_the_exit_code_of_the_contract(
    place: Path, ending: Ending, shell: str
) -> None:
    after = "| head -c 1 > stdout" if ending.code == 141 else "> stdout"
    (place / "stdout").touch()
    script = f"{{ charrnn {ending.command}; echo $? > code; }} {after}"
    running = started([shell, "-c", script], place)
    if ending.by is not None:
        once_it_learns(place)
        (program,) = children(running.pid)
        os.kill(program, ending.by)
    _, err = running.communicate(timeout=PATIENCE)
    assert (place / "code").read_text() == f"{ending.code}\n", err
    told_as(ending, place, err)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: str(ending.code))
def test_python_sees_the_exit_code_of_the_contract(place: Path, ending: Ending) -> None:
    out: Any = subprocess.PIPE if ending.code == 141 else (place / "stdout").open("wb")
    running = started(["charrnn", *ending.command.split()], place, out)
    if ending.code == 141:
        running.stdout.read(1)
        running.stdout.close()
        running.stdout = None
    else:
        out.close()
    if ending.by is not None:
        once_it_learns(place)
        running.send_signal(ending.by)
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == (128 - ending.code if ending.code > 128 else ending.code), err
    told_as(ending, place, err)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_failure_stops_a_script_that_wants_to_be_stopped(place: Path, shell: str) -> None:
    for script in (
        "set -e; charrnn sample none.npz; echo on",
        "charrnn sample none.npz && echo on",
        "if charrnn sample none.npz; then echo on; fi",
        "charrnn sample run --length 1 -q > /dev/null || echo on",
    ):
        done = subprocess.run(
            [shell, "-c", script], cwd=place, env=environment(place), capture_output=True,
            check=False,
        )  # fmt: skip
        assert b"on" not in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_ctrl_c_ends_a_loop_and_not_only_the_training_in_it(place: Path, shell: str) -> None:
    """The terminal sends it to all in the foreground."""
    (place / "stdout").touch()
    train = f"charrnn train text.txt {SMALL} --steps 1000000 --eval-every 20 --json --seed $seed"
    script = f"for seed in 1 2 3; do {train} --out out$seed > stdout; done; echo on > on"
    running = started([shell, "-c", script], place)
    once_it_learns(place)
    (program,) = children(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=PATIENCE)
    assert gone(program)
    assert running.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
    assert not (place / "on").exists()
    assert [path.name for path in place.glob("out*")] == ["out1"]
    assert (place / "out1/last.npz").is_file()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_a_pipe_that_wants_no_more_fails_quietly_under_pipefail(place: Path) -> None:
    script = "set -o pipefail; charrnn sample run --length 1000000 --seed 1 | head -1; echo $?"
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, env=environment(place), capture_output=True, check=True
    )
    assert done.stdout.endswith(b"\n141\n")
    assert done.stderr == b""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "command", ["", "--help", "--version", "train -h", "inspect run", "train bug --traceback"]
)
def test_whatever_is_printed_into_a_closed_pipe_ends_as_sigpipe(
    place: Path, command: str, stream: str
) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    where: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writes}
    done = subprocess.run(
        ["charrnn", *command.split()], cwd=place, env=environment(place), check=False, **where
    )
    os.close(writes)
    uses = "stderr" if command in ("", "train bug --traceback") else "stdout"
    expected = {"": 2, "train bug --traceback": 1}.get(command, 0)
    assert done.returncode == (-signal.SIGPIPE if stream == uses else expected)
    assert (done.stderr == b"") if stream == "stdout" and uses == "stdout" else True


def test_results_that_find_no_room_are_exit_6_and_notes_are_not(place: Path) -> None:
    train = f"charrnn train text.txt {SMALL} --steps 4 --overwrite --out out"
    for script, code in [
        ("charrnn sample run --length 3 > /dev/full", 6),
        ("charrnn inspect run --json > /dev/full", 6),
        ("charrnn --help > /dev/full", 6),
        (f"{train} > /dev/full", 6),
        (f"{train} 2> /dev/full", 0),
        ("charrnn sample run --length 3 2> /dev/full", 0),
        ("charrnn sample none.npz 2> /dev/full", 3),
        ("charrnn 2> /dev/full", 2),
    ]:
        done = subprocess.run(
            ["sh", "-c", script], cwd=place, env=environment(place), capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, script
        assert done.stderr.decode().count("\ncharrnn: ") <= 1
        assert b"Traceback" not in done.stderr


LOCALES: list[dict[str, str]] = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "ja_JP.SJIS", "PYTHONIOENCODING": "cp932"},
    {"LC_ALL": "ja_JP.eucJP", "PYTHONIOENCODING": "euc_jp"},
    {"PYTHONIOENCODING": "ascii:strict"},
]


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: " ".join(locale.values()))
def test_json_is_utf_8_with_every_character_as_it_is_under_any_locale(
    program: Program, text: Path, locale: dict[str, str]
) -> None:
    options = [*SMALL.split(), "--steps", "4", "--eval-every", "2", "--json", "-q"]
    trained = program("train", text, *options, "--out", "日本 語", **locale)
    assert [json.loads(line)["event"] for line in trained.out.splitlines()] == [
        "start", "eval", "eval", "end",
    ]  # fmt: skip
    sampled = program("sample", "日本 語", "--prime", "今日は", "--json", "-q", **locale)
    inspected = program("inspect", "vocab", "日本 語", "--json", "-q", **locale)
    for done, word in ((trained, "日本 語"), (sampled, "今日は"), (inspected, "濯")):
        assert (done.code, done.err) == (0, "")
        assert word in done.out
        assert "\\u" not in done.out


@pytest.mark.parametrize(
    "report",
    [
        "summary run", "runs .", "loss run", "vocab run", "score text.txt run",
        "copied text.txt run", "unroll --text 今日 run", "gradients run", "memory run",
        "neurons run", "speed --seconds 0.001 run", "report run",
    ],
)  # fmt: skip
def test_every_report_is_one_object_and_quiet_says_nothing_else(
    program: Program, place: Path, report: str
) -> None:
    done = program("inspect", *report.split(), "--json", "-q")
    assert (done.code, done.err) == (0, "")
    (line,) = done.out.splitlines()
    assert isinstance(json.loads(line, parse_constant=pytest.fail), dict)


def test_several_models_and_samples_are_an_object_a_line(program: Program, place: Path) -> None:
    shutil.copytree(place / "run", place / "other")
    done = program("inspect", "loss", "run", "other", "--json")
    assert [json.loads(line)["model"] for line in done.out.splitlines()] == ["run", "other"]
    done = program("sample", "run", "--length", "3", "-n", "3", "--seed", "1", "--json")
    assert [json.loads(line)["sample"] for line in done.out.splitlines()] == [0, 1, 2]
    assert done.err == ""


def test_notes_beside_json_are_no_json_and_go_to_stderr(program: Program, place: Path) -> None:
    done = program("train", "text.txt", *SMALL.split(), "--steps", "4", "--json", "--preview", "9")
    assert all(json.loads(line)["event"] for line in done.out.splitlines())
    assert done.err
    assert "{" not in done.err


@pytest.mark.parametrize("ending", ENDINGS[1:7], ids=lambda ending: str(ending.code))
def test_an_error_beside_json_is_a_line_on_stderr(
    program: Program, place: Path, ending: Ending
) -> None:
    done = program(
        *ending.command.split(),
        "--json",
        "-q",
        PYTHONPATH=f"{place}/broken{os.pathsep}{ROOT}",
    )
    if ending.code == 4:
        events = [json.loads(line) for line in done.out.splitlines()]
        assert (events[-1]["event"], events[-1]["stopped"]) == ("end", "diverged")
        assert (done.code, len(done.err.splitlines())) == (4, 1)
        assert done.err.startswith("charrnn: ")
    else:
        failed(done, ending.code, ending.word)
