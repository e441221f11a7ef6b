"""What reports call models, runs and files: by name on a page, by path in JSON; any bytes."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from charrnn.render.names import name_for_page, name_for_terminal
from charrnn.reports.path_label import PathLabel
from tests.conftest import TEXT, Program

REPORTS = [["loss"], ["unroll", "--text", "今日は"], ["report"]]


def names(*paths: str) -> list[str]:
    return list(name_for_page([PathLabel(path) for path in paths]))


def test_a_page_has_of_a_path_what_tells_equal_names_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("runs/a", "more/a", "runs/b"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "config.toml").touch()
    monkeypatch.chdir(tmp_path / "runs")
    assert names(str(tmp_path / "runs/a")) == ["a"]
    assert names("a/best.npz", "b", "../more/b.npz") == ["a", "b", "b.npz"]
    assert names("a", "../more/a", "b") == ["runs/a", "more/a", "b"]
    assert names("a", "a/best.npz", str(tmp_path / "runs/a")) == ["a", "a", "a"]
    assert names("a", "a/last.npz") == ["a", "a/last.npz"]
    assert names("/nosuch/run", "/other/nosuch/run") == ["nosuch/run", "other/nosuch/run"]
    assert names(".", "../more/.") == ["runs", "more"]
    assert names("../nosuch/best.npz", "-", "/dev/fd/63") == [
        "best.npz",
        "standard input",
        "a pipe",
    ]
    assert names("C:\\Users\\me\\runs\\a.npz", "\\\\host\\share\\me\\b") == ["a.npz", "b"]
    monkeypatch.chdir("a")
    assert names("best.npz", ".") == ["a", "a"]


def test_a_terminal_shows_paths_that_can_be_typed() -> None:
    labels = ["runs/a/best.npz", "runs/a/last.npz", "best.npz", "/x/a.npz"]
    shown = ["runs/a", "runs/a/last.npz", "best.npz", "/x/a.npz"]
    assert name_for_terminal(list(map(PathLabel, labels))) == shown


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report[0])
def test_no_page_has_an_absolute_path(
    program: Program, run_folder: Path, tmp_path: Path, report: list[str]
) -> None:
    # The newest run below an absolute folder; its config.toml has the absolute path of its corpus.
    shutil.copytree(run_folder, tmp_path / "home/me/runs/a")
    shown = program("inspect", *report, "--html", "page.html", "--json",
                    CHARRNN_RUNS=str(tmp_path / "home/me/runs"))  # fmt: skip
    assert shown.code == 0, shown.err
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>a</title>" in page
    for private in (tmp_path, run_folder.parent):
        assert str(private) not in page
    assert "home" not in page
    if report[0] != "report":
        model = json.loads(shown.out)["model"]
        assert Path(model) in (tmp_path / "home/me/runs/a", tmp_path / "home/me/runs/a/best.npz")


def test_pages_on_a_text_and_a_folder_have_no_absolute_path(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    for name in ("a", "broken", "b"):
        shutil.copytree(run_folder, tmp_path / "home/me/runs" / name)
    (tmp_path / "home/me/runs/broken/best.npz").write_bytes(b"no model")
    for name in ("best.npz", "last.npz"):
        (tmp_path / "home/me/runs/b" / name).unlink()
    text = tmp_path / "home/me/some text.txt"
    text.write_text(TEXT[:200], encoding="utf-8")
    model = tmp_path / "home/me/runs/a"
    for arguments, title in (
        (["score", text, model], "some text.txt by a"),
        (["copied", text, model], "some text.txt by a"),
        (["copied", text, model, "--corpus", text], "some text.txt by a"),
        (["memory", model, "--text-file", text], "a"),
        (["runs", tmp_path / "home/me/runs"], "runs"),
    ):
        shown = program("inspect", *arguments, "--html", "page.html")
        assert shown.code == 0, shown.err
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert f"<title>{title}</title>" in page
        assert "home" not in page
        assert str(run_folder.parent) not in page
    assert "Runs without a model: b." in page
    assert "This file cannot be read: broken: " in page


NOT_UTF_8 = os.fsdecode(b"run\xe9")
any_bytes = pytest.mark.skipif(
    sys.platform != "linux", reason="file names are any bytes on Linux alone"
)


@any_bytes
@pytest.mark.parametrize(
    ("report", "plot"),
    [(["report"], []), (["loss"], ["--plot", "p.svg"]), (["neurons"], ["--plot", "p\udcff.png"])],
    ids=["report", "loss", "neurons"],
)
def test_a_run_whose_name_is_no_utf_8_is_shown_everywhere(
    program: Program, run_folder: Path, tmp_path: Path, report: list[str], plot: list[str]
) -> None:
    folders = [NOT_UTF_8, "run\udce8"]
    for folder in folders:
        shutil.copytree(run_folder, tmp_path / folder)
    models = folders[:1] if report == ["neurons"] else folders
    shown = program("inspect", *report, *models, "--html", "page\udce9.html", *plot, "--json")
    assert shown.code == 0, shown.err
    page = (tmp_path / "page\udce9.html").read_text(encoding="utf-8")
    assert ("<title>run\\xe9</title>" if report == ["neurons"] else "run\\xe9, run\\xe8") in page
    first = json.loads(shown.out.splitlines()[0])
    model = first["summaries"][0]["model"] if report == ["report"] else first["model"]
    assert model.removesuffix("/best.npz") == NOT_UTF_8
    for name in plot[1:]:
        assert (tmp_path / name).stat().st_size > 1000


@any_bytes
def test_a_run_whose_name_is_no_utf_8_is_printed_and_its_events_are_json(
    program: Program, text: Path
) -> None:
    training = ["train", str(text), "--steps", "2", "--hidden", "4", "--out", NOT_UTF_8, "--json"]
    start, *_, end = map(json.loads, program(*training).out.splitlines())
    assert start["run"] == end["run"] == NOT_UTF_8
    shown = program("inspect", "summary", NOT_UTF_8)
    assert shown.out.splitlines()[0].endswith(" run\\xe9")
