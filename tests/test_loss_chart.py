"""The chart of losses: what it is of, its baselines, and that its end can be read."""

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import charrnn
from charrnn.ngram import Baselines
from charrnn.render.axis import Axis
from charrnn.render.blocks import Chart, Prose
from charrnn.render.sections import memory
from charrnn.render.sections.loss import build_section
from charrnn.render.svg import draw_chart
from charrnn.render.terminal import render_text
from charrnn.reports.loss import Losses, LossPoint
from charrnn.reports.memory import Memory
from tests.conftest import Program

FALLING = [4.0, 2.5, 1.6, 1.4, 1.3, 1.25, 1.22, 1.2]
NGRAM = Baselines(unigram=3.0, ngram=1.3, ngram_order=5, characters=1000, unseen=0)
OTHER = Baselines(unigram=2.0, ngram=1.31, ngram_order=3, characters=900, unseen=0)


def losses(
    name: str, val: list[float], baselines: Baselines | None = NGRAM, *, has_val: bool = True
) -> Losses:
    points = tuple(
        LossPoint(step, step / 10, loss, loss if has_val else None, 0.01)
        for step, loss in enumerate(val, 1)
    )
    return Losses(name, points, len(val) if has_val else None, None, baselines)


def chart(*reports: Losses) -> Chart:
    (block,) = (block for block in build_section(reports).blocks if isinstance(block, Chart))
    return block


def axis(block: Chart) -> Axis:
    heights = [y for series in block.series for y in series.y]
    return Axis([*block.includes, *heights], block.log_y, block.from_zero, block.top)


def test_a_chart_of_several_runs_says_that_it_is_of_the_validation_loss() -> None:
    several = chart(losses("a", FALLING), losses("b", FALLING))
    assert several.title == "validation loss by step"
    assert [series.name for series in several.series] == ["a", "b"]
    assert chart(losses("a", FALLING)).title == "loss by step"
    mixed = chart(losses("a", FALLING), losses("b", FALLING, None, has_val=False))
    assert (mixed.title, len(mixed.series)) == ("validation loss by step", 1)
    without = [losses(name, FALLING, None, has_val=False) for name in "ab"]
    assert chart(*without).title == "training loss by step"
    assert [series.name for series in chart(*without).series] == ["a", "b"]
    assert chart(*without).levels == []


def test_baselines_are_levels_named_by_the_models_that_they_are_for() -> None:
    same = chart(losses("a", FALLING), losses("b", FALLING))
    assert same.levels == [("n-gram (n = 5)", 1.3), ("unigram", 3.0)]
    different = chart(*(losses(name, FALLING) for name in "abcde"), losses("f", FALLING, OTHER))
    assert different.levels == [
        ("n-gram (n = 5) for a, b, c and 2 more", 1.3), ("unigram for a, b, c and 2 more", 3.0),
        ("n-gram (n = 3) for f", 1.31), ("unigram for f", 2.0),
    ]  # fmt: skip
    drawn = draw_chart(same)
    assert drawn.count('class="level"') == 1
    assert ">n-gram (n = 5)</text>" in drawn
    assert "<li>unigram: 3 (off the chart)</li>" in drawn


def test_the_end_of_a_chart_can_be_read() -> None:
    block = chart(losses("a", FALLING))
    up = axis(block)
    assert (up.high, block.top) == (1.6, 1.6)
    assert up.low < 1.2
    assert up.share(1.4) > 0.4
    # A line to a point that is off the chart leaves it at the top, and no mark is drawn there.
    drawn = draw_chart(block)
    assert drawn.count('<svg x="84"') == 2
    assert drawn.count('class="mark') == 2 * (len(FALLING) - 2)
    section = build_section([losses("a", FALLING)])
    assert Prose("The highest losses are off the chart; the table has them.") in section.blocks
    assert "1.6 ┤" in render_text(section) or "1.5 ┤" in render_text(section)


def test_a_run_that_ends_with_a_higher_loss_is_on_the_chart_to_its_end() -> None:
    overfit = [1.5, 1.2, 1.1, 1.1, 1.1, 1.15, 1.4, 1.45]
    assert axis(chart(losses("a", overfit))).high == 1.5
    slow = losses("slow", [3.0, 3.0, 3.0, 2.9])
    assert axis(chart(losses("a", FALLING), slow)).high >= 3.0


