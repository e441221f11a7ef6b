"""What every cell in the table can do, from training to reports. A new cell is tested unseen."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.cli.blas import VARIABLES
from charrnn.cli.program import program
from charrnn.config import SampleConfig
from charrnn.errors import ConfigError
from charrnn.network.cell import get_cell
from charrnn.render.sections import build_sections
from charrnn.render.terminal import render_text
from charrnn.report_registry import REPORTS as KNOWN_REPORTS
from charrnn.reports import speed
from charrnn.training.automatic import complete_settings
from tests.conftest import ROOT, TEXT
from tests.outcome import outcome

CONFIG = charrnn.TrainConfig(
    hidden=8, layers=2, batch=4, seq=16, steps=40, eval_every=10, dropout=0.1, val=60, workers=1
)
REPORTS: dict[str, list[str]] = {
    "summary": [],
    "loss": [],
    "vocab": [],
    "speed": ["--seconds", "0.01"],
    "score": ["text.txt"],
    "copied": ["text.txt"],
    "compare": ["--text", "今日は風が", "--text", "今日は雨が", "-l", "5"],
    "unroll": ["--text", "今日は風が"],
    "gradients": ["--lags", "5"],
    "memory": [],
    "neurons": [],
    "report": [],
}
EVERY_CELL_TESTS = (
    "cells", "model", "every_cell", "checkpoint", "automatic", "training", "reports",
    "team",
)  # fmt: skip


@pytest.fixture(params=CELLS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text and a run of the cell over it, as the current one."""
    (tmp_path / "text.txt").write_text(TEXT[:800], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    charrnn.train("text.txt", replace(CONFIG, cell=request.param), out="run")
    return tmp_path


def test_a_training_learns_and_goes_on_where_it_was_stopped(folder: Path) -> None:
    model = charrnn.load(folder / "run")
    first, *_, last = (entry["val_loss"] for entry in model.checkpoint.history)
    assert last < first
    updates = iter(range(1, 1000))
    config = replace(CONFIG, cell=model.checkpoint.config.cell)
    charrnn.train("text.txt", config, out="stopped", stop_requested=lambda: next(updates) > 13)
    charrnn.resume("stopped")
    assert outcome(folder / "stopped") == outcome(folder / "run")


def test_a_checkpoint_has_the_states_by_their_names(folder: Path) -> None:
    states = get_cell(charrnn.load("run").checkpoint.config.cell).states
    with np.load(folder / "run/last.npz", allow_pickle=False) as arrays:
        names = {name for name in arrays if name.startswith("training.")}
    assert names == {
        "training.m", "training.v",
        *(f"training.{state}_l{layer}" for state in states for layer in range(2)),
    }  # fmt: skip


def test_a_model_samples_one_text_and_many_and_searches_by_beam(folder: Path) -> None:
    model = charrnn.load(folder / "run")
    config = SampleConfig(length=20)
    assert len(model.sample("今日", config, seed=1)) == 20
    samples = model.samples("今日", config, seed=1, number=5)
    assert [len(sample.text) for sample in samples] == [20] * 5
    best, *others = model.samples("今日", SampleConfig(length=20, beam=4), number=4)
    assert all(best.logprob >= other.logprob for other in others)


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_takes_a_model(
    folder: Path, report: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: object
) -> None:
    # The command sets these where they are not set; afterwards they are as they were.
    for name in (*VARIABLES, "OPENBLAS_THREAD_TIMEOUT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(speed, "count_cores", lambda: 1)
    model = ["run"] if report != "report" else ["run", "--html", "page.html"]
    arguments = ["inspect", report, *REPORTS[report], *model]
    program.main(arguments, prog_name="charrnn", standalone_mode=False)
    program.main([*arguments, "--json"], prog_name="charrnn", standalone_mode=False)
    assert isinstance(capsysbinary, pytest.CaptureFixture)
    text, json_line = capsysbinary.readouterr().out.rstrip().rsplit(b"\n", 1)
    assert text
    assert json.loads(json_line)


@pytest.mark.usefixtures("folder")
def test_a_terminal_shows_the_loop_and_boxes_of_one_width() -> None:
    unrolled = charrnn.load("run").unroll("今日は")
    (section,) = build_sections(KNOWN_REPORTS["unroll"], unrolled)
    lines = render_text(section, 80).splitlines()
    assert any(line.endswith("┘ state") for line in lines) == unrolled.loops
    assert any("──▶│" in line for line in lines) == unrolled.loops
    top = next(at for at, line in enumerate(lines) if "┐   ┌" in line)
    edges = [at for at, character in enumerate(lines[top]) if character in "┌┐"]
    assert len(edges) == 6
    for line in lines[top + 1 : top + 5]:  # the cell, two layers, and the lower edges
        assert {line[at] for at in edges} <= set("│└┘")


def test_no_report_is_forgotten_here() -> None:
    """A live page is tested in a browser, in test_live.py."""
    group = program.get_command(None, "inspect")  # type: ignore[arg-type]
    assert {*group.commands} - {"runs", "live"} == {*REPORTS}  # type: ignore[union-attr]


@pytest.mark.parametrize("cell", CELLS)
def test_settings_follow_from_a_text_and_a_budget(cell: str) -> None:
    for config in (charrnn.TrainConfig(cell=cell, epochs=10), charrnn.TrainConfig(cell=cell)):
        assert complete_settings(config, 10**6, 100).hidden >= 32


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_dropout_needs_recurrent_weights(cell: str) -> None:
    config = replace(CONFIG, cell=cell, recurrent_dropout=0.5)
    if get_cell(cell).recurrent_weights:
        assert complete_settings(config, 1000, 9).recurrent_dropout == 0.5
        return
    with pytest.raises(ConfigError, match=f"the cell {cell} has no recurrent weights"):
        complete_settings(config, 1000, 9)
    by_default = replace(config, recurrent_dropout=None)
    assert complete_settings(by_default, 1000, 9).recurrent_dropout == 0


@pytest.mark.slow
def test_a_new_cell_is_one_module_and_one_line() -> None:
    """Two more cells in the table of every process; the tests that go over all cells find them."""
    files = [f"tests/test_{name}.py" for name in EVERY_CELL_TESTS]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "leaky",
            *files,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests/toy_cells'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout
