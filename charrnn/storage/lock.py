"""One owner for a folder: a locked file in it, which says who that is.

The system lifts the lock when the process ends, however it ends; the file that a kill leaves behind
means nothing. On a file system without locks the file alone must do.
"""

import errno
import json
import os
import platform
from pathlib import Path

from charrnn.errors import FolderError

NAME = ".lock"
TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class Lock:
    """Of this process on ``folder``, from `take` to `release`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / NAME
        self._handle: int | None = None

    def take(self) -> None:
        """Own the folder.

        Raises:
            FolderError: naming the process that does.
            OSError: when nothing can be written there.
        """
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, self.file)
            if not _is_still(self.file, handle):  # another's, who removed it just now
                raise FolderError(self.file.parent, "another process was training in it; try again")
            me = json.dumps({"pid": os.getpid(), "host": platform.node()})
            os.ftruncate(handle, 0)
            os.pwrite(handle, me.encode(), 0)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def release(self) -> None:
        """Let others have it; nothing stays behind."""
        if self._handle is not None:
            self.file.unlink(missing_ok=True)  # before the lock: nobody else's can be there
            os.close(self._handle)
            self._handle = None


def is_locked(folder: Path) -> bool:
    """Whether somebody seems to train in ``folder``, who is not disturbed by this question."""
    pid, host = _written(folder / NAME)
    return pid is not None and (host != platform.node() or _is_alive(pid))


def _lock(handle: int, file: Path) -> None:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows
        return
    except OSError as error:
        pid, host = _written(file)
        elsewhere = "" if host == platform.node() else f" on {host}"
        owner = f"process {pid}{elsewhere}" if pid else "another process"
        if error.errno in TAKEN:
            raise FolderError(file.parent, f"{owner} is training in it; wait for it") from None
        if pid and (elsewhere or _is_alive(pid)):
            raise FolderError(
                file.parent, f"{owner} is training in it; if it is no longer, remove {file}"
            ) from None


def _written(file: Path) -> tuple[int | None, str]:
    """Process id and host of whoever wrote the file; none while it is written."""
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
        return int(owner["pid"]), str(owner["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's
    return True


def _is_still(file: Path, handle: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