def test_a_diverged_loss_does_not_press_the_others_together() -> None:
    diverged = [4.0, 1.5, 1.4, 1.35, 1.3, 1.25, 1e30, math.inf]
    block = chart(losses("a", diverged))
    assert axis(block).high < 1.6
    assert len(draw_chart(block)) < 20_000
    assert "n-gram" in render_text(build_section([losses("a", diverged)]))


def test_a_training_that_diverged_at_once_does_not_press_the_others_together() -> None:
    reports = [losses("a", FALLING), losses("b", [4e29, math.inf])]
    assert axis(chart(*reports)).high <= 4.0
    text = render_text(build_section(reports))
    assert "4e+29" in text
    assert "000,000" not in text
    assert "000000" not in text
    alone = render_text(build_section([losses("b", [4e29])]))
    assert "000,000" not in alone


def test_a_report_says_which_runs_are_not_in_the_chart() -> None:
    without = losses("b", FALLING, None, has_val=False)
    assert "not in the chart" in render_text(build_section([losses("a", FALLING), without]))
    assert "not in the chart" not in render_text(build_section([without, without]))
    assert "not in the chart" not in render_text(build_section([without]))


def test_twenty_runs_have_twenty_styles() -> None:
    svg = draw_chart(chart(*(losses(str(number), FALLING) for number in range(20))))
    lines = re.findall(r'<path class="line (c\d)" stroke-dasharray="([^"]*)"', svg)
    assert len(set(lines)) == 20


def test_steps_of_a_chart_are_whole_numbers() -> None:
    ticks = [line.split() for line in render_text(build_section([losses("a", [4.0])])).split("\n")]
    assert ["1", "2"] in ticks


def test_few_losses_are_all_on_the_chart() -> None:
    for count in (1, 2, 3):
        assert axis(chart(losses("a", FALLING[:count]))).high == 4.0


def test_names_of_levels_at_nearly_the_same_height_do_not_overlap() -> None:
    block = chart(losses("a", FALLING), losses("f", FALLING, OTHER))
    rows = [
        float(part.split('y="')[1].split('"')[0])
        for part in draw_chart(block).split("<text ")
        if 'class="over"' in part
    ]
    rows.sort()
    lower, higher = rows  # the unigrams are off the chart
    assert higher - lower >= 17.9


def test_the_report_has_the_baselines_of_the_run(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    model = charrnn.load(run_folder)
    baselines = model.checkpoint.baselines
    assert baselines is not None
    assert model.loss().baselines == baselines
    shutil.copytree(run_folder, tmp_path / "run")
    for path in ("run", "run/best.npz"):
        report = json.loads(program("inspect", "loss", path, "--json").out)
        assert report["baselines"]["ngram"] == baselines.ngram
    (tmp_path / "run/best.npz").write_bytes(b"damaged")  # the log is whole
    report = json.loads(program("inspect", "loss", "run", "--json").out)
    assert report["baselines"] is None
    assert len(report["points"]) == 3


def test_the_chart_of_memory_names_the_model_that_its_baselines_are_for(run_folder: Path) -> None:
    report = replace(charrnn.load(run_folder).memory(), model="a")
    assert report.unigram is not None

    def names(*reports: Memory) -> tuple[str, str]:
        section = memory.build_section(reports)
        block = next(block for block in section.blocks if isinstance(block, Chart))
        assert axis(block).high >= block.levels[0][1]
        return block.series[-1].name, block.levels[0][0]

    assert names(report, replace(report, model="b")) == ("n-gram", "unigram")
    other = replace(report, model="b", text="the validation part of other.txt")
    assert names(report, other) == ("n-gram for a", "unigram for a")


def test_a_setback_is_on_a_logarithmic_chart_with_the_end() -> None:
    exploded = chart(losses("a", [4.0, 1.6, 9.0, 3.0, 1.5, 1.3, 1.25, 1.2]))
    assert exploded.log_y
    assert exploded.top is None
    assert all(height > 0 for height in exploded.includes)
    assert not chart(losses("a", FALLING)).log_y
    assert not chart(losses("a", [4.0, 1.6, 1.8, 1.5, 1.4, 1.3, 1.25, 1.2])).log_y
    assert not chart(losses("a", [4.0, 1.6, 1.5, 9.0])).log_y  # it has not recovered
