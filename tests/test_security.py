"""What SECURITY.md promises about files of somebody else, where no other test holds it.

Damaged model files are in test_checkpoint.py, hostile characters in test_cli.py and test_live.py.
"""

import io
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from charrnn.errors import InputError
from charrnn.storage.lock import Lock, is_locked
from charrnn.storage.model_file import load
from tests.conftest import Program, run_python
from tests.test_checkpoint import meta, write_damaged
from tests.test_cli import failed

FORBIDDEN = 99  # the exit code of a process that did what it must not do
GUARD = f"""
import os, sys
def guard(event, arguments):
    if event in os.environ["FORBIDDEN"].split() or str(arguments[:1]).find("canary") >= 0:
        os._exit({FORBIDDEN})
sys.addaudithook(guard)
"""
CONNECTIONS = "socket.connect socket.bind socket.sendto socket.getaddrinfo"
SMALL = ("--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "4", "--eval-every", "2")
DEEP = "[" * 50_000 + "]" * 50_000


@pytest.fixture
def guarded(program: Program, tmp_path: Path) -> Callable[..., int]:
    """``guarded(events, "sample", ...)`` runs charrnn, which ends when Python reports an event."""
    folder = tmp_path / "guard"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(GUARD)

    def run(forbidden: str, *arguments: str | Path) -> int:
        return program(*arguments, PYTHONPATH=str(folder), FORBIDDEN=forbidden).code

    return run


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("socket.connect", "import socket; socket.socket().connect_ex(('127.0.0.1', 1))"),
        ("pickle.find_class", "import pickle; pickle.loads(b'cos\\nsystem\\n.')"),
        ("", "open('canary.txt', 'w')"),
    ],
)
def test_the_guard_of_these_tests_ends_a_process(tmp_path: Path, event: str, code: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    done = run_python(tmp_path, "-c", code, PYTHONPATH=str(tmp_path), FORBIDDEN=event)
    assert done.code == FORBIDDEN


def test_no_command_opens_a_connection(
    guarded: Callable[..., int], text: Path, tmp_path: Path
) -> None:
    """Not the workers either, which inherit the guard."""
    assert guarded(CONNECTIONS, "train", text, *SMALL, "--workers", "2", "--out", "run") == 0
    assert guarded(CONNECTIONS, "sample", "run", "--length", "5") == 0
    assert guarded(CONNECTIONS, "inspect", "report", "run", "--html", "report.html") == 0
    assert guarded(CONNECTIONS, "inspect", "live", "run", "--html", "live.html") == 0


def test_a_model_file_is_read_without_pickle_and_its_names_are_not_opened(
    guarded: Callable[..., int], run_folder: Path, tmp_path: Path
) -> None:
    corpus = {**dict(meta(run_folder / "best.npz")["corpus"]), "files": [str(tmp_path / "canary")]}  # type: ignore[call-overload]
    path = write_damaged(run_folder / "best.npz", tmp_path, corpus=corpus)
    assert "canary" in load(path).corpus_info.files[0]
    for command in (
        ("sample", path, "--length", "5"),
        ("inspect", path),
        ("inspect", "vocab", path),
    ):
        assert guarded("pickle.find_class", *command) == 0


def test_a_file_that_declares_more_than_it_has_is_refused(run_folder: Path, tmp_path: Path) -> None:
    model = run_folder / "best.npz"
    config = dict(meta(model)["config"])  # type: ignore[call-overload]
    huge = write_damaged(model, tmp_path, config={**config, "hidden": 1_000_000})
    with pytest.raises(InputError, match="parameters, which it does not contain"):
        load(huge)
    deep = write_damaged(model, tmp_path, config={**config, "layers": 9_000})
    with pytest.raises(InputError, match="does not have arrays for 9000 layers"):
        load(deep)


def rewrite(model: Path, path: Path, change: Callable[[bytes], bytes], method: int) -> Path:
    """A copy of a model file with another compression, or another beginning of an array."""
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(path, "w", method) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == "out.bias.npy" else content)
    return path


