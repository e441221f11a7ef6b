"""How commands end that are stopped: of the signal, with the work saved and nobody left behind."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from tests.conftest import TEXT, clean_environment
from tests.processes import children, gone


def start(*arguments: str | Path, **options: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "charrnn", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        **options,  # type: ignore[call-overload]
    )


def read_until(stream: IO[bytes] | None, words: bytes) -> None:
    """Read lines until one contains ``words``; fail at the end of the stream."""
    assert stream is not None
    lines = []
    for line in iter(stream.readline, b""):
        if words in line:
            return
        lines.append(line)
    pytest.fail(f"no line contains {words!r}: {lines}")


LONG = ("--hidden", "8", "--batch", "4", "--seq", "16", "--steps", "100000", "--eval-every", "50")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_training_as_itself_with_the_work_saved(
    text: Path, tmp_path: Path, number: signal.Signals, workers: int
) -> None:
    """It goes to the whole process group, as Ctrl-C on a terminal does."""
    options = (*LONG, "--json", "--workers", str(workers), "--out", tmp_path / "run")
    running = start("train", text, *options, start_new_session=True)
    read_until(running.stdout, b'"eval"')
    os.killpg(running.pid, number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == -number
    end = json.loads(out.splitlines()[-1])
    assert (end["event"], end["stopped"]) == ("end", "interrupted")
    assert b"Traceback" not in err
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "best.npz", "last.npz", "log.jsonl", "config.toml",
    }  # fmt: skip


def test_signal_while_the_corpus_is_read_leaves_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading waits for a writer that never comes
    running = start("train", tmp_path / "pipe", cwd=tmp_path)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == -signal.SIGINT
    assert b"Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("command", ["sample", "train"])
def test_closed_pipe_ends_quietly_as_sigpipe(
    command: str, run_folder: Path, text: Path, tmp_path: Path
) -> None:
    arguments = {
        "sample": ("sample", run_folder, "--length", "1000000", "--seed", "1"),
        "train": ("train", text, *LONG, "--json", "-q", "--out", tmp_path / "run"),
    }[command]
    running = start(*arguments)
    assert running.stdout is not None
    running.stdout.read(10)
    running.stdout.close()
    assert running.wait(timeout=30) == -signal.SIGPIPE
    assert running.stderr is not None
    assert running.stderr.read() == b""
    running.stderr.close()
    if command == "train":
        assert (tmp_path / "run/last.npz").is_file()


SLOW = ("--cell", "rnn", "--hidden", "512", "--batch", "32", "--seq", "256", "--steps", "10000",
        "--workers", "2")  # fmt: skip


def test_second_signal_ends_at_once_and_the_workers_too(text: Path, tmp_path: Path) -> None:
    """A step takes long here; the second signal comes while it is still made."""
    text.write_text(TEXT * 10, encoding="utf-8")
    running = start("train", text, *SLOW, "--json", "--out", tmp_path / "run")
    assert running.stdout is not None
    assert b'"start"' in running.stdout.readline()
    (worker,) = children(running.pid)
    running.send_signal(signal.SIGINT)
    read_until(running.stderr, b"to stop at once")
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=30)
    assert running.returncode == -signal.SIGTERM
    assert (out, err) == (b"", b"")  # no end event was printed
    assert gone(worker)
    resumed = start("train", "--resume", "--out", tmp_path / "run", "--steps", "1")
    resumed.communicate(timeout=60)
    assert resumed.returncode == 0
    assert not (tmp_path / "run/.lock").exists()


def train_and_close_terminal(text: Path, out: Path, *, ignoring: bool, steps: int) -> int:
    """Start a training, close its terminal after 50 steps, and return its exit status."""
    options = [*LONG, "--steps", str(steps), "--workers", "2", "--out", str(out)]
    pid, terminal = pty.fork()
    if pid == 0:
        if ignoring:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        program = [sys.executable, "-m", "charrnn", "train", str(text), *options]
        os.execve(program[0], program, clean_environment())
    output = b""
    while b"step 50 " not in output:
        output += os.read(terminal, 1000)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_training_whose_terminal_is_closed_saves_its_work(text: Path, tmp_path: Path) -> None:
    code = train_and_close_terminal(text, tmp_path / "run", ignoring=False, steps=100_000)
    assert code == -signal.SIGHUP
    assert (tmp_path / "run/last.npz").is_file()
    assert not (tmp_path / "run/.lock").exists()


def test_training_that_outlives_its_terminal_goes_on_to_its_end(text: Path, tmp_path: Path) -> None:
    assert train_and_close_terminal(text, tmp_path / "run", ignoring=True, steps=400) == 0
    last = (tmp_path / "run/log.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    assert json.loads(last)["step"] == 400
