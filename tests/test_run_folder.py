"""A run that is given no folder has a new one, named after its corpus."""

from pathlib import Path

import pytest

from charrnn.storage.run_folder import name_run
from tests.conftest import TEXT, Program

FEW_STEPS = ("--hidden", "4", "--steps", "2", "--quiet")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("-", "stdin"),
        ("/dev/fd/63", "corpus"),
        ("/proc/self/fd/63", "corpus"),
        ("fd/63", "63"),
        ("genji.txt", "genji"),
        ("somewhere/genji.txt", "genji"),
        ("genji.txt.gz", "genji"),
        ("GENJI.TXT.GZ", "GENJI"),
        ("Genji.Txt", "Genji"),
        ("genji.gz.txt", "genji.gz"),
        ("genji", "genji"),
        ("genji.tar", "genji.tar"),
        ("genji/", "genji"),
        ("genji/.", "genji"),
        (".genji.txt", ".genji"),
        ("源氏物語.txt", "源氏物語"),
        (".txt", "corpus"),
        (".txt.gz", "corpus"),
        (".GZ", "corpus"),
        (".gz", "corpus"),
        ("..txt", "corpus"),
        ("...txt", "corpus"),
        ("/", "corpus"),
        ("/..", "corpus"),
        (".", "here"),
        ("./", "here"),
        ("", "here"),
        ("..", "above"),
        ("../..", "top"),
        ("below/..", "here"),
        ("../here/below/../..", "above"),
    ],
)
def test_names(path: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "top/above/here"
    (here / "below").mkdir(parents=True)
    monkeypatch.chdir(here)
    assert name_run(Path(path)) == name


def test_a_link_has_its_own_name_and_what_stands_for_no_name_the_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "link")
    assert name_run(tmp_path / "link") == "link"
    assert name_run(Path()) == "real"
    assert name_run(tmp_path / "link/..") == tmp_path.name


def test_folders_named_by_dots_make_runs_with_names(program: Program, tmp_path: Path) -> None:
    """Each beside the corpus, so that the folder that holds them is named."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/one.txt").write_text(TEXT, encoding="utf-8")
    runs = {"CHARRNN_RUNS": str(tmp_path / "runs")}
    expected = []
    for path, name in [
        (".", tmp_path.name),
        ("texts/..", tmp_path.name + "-2"),
        ("texts/.", "texts"),
    ]:
        assert program("train", path, *FEW_STEPS, **runs).code == 0
        expected.append(name)
        assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == sorted(expected)


def test_runs_says_why_a_folder_has_none(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    command = f"charrnn inspect summary {run_folder}"
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for folder, problem in (
        ("nosuch", "nosuch: no such folder; check the name"),
        ("nosuch/deep", "nosuch/deep: no such folder; check the name"),
        ("file", "file: is a file; name a folder that has run folders in it"),
        ("empty", "empty: has no trained model yet; train one: charrnn train tenki"),
        (str(run_folder), f"is itself a run, not a folder of runs; to inspect it: {command}"),
    ):
        done = program("inspect", "runs", folder)
        assert done.code == 3
        assert problem in done.err
    assert "runs: has no trained model yet" in program("inspect", "runs").err
