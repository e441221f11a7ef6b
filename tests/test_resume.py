"""A training that was stopped goes on as if it never had been."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.errors import ConfigError, FolderError, InputError, MachineError
from charrnn.runs import saving
from charrnn.storage import model_file
from charrnn.training.optimizer import AdamW, gradient_norm
from tests.conftest import TEXT, Finished, Program, clean_environment
from tests.outcome import outcome

CONFIG = charrnn.TrainConfig(
    hidden=8, layers=1, batch=4, seq=8, steps=50, lr=0.02, eval_every=10, workers=1
)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    return tmp_path / "text.txt"


def stop_after(steps: int) -> Callable[[], bool]:
    """Return a `stop_requested` that returns true from call ``steps`` on, one call an update."""
    calls = iter(range(1, 10**9))
    return lambda: next(calls) >= steps


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, cell="rnn", dropout=0.0, recurrent_dropout=0.0),
        replace(CONFIG, cell="gru", layers=2, schedule="constant"),
        replace(CONFIG, cell="lstm", layers=2, dropout=0.3, recurrent_dropout=0.2),
        replace(CONFIG, cell="lstm", tied=True, dropout=0.3, patience=2, lr=0.5),
        replace(CONFIG, cell="gru", workers=3, dropout=0.3, recurrent_dropout=0.2),
        replace(CONFIG, val=0.0),
    ],
    ids=lambda config: f"{config.cell}{config.layers}x{config.workers}",
)
def test_stopped_twice_and_resumed_is_never_stopped(
    text: Path, tmp_path: Path, config: charrnn.TrainConfig
) -> None:
    charrnn.train(text, config, out=tmp_path / "whole")
    charrnn.train(text, config, out=tmp_path / "parts", stop_requested=stop_after(13))
    assert outcome(tmp_path / "parts") != outcome(tmp_path / "whole")
    charrnn.resume(tmp_path / "parts", stop_requested=stop_after(7))  # where an evaluation is due
    charrnn.resume(tmp_path / "parts")
    assert outcome(tmp_path / "parts") == outcome(tmp_path / "whole")


def test_a_save_between_evaluations_changes_nothing(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    monkeypatch.setattr(saving, "MIN_SECONDS_BETWEEN_SAVES", 0.0)
    monkeypatch.setattr(saving, "MAX_SHARE_OF_TIME", 1e9)
    kept: list[int] = []

    def note(event: object) -> None:
        if (tmp_path / "parts/last.npz").is_file():
            kept.append(charrnn.load(tmp_path / "parts/last.npz").checkpoint.step)
            shutil.copytree(tmp_path / "parts", tmp_path / f"copy{kept[-1]}", dirs_exist_ok=True)

    config = replace(CONFIG, workers=2)
    charrnn.train(text, config, out=tmp_path / "two")
    charrnn.train(text, CONFIG, out=tmp_path / "parts", on_event=note)
    assert {11, 27, 39} < set(kept)
    for step in (11, 27, 39):  # as if killed right after that save
        charrnn.resume(tmp_path / f"copy{step}")
        assert outcome(tmp_path / f"copy{step}") == outcome(tmp_path / "whole")


def test_killed_at_any_moment_and_resumed_is_never_killed(text: Path, tmp_path: Path) -> None:
    """Not calls to stop: kill -9, also in the middle of a write, and with workers."""
    options = ["--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "600", "--eval-every",
               "20", "--workers", "2", "--quiet"]  # fmt: skip
    program = [sys.executable, "-m", "charrnn", "train"]

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*program, *arguments], cwd=tmp_path, env=clean_environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip

    start(str(text), *options, "--out", "whole").communicate()
    rng = np.random.default_rng(3)
    running = start(str(text), *options, "--out", "parts")
    for _ in range(4):
        while not (tmp_path / "parts/config.toml").is_file():
            time.sleep(0.01)
        time.sleep(rng.uniform(0.3, 0.9))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        running = start("--resume", "--out", "parts", "--quiet")
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors.decode()
    assert outcome(tmp_path / "parts") == outcome(tmp_path / "whole")
    assert not list((tmp_path / "parts").glob(".tmp-*"))


def resume(program: Program, *options: str) -> Finished:
    return program("train", "--resume", "--out", "run", *options)


def test_what_contradicts_the_run_is_refused_by_name(program: Program, text: Path) -> None:
    given = ("--hidden", "8", "--steps", "40", "--eval-every", "10")
    assert program("train", text, *given, "--out", "run").code == 0
    for option in (["--hidden", "9"], ["--cell", "gru"], ["--seed", "1"], ["--lr", "1.5"]):
        done = resume(program, *option)
        assert done.code == 2
        assert f"charrnn: {option[0]}: cannot be changed from" in done.err
        assert "--epochs, --steps, --minutes and --patience" in done.err
    assert resume(program, *given).code == 0  # the same again contradicts nothing


def test_a_finished_run_says_so_and_can_be_taken_further(
    program: Program, text: Path, tmp_path: Path
) -> None:
    options = ("--hidden", "8", "--batch", "4", "--seq", "8", "--eval-every", "10")
    program("train", text, *options, "--steps", "40", "--out", "run")
    before = outcome(tmp_path / "run")
    done = resume(program)
    assert (done.code, outcome(tmp_path / "run")) == (0, before)
    assert "run is finished, at step 40" in done.err
    assert resume(program, "--steps", "60").code == 0
    assert [evaluation["step"] for evaluation in outcome(tmp_path / "run")[2]] == [
        10,
        20,
        30,
        40,
        50,
        60,
    ]
    assert "steps = 60" in (tmp_path / "run/config.toml").read_text(encoding="utf-8")
    assert resume(program, "--minutes", "0.02").code == 0
    assert charrnn.load(tmp_path / "run/last.npz").checkpoint.step > 60


def test_another_text_is_refused(program: Program, text: Path) -> None:
    program("train", text, "--hidden", "8", "--steps", "20", "--out", "run")
    text.write_text(TEXT[:1400], encoding="utf-8")
    done = resume(program)
    assert done.code == 3
    assert "text.txt: is not the text" in done.err


def test_the_text_may_have_moved(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "run", stop_requested=stop_after(5))
    moved = text.rename(tmp_path / "moved.txt")
    with pytest.raises(InputError, match=r"text\.txt"):
        charrnn.resume(tmp_path / "run")
    charrnn.resume(tmp_path / "run", moved)
    assert charrnn.load(tmp_path / "run/last.npz").checkpoint.step == 50


def test_a_torn_log_and_leftovers_are_mended(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    run = tmp_path / "run"
    charrnn.train(text, CONFIG, out=run, stop_requested=stop_after(25))
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 30, "epoch": 0.5, "train_loss": 1.0, "val_loss": 1.0, "lr": 0.1}\n{"st')
    (run / ".tmp-left").write_bytes(b"half")
    charrnn.resume(run)
    assert outcome(run) == outcome(tmp_path / "whole")
    assert not (run / ".tmp-left").exists()


def test_stopped_before_its_first_save_a_run_begins_again(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    charrnn.train(text, CONFIG, out=tmp_path / "run", stop_requested=stop_after(3))
    for name in ("last.npz", "log.jsonl"):
        (tmp_path / "run" / name).unlink(missing_ok=True)
    charrnn.resume(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("corpus", ['"abc"', "[]", "[1]", "3", '{ a = "b" }'])
def test_a_corpus_that_is_not_a_list_of_paths_is_damage(
    corpus: str, text: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    charrnn.train(text, CONFIG, out=run)
    config = run / "config.toml"
    rest = config.read_text(encoding="utf-8").splitlines()[2:]
    config.write_text("\n".join(["[train]", f"corpus = {corpus}", *rest]), encoding="utf-8")
    with pytest.raises(InputError, match=r"`corpus` is not a list of files and folders") as caught:
        charrnn.resume(run)
    assert caught.value.exit_code == 3
    with pytest.raises(InputError, match="cannot find the corpus that it was trained on"):
        charrnn.load(run).copied("a")


def test_where_there_is_no_run_none_is_begun(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with pytest.raises(FolderError, match="has no run to resume"):
            charrnn.resume(tmp_path / name)
    assert not (tmp_path / "missing").exists()


def test_a_setting_that_is_no_number_is_named(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "run", stop_requested=stop_after(3))
    with pytest.raises(ConfigError, match="hidden: cannot be changed from 8 to 9"):
        charrnn.resume(tmp_path / "run", changes={"hidden": 9})


def test_an_interrupted_training_says_how_to_go_on(text: Path, tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", str(text), "--steps", "1000000", "--hidden", "8",
         "--out", "run", "--preview", "0"],
        cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (tmp_path / "run/config.toml").is_file():
        time.sleep(0.05)
    time.sleep(1.5)
    os.kill(running.pid, signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == -signal.SIGTERM
    assert "charrnn train --resume --out run" in out.decode()


def test_a_training_that_goes_astray_goes_back_with_half_the_learning_rate(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1, 10**6))

    def fail_once(gradient: np.ndarray) -> float:
        return float("nan") if next(calls) == 25 else gradient_norm(gradient)

    monkeypatch.setattr("charrnn.training.trainer.gradient_norm", fail_once)
    notes: list[str] = []
    config = replace(CONFIG, schedule="constant", warmup=0)
    charrnn.train(text, config, out=tmp_path / "run",
                  on_event=lambda event: notes.append(str(event)))  # fmt: skip
    assert any("returning to step 20 with 0.5 times the learning rate" in note for note in notes)
    log = outcome(tmp_path / "run")[2]
    assert [(evaluation["step"], evaluation["lr"]) for evaluation in log] == [
        (10, 0.02), (20, 0.02), (30, 0.01), (40, 0.01), (50, 0.01),
    ]  # fmt: skip


def test_after_three_setbacks_it_is_given_up_with_the_best_model_intact(
    program: Program, text: Path, tmp_path: Path
) -> None:
    done = program("train", text, "--hidden", "8", "--steps", "400", "--eval-every", "1",
                   "--lr", "1e30", "--clip", "0", "--out", "run")  # fmt: skip
    assert done.code == 4, done.err
    assert done.err.count("returning to step") == 3
    for name in ("best.npz", "last.npz"):
        if (tmp_path / "run" / name).exists():
            charrnn.load(tmp_path / "run" / name)


def test_a_ruined_run_is_never_called_done(program: Program, text: Path, tmp_path: Path) -> None:
    """Too short for many updates above a guess: its evaluations tell."""
    given = ("--hidden", "8", "--lr", "1000", "--warmup", "0", "--eval-every", "20", "--out", "run")
    for others in ((), ("--val", "0"), ("--patience", "1")):
        done = program("train", text, *given, *others, "--steps", "60", "--overwrite")
        assert done.code == 4, done.err
        assert done.err.count("returning to step 0") == 3
        assert "in every evaluation" in done.err
        assert "charrnn sample" not in done.out
        assert "Warning" not in done.err
        assert not (tmp_path / "run/best.npz").exists()


def test_a_best_model_that_cannot_be_written_is_not_lost(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state from which it comes is kept, until it is on disk or the run goes on from there."""
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    run, save = tmp_path / "run", model_file.save

    def fail_for_best(model: model_file.TrainedModel, path: Path) -> None:
        if path.name == "best.npz" and model.step > 20:
            raise OSError(1, os.strerror(1))
        save(model, path)

    monkeypatch.setattr(model_file, "save", fail_for_best)
    with pytest.raises(MachineError, match=r"best.npz: could not be written"):
        charrnn.train(text, CONFIG, out=run)
    assert charrnn.load(run / "last.npz").checkpoint.step == 20
    monkeypatch.undo()
    charrnn.resume(run)
    assert outcome(run) == outcome(tmp_path / "whole")


