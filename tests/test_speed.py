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
from charrnn.render.clusters import display_width
from charrnn.render.sections.speed import build_section
from charrnn.reports.disturbance import is_disturbed, measure_peaks, median_time
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


def test_steps_that_take_unequal_times_were_disturbed() -> None:
    assert not is_disturbed([1.0, 1.02, 1.01, 1.05, 1.0, 1.1, 1.03, 1.0])
    assert not is_disturbed([1.0] * 9 + [50.0])  # one pause says nothing of the others
    assert is_disturbed([1.0, 2.0, 1.9, 1.0, 2.1, 2.0, 1.8, 2.2])


def test_a_disturbed_measurement_is_made_again_a_few_times() -> None:
    busy, idle = [1.0, 3.0, 3.0, 3.0], [2.0, 2.0, 2.1, 2.0]
    measured = iter([busy, idle])
    assert median_time(lambda: next(measured)) == (2.0, False)
    measured = iter([[2.0, 4.0, 4.0], [1.0, 3.0, 3.0]])
    assert median_time(lambda: next(measured)) == (3.0, True)  # the better one of two


@pytest.mark.parametrize(
    ("rounds", "peaks", "disturbed"),
    [
        ([(100.0, 190.0)], (100.0, 190.0), False),
        ([(128.0, 91.0), (120.0, 230.0)], (128.0, 230.0), False),
        ([(128.0, 91.0), (120.0, 100.0), (60.0, 90.0)], (128.0, 100.0), True),
        ([(50.0, 190.0), (100.0, 180.0)], (100.0, 190.0), False),  # one core was disturbed
    ],
)
def test_peaks_in_an_impossible_order_are_measured_again(
    rounds: list[tuple[float, float]], peaks: tuple[float, float], disturbed: bool
) -> None:
    measured = iter([peak for pair in rounds for peak in pair])
    found, is_marked = measure_peaks(lambda cores: next(measured), 2)
    assert ((found[1], found[2]), is_marked) == (peaks, disturbed)
    assert next(measured, None) is None


def test_a_machine_of_one_core_is_possible() -> None:
    assert measure_peaks(lambda cores: 90.0, 1) == ({1: 90.0}, False)


def test_disturbed_figures_are_marked_and_explained() -> None:
    assert "disturbed" not in terminal.render_text(build_section(REPORT))
    shown = terminal.render_text(
        build_section(replace(REPORT, by_streams=(replace(POINT, disturbed=True), POINT)))
    )
    assert "(!)10,000" in shown
    assert "Measure on an idle machine." in " ".join(shown.split())
    shown = terminal.render_text(build_section(replace(REPORT, peak_disturbed=True)))
    assert shown.count("(!)") == 2
