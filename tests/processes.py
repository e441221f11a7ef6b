"""What the system says about processes."""

import os
import time
from pathlib import Path

GRACE = 10.0


def children(pid: int | None = None) -> list[int]:
    """The processes that were started by process ``pid``, or this one, and are not gone."""
    pid, found = pid or os.getpid(), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def gone(pid: int) -> bool:
    """Whether a process ends within GRACE seconds."""
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False
