"""A training that diverged: what its run folder says to everyone who uses it later."""

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import DivergedError
from charrnn.storage import model_file
from charrnn.storage.checkpoint import load_training, read_description, save_training
from charrnn.training import divergence
from charrnn.training.events import Note
from tests.conftest import TEXT, Program

CONFIG = charrnn.TrainConfig(
    hidden=8, layers=1, batch=4, seq=8, steps=500, eval_every=10, clip=0.0, patience=0, workers=1
)
CONFIGS = {
    # The loss rises after a good beginning, so that there is a best model.
    "best": replace(CONFIG, lr=400.0, warmup=1000, eval_every=5),
    # No evaluation is better than a guess.
    "bad": replace(CONFIG, lr=50.0, steps=30),
    "early": replace(CONFIG, lr=1e30),
    "workers": replace(CONFIG, lr=1e30, workers=2),
    "no-validation": replace(CONFIG, lr=400.0, warmup=1000, eval_every=5, val=0.0),
}
WITH_BEST = ("best", "no-validation")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run for each of the configs, all of which diverged, and a finished one."""
    folder = tmp_path_factory.mktemp("diverged")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(divergence, "MAX_BAD_WINDOWS", 35)
        for name, config in CONFIGS.items():
            with pytest.raises(DivergedError):
                charrnn.train(folder / "text.txt", config, out=folder / "runs" / name)
    charrnn.train(folder / "text.txt", replace(CONFIG, lr=0.01, steps=20), out=folder / "runs/good")
    return folder / "runs"


@pytest.fixture
def place(runs: Path, tmp_path: Path) -> Path:
    """The folder of ``program``, with copies of the runs and of their text."""
    shutil.copytree(runs, tmp_path / "runs")
    shutil.copy(runs.parent / "text.txt", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CONFIGS)
def test_no_evaluation_that_is_worse_than_guessing_is_called_the_best(
    name: str, program: Program, place: Path
) -> None:
    for model in (f"runs/{name}", f"runs/{name}/last.npz"):
        losses = json.loads(program("inspect", "loss", model, "--json").out)
        val_losses = {p["step"]: p["val_loss"] for p in losses["points"]}
        if name == "best":
            assert losses["best_step"] == min(val_losses, key=val_losses.__getitem__)
        else:
            assert losses["best_step"] is None


def test_runs_says_diverged_as_text_csv_and_json(program: Program, place: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(program("inspect", "runs", "--csv").out)))
    states = {Path(row["run"]).name: row["state"] for row in rows}
    assert states == {**dict.fromkeys(CONFIGS, "diverged"), "good": "finished"}
    report = json.loads(program("inspect", "runs", "--json").out)
    described = {
        Path(run["model"]).name: run["diverged"]
        for group in report["groups"]
        for run in group["runs"]
    }
    assert described.pop("good") is None
    text = program("inspect", "runs").out
    for name, diverged in described.items():
        assert diverged["step"] > 0
        (row,) = (line for line in text.splitlines() if line.startswith(f"runs/{name} "))
        assert row.endswith(f"diverged at step {diverged['step']:,}")
    assert described["bad"] == {"step": 30, "reason": "evaluations"}


@pytest.mark.parametrize("name", CONFIGS)
def test_resuming_says_that_it_diverged_where_and_what_to_do(
    program: Program, place: Path, name: str
) -> None:
    step = charrnn.load(place / "runs" / name).summary().diverged.step  # type: ignore[union-attr]
    before = {file: file.read_bytes() for file in (place / "runs" / name).iterdir()}
    changes = ((), ("--steps", "100000"), ("--patience", "9"), ("--json",))
    for more in changes if name == "best" else changes[:1]:
        done = program("train", "--resume", "--out", f"runs/{name}", *more)
        assert (done.code, done.out) == (4, "")
        (line,) = done.err.splitlines()
        assert line.startswith(f"charrnn: runs/{name}: the training diverged at step {step:,} (")
        assert "train a new run with --lr below" in line
        assert (f"--init-from runs/{name}/best.npz" in line) is (name in WITH_BEST)
    assert {file: file.read_bytes() for file in (place / "runs" / name).iterdir()} == before


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("best", "and this is the best model before that"),
        ("best/best.npz", "and this is the best model before that"),
        ("best/last.npz", "the best model before that is runs/best/best.npz"),
        ("bad", "no evaluation before that was better than guessing"),
        ("early", "before its first evaluation, so there is no better model"),
    ],
)
def test_every_user_of_a_model_is_told_which_one_it_is(
    program: Program, place: Path, model: str, words: str
) -> None:
    path = f"runs/{model}"
    file = path if path.endswith(".npz") else charrnn.load(place / path).loaded.path
    step = read_description(place / file)[0].step  # type: ignore[operator]
    commands = (
        ("sample", path, "--length", "3", "--seed", "1"),
        ("inspect", "summary", path),
        ("inspect", "vocab", path),
        ("inspect", "score", "text.txt", path),
        ("inspect", "loss", path),
        ("inspect", "unroll", path, "--text", "今日は"),
    )
    for command in commands if model == "best" else commands[:1]:
        done = program(*command)
        assert done.code == 0
        (line,) = done.err.splitlines()
        assert line.startswith("model runs/")
        assert f", of step {step:,}: the training of runs/" in line
        assert words in line
    assert program(*commands[0], "--quiet").err == ""


def test_a_loss_without_a_finite_perplexity_is_scored_and_shown(
    program: Program, place: Path
) -> None:
    model = model_file.load(place / "runs/bad/last.npz")
    model.network.parameters.views["out.b"][:] = 0
    model.network.parameters.views["out.b"][0] = 1e36
    model_file.save(model, place / "far.npz")
    done = program("inspect", "score", "text.txt", "far.npz")
    assert done.code == 0
    assert "perplexity" in done.out
    assert "more than a number can be" in done.out
    scores = json.loads(program("inspect", "score", "text.txt", "far.npz", "--json").out)
    assert scores["perplexity"] is None
    report = ("inspect", "report", "far.npz", "--text-file", "text.txt", "--html", "far.html")
    assert program(*report).code == 0


def test_reports_say_that_the_training_diverged(program: Program, place: Path) -> None:
    for name in ("best", "bad"):
        report = json.loads(program("inspect", "summary", f"runs/{name}", "--json").out)
        ending = f"diverged at step {report['diverged']['step']:,}"
        assert ending in program("inspect", "summary", f"runs/{name}").out
        assert ending in program("inspect", "loss", f"runs/{name}").out
        losses = json.loads(program("inspect", "loss", f"runs/{name}", "--json").out)
        assert losses["diverged"] == report["diverged"]
    assert "diverged" not in program("inspect", "summary", "runs/good").out
    overview = program("inspect", "report", "runs/best", "runs/bad", "--html", "page.html").out
    assert overview.count("the training diverged at step") == 2
    assert "the training diverged at step" in (place / "page.html").read_text(encoding="utf-8")


def test_a_run_that_begins_with_its_weights_is_told(place: Path) -> None:
    events: list[object] = []
    config = replace(CONFIG, hidden=None, layers=None, lr=0.01, steps=2)
    charrnn.train(
        place / "text.txt", config, out=place / "new", init_from=place / "runs/best",
        on_event=events.append,
    )  # fmt: skip
    notes = [event.text for event in events if isinstance(event, Note)]
    assert any("and this is the best model before that" in note for note in notes)


def test_the_losses_until_it_diverged_are_kept(runs: Path) -> None:
    """The checkpoint is that of the last save, not weights that diverged."""
    for name, evaluations in (("bad", 3), ("early", 0), ("workers", 0)):
        assert len((runs / name / "log.jsonl").read_text().splitlines()) == evaluations
        description, status = read_description(runs / name / "last.npz")
        assert len(description.history) == evaluations
        assert status.is_over
    description, _ = read_description(runs / "best/last.npz")
    best, _ = read_description(runs / "best/best.npz")
    assert best.step <= description.step == description.history[-1]["step"]


def test_a_checkpoint_of_version_0_1_0_that_never_was_good_diverged(
    place: Path, program: Program
) -> None:
    """It has no mark, but a training that is over without a best model can only have diverged."""
    last = place / "runs/bad/last.npz"
    model, state = model_file.load(last), load_training(last)
    state = replace(state, progress=replace(state.progress, diverged=None))
    save_training(model, state, last)
    done = program("train", "--resume", "--out", "runs/bad")
    assert done.code == 4
    assert "the training diverged at step 30" in done.err


@pytest.mark.parametrize("mark", [3, {"step": 1, "reason": "rain"}, {"step": -1, "reason": "loss"}])
def test_a_mark_that_is_damaged_is_refused(place: Path, mark: object) -> None:
    from charrnn.storage.training_meta import read_progress

    training = {
        "best_loss": None, "best_step": None, "window_losses": [], "evaluations_since_best": 0,
        "above": 0, "setbacks": 3, "diverged": mark,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"diverged|step"):
        read_progress(training, 40)
