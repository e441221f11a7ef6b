"""Ranks of MPI: the training of one machine, bit for bit, and nothing left behind however it ends.

On one machine, over loopback. Several machines are several names of it, to which the launcher gives
a node each.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from charrnn.cells import CELLS
from tests.conftest import ROOT, clean_environment
from tests.processes import children, gone

MPIEXEC = Path(sys.executable).with_name("mpiexec")  # of MPICH, from the wheel
pytest.importorskip("mpi4py")
pytestmark = [
    pytest.mark.mpi,
    pytest.mark.skipif(not MPIEXEC.is_file(), reason="needs the mpich of the package index"),
]
SMALL = [
    "--hidden",
    "16",
    "--layers",
    "2",
    "--batch",
    "8",
    "--seq",
    "8",
    "--eval-every",
    "10",
    "-q",
]
TIME = 60.0  # seconds after which a test is given up
MACHINES = ["-launcher", "fork", "-hosts", "localhost,127.0.0.1"]


def build_command(*arguments: object, ranks: int = 0, launcher: Sequence[str] = ()) -> list[str]:
    command = [sys.executable, "-m", "charrnn", *map(str, arguments)]
    return [str(MPIEXEC), *launcher, "-n", str(ranks), *command] if ranks else command


def run(
    *arguments: object,
    ranks: int = 0,
    launcher: Sequence[str] = (),
    variables: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        build_command(*arguments, ranks=ranks, launcher=launcher),
        capture_output=True, encoding="utf-8", env={**clean_environment(), **(variables or {})},
        timeout=TIME, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def train(text: Path, out: Path, *options: object, **how: object) -> dict[str, bytes]:
    """The arrays of the best model and of what going on takes, as bytes, of 30 steps."""
    done = run("train", text, "--out", out, *SMALL, "--steps", 30, *options, **how)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    return arrays(out)


def arrays(out: Path) -> dict[str, bytes]:
    return {
        f"{name}:{key}": array.tobytes()
        for name in ("best", "last")
        for key, array in np.load(out / f"{name}.npz").items()
        if key not in ("meta", "storage.meta")
    }


@contextmanager
def start(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A launcher and its ranks, which has no child left afterwards."""
    process = subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, encoding="utf-8",
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ranks_of(launcher: int) -> list[int]:
    """The processes that a launcher's proxies have started."""
    return [rank for proxy in children(launcher) for rank in children(proxy)]


def wait_until(what: Callable[[], object]) -> None:
    end = time.monotonic() + TIME
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("cell", CELLS)
def test_ranks_learn_to_the_last_bit_what_as_many_workers_learn(
    ranks: int, cell: str, text: Path, tmp_path: Path
) -> None:
    options = ["--cell", cell, "--dropout", "0.2"]
    by_ranks = train(text, tmp_path / "ranks", *options, "--workers", 1, ranks=ranks)
    assert by_ranks == train(text, tmp_path / "workers", *options, "--workers", ranks)


def test_ranks_on_other_machines_read_texts_of_their_own_and_shuffled(
    text: Path, tmp_path: Path
) -> None:
    beginning = text.read_text(encoding="utf-8")[:500]
    for name in ("val", "test"):
        (tmp_path / f"{name}.txt").write_text(beginning + name, encoding="utf-8")
    options = ["--val-file", tmp_path / "val.txt", "--test-file", tmp_path / "test.txt",
               "--shuffle", "lines"]  # fmt: skip
    by_ranks = train(
        text, tmp_path / "ranks", *options, "--workers", 1, ranks=2, launcher=MACHINES
    )  # fmt: skip
    assert by_ranks == train(text, tmp_path / "workers", *options, "--workers", 2)


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_of_two_workers_do_so_too(ranks: int, text: Path, tmp_path: Path) -> None:
    by_ranks = train(text, tmp_path / "ranks", "--workers", 2, ranks=ranks)
    assert by_ranks == train(text, tmp_path / "workers", "--workers", 2 * ranks)


def test_other_layouts_differ_by_rounding_alone(text: Path, tmp_path: Path) -> None:
    """Three workers a rank are no power of two, and 8 streams on 6 members uneven shares."""
    losses = []
    for name, workers, ranks in (("ranks", 3, 2), ("workers", 6, 0)):
        train(text, tmp_path / name, "--workers", workers, ranks=ranks)
        log = (tmp_path / name / "log.jsonl").read_text(encoding="utf-8").splitlines()
        losses.append([json.loads(line)["val_loss"] for line in log])
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-6)