def test_a_finished_run_is_mended_or_refused(program: Program, text: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    charrnn.train(text, CONFIG, out=run)
    expected, settings = outcome(run), (run / "config.toml").read_bytes()
    for spoil in (lambda log: log.write_bytes(log.read_bytes() + b'{"st'), Path.unlink):
        spoil(run / "log.jsonl")
        assert resume(program, "--patience", "9").code == 0
        assert outcome(run)[:2] == expected[:2]
        assert [evaluation["step"] for evaluation in outcome(run)[2]] == [10, 20, 30, 40, 50]
        assert (run / "config.toml").read_bytes() == settings
    done = resume(program, "--steps", "20")
    assert (done.code, done.out) == (2, "")
    assert "--steps: is a total, which cannot be less than the 50 steps that are done" in done.err
    assert resume(program, "--epochs", "0.01").code == 2
    (run / "best.npz").unlink()
    assert resume(program).code == 3


def test_a_training_that_is_stopped_before_it_begins_leaves_nothing(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("charrnn.runs.corpus_reader.encode_corpus", interrupt)
    with pytest.raises(KeyboardInterrupt):
        charrnn.train(text, CONFIG, out=tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_weights_that_are_no_numbers_never_replace_a_good_state(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped right after the update that spoiled them: what going on needs is from before."""
    learn = AdamW.update

    def spoil(self: AdamW, gradient: np.ndarray, lr: float, scale: float) -> None:
        learn(self, gradient, lr, scale)
        if self.updates == 25:
            self.parameters.vector[0] = np.inf

    monkeypatch.setattr(AdamW, "update", spoil)
    charrnn.train(text, CONFIG, out=tmp_path / "run", stop_requested=stop_after(25))
    assert charrnn.load(tmp_path / "run/last.npz").checkpoint.step == 20
    monkeypatch.undo()
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    charrnn.resume(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("for_ever", [False, True])
def test_a_full_disk_is_told_once_and_the_training_goes_on(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, for_ever: bool
) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    flush, flushed, notes = os.fsync, iter(range(10**6)), list[str]()

    def fail_when_full(handle: int) -> None:
        number = next(flushed)
        if number > 12 and (for_ever or number < 18):
            raise OSError(28, os.strerror(28))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fail_when_full)
    run = tmp_path / "run"
    if for_ever:
        with pytest.raises(MachineError, match="could not be written"):
            charrnn.train(text, CONFIG, out=run, on_event=lambda event: notes.append(str(event)))
        monkeypatch.undo()
        charrnn.load(run)
        charrnn.resume(run)
    else:
        charrnn.train(text, CONFIG, out=run, on_event=lambda event: notes.append(str(event)))
    reports = [note for note in notes if "cannot be written (No space left on device)" in note]
    assert 1 <= len(reports) <= 3  # each file once
    assert outcome(run) == outcome(tmp_path / "whole")
