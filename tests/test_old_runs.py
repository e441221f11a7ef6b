"""Runs of earlier versions load, sample, report and resume. tests/old_runs/README.md tells more."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.errors import InputError
from charrnn.runs.run_config import read_config
from tests.conftest import ROOT, Program

OLD_RUNS = ROOT / "tests/old_runs"
VERSIONS = sorted(path.name for path in OLD_RUNS.iterdir() if path.is_dir())
EXPECTED = {
    (version, name): expected
    for version in VERSIONS
    for name, expected in json.loads(
        (OLD_RUNS / version / "expected.json").read_text(encoding="utf-8")
    ).items()
}
RUNS = [pytest.param(*run, id=" ".join(run)) for run in EXPECTED]
REPORTS_ON_ONE = [
    ("summary",), ("vocab",), ("unroll", "--text", "今日は"), ("neurons",),
    ("score", "letter.txt"), ("copied", "letter.txt"),
]  # fmt: skip
REPORTS_ON_SEVERAL = ["loss", "gradients", "memory", "report"]


@pytest.fixture
def old(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with copies of a version's runs and their corpus, which is the current folder."""
    shutil.copytree(OLD_RUNS / version, tmp_path, dirs_exist_ok=True)
    corpus = (tmp_path / "text.txt").read_text(encoding="utf-8")
    (tmp_path / "letter.txt").write_text(corpus[-200:], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_meta(path: Path) -> dict[str, Any]:
    """The JSON of a model file."""
    with np.load(path) as arrays:
        return dict(json.loads(arrays["meta"].tobytes()))


@pytest.mark.parametrize(("version", "name"), RUNS)
def test_a_model_samples_and_scores_as_it_did(version: str, name: str, old: Path) -> None:
    expected = EXPECTED[version, name]
    model = charrnn.load(name)
    prime = (old / "text.txt").read_text(encoding="utf-8")[:3]
    greedy = charrnn.SampleConfig(length=40, temperature=0)
    assert model.sample(prime, greedy) == expected["greedy"]
    drawn = charrnn.SampleConfig(length=40)
    assert model.sample(prime, drawn, seed=1) == expected["seed 1"]
    letter = (old / "letter.txt").read_text(encoding="utf-8")
    assert model.score(letter).nats == pytest.approx(expected["nats"], abs=1e-4)
    assert charrnn.load(old / name / "last.npz").vocabulary == model.vocabulary


@pytest.mark.parametrize(("version", "name"), RUNS)
def test_each_report_from_python(version: str, name: str, old: Path) -> None:
    model = charrnn.load(name)
    letter = (old / "letter.txt").read_text(encoding="utf-8")
    assert model.summary().hidden == 6
    assert len(model.loss().points) == (1 if name == "stopped" else 3)
    assert "今" in {character.character for character in model.vocab().characters}
    assert model.copied(letter).share == 1
    assert len(model.unroll("今日は").steps) == 3
    assert len(model.gradients(lags=20).ways[0].median) == 21
    assert model.memory().points
    assert model.neurons().followers


@pytest.mark.parametrize(("version", "name"), RUNS)
def test_all_reports_on_one_page(version: str, name: str, old: Path, program: Program) -> None:
    done = program("inspect", "report", name, "--html", "page.html", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)
    assert (old / "page.html").is_file()
    copied = program("inspect", "copied", "letter.txt", name, "--json")
    assert json.loads(copied.out)["share"] == 1, copied.err


@pytest.mark.parametrize("version", VERSIONS)
def test_each_report(version: str, old: Path, program: Program) -> None:
    names = [name for of, name in EXPECTED if of == version]
    for report in REPORTS_ON_ONE:
        done = program("inspect", *report, names[0])
        assert done.code == 0, done.err
    for name in REPORTS_ON_SEVERAL:
        done = program("inspect", name, *names[:3])
        assert done.code == 0, done.err
    table = json.loads(program("inspect", "runs", ".", "--json").out)
    states = {run["model"]: run["state"] for group in table["groups"] for run in group["runs"]}
    assert states == {name: "unfinished" if name == "stopped" else "finished" for name in names}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stopped_run_resumes_to_the_same_weights(version: str, old: Path) -> None:
    charrnn.resume("stopped")
    with np.load("stopped/last.npz") as ours, np.load("stopped-then-finished.npz") as theirs:
        assert sorted(ours) == sorted(theirs)
        for name in set(theirs) - {"meta"}:  # to the bit on the same machine
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5)
    ended, finished = (
        read_meta(Path("stopped/last.npz")),
        read_meta(old / "stopped-then-finished.npz"),
    )
    # 0.1.0 drew half words, and remembered whether one was left.
    assert ended["training"]["random"]["state"] == finished["training"]["random"]["state"]
    assert read_config(Path("stopped/config.toml")).settings.temporal_regularization == 0
    assert ended["step"] == finished["step"] == 60


@pytest.mark.parametrize(("version", "name"), [run for run in RUNS if "stopped" not in run.values])
def test_a_finished_run_says_so(version: str, name: str, old: Path, program: Program) -> None:
    before = (old / name / "last.npz").read_bytes()
    done = program("train", "--resume", "--out", name)
    assert done.code == 0
    assert f"{name} is finished, at step 60" in done.err
    assert (old / name / "last.npz").read_bytes() == before


def test_version_0_1_0_is_told_of_files_that_it_cannot_read(run_folder: Path) -> None:
    """It refuses settings, numbers of an evaluation and of the baselines that it does not know.

    So a model that needs a new one is written with a higher ``format``, which it names.
    """
    new, old = read_meta(run_folder / "last.npz"), read_meta(OLD_RUNS / "0.1.0/lstm/last.npz")
    assert (old["format"], new["format"]) == (1, 2)
    assert new["config"].keys() == old["config"].keys() | {"temporal_regularization", "shuffle"}
    added = {"grad_norm", "grad_norm_max", "clipped", "update_ratio"}
    assert new["history"][0].keys() == old["history"][0].keys() | added
    assert new["baselines"].keys() == old["baselines"].keys()
    for part in ("corpus", "training"):  # more is passed over there, and beside them
        assert new[part].keys() >= old[part].keys()
    assert new.keys() >= old.keys()


def test_a_format_of_later_versions_is_named(run_folder: Path, tmp_path: Path) -> None:
    with np.load(run_folder / "best.npz") as arrays:
        content = dict(arrays)
    meta = {**read_meta(run_folder / "best.npz"), "format": 1_000}
    content["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(tmp_path / "later.npz", **content)
    with pytest.raises(InputError, match="was written by a newer charrnn; update charrnn"):
        charrnn.load(tmp_path / "later.npz")
