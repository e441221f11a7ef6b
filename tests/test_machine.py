"""What of a machine may be used: its own figures, and the limits of control groups."""

from pathlib import Path

import pytest

from charrnn.parallel import machine
from charrnn.parallel.machine import count_cores, measure_free_memory


def fake_cgroups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: str, files: dict[str, str]
) -> None:
    """Make this process a member of control ``groups`` that have these ``files``."""
    (tmp_path / "membership").write_text(groups)
    for name, content in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setattr(machine, "OWN_CGROUPS", tmp_path / "membership")
    monkeypatch.setattr(machine, "CGROUP_ROOT", tmp_path / "groups")


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2),
        ("0::/\n", {}, float("inf")),
        (
            "4:cpu,cpuacct:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "300000\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
            3,
        ),
        (
            "4:cpu:/x\n",
            {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
            float("inf"),
        ),
    ],
)
def test_quota_of_a_control_group_limits_the_cores(
    groups: str,
    files: dict[str, str],
    expected: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_cgroups(tmp_path, monkeypatch, groups, files)
    monkeypatch.setattr(machine, "list_processors", lambda: set(range(64)))
    assert count_cores() == max(1, int(min(expected, 64)))


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"memory.max": "5000\n", "memory.current": "3000\n"}, 2000),
        (
            "0::/a/b\n",
            {
                "a/memory.max": "9000\n",
                "a/memory.current": "8000\n",
                "a/memory.stat": "anon 1000\ninactive_file 6000\nactive_file 500\n",
                "a/b/memory.max": "max\n",
                "a/b/memory.current": "8000\n",
            },
            7500,
        ),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "3000\n"}, 10_240),
        (
            "3:memory:/x\n",
            {"memory/x/memory.limit_in_bytes": "900\n", "memory/x/memory.usage_in_bytes": "200\n"},
            700,
        ),
        ("0::/\n", {}, 10_240),
    ],
)
def test_free_memory_is_that_of_the_machine_or_what_a_control_group_has_left(
    groups: str,
    files: dict[str, str],
    expected: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_cgroups(tmp_path, monkeypatch, groups, files)
    (tmp_path / "meminfo").write_text("MemTotal:   99 kB\nMemAvailable:     10 kB\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    assert measure_free_memory() == expected


def test_memory_that_nobody_tells_of_is_no_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "OWN_CGROUPS", tmp_path / "missing")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "missing")
    assert measure_free_memory() == float("inf")
