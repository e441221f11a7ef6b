"""What the system says about processes."""

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
    """The processes that were started by process ``pid``, or this one, and are not gone."""
    pid, found = pid or os.getpid(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(stat(process.name)[1]) == pid:
                found.append(int(process.name))
    return found


def gone(pid: int) -> bool:
    """Whether a process ends within GRACE seconds."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        try:
            if stat(pid)[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
