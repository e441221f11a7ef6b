"""What the environment says about ranks. MPI itself is tested in test_mpi.py."""

import pytest

from charrnn.cli import launcher
from charrnn.cli.train import train_command
from tests.conftest import Program

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