def declare(shape: tuple[int, ...]) -> Callable[[bytes], bytes]:
    """A change of an array's header, which declares another shape."""

    def change(content: bytes) -> bytes:
        header = io.BytesIO()
        described = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, described)
        return header.getvalue() + content[-4:]

    return change


@pytest.mark.parametrize(
    ("change", "method", "named"),
    [
        (declare((10**12,)), zipfile.ZIP_STORED, "out.bias has the shape"),
        (lambda content: content, zipfile.ZIP_DEFLATED, "is compressed"),
        (lambda content: content.replace(b"(", b"-" * 99, 1), zipfile.ZIP_STORED, "out.bias"),
    ],
    ids=["shape", "bomb", "header"],
)
def test_an_array_takes_no_more_than_its_bytes(
    run_folder: Path, tmp_path: Path, change: Callable[[bytes], bytes], method: int, named: str
) -> None:
    path = rewrite(run_folder / "best.npz", tmp_path / "model.npz", change, method)
    with pytest.raises(InputError, match=f"is not a complete charrnn model .*{named}"):
        load(path)


def test_settings_that_are_nested_too_deeply_are_errors(
    program: Program, text: Path, tmp_path: Path
) -> None:
    (tmp_path / "deep.toml").write_text(f"[train]\nhidden = {DEEP}\n")
    failed(program("train", text, "--config", "deep.toml"), 2, "deep.toml is nested too deeply")
    assert program("train", text, *SMALL, "--workers", "1", "--out", "run").code == 0
    config = tmp_path / "run/config.toml"
    config.write_text(f"{config.read_text('utf-8')}\nx = {DEEP}\n", "utf-8")
    for arguments in (("train", "--resume", "--out", "run"), ("inspect", "neurons", "run")):
        failed(program(*arguments), 3)
    (tmp_path / "run/log.jsonl").write_text(f"{DEEP}\n")
    failed(program("inspect", "loss", "run"), 3, "log.jsonl, line 1: ", "nested too deeply")


@pytest.mark.parametrize("content", [DEEP, '{"pid": 1e400, "host": ""}', f'{{"pid": {10**30}}}'])
def test_a_lock_file_of_somebody_else_does_no_harm(tmp_path: Path, content: str) -> None:
    (tmp_path / ".lock").write_text(content)
    assert not is_locked(tmp_path)
    Lock(tmp_path).acquire()


class Elements(HTMLParser):
    """The names of all elements of a page, and of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_text_and_names_cannot_add_to_a_page(program: Program, tmp_path: Path) -> None:
    evil = "'\"><script>alert(1)</script><img src=x onerror=alert(1)> &lt;"
    name = evil.replace("/", "")
    (tmp_path / name).write_text(f"{evil}\n" * 60, encoding="utf-8")
    trained = program("train", name, *SMALL, "--workers", "1", "--out", f"{name}.run")
    assert trained.code == 0, trained.err
    for report, *arguments in (["report"], ["score", name], ["unroll", "--text", evil]):
        page = f"{report}.html"
        done = program("inspect", report, *arguments, f"{name}.run", "--html", page)
        assert done.code == 0, done.err
        made = (tmp_path / page).read_text(encoding="utf-8")
        assert "alert(1)" in made
        elements = Elements()
        elements.feed(made)
        assert elements.names.count("script") == 1
        assert not {"img", "iframe", "link", "object"} & set(elements.names)
        assert not {each for each in elements.attributes if each.startswith("on")}


def test_a_run_folder_names_files_and_reports_show_them_only_if_they_are_its_text(
    program: Program, tmp_path: Path, text: Path
) -> None:
    assert program("train", text, *SMALL, "--workers", "1", "--out", "run").code == 0
    secret = "the secret of this machine\n" * 60
    (tmp_path / "secret.txt").write_text(secret)
    config = tmp_path / "run/config.toml"
    config.write_text(config.read_text("utf-8").replace("text.txt", "secret.txt"), "utf-8")
    (tmp_path / "question.txt").write_text(secret[:40])
    for arguments in (("neurons", "run"), ("copied", "question.txt", "run"), ("memory", "run")):
        done = program("inspect", *arguments, "--json")
        failed(done, 3, "secret.txt")
        assert "the secret of" not in done.err