def test_on_several_machines_each_reads_the_corpus_for_itself(text: Path, tmp_path: Path) -> None:
    by_ranks = train(text, tmp_path / "far", "--workers", 1, ranks=4, launcher=MACHINES)
    assert by_ranks == train(text, tmp_path / "near", "--workers", 4)
    resume_command = ["train", "--resume", "--out", tmp_path / "far", "-q", "--steps", 50]
    # Rank 0 sends the checkpoint to the other machine.
    assert run(*resume_command, ranks=4, launcher=MACHINES).returncode == 0
    resume_command[3] = tmp_path / "near"
    assert run(*resume_command).returncode == 0
    assert arrays(tmp_path / "far") == arrays(tmp_path / "near")


def test_a_text_that_comes_with_charrnn_is_read_on_each_machine(tmp_path: Path) -> None:
    by_ranks = train(Path("kakko"), tmp_path / "far", "--workers", 1, ranks=2, launcher=MACHINES)
    assert by_ranks == train(ROOT / "corpora/kakko.txt", tmp_path / "near", "--workers", 2)


def test_another_text_on_another_machine_is_refused(text: Path, tmp_path: Path) -> None:
    """There is one file system here, so rank 1 is made to see another text under the same name."""
    (tmp_path / "other.txt").write_text(text.read_text(encoding="utf-8")[::-1], encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        "import os\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from charrnn.text.sources import Source\n"
        "there = Source.open\n"
        f"other = Path({str(tmp_path / 'other.txt')!r})\n"
        "if os.environ.get('PMI_RANK') == '1':\n"
        "    Source.open = lambda file: there(replace(file, path=other))\n",
        encoding="utf-8",
    )
    variables = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    how: dict[str, object] = {"ranks": 2, "launcher": MACHINES, "variables": variables}
    done = run("train", text, "--out", tmp_path / "run", *SMALL, **how)  # type: ignore[arg-type]
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"charrnn: {text.name} at rank 1: is not, or no longer, the text")
    assert not (tmp_path / "run").exists()


