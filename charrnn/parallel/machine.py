"""What of the machine this process may use: affinity and control groups, not what is built in."""

import os
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
MEMORY = Path("/proc/meminfo")
NO_LIMIT = float("inf")


def count_cores(processes: Sequence[Set[int]] | None = None) -> int:
    """At least one; half a core of a quota is none.

    Of several ``processes``, each with the processors that it may use, this is an equal share.
    """
    processes = processes or [list_processors()]
    at_hand = len(frozenset().union(*processes))
    return max(1, int(min([at_hand, *_quotas()]) / len(processes)))


def list_processors() -> Set[int]:
    """The numbers of those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return frozenset(range(os.cpu_count() or 1))


def measure_free_memory() -> float:
    """Bytes that can be had: of the machine and of each control group; infinite where unknown."""
    return min([_available(), *_left()])


def _quotas() -> Iterator[float]:
    """The limits, in cores, of the control group that this process is in and of those above it."""
    for folder in _groups("cpu"):
        for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            numbers = _numbers(*(folder / name for name in files))
            if len(numbers) == 2:
                yield numbers[0] / numbers[1]


def _available() -> float:
    """What the system says could be given away without swapping."""
    try:
        lines = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return NO_LIMIT


def _left() -> Iterator[float]:
    """Of each control group: its limit less what is in use, files in the page cache aside."""
    for folder in _groups("memory"):
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            numbers = _numbers(folder / limit, folder / usage)
            if len(numbers) == 2:
                yield numbers[0] - numbers[1] + _cached(folder)


def _cached(folder: Path) -> float:
    """What a control group's files take in the page cache, which makes room when asked."""
    try:
        lines = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return float(lines["inactive_file"]) + float(lines["active_file"])
    except (OSError, ValueError, KeyError):
        return 0.0


def _groups(controller: str) -> Iterator[Path]:
    """The folders of the control groups that this process is in, each with those above it."""
    try:
        lines = MEMBERSHIP.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            root = GROUPS
        elif controller in controllers.split(","):
            root = GROUPS / controller
        else:
            continue
        for folder in (Path(path), *Path(path).parents):
            yield root / folder.relative_to("/")


def _numbers(*files: Path) -> list[float]:
    """What stands in ``files``; none where one is missing, or where it says that nothing limits."""
    try:
        numbers = [float(word) for file in files for word in file.read_text().split()]
    except (OSError, ValueError):  # "max" is no number
        return []
    return numbers if numbers[0] > 0 else []
