"""A lock on a run folder: one process at a time trains in it.

The lock is an advisory lock on the file `.lock`, which the system releases when the process ends in
any way. The file names its process, for the error message in other processes. A file that remains
after a kill is not locked and stops no other process.

On file systems without locks, the file alone counts: it stops others while its process lives, or
when it was written on another host. The file is locked and not the folder, because NFS locks only
what is open for writing.
"""

import errno
import json
import os
import platform
from pathlib import Path

from charrnn.errors import FolderError
from charrnn.language import gettext as _

LOCK_NAME = ".lock"
ERRORS_WHEN_LOCKED = (errno.EWOULDBLOCK, errno.EACCES)


class Lock:
    """The lock of this process on ``folder``, from `acquire` to `release`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / LOCK_NAME
        self._handle: int | None = None

    def acquire(self) -> None:
        """Lock the folder.

        Raises:
            FolderError: naming the process that has locked it.
            OSError: when nothing can be written there.
        """
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, self.file)
            # The previous owner may have removed the file after it was opened here; the lock is
            # then on a file that nobody else can see.
            if not _is_same_file(self.file, handle):
                problem = _("another process was training in it until now; try again")
                raise FolderError(self.file.parent, problem)
            owner = json.dumps({"pid": os.getpid(), "host": platform.node()})
            os.ftruncate(handle, 0)
            os.pwrite(handle, owner.encode(), 0)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def release(self) -> None:
        """Unlock the folder and remove the file."""
        if self._handle is not None:
            # Removed while it is still locked: afterwards it could be another process's file.
            self.file.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def is_locked(folder: Path) -> bool:
    """Return whether a process seems to train in ``folder``. Asking does not lock it."""
    pid, host = _read_owner(folder / LOCK_NAME)
    return pid is not None and (host != platform.node() or _is_alive(pid))


def _lock(handle: int, file: Path) -> None:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows
        return
    except OSError as error:
        pid, host = _read_owner(file)
        is_remote = host != platform.node()
        if pid is None:
            owner = _("another process")
        elif is_remote:
            owner = _("process {pid} on {host}").format(pid=pid, host=host)
        else:
            owner = _("process {pid}").format(pid=pid)
        if error.errno in ERRORS_WHEN_LOCKED:
            problem = _("{owner} is training in it; wait until it ends")
            raise FolderError(file.parent, problem.format(owner=owner)) from None
        # The file system has no locks.
        if pid and (is_remote or _is_alive(pid)):
            problem = _("{owner} is training in it; if it no longer runs, remove {file}")
            raise FolderError(file.parent, problem.format(owner=owner, file=file)) from None


def _read_owner(file: Path) -> tuple[int | None, str]:
    """Return the process id and host in a lock file; no id when it is damaged or being written."""
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
        return int(owner["pid"]), str(owner["host"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None, ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # no process has so large a number
        return False
    except OSError:
        pass  # it is alive, and belongs to another user
    return True


def _is_same_file(file: Path, handle: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
