"""`charrnn train` with several cells: each run is the one that its cell alone gives."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.conftest import TEXT, Program

SIZES = (
    "--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "12", "--eval-every", "6",
    "--workers", "1",
)  # fmt: skip
CELLS = ("--cell", "rnn", "--cell", "feedforward")


@pytest.fixture(autouse=True)
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "text.txt"


def test_each_run_is_that_of_its_cell_alone(program: Program, tmp_path: Path) -> None:
    done = program("train", "text.txt", *CELLS, *SIZES, "--recurrent-dropout", "0.2")
    assert done.code == 0, done.err
    assert {run.name for run in (tmp_path / "runs").iterdir()} == {"text-rnn", "text-feedforward"}
    assert "inspect report runs/text-rnn runs/text-feedforward --html" in done.out
    for cell, dropout in (("rnn", ("--recurrent-dropout", "0.2")), ("feedforward", ())):
        alone = program("train", "text.txt", "--cell", cell, *SIZES, *dropout, "--out", cell)
        assert alone.code == 0, alone.err
        for file in ("best.npz", "last.npz"):
            together = tmp_path / f"runs/text-{cell}" / file
            assert together.read_bytes() == (tmp_path / cell / file).read_bytes(), (cell, file)
        config = tomllib.loads((tmp_path / f"runs/text-{cell}/config.toml").read_text("utf-8"))
        assert config["train"]["cell"] == cell
    resumed = program("train", "--resume", "--out", "runs/text-rnn", "--steps", "18")
    assert resumed.code == 0, resumed.err


def test_every_event_names_its_run(program: Program) -> None:
    done = program("train", "text.txt", *CELLS, *SIZES, "--out", "both", "--json")
    assert done.code == 0, done.err
    events = list(map(json.loads, done.out.splitlines()))
    runs = [(event["event"], event["run"]) for event in events]
    assert runs == [
        (event, f"both/{cell}")
        for cell in ("rnn", "feedforward")
        for event in ("start", "eval", "eval", "end")
    ]


def test_standard_input_is_read_once(program: Program, text: Path, tmp_path: Path) -> None:
    done = program("train", "-", *CELLS, *SIZES, stdin=text.read_bytes())
    assert done.code == 0, done.err
    alone = program("train", "-", "--cell", "rnn", *SIZES, "--out", "one", stdin=text.read_bytes())
    assert alone.code == 0, alone.err
    together = tmp_path / "runs/stdin-rnn/best.npz"
    assert together.read_bytes() == (tmp_path / "one/best.npz").read_bytes()


def test_no_training_begins_where_one_folder_is_taken(program: Program, tmp_path: Path) -> None:
    taken = program("train", "text.txt", "--cell", "gru", *SIZES, "--out", "d/feedforward")
    assert taken.code == 0, taken.err
    done = program("train", "text.txt", *CELLS, *SIZES, "--out", "d")
    assert done.code == 5
    assert "d/feedforward: already contains a run" in done.err
    assert not (tmp_path / "d/rnn").exists()
    (tmp_path / "d/notes.txt").write_text("mine", encoding="utf-8")
    assert program("train", "text.txt", *CELLS, *SIZES, "--out", "d", "--overwrite").code == 0
    assert (tmp_path / "d/notes.txt").read_text(encoding="utf-8") == "mine"


def test_where_one_diverges_the_others_go_on(program: Program, tmp_path: Path) -> None:
    given = ("--lr", "1e30", "--clip", "0", "--eval-every", "1", "--schedule", "constant")
    done = program("train", "text.txt", "--cell", "gru", "--cell", "rnn", *SIZES, *given)
    assert done.code == 4, done.err
    assert (tmp_path / "runs/text-gru").exists()
    assert (tmp_path / "runs/text-rnn").exists()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("--cell", "rnn", "--cell", "gru", "--cell", "rnn"), "--cell rnn is given twice"),
        ((*CELLS, "--resume", "--out", "d"), "--resume is about a single run"),
        ((*CELLS, "--init-from", "d"), "--init-from is about a single run"),
        (("--cell", "feedforward", "--recurrent-dropout", "0.1"), "no recurrent weights"),
    ],
)
def test_what_several_cells_exclude(given: tuple[str, ...], problem: str, program: Program) -> None:
    done = program("train", "text.txt", *given, *SIZES)
    assert done.code == 2, done.err
    assert problem in done.err


def test_lists_come_from_a_file_and_the_environment(program: Program, tmp_path: Path) -> None:
    config = '[train]\ncell = ["gru", "lstm"]\n'
    (tmp_path / "c.toml").write_text(config, encoding="utf-8")
    done = program("train", "text.txt", "--config", "c.toml", *SIZES, "--out", "file")
    assert done.code == 0, done.err
    assert {run.name for run in (tmp_path / "file").iterdir()} == {"gru", "lstm"}
    environment = {"CHARRNN_TRAIN_CELL": "rnn gru"}
    done = program("train", "text.txt", *SIZES, "--out", "variable", **environment)
    assert done.code == 0, done.err
    assert {run.name for run in (tmp_path / "variable").iterdir()} == {"rnn", "gru"}
    typed = ("--cell", "lstm", "--out", "typed")
    assert program("train", "text.txt", *SIZES, *typed, **environment).code == 0
    assert (tmp_path / "typed/best.npz").exists()
