"""The registry of reports: one line and two modules make a report; help and documents list all."""

import copy
import json
import math
import pickle
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn.cli.program import program as command_line
from charrnn.errors import ConfigError
from charrnn.render import load_page_function, terminal
from charrnn.render.blocks import Section, Table, numeric_columns, text_columns
from charrnn.render.page import render_page
from charrnn.render.sections import build_sections, gradients
from charrnn.report_registry import REPORTS, Report, Takes
from charrnn.reports import load_function
from charrnn.reports.gradients import GradientPath, Gradients
from charrnn.reports.methods import ReportMethods
from charrnn.reports.report_text import ReportText
from tests import vowels_report, vowels_section
from tests.conftest import ROOT, TEXT, Program
from tests.test_cli import failed

VOWELS = Report(
    "vowels", Takes.MODEL, "vowels.count_vowels", "How many vowels a model knows.", draws=True
)


@pytest.fixture
def vowels(monkeypatch: pytest.MonkeyPatch) -> Report:
    """A report more, by two modules and a line of the registry."""
    monkeypatch.setitem(sys.modules, "charrnn.reports.vowels", vowels_report)
    monkeypatch.setitem(sys.modules, "charrnn.render.sections.vowels", vowels_section)
    monkeypatch.setitem(REPORTS, VOWELS.name, VOWELS)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # the command sets them, afterwards they are as they were
    return VOWELS


def run(*arguments: object) -> None:
    command_line.main(["inspect", *map(str, arguments)], "charrnn", standalone_mode=False)


