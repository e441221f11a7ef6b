"""What the environment says about ranks. MPI itself is tested in test_mpi.py."""

import os
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from charrnn.cli import launcher
from charrnn.cli.train import train_command
from tests.conftest import ROOT, Program

RANK_1 = {"PMI_RANK": "1", "PMI_SIZE": "2"}


@pytest.mark.parametrize(
    ("value", "alone"),
    [(value, False) for value in ("", "0", "false", "False", "f", "off", "OFF", "no", "n")]
    + [(value, True) for value in ("1", "true", "TRUE", "t", "on", "yes", "y")],
)
def test_no_mpi_in_the_environment_is_a_flag_as_click_reads_it(
    value: str, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rank that trains alone says its own errors; another one leaves them to rank 0."""
    for name, text in {**RANK_1, "CHARRNN_TRAIN_NO_MPI": value}.items():
        monkeypatch.setenv(name, text)
    assert launcher.is_silent(["train", "text.txt"]) is not alone
    assert not launcher.is_silent(["train", "text.txt", "--no-mpi"])
    assert not launcher.is_silent(["sample"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["a", "--hidden", "64"], "rank 1 was given --hidden 64, but rank 0 was not"),
        (["a", "--no-tied"], "rank 1 was given --no-tied, but rank 0 was not"),
        (["a", "--overwrite"], "rank 1 was given --overwrite, but rank 0 was not"),
        (["a", "--clip", "2"], "rank 1 was given --clip 2.0, but rank 0 was given --clip 1.0"),
        (["a", "b c"], "rank 1 was given a 'b c', but rank 0 was given a"),
    ],
)
def test_a_difference_between_ranks_is_written_as_options(
    arguments: list[str], problem: str
) -> None:
    params = train_command.params
    contexts = [train_command.make_context("train", list(given)) for given in (["a"], arguments)]
    first, second = (context.params for context in contexts)
    difference = launcher._find_difference(params, [first, second])
    assert difference
    assert difference[0] == problem
    assert launcher._find_difference(params, [first, first]) is None


def test_a_rank_alone_says_what_is_wrong(program: Program) -> None:
    done = program("train", "nowhere.txt", CHARRNN_TRAIN_NO_MPI="1", **RANK_1)
    assert (done.code, done.err.count("nowhere.txt: no such file")) == (3, 1)


SLURM = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
ENVIRONMENTS = [
    ({}, (0, 1)),
    (SLURM, (0, 1)),  # a batch script: four tasks are allocated, and the script runs once
    ({**SLURM, "SLURM_STEP_NUM_TASKS": "1", "PMIX_RANK": "0"}, (0, 1)),  # the shell of salloc
    ({**SLURM, "SLURM_STEP_NUM_TASKS": "1", "PMI_RANK": "0", "PMI_SIZE": "1"}, (0, 1)),
    ({**SLURM, "SLURM_STEP_NUM_TASKS": "4"}, (0, 1)),  # srun --mpi=none
    ({**SLURM, "SLURM_STEP_NUM_TASKS": "4", "PMIX_RANK": "3"}, (3, 4)),  # srun --mpi=pmix
    ({**SLURM, "SLURM_STEP_NUM_TASKS": "4", "PMI_RANK": "2", "PMI_SIZE": "4"}, (2, 4)),  # pmi2
    ({"PMIX_RANK": "0", "PMIX_NAMESPACE": "job"}, (0, 1)),  # of how many, nobody says
    ({"PMI_RANK": "1", "PMI_SIZE": "2", "PMI_FD": "9", "MPI_LOCALNRANKS": "2"}, (1, 2)),  # Hydra
    ({"PMI_RANK": "1", "PMI_SIZE": "2", "I_MPI_INFO_NUMA_NODE_NUM": "1"}, (1, 2)),  # Intel MPI
    ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3", "PMIX_RANK": "1"}, (1, 3)),
    ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"}, (0, 1)),
    ({"MV2_COMM_WORLD_RANK": "1", "MV2_COMM_WORLD_SIZE": "2"}, (1, 2)),
    ({"PALS_RANKID": "1", "PALS_SIZE": "2"}, (1, 2)),
    # mpiexec in the shell of an allocation, which is itself the only task of a step
    (
        {
            "PMI_RANK": "0",
            "PMI_SIZE": "1",
            "OMPI_COMM_WORLD_RANK": "1",
            "OMPI_COMM_WORLD_SIZE": "2",
        },
        (1, 2),
    ),
    ({"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1", "PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)),
    ({"PMI_RANK": "x", "PMI_SIZE": "2"}, (0, 1)),
    ({"PMI_RANK": "2", "PMI_SIZE": "2"}, (0, 1)),
    ({"PMIX_RANK": "4294967295", "SLURM_STEP_NUM_TASKS": "4"}, (0, 1)),
]
INHERITED = [
    {**SLURM, "SLURM_STEP_NUM_TASKS": "4", "PMIX_RANK": "0"},
    {"PMI_RANK": "0", "PMI_SIZE": "4"},
    {"PMI_RANK": "0", "PMI_SIZE": "4", "PMI_FD": "99"},
    {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "4"},
]
VARIABLES = {name for pair in launcher.LAUNCHERS for name in pair}
QUICK = ("--hidden", "4", "--batch", "2", "--seq", "8", "--steps", "2", "--workers", "1")


@pytest.mark.parametrize(("environment", "expected"), ENVIRONMENTS, ids=str)
def test_the_rank_and_the_number_of_ranks_follow_from_the_environment(
    environment: dict[str, str], expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert launcher.rank_and_size() == expected


@pytest.mark.parametrize("environment", INHERITED, ids=str)
def test_without_mpi4py_a_rank_that_was_inherited_is_told_of_no_mpi(
    program: Program, text: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "mpi4py.py").write_text("raise ModuleNotFoundError", encoding="utf-8")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    done = program("train", text, *QUICK, PYTHONPATH=path, **environment)
    assert done.code == 6
    (line,) = done.err.splitlines()
    assert line.startswith("charrnn: mpi4py: is not installed; to train with 4 ranks, ")
    assert line.endswith("to train alone, add --no-mpi")
    assert program("train", text, *QUICK, "--no-mpi", PYTHONPATH=path, **environment).code == 0


@pytest.mark.skipif(not find_spec("mpi4py"), reason="mpi4py is not installed")
@pytest.mark.parametrize("environment", INHERITED, ids=str)
def test_with_mpi4py_too_even_where_mpi_ends_the_process(
    program: Program, text: Path, environment: dict[str, str]
) -> None:
    done = program("train", text, *QUICK, **environment)
    assert done.code != 0
    (line,) = (line for line in done.err.splitlines() if line.startswith("charrnn: "))
    assert "--no-mpi" in line
    assert program("train", text, *QUICK, "--no-mpi", **environment).code == 0


@pytest.mark.parametrize("environment", [ENVIRONMENTS[1][0], ENVIRONMENTS[2][0]], ids=str)
def test_a_batch_script_and_the_shell_of_an_allocation_train_alone(
    program: Program, text: Path, environment: dict[str, str]
) -> None:
    assert program("train", text, *QUICK, **environment).code == 0


def test_while_mpi_waits_the_other_ranks_and_no_mpi_are_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher, "SECONDS_TO_CONNECT", 0.0)
    reading, writing = os.pipe()
    os.close(writing)  # as if MPI had ended the process
    launcher._report_trouble(reading, 4, quiet=False)
    assert "add --no-mpi to train alone" in capfd.readouterr().err
    reading, writing = os.pipe()
    thread = Thread(target=launcher._report_trouble, args=(reading, 4), kwargs={"quiet": False})
    thread.start()
    error = ""
    while "\n" not in error:
        error += capfd.readouterr().err
    os.write(writing, b"1")
    thread.join()
    assert error == "waiting for the other ranks of 4; to train alone, stop this and add --no-mpi\n"
    assert capfd.readouterr().err == ""


def test_on_a_terminal_no_rank_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in RANK_1.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert not launcher.is_silent(["train", "text.txt"])