def test_a_text_that_can_be_read_only_once_is_refused_on_several_machines(
    text: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    out = tmp_path / "run"
    command = build_command("train", pipe, "--out", out, *SMALL, ranks=2, launcher=MACHINES)
    with start(*command) as process:
        pipe.write_bytes(text.read_bytes())
        _, errors = process.communicate(timeout=TIME)
    assert process.returncode == 3
    (line,) = errors.splitlines()
    assert line.startswith("charrnn: standard input or a pipe at rank 1: can be read only once")
    assert not out.exists()


def test_standard_input_is_a_corpus_on_one_machine(text: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        build_command("train", "-", "--out", tmp_path / "run", *SMALL, "--steps", 5, ranks=2),
        input=text.read_bytes(), capture_output=True, env=clean_environment(), timeout=TIME,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "best.npz").is_file()


@pytest.mark.parametrize("launched", [0, 2, 4])
def test_a_run_goes_on_under_another_number_of_ranks_to_the_same_bits(
    launched: int, text: Path, tmp_path: Path
) -> None:
    once = train(text, tmp_path / "once", "--workers", 2, ranks=2)
    shutil.copytree(tmp_path / "once", tmp_path / "other")
    resume_command = ["train", "--resume", "-q", "--steps", 50, "--out"]
    assert run(*resume_command, tmp_path / "once", ranks=2).returncode == 0
    done = run(*resume_command, tmp_path / "other", ranks=launched)
    assert done.returncode == 0, done.stderr
    assert once != arrays(tmp_path / "once") == arrays(tmp_path / "other")


def test_ranks_that_would_round_otherwise_cannot_go_on(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(text, out, "--workers", 3, ranks=2)
    before = arrays(out)
    for ranks in (0, 3, 4):
        done = run("train", "--resume", "--out", out, "--steps", 50, ranks=ranks)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("charrnn: --ranks: the number of ranks started is")
        assert "the results of --ranks 2 with --workers 3" in line
        assert line.endswith("start 2")
    assert arrays(out) == before


def test_its_config_makes_the_same_model_with_and_without_mpi(text: Path, tmp_path: Path) -> None:
    made = train(text, tmp_path / "ranks", "--workers", 1, ranks=4)
    config = tmp_path / "ranks" / "config.toml"
    for name, ranks in (("alone", 0), ("two", 2), ("four", 4)):
        done = run("train", "--config", config, "--out", tmp_path / name, "-q", ranks=ranks)
        assert done.returncode == 0, done.stderr
        assert arrays(tmp_path / name) == made
        for file in ("best.npz", "config.toml"):
            there = (tmp_path / "ranks" / file).read_bytes()
            assert (tmp_path / name / file).read_bytes() == there


def test_rank_0_alone_talks(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run("train", text, "--out", out, *SMALL, "--steps", 20, "--json", ranks=4)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["start", "eval", "eval", "end"]
    assert events[-1]["workers"] == 4 * events[0]["config"]["workers"]
    assert done.stderr == ""
    assert sorted(file.name for file in out.iterdir()) == [
        "best.npz", "config.toml", "last.npz", "log.jsonl",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (["nowhere.txt"], 3, "nowhere.txt: no such file or folder"),
        (["--no-such-option"], 2, "--no-such-option: 'charrnn train' has no such option"),
        ([], 2, "train: CORPUS is missing"),
        (["TEXT", "--batch", "3"], 2, "--ranks: 4 exceeds the number of streams, 3"),
        (["TEXT", "--ranks", "3"], 2, "--ranks: the number of ranks started is 4"),
        (["TEXT", "--ranks", "2", "--workers", "6", "--batch", "24"], 2, "--ranks: the num"),
        (["TEXT", "--resume"], 2, "train: --resume needs the run folder"),
        (["TEXT", "--out", "."], 5, ".: exists and is not a run"),
    ],
)
def test_errors_are_one_line_of_rank_0(
    options: list[str], code: int, problem: str, text: Path, tmp_path: Path
) -> None:
    given = [str(text) if option == "TEXT" else option for option in options]
    done = subprocess.run(
        build_command("train", *given, ranks=4), cwd=tmp_path, capture_output=True, timeout=TIME,
        encoding="utf-8", env=clean_environment(), check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"charrnn: {problem}")
    assert (done.returncode, done.stdout) == (code, "")
    assert [path.name for path in tmp_path.iterdir()] == [text.name]


def test_a_training_that_diverges_ends_all_with_its_exit_code(text: Path, tmp_path: Path) -> None:
    options = ["--lr", "1e30", "--clip", "0", "--steps", "50", "--workers", "1"]
    done = run("train", text, "--out", tmp_path / "run", *SMALL, *options, ranks=2)
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert "lower --lr" in line


def test_ranks_with_other_options_are_not_joined(text: Path, tmp_path: Path) -> None:
    """A farm that starts a training a rank is told how: silence would lose all but the first."""
    seeds = 'exec "$0" -m charrnn train "$1" --out "$2-$PMI_RANK" --seed "$PMI_RANK" "${@:3}"'
    farm = ["bash", "-c", seeds, sys.executable, str(text), str(tmp_path / "run")]
    command = [str(MPIEXEC), "-n", "2", *farm, *SMALL, "--steps", "5"]
    with start(*command) as process:
        _, errors = process.communicate(timeout=TIME)
    assert process.returncode == 2
    (line,) = errors.splitlines()
    assert "give all ranks the same options, or --no-mpi to train one model each" in line
    assert not list(tmp_path.glob("run-*"))
    with start(*command, "--no-mpi") as process:
        _, errors = process.communicate(timeout=TIME)
    assert process.returncode == 0, errors
    assert [(tmp_path / f"run-{rank}" / "best.npz").is_file() for rank in (0, 1)] == [True] * 2


def test_an_mpi_of_another_launcher_is_named(text: Path, tmp_path: Path) -> None:
    """As with the mpiexec of one MPI and the library of another, which then trains N times."""
    variables = {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "4"}
    done = run("train", text, "--out", tmp_path / "run", variables=variables)
    assert done.returncode == 6
    (line,) = done.stderr.splitlines()
    assert line.startswith("charrnn: MPI: 4 ranks were started, but MPICH")
    assert "sees 1; to train alone, add --no-mpi; " in line
    assert line.endswith("start them with the mpiexec of that library")


def test_without_mpi4py_it_is_said_how_to_have_it(text: Path, tmp_path: Path) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ModuleNotFoundError", encoding="utf-8")
    done = run("train", text, ranks=2, variables={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 6
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("charrnn:")]
    assert "run pip install 'charrnn-numpy[mpi]'" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to", ["launcher", "rank 1"])
def test_a_signal_ends_all_with_the_work_saved(
    number: signal.Signals, to: str, text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    options = [*SMALL, "--steps", 100_000, "--json", "--workers", 1]
    with start(*build_command("train", text, "--out", out, *options, ranks=2)) as process:
        wait_until((out / "last.npz").is_file)
        ranks = ranks_of(process.pid)
        target = process.pid if to == "launcher" else ranks[1]
        os.kill(target, number)
        output, errors = process.communicate(timeout=TIME)
    end = json.loads(output.splitlines()[-1])
    assert (end["event"], end["stopped"]) == ("end", "interrupted")
    assert process.returncode == 128 + number
    assert "Traceback" not in errors
    assert all(map(gone, ranks))
    assert np.load(out / "last.npz").files
    resume_command = ["train", "--resume", "--out", out, "-q", "--steps", end["step"] + 1]
    assert run(*resume_command, ranks=2).returncode == 0


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_rank_whose_command_is_wrong_keeps_nobody_waiting(
    wrong: int, text: Path, tmp_path: Path
) -> None:
    commands = [build_command("train", text, "--out", tmp_path / "run", *SMALL, ranks=1)[1:]] * 2
    commands[wrong] = [*commands[wrong], "--hiden", "8"]
    with start(str(MPIEXEC), *commands[0], ":", *commands[1]) as process:
        _, errors = process.communicate(timeout=TIME)
    assert process.returncode == 2
    (line,) = errors.splitlines()
    assert "--hiden" in line
    assert not (tmp_path / "run").exists()


def test_a_signal_before_the_training_leaves_nothing(text: Path, tmp_path: Path) -> None:
    pipe, out = tmp_path / "pipe", tmp_path / "run"
    os.mkfifo(pipe)  # reading waits for a writer that never comes
    with start(*build_command("train", pipe, "--out", out, ranks=2)) as process:
        wait_until(lambda: len(ranks_of(process.pid)) == 2)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIME)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in errors
    assert not out.exists()


@pytest.mark.parametrize("victim", [0, 1, 3])
def test_a_rank_that_is_killed_ends_all_with_whole_files(
    victim: int, text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    options = [*SMALL, "--steps", 100_000, "--workers", 1]
    with start(*build_command("train", text, "--out", out, *options, ranks=4)) as process:
        wait_until((out / "last.npz").is_file)
        ranks = ranks_of(process.pid)
        os.kill(ranks[victim], signal.SIGKILL)
        output, errors = process.communicate(timeout=10)
    assert process.returncode != 0
    said = output + errors
    assert "BAD TERMINATION" in said or "Fatal error" in said  # of the launcher, or of MPI
    # Another rank may notice before the launcher ends it.
    ours = [line for line in errors.splitlines() if line.startswith("charrnn:")]
    assert all("the connection to another rank failed" in line for line in ours), errors
    assert "Traceback" not in errors
    assert all(map(gone, ranks))
    for name in ("best.npz", "last.npz"):
        assert np.load(out / name).files
    step = json.loads((out / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])["step"]
    assert (
        run("train", "--resume", "--out", out, "-q", "--steps", step + 5, ranks=4).returncode == 0
    )


@pytest.mark.parametrize("rank", [0, 1])
def test_a_worker_that_is_lost_is_told_by_its_rank_and_ends_all(
    rank: int, text: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    options = [*SMALL, "--steps", 100_000, "--workers", 2]
    with start(*build_command("train", text, "--out", out, *options, ranks=2)) as process:
        wait_until((out / "last.npz").is_file)
        ranks = ranks_of(process.pid)
        workers = [worker for one in ranks for worker in children(one)]
        (worker,) = children(ranks[rank])
        os.kill(worker, signal.SIGKILL)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 6
    ours = [line for line in errors.splitlines() if line.startswith("charrnn:")]
    assert len(ours) == 1, errors
    assert f"worker 1: was ended by {signal.SIGKILL.name}" in ours[0]
    assert ("rank 1 on " in ours[0]) == (rank == 1)
    assert all(map(gone, [*ranks, *workers]))
    assert np.load(out / "last.npz").files


def test_an_error_of_one_rank_is_told_there_and_ends_all(text: Path, tmp_path: Path) -> None:
    """Such as a want of memory on one machine."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if os.environ.get('PMI_RANK') == '2':\n"
        "    from charrnn.training.optimizer import AdamW\n"
        "    def update(self, *_): raise MemoryError\n"
        "    AdamW.update = update\n",
        encoding="utf-8",
    )
    variables = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    options = [*SMALL, "--steps", 1000]
    done = run("train", text, "--out", tmp_path / "run", *options, ranks=4, variables=variables)
    assert done.returncode == 6
    ours = [line for line in done.stderr.splitlines() if line.startswith("charrnn:")]
    assert len(ours) == 1
    assert "rank 2 on" in ours[0]
    assert "memory: there is not enough" in ours[0]


def test_minutes_become_the_same_number_of_steps_for_all(text: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--hidden", 16, "--batch", 8, "--seq", 8, "--minutes", 0.02, "--json", "-q"]
    done = run("train", text, "--out", out, *options, ranks=2)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["step"] == events[0]["config"]["steps"] or events[-1]["stopped"] == "patience"


def test_a_model_to_begin_from_is_sent_to_other_machines(text: Path, tmp_path: Path) -> None:
    train(text, tmp_path / "first", "--workers", 1)
    options = ["--init-from", tmp_path / "first", "--workers"]
    far = train(text, tmp_path / "far", *options, 1, ranks=2, launcher=MACHINES)
    assert far == train(text, tmp_path / "near", *options, 2)
