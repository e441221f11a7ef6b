"""The cores and the memory that this process may use, by its affinity and its control groups."""

import os
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
MEMINFO = Path("/proc/meminfo")
UNKNOWN = float("inf")


def count_cores(processes: Sequence[Set[int]] | None = None) -> int:
    """Return the number of cores that this process may use: at least 1, with a quota rounded down.

    ``processes`` are several processes that run here, each with the processors that it may use; the
    result is then an equal share of the cores.
    """
    processes = processes or [list_processors()]
    processors = len(frozenset().union(*processes))
    return max(1, int(min([processors, *_core_quotas()]) / len(processes)))


def list_processors() -> Set[int]:
    """Return the numbers of the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return frozenset(range(os.cpu_count() or 1))


def measure_free_memory() -> float:
    """Return how many bytes this process can still allocate; infinity where that is unknown."""
    return min([_system_memory(), *_cgroup_memory()])


def _core_quotas() -> Iterator[float]:
    """Yield the quota, in cores, of each control group that has one."""
    for folder in _cgroup_folders("cpu"):
        for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):  # version 2, 1
            numbers = _read_numbers(*(folder / name for name in files))
            if len(numbers) == 2:
                yield numbers[0] / numbers[1]


def _system_memory() -> float:
    """Return how many bytes the whole system can allocate without swapping."""
    try:
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return UNKNOWN


def _cgroup_memory() -> Iterator[float]:
    """Yield how many bytes each control group with a limit can still allocate."""
    for folder in _cgroup_folders("memory"):
        for limit, usage in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            numbers = _read_numbers(folder / limit, folder / usage)
            if len(numbers) == 2:
                # The usage includes the page cache, which the system frees when memory runs short.
                yield numbers[0] - numbers[1] + _page_cache(folder)


def _page_cache(folder: Path) -> float:
    """Return how many bytes of files a control group has in the page cache."""
    try:
        lines = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return float(lines["inactive_file"]) + float(lines["active_file"])
    except (OSError, ValueError, KeyError):
        return 0.0


def _cgroup_folders(controller: str) -> Iterator[Path]:
    """Yield the folders of this process's control groups, and of the groups that contain them."""
    try:
        lines = OWN_CGROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2
            root = CGROUP_ROOT
        elif controller in controllers.split(","):
            root = CGROUP_ROOT / controller
        else:
            continue
        for folder in (Path(path), *Path(path).parents):
            yield root / folder.relative_to("/")


def _read_numbers(*files: Path) -> list[float]:
    """Return the numbers in ``files``; an empty list when a file is missing or sets no limit."""
    try:
        numbers = [float(word) for file in files for word in file.read_text().split()]
    except (OSError, ValueError):
        return []
    # A missing limit is written as "max", which is not a number (version 2), or as -1 (version 1).
    return numbers if numbers[0] > 0 else []
