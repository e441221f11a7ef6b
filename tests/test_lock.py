"""A run folder has one owner, who is named to the others, and a dead one is none."""

import errno
import fcntl
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import FolderError
from charrnn.storage.lock import Lock
from charrnn.storage.run_folder import RunFolder
from tests.conftest import TEXT, Program

HOLD = """
import sys
from collections.abc import Iterator
from pathlib import Path
from charrnn.storage.lock import Lock
Lock(Path(sys.argv[1])).acquire()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that owns the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process
        process.kill()


def disable_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that has none."""

    def refuse(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def write_lock_file(folder: Path, pid: int, host: str) -> None:
    (folder / ".lock").write_text(json.dumps({"pid": pid, "host": host}), encoding="utf-8")


def test_the_owner_is_named_and_once_dead_is_none(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    with pytest.raises(
        FolderError, match=rf"process {owner.pid} is training in it; wait until it ends"
    ):
        Lock(tmp_path).acquire()
    owner.kill()
    owner.wait()
    assert (tmp_path / ".lock").is_file()
    lock = Lock(tmp_path)
    lock.acquire()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_exit_5(
    owner: "subprocess.Popen[str]", program: Program, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    done = program("train", tmp_path / "text.txt", "--resume", "--out", tmp_path)
    assert (done.code, done.out) == (5, "")
    assert f"process {owner.pid} is training in it" in done.err


def test_within_one_process_there_is_one_owner_too(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    first.acquire()
    with pytest.raises(FolderError, match=f"process {os.getpid()} is training"):
        Lock(tmp_path).acquire()
    first.release()
    Lock(tmp_path).acquire()


def test_without_locks_the_living_and_the_remote_are_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_locks(monkeypatch)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid, host, free in [
        (os.getpid(), platform.node(), False),
        (1, platform.node(), False),
        (ended.pid, platform.node(), True),
        (ended.pid, "elsewhere", False),
    ]:
        write_lock_file(tmp_path, pid, host)
        if free:
            Lock(tmp_path).acquire()
        else:
            with pytest.raises(FolderError, match=rf"process {pid}\b.*remove .*\.lock"):
                Lock(tmp_path).acquire()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"pid": "x", "host": 1}'])
def test_a_lock_file_that_says_nothing_stops_nobody(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disable_locks(monkeypatch)
    (tmp_path / ".lock").write_bytes(content)
    Lock(tmp_path).acquire()


def test_a_folder_where_one_was_killed_at_once_is_free(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    (tmp_path / "run").mkdir()
    write_lock_file(tmp_path / "run", 1, platform.node())
    config = charrnn.TrainConfig(hidden=8, batch=4, seq=8, steps=5, workers=1)
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        "best.npz", "last.npz", "log.jsonl", "config.toml",
    }  # fmt: skip


def test_a_run_made_by_another_in_the_last_moment_is_kept(tmp_path: Path) -> None:
    """Found free, locked; but in between somebody else had trained there and gone."""
    folder = RunFolder(tmp_path)
    acquire = folder._lock.acquire

    def acquire_late() -> None:
        (tmp_path / "best.npz").write_bytes(b"theirs")
        acquire()

    folder._lock.acquire = acquire_late  # type: ignore[method-assign]
    with pytest.raises(FolderError, match="already contains a run"):
        folder.lock_new(overwrite=False)
    assert (tmp_path / "best.npz").read_bytes() == b"theirs"
    assert not (tmp_path / ".lock").exists()
