"""Processes of the system, read from /proc."""

import os
import time
from contextlib import suppress
from pathlib import Path

GRACE = 10.0


def stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, …

    Raises:
        OSError: when the process is gone.
    """
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def children(pid: int | None = None) -> list[int]:
    """The running processes that process ``pid``, or this one, has started."""
    pid, found = pid or os.getpid(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(stat(process.name)[1]) == pid:
                found.append(int(process.name))
    return found


def gone(pid: int) -> bool:
    """Wait up to GRACE seconds for a process to end, and return whether it did."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        try:
            if stat(pid)[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
