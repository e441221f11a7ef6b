"""What several tests share: a tiny trained run, and the program as a user's shell starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import charrnn

ROOT = Path(__file__).resolve().parent.parent
TEXT = "今日は風が強い。洗濯物に気をつけた。\nToday is windy, and we mind the washing.\n" * 40
CONFIG = charrnn.TrainConfig(hidden=16, batch=4, seq=16, steps=60, lr=0.02, eval_every=20)


@dataclass(frozen=True)
class Finished:
    """A program that ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


Program = Callable[..., Finished]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """``program("sample", ...)`` runs charrnn in an empty folder."""

    def run(*args: str | Path, stdin: bytes = b"", **environment: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "charrnn", *map(str, args)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**clean_environment(), **environment},
            timeout=60,
            check=False,
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of charrnn's."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CHARRNN_") and name != "NO_COLOR"
    }


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """TEXT in a file."""
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few seconds over TEXT."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    charrnn.train(folder / "text.txt", CONFIG, out=folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def model(run_folder: Path) -> charrnn.Model:
    """The best model of that run."""
    return charrnn.load(run_folder)