def test_a_new_report_is_one_line_and_two_modules(
    vowels: Report, run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, plot = tmp_path / "page.html", tmp_path / "plot.svg"
    run("vowels", run_folder, "--html", html, "--plot", plot)
    assert re.search(rf"^a +{TEXT.count('a')}$", capsys.readouterr().out, re.MULTILINE)
    assert "<h2" in html.read_text(encoding="utf-8")
    assert "</svg>" in plot.read_text(encoding="utf-8")
    run("vowels", run_folder, "--json")
    found = json.loads(capsys.readouterr().out)
    assert [*found] == ["model", "cell", "hidden", "layers", "counts"]
    assert found["model"] == str(run_folder / "best.npz")
    run("--help")
    assert f"{vowels.name:<10} {vowels.help}\n" in capsys.readouterr().out
    model = charrnn.load(run_folder)
    assert model.report("vowels").counts == found["counts"]
    assert getattr(model, vowels.name)().counts == found["counts"]
    shown = model.report("vowels")._repr_html_()
    assert "Vowels</p>" in shown
    assert "</svg>" in shown


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_both_modules_of_a_report_exist(report: Report) -> None:
    assert callable(load_function(report))
    if report.page:
        assert callable(load_page_function(report))
    else:
        __import__(f"charrnn.render.sections.{report.module}")


def test_help_lists_reports_with_whole_descriptions(program: Program) -> None:
    shown = program("inspect", "--help").out
    for report in REPORTS.values():
        assert re.search(rf"^  {report.name} +{re.escape(report.help)}$", shown, re.MULTILINE)
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("document", ["docs/cli.md", "docs/cli.ja.md"])
def test_documents_list_all_reports_and_what_they_take(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    takes = {
        Takes.MODELS: " [MODEL]...", Takes.RUNS: " [MODEL]...", Takes.FILE: " FILE",
        Takes.FOLDER: " [FOLDER]", Takes.MODEL: "",
    }  # fmt: skip
    for report in REPORTS.values():
        assert f"| `{report.name}{takes[report.takes]}" in text


@pytest.mark.parametrize("name", [name for name in REPORTS if name not in ("runs", "report")])
def test_each_report_on_a_model_has_a_method_with_types(name: str) -> None:
    assert name in vars(ReportMethods)


def test_a_model_has_no_other_names(model: charrnn.Model) -> None:
    for name in ("vowels", "runs", "_", "__array__", "__fspath__"):
        assert not hasattr(model, name)
    with pytest.raises(AttributeError, match="'Model' object has no attribute 'vowels'"):
        getattr(model, "vowels")  # noqa: B009
    for duplicate in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert duplicate.sample("a", seed=1) == model.sample("a", seed=1)


def test_reports_by_name_read_the_validation_part(model: charrnn.Model) -> None:
    assert model.report("gradients", lags=5) == (model.gradients(lags=5),)
    assert model.report("memory") == (model.memory(),)
    assert model.report("neurons") == model.neurons()
    assert model.report("loss") == model.loss()
    in_memory = charrnn.Model(model.checkpoint)
    assert in_memory.report("loss") == in_memory.loss()


def test_a_held_out_report_of_others_reads_the_validation_part(
    vowels: Report, model: charrnn.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name_text(_: object, text: ReportText) -> str:
        return text.name

    monkeypatch.setattr(vowels_report, "name_text", name_text, raising=False)
    monkeypatch.setitem(
        REPORTS, "vowels", vowels._replace(function="vowels.name_text", reads_text=True)
    )
    assert model.report("vowels") == "the validation part of text.txt"
    assert getattr(model, "vowels")("a text") == "text"  # noqa: B009


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda model: model.report("los"), "'los': there is no such report; did you mean 'loss'?"),
        (lambda model: model.report("runs"), "runs: this report takes a folder of runs"),
        (lambda model: model.report("score"), "score: this report reads one file, not 0"),
        (lambda model: model.report("memory", "a", "b"), "memory: this report reads one text"),
        (lambda model: model.report("loss", "a"), "loss: this report reads no text and no file"),
        (lambda model: model.report("gradients", lags=0), "lags: 0 is not a whole number"),
        (lambda model: model.speed(seconds=math.nan), "seconds: nan is not a finite number"),
        (lambda model: model.speed(seconds="x"), "seconds: 'x' is not a finite number above 0"),
        (lambda model: model.speed(seconds=0), "seconds: 0 is not a finite number above 0"),
        (lambda model: model.speed(seconds=-1), "seconds: -1 is not a finite number above 0"),
        (lambda model: model.gradients(lags=0), "lags: 0 is not a whole number from 1 on"),
        (lambda model: model.gradients(lags=-1), "lags: -1 is not a whole number from 1 on"),
        (lambda model: model.gradients(lags=1.5), "lags: 1.5 is not a whole number from 1 on"),
        (lambda model: model.gradients(lags=True), "lags: True is not a whole number from 1 on"),
        (lambda model: model.gradients(untrained=1), "untrained: 1 is neither True nor False"),
        (lambda model: model.gradients(3), "text: 3 is not a text"),
        (lambda model: model.neurons(shown=3), "shown: 3 is not a text"),
        (lambda model: model.unroll(3), "text: 3 is not a text"),
        (lambda model: model.score("ab", on_unknown="x"), "on_unknown: 'x' is not one of error"),
        (lambda model: model.score(3), "text: 3 is not a text"),
        (lambda model: model.copied("ab", corpus=""), "corpus: is an empty text"),
        (lambda model: model.prepare_text(text_file=""), "text_file: is an empty text"),
    ],
)  # fmt: skip
def test_a_wrong_argument_of_a_report_is_named(
    model: charrnn.Model, make: Callable[[Any], object], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        make(model)
    assert str(caught.value).startswith(problem)


def test_a_corpus_can_be_one_path(model: charrnn.Model, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abcdefghij" * 5, encoding="utf-8")
    for corpus in (tmp_path / "a.txt", str(tmp_path / "a.txt"), [tmp_path / "a.txt"]):
        assert model.copied("abcdefghij" * 3, corpus=corpus).share == 1


def test_methods_find_the_corpus_and_the_run(run_folder: Path) -> None:
    model = charrnn.load(run_folder)
    assert model.loss().model == str(run_folder)
    assert model.loss() == load_function(REPORTS["loss"])(run_folder)
    of_file = charrnn.load(run_folder / "best.npz")
    assert of_file.loss().points == model.loss().points
    assert of_file.loss().model == str(run_folder / "best.npz")
    assert model.summary().model == str(run_folder / "best.npz")
    assert model.gradients(lags=5).text == "the validation part of text.txt"
    assert model.copied(TEXT).share == 1
    assert model.neurons(TEXT, shown="今日は").shown == "今日は"
    assert model.report("gradients", model.prepare_text(), lags=5)[0] == model.gradients(lags=5)
    in_memory = charrnn.Model(model.checkpoint)
    assert in_memory.summary() == replace(model.summary(), model="model in memory")


def test_a_model_that_was_just_trained_knows_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=4, steps=2, batch=2, seq=8)
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    assert model.prepare_text().name == "the validation part of text.txt"
    assert model.loss().model == str(tmp_path / "run")


def test_a_model_that_is_not_there_is_no_misspelled_report(
    program: Program, tmp_path: Path
) -> None:
    failed(program("inspect", "runs/typo"), 3, "runs/typo: no such model or run")
    failed(program("inspect", "typo.npz", "--json"), 3, "typo.npz: no such model or run")
    failed(program("inspect", "xyzzy"), 3, "xyzzy: no such report, model or run")
    failed(program("inspect", "gradient"), 2, "did you mean gradients?")


def gradients_of(model: str, median: float) -> Gradients:
    values = (1.0, median)
    paths = tuple(GradientPath(name, at, values, values, values, None, 0.5)
                  for at, name in enumerate("hc"))  # fmt: skip
    return Gradients(model, "lstm", 4, 1, False, "text", 8, 2, paths)


def test_of_eleven_columns_those_with_numbers_are_right_aligned() -> None:
    section = gradients.build_section([gradients_of(f"m{at}", 0.25) for at in range(5)])
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert [column.is_right_aligned for column in table.columns] == [False] + [True] * 10
    lines = terminal.render_text(replace(section, blocks=[table])).splitlines()[1:]
    ends = [match.end() for match in re.finditer(r"\S+(?: \S+)*", lines[0])]
    assert len(ends) == 11
    for line in lines[1:]:
        found = [match.end() for match in re.finditer(r"\S+(?: \S+)*", line)]
        assert set(found[1:]) <= set(ends)
    page = render_page("title", [replace(section, blocks=[table])])
    assert page.count('<th scope="col" class="number">') == 10
    assert page.count('<th scope="col">') == 1


def test_any_columns_of_twelve_can_be_numeric() -> None:
    columns = (
        *text_columns("a"), *numeric_columns("bb"), *text_columns(*["cc"] * 8),
        *numeric_columns("dd", "ee"),
    )  # fmt: skip
    section = Section("title", [Table(columns, [["x"] * 12])])
    head, row = terminal.render_text(section).splitlines()
    assert head == "a  bb  " + "cc  " * 8 + "dd  ee"
    assert row == "x   x  " + "x   " * 8 + " x   x"
    page = render_page("title", [section])
    cells = re.findall(r"<td( class=\"number\")?>", page)
    assert [bool(cell) for cell in cells] == [False, True, *[False] * 8, True, True]


def test_sections_of_one_report_and_of_all_are_lists(model: charrnn.Model) -> None:
    (section,) = build_sections(REPORTS["summary"], model.summary())
    assert section.title == "The model"
