"""A model named by its run: `tenki` for runs/tenki, where no path has this name."""

import json
import shutil
from pathlib import Path

import pytest

import charrnn
from tests.conftest import Program
from tests.test_cli import failed


@pytest.fixture
def place(run_folder: Path, tmp_path: Path) -> Path:
    """A folder with the runs `tenki`, `loss` and `日記 帳`."""
    for name in ("tenki", "loss", "日記 帳"):
        shutil.copytree(run_folder, tmp_path / "runs" / name)
    return tmp_path


def model_of(program: Program, *words: str, **environment: str) -> str:
    done = program(*words, "--json", **environment)
    assert (done.code, done.err) == (0, "")
    model = json.loads(done.out)["model"]
    assert isinstance(model, str)
    return model


@pytest.mark.parametrize("name", ["tenki", "日記 帳"])
def test_the_name_of_a_run_is_a_model(program: Program, place: Path, name: str) -> None:
    by_path = program("sample", f"runs/{name}", "--seed", "1", "-l", "20")
    assert program("sample", name, "--seed", "1", "-l", "20", LC_ALL="C") == by_path
    assert model_of(program, "inspect", name) == f"runs/{name}/best.npz"
    assert model_of(program, "inspect", "summary", name) == f"runs/{name}/best.npz"
    assert model_of(program, "inspect", "loss", name) == f"runs/{name}"


def test_the_folder_of_runs_is_that_of_the_environment(program: Program, place: Path) -> None:
    (place / "runs").rename(place / "elsewhere")
    assert model_of(program, "inspect", "tenki", CHARRNN_RUNS="elsewhere").startswith("elsewhere/")
    failed(program("inspect", "summary", "tenki"), 3, "to train it, run: charrnn train tenki")


def test_a_path_comes_before_a_run_and_a_report_before_both(program: Program, place: Path) -> None:
    shutil.copytree(place / "runs/tenki", place / "tenki")
    assert model_of(program, "inspect", "tenki") == "tenki/best.npz"
    shutil.copytree(place / "runs/tenki", place / "loss")
    assert "points" in json.loads(program("inspect", "loss", "tenki", "--json").out)
    assert model_of(program, "inspect", "summary", "loss") == "loss/best.npz"


def test_a_folder_that_is_no_run_points_at_the_run_of_its_name(
    program: Program, place: Path
) -> None:
    (place / "tenki").mkdir()
    failed(program("sample", "tenki"), 3, "tenki: has no model; the run of this name is runs/tenki")


def test_a_run_can_start_from_the_weights_of_a_named_run(
    program: Program, place: Path, text: Path
) -> None:
    done = program("train", text, "--init-from", "tenki", "--steps", "1", "--json")
    assert done.code == 0
    start = json.loads(done.out.splitlines()[0])
    assert start["model"]["hidden"] == 16


def test_a_misspelled_name_suggests_runs_and_reports(program: Program, place: Path) -> None:
    failed(program("sample", "tenk"), 3, "tenk: no such model or run; did you mean tenki?")
    failed(program("sample", "日記"), 3, "日記: no such model or run; did you mean 日記 帳?")
    failed(program("inspect", "tenky"), 2, "there is no report or run 'tenky'; did you mean tenki?")
    failed(program("inspect", "los"), 2, "did you mean loss?")
    failed(program("inspect", "runs/tenky"), 3, "runs/tenky: no such model or run")
    failed(program("inspect", "tenki.npz"), 3, "tenki.npz: no such model or run")
    failed(program("inspect", "summary", "qqqq"), 3, "qqqq: no such model or run; check the name")


def test_a_path_is_no_name_and_a_folder_of_runs_no_run(program: Program, place: Path) -> None:
    for command in (("sample", "./tenki"), ("inspect", "./tenki"), ("sample", "tenki/")):
        failed(program(*command), 3, f"{command[1]}: no such model or run")
    failed(program("sample", "runs"), 3, "runs: is a folder of runs; name one of them: loss, tenki")
    (place / "tenki").write_text("no model")
    failed(program("sample", "tenki"), 3, "tenki: is not a model")


def test_python_loads_a_run_by_its_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert charrnn.load("tenki").loaded.run == Path("runs/tenki")
    assert charrnn.load("runs/tenki/best.npz").loaded.run is None
