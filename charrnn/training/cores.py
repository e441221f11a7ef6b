"""How many cores this process may use: affinity and control groups, not what the machine has."""

import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cores() -> int:
    """At least one; half a core of a quota is none."""
    return max(1, int(min(_affinity(), *_quotas())))


def _affinity() -> float:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas() -> Iterator[float]:
    """The limits, in cores, of the control group that this process is in and of those above it."""
    yield float("inf")
    try:
        groups = MEMBERSHIP.read_text().splitlines()
    except OSError:
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            for folder in (Path(path), *Path(path).parents):
                yield _quota(GROUPS / folder.relative_to("/") / "cpu.max")
        elif "cpu" in controllers.split(","):
            folder = GROUPS / "cpu" / path.lstrip("/")
            yield _quota(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")


def _quota(*files: Path) -> float:
    """Time over period, which stand in one file or in two; no number or -1 is no limit."""
    try:
        time, period = " ".join(file.read_text() for file in files).split()
        return int(time) / int(period) if int(time) > 0 else float("inf")
    except (OSError, ValueError):
        return float("inf")
