"""inspect speed: what it measures, its pictures, and how it says that it cannot draw them."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn import TrainConfig
from charrnn.errors import MachineError
from charrnn.network.parameters import Shape
from charrnn.parallel.machine import count_cores
from charrnn.render import plot, terminal
from charrnn.render.sections.speed import build_section
from charrnn.render.words import display_width
from charrnn.reports.speed import (
    SAMPLES,
    STREAMS,
    WINDOWS,
    Speed,
    SpeedPoint,
    measure_training_step,
)
from charrnn.training import memory_check
from tests.conftest import Program

POINT = SpeedPoint(1, 64, 1, 10_000.0, 20.0, 0.2)
REPORT = Speed(
    model="runs/猫/best.npz", cell="lstm", hidden=256, layers=1, distinct=65, cores=2,
    peak=(100.0, 200.0),
    by_streams=(POINT, replace(POINT, streams=64, chars_per_second=40_000.0, share=0.8)),
    by_window=(replace(POINT, streams=32, window=8), replace(POINT, streams=32)),
    by_workers=(replace(POINT, streams=32), replace(POINT, streams=32, workers=2)),
    sampling=(replace(POINT, window=1), replace(POINT, window=1, streams=8)),
)  # fmt: skip


def test_operations_are_those_of_the_products() -> None:
    products = 4 * (128 * 128 + 128 * 128 + 128 * 128) + 128 * 65  # two recurrences, one input
    assert Shape("lstm", 128, 2, 65).flops_per_character == 2 * products
    assert Shape("rnn", 10, 1, 5).flops_per_character == 2 * (100 + 50)


def test_speed_is_measured_by_streams_window_workers_and_samples(model: charrnn.Model) -> None:
    report = model.speed(seconds=0.01)
    assert [point.streams for point in report.by_streams] == list(STREAMS)
    assert [point.window for point in report.by_window] == list(WINDOWS)
    assert [point.streams for point in report.sampling] == list(SAMPLES)
    config = model.checkpoint.config
    assert report.by_workers[0].workers == 1
    assert report.by_workers[-1].workers == min(count_cores(), config.batch)
    for point in (*report.by_streams, *report.by_window, *report.by_workers):
        operations = 3 * model.checkpoint.network.shape.flops_per_character
        assert point.gflops == pytest.approx(point.chars_per_second * operations / 1e9)
        assert point.chars_per_second > 0
    assert report.by_streams[0].share == pytest.approx(report.by_streams[0].gflops / report.peak[0])


def test_long_windows_are_measured_with_all_their_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text too short for them would have fewer streams, and the speed be told of too many."""
    measured: list[TrainConfig] = []
    monkeypatch.setattr(memory_check, "check_memory", lambda config, *_: measured.append(config))
    assert measure_training_step(Shape("rnn", 2, 1, 5), 64, 4000, 1, 0.01) > 0
    assert (measured[0].batch, measured[0].seq) == (64, 4000)


def test_json_has_every_measurement(program: Program, run_folder: Path) -> None:
    done = program("inspect", "speed", run_folder, "--seconds", "0.01", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert {"peak", "cores", "by_streams", "by_window", "by_workers", "sampling"} <= set(report)
    assert set(report["by_workers"][0]) == set(POINT.__annotations__)


def test_text_shows_each_point_within_eighty_columns() -> None:
    shown = terminal.render_text(build_section(REPORT))
    assert "runs/猫/best.npz" in shown
    assert "40,000" in shown
    assert "80%" in shown
    assert all(display_width(line) <= 80 for line in shown.splitlines()), shown


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_picture_is_of_the_kind_that_its_name_says(
    name: str, begins: bytes, tmp_path: Path
) -> None:
    assert plot.draw_picture([build_section(REPORT)], tmp_path / name) == []
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_other_pictures_are_refused_before_anything_is_measured(
    program: Program, run_folder: Path
) -> None:
    done = program("inspect", "speed", run_folder, "--plot", "a.pdf")
    assert done.code == 2
    assert ".png" in done.err
    assert "measuring" not in done.err


def test_missing_matplotlib_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from charrnn.cli.options import check_plot_file

    monkeypatch.delitem(sys.modules, "charrnn.render.plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    with pytest.raises(MachineError, match=r"matplotlib: is not installed; run pip install"):
        check_plot_file(Path("a.png"))
