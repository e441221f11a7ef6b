"""Fixtures of several tests: a small trained run, and the program as a user's shell starts it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import charrnn
from tests.no_skips import NoSkips

ROOT = Path(__file__).resolve().parent.parent
TEXT = "今日は風が強い。洗濯物に気をつけた。\nToday is windy, and we mind the washing.\n" * 40
CONFIG = charrnn.TrainConfig(hidden=16, batch=4, seq=16, steps=60, lr=0.02, eval_every=20)

LANGUAGE_VARIABLES = ("CHARRNN_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

NOBODY = 65534  # the number of the user and of the group
# Starts charrnn as a user to whom file permissions apply: root may read everything. All modules
# are loaded before, because the other user may have no access to the folders that hold them.
AS_NOBODY = f"""
import encodings, importlib, os, pkgutil
import charrnn, charrnn.cli.main
for package in (charrnn, encodings):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", "mbcs", "oem")):  # the last two are for Windows
            importlib.import_module(module.name)
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
charrnn.cli.main.main()
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--no-skips``."""
    parser.addoption("--no-skips", action="store_true", help="fail if a test does not run")


def pytest_configure(config: pytest.Config) -> None:
    """Act on ``--no-skips``; let every program speak English, whoever runs the tests."""
    for name in LANGUAGE_VARIABLES:
        os.environ.pop(name, None)
    os.environ["LANG"] = "C.UTF-8"
    if config.getoption("no_skips"):
        config.pluginmanager.register(NoSkips())


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
    return partial(run_python, tmp_path, "-m", "charrnn")


@pytest.fixture
def unprivileged(tmp_path: Path) -> Program:
    """The same as a user to whom file permissions apply, who owns the folder and all in it."""
    if os.geteuid() != 0:
        return partial(run_python, tmp_path, "-m", "charrnn")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    return partial(run_python, tmp_path, "-c", AS_NOBODY)


def run_python(folder: Path, *args: str | Path, stdin: bytes = b"", **environment: str) -> Finished:
    """Run Python in ``folder``, without settings of charrnn's in the environment."""
    done = subprocess.run(
        [sys.executable, *map(str, args)],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env={**clean_environment(), **environment},
        timeout=60,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of charrnn's."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CHARRNN_") and name != "NO_COLOR"
    }


@pytest.fixture
def japanese() -> Iterator[None]:
    """Japanese is spoken in this process during a test."""
    charrnn.set_language("ja")
    yield
    charrnn.set_language("en")


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


@pytest.fixture
def bar_at_once(tmp_path: Path) -> str:
    """A PYTHONPATH with which nothing is too quick for a bar, however fast the machine is."""
    (tmp_path / "sitecustomize.py").write_text(
        "import charrnn.progress_bar as p; p.BAR_DELAY = 0.0\n"
    )
    return str(tmp_path)
