"""A team on one machine: the same training as alone, and nothing left behind however it ends."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.errors import MachineError
from charrnn.parallel.team import Team, worker_team
from charrnn.setting_types import check_setting
from charrnn.training.events import End, Event, Progress
from tests.conftest import clean_environment
from tests.processes import children, gone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="teams need file descriptors to inherit")
CONFIG = TrainConfig(hidden=16, layers=2, batch=6, seq=16, steps=12, lr=0.02, eval_every=5)


def config_with_workers(workers: int, **changes: object) -> TrainConfig:
    return TrainConfig(**{**vars(CONFIG), "workers": workers, **changes})


@pytest.mark.parametrize("cell", CELLS)
def test_team_learns_what_one_learns_alone_but_for_rounding(
    cell: str, text: Path, tmp_path: Path
) -> None:
    """Two workers share six streams evenly, four do not; dropout is drawn for the whole batch."""
    models = [
        charrnn.train(text, config_with_workers(workers, cell=cell), out=tmp_path / str(workers))
        for workers in (1, 2, 4)
    ]
    alone, *teams = (model.checkpoint.network.parameters.vector for model in models)
    for vector in teams:
        np.testing.assert_allclose(vector, alone, atol=2e-4)


def test_same_seed_and_workers_make_the_same_bytes(text: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        charrnn.train(text, config_with_workers(3), out=tmp_path / name)
    for file in ("best.npz", "config.toml"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_last_has_the_states_of_all_streams(text: Path, tmp_path: Path) -> None:
    for workers in (1, 3):
        charrnn.train(text, config_with_workers(workers), out=tmp_path / str(workers))
    alone, team = (np.load(tmp_path / name / "last.npz") for name in "13")
    for array in ("h_l0", "c_l0", "h_l1", "c_l1"):
        assert team[f"training.{array}"].shape == (6, 16)
        np.testing.assert_allclose(team[f"training.{array}"], alone[f"training.{array}"], atol=2e-4)


def test_patience_and_stop_requests_end_the_whole_team(text: Path, tmp_path: Path) -> None:
    steps = iter(range(7))
    events: list[Event] = []
    charrnn.train(
        text,
        config_with_workers(2),
        out=tmp_path / "run",
        on_event=events.append,
        stop_requested=lambda: next(steps, None) is None,
    )
    assert isinstance(events[-1], End)
    assert (events[-1].stopped, events[-1].step, events[-1].workers) == ("interrupted", 8, 2)
    config = config_with_workers(2, patience=1, lr=3.0, steps=500, eval_every=2)
    charrnn.train(text, config, out=tmp_path / "other", on_event=events.append)
    assert isinstance(events[-1], End)
    assert events[-1].stopped == "patience"
    assert children() == []


def test_worker_that_is_killed_ends_the_run_with_one_error(text: Path, tmp_path: Path) -> None:
    def kill(event: Event) -> None:
        if isinstance(event, Progress) and event.step == 3:
            os.kill(children()[0], signal.SIGKILL)

    with pytest.raises(MachineError, match="worker 1: was ended by SIGKILL") as caught:
        charrnn.train(text, config_with_workers(2), out=tmp_path / "run", on_event=kill)
    assert caught.value.exit_code == 6
    assert children() == []
    assert not (tmp_path / "run/corpus.ids").exists()


def test_worker_that_fails_says_why() -> None:
    with (
        pytest.raises(MachineError, match=r"worker 1: failed with UnpicklingError"),
        worker_team(2, 8, b"no job") as team,
    ):
        team.sum(np.zeros(3, np.float32))
    assert children() == []


class WrongSetting:
    """Cannot be unpickled, because a setting in it has a wrong value."""

    def __reduce__(self) -> tuple[object, ...]:
        return check_setting, (TrainConfig, "hidden", 0)


@pytest.mark.usefixtures("japanese")
def test_worker_that_fails_says_why_in_the_language_of_the_first() -> None:
    with (
        pytest.raises(MachineError, match=r"ワーカー 1: .*hidden: 0 は使えません。1 以上の整数を"),
        worker_team(2, 8, pickle.dumps(WrongSetting())) as team,
    ):
        team.sum(np.zeros(3, np.float32))


def test_workers_end_when_the_first_is_killed(text: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "charrnn",
        "train",
        text,
        "--workers",
        "2",
        "--steps",
        "100000",
    ]
    with subprocess.Popen(
        [*map(str, command), "--hidden", "16", "--batch", "4", "--json"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()  # the training has begun
        workers = children(first.pid)
        assert len(workers) == 1
        first.kill()
        assert gone(workers[0])


def test_script_without_a_guard_trains_once(text: Path, tmp_path: Path) -> None:
    """Workers never run the script that they were started from, NumPy loaded or not."""
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy, charrnn\n"
        "print('started')\n"
        f"config = charrnn.TrainConfig(hidden=8, batch=4, seq=8, steps=4, workers=2)\n"
        f"charrnn.train({str(text)!r}, config, out='run')\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("started\n", "")


@pytest.mark.parametrize("length", [1, 7, 8, 30])
def test_alone_a_sum_is_what_it_was(length: int) -> None:
    array = np.arange(length, dtype=np.float32)
    Team().sum(array)
    np.testing.assert_array_equal(array, np.arange(length))
    assert Team().shard(length) == slice(0, length)


def test_shares_cover_the_whole_once() -> None:
    for size in (1, 2, 3, 7):
        for whole in (0, 1, 6, 50):
            shares = []
            for rank in range(size):
                member = Team()
                member.rank, member.size = rank, size
                shares += list(range(whole))[member.shard(whole)]
            assert shares == list(range(whole))
