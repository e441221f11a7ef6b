"""The scripts in examples/, run unchanged with short trainings."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from charrnn.storage.lock import is_locked
from charrnn.storage.model_file import load
from tests.conftest import clean_environment

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
GRID = [f"{cell}-{hidden}" for cell in ("gru", "lstm", "rnn") for hidden in (128, 64)]
TIME = 120.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shell scripts")


def environment(steps: int, **variables: str) -> dict[str, str]:
    """The environment that runs this checkout's ``charrnn``, with trainings of ``steps`` steps."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {"STEPS": str(steps), "EVAL_EVERY": "5", "BATCH": "4", "SEQ": "16"}
    small = {f"CHARRNN_TRAIN_{name}": value for name, value in settings.items()}
    return {**clean_environment(), "PATH": path, **small, **variables}


def command_line(name: str, text: Path, runs: Path) -> list[str]:
    """The command line of a script."""
    if name.endswith(".mk"):
        return ["make", "-f", str(EXAMPLES / name), "-j2", f"CORPUS={text}", f"RUNS={runs}"]
    return [str(EXAMPLES / name), str(text), str(runs)]


def run(
    command: list[str], steps: int = 5, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(steps, **(variables or {})), capture_output=True, encoding="utf-8",
        timeout=TIME, check=False,
    )  # fmt: skip


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + TIME
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def list_finished_runs(output: str, runs: Path) -> list[str]:
    """The names of the runs in the table that ends the ``output``; all of them have finished."""
    assert "unfinished" not in output
    return [
        line.split()[0].rpartition("/")[2]
        for line in output.splitlines()
        if line.startswith(f"{runs}/")
    ]


def modification_times(runs: Path) -> dict[Path, int]:
    """The modification time of each model file."""
    return {file: file.stat().st_mtime_ns for file in runs.glob("*/*.npz")}


@pytest.mark.parametrize("name", ["grid.sh", "grid.mk"])
def test_a_grid_that_is_killed_and_started_again_ends_with_a_table_of_all_runs(
    name: str, text: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "グリッド"
    endless = subprocess.Popen(
        command_line(name, text, runs), env=environment(100_000), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: len(list(runs.glob("*/last.npz"))) >= 2)  # as many as there are side by side
    os.killpg(endless.pid, signal.SIGKILL)
    endless.wait()
    wait_until(lambda: not any(is_locked(run) for run in runs.iterdir()))
    steps = 5 + max(load(run / "last.npz").step for run in runs.iterdir())
    completed = run(command_line(name, text, runs), steps)
    assert completed.returncode == 0, completed.stderr
    assert sorted(list_finished_runs(completed.stdout, runs)) == GRID
    before = modification_times(runs)
    again = run(command_line(name, text, runs), steps)
    assert again.returncode == 0, again.stderr
    assert (list_finished_runs(again.stdout, runs), modification_times(runs)) == (
        list_finished_runs(completed.stdout, runs),
        before,
    )


@pytest.mark.parametrize("name", ["grid.sh", "grid.mk"])
def test_the_grid_fails_when_one_of_its_trainings_fails(name: str, tmp_path: Path) -> None:
    completed = run(command_line(name, tmp_path / "nowhere.txt", tmp_path / "runs"))
    assert completed.returncode != 0
    assert f"charrnn: {tmp_path / 'nowhere.txt'}: no such file or folder" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_the_loop_over_seeds_stops_at_ctrl_c_and_resumes(text: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = command_line("seeds.sh", text, runs)
    loop = subprocess.Popen(
        command, env=environment(100_000, CHARRNN_TRAIN_HIDDEN="8"), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_until((runs / "seed-0/last.npz").is_file)
    os.killpg(loop.pid, signal.SIGINT)  # as a terminal does
    _, errors = loop.communicate(timeout=TIME)
    assert loop.returncode == -signal.SIGINT
    assert b"Traceback" not in errors
    assert [run.name for run in runs.iterdir()] == ["seed-0"]
    steps = 5 + load(runs / "seed-0/last.npz").step
    completed = run(command, steps, {"CHARRNN_TRAIN_HIDDEN": "8"})
    assert completed.returncode == 0, completed.stderr
    assert sorted(list_finished_runs(completed.stdout, runs)) == ["seed-0", "seed-1", "seed-2"]


def test_the_tasks_of_the_slurm_array_cover_the_grid(text: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for task in range(6):
        variables = {
            "SLURM_ARRAY_TASK_ID": str(task), "SLURM_SUBMIT_DIR": str(EXAMPLES.parent),
            "SLURM_PROCID": "0", "SLURM_NTASKS": "1",
        }  # fmt: skip
        completed = run(command_line("slurm-array.sh", text, runs), variables=variables)
        assert completed.returncode == 0, completed.stderr
    assert sorted(run.name for run in runs.iterdir()) == GRID
    models = [load(run / "best.npz").config for run in sorted(runs.iterdir())]
    assert [f"{model.cell}-{model.hidden}" for model in models] == GRID


def test_a_task_of_the_slurm_array_can_be_stopped_and_resumed(text: Path, tmp_path: Path) -> None:
    variables = {"SLURM_ARRAY_TASK_ID": "2", "SLURM_SUBMIT_DIR": str(EXAMPLES.parent)}
    runs = tmp_path / "runs"
    command = command_line("slurm-array.sh", text, runs)
    task = subprocess.Popen(
        command, env=environment(100_000, **variables), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until((runs / "gru-64/last.npz").is_file)
    task.terminate()  # to this process alone, as --signal=B: does
    assert task.wait(TIME) == -signal.SIGTERM
    before = load(runs / "gru-64/last.npz").step
    assert run(command, before + 5, variables).returncode == 0
    assert load(runs / "gru-64/last.npz").step == before + 5


def test_every_example_is_tested_and_is_executable() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    for example in EXAMPLES.iterdir():
        assert example.name == "begin-or-resume.sh" or f'"{example.name}"' in tested
        assert example.suffix == ".mk" or os.access(example, os.X_OK)
