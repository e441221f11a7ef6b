"""Ctrl-C in Python and the interrupt of a notebook: the run is saved, and the same call goes on."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

import charrnn
from charrnn.errors import ConfigError, FolderError
from charrnn.interrupts import Interrupt
from charrnn.runs.run_config import read_config
from charrnn.storage.run_folder import RunFolder
from charrnn.training.events import End, Evaluation, Event, Progress, Reading, Start
from tests.conftest import TEXT
from tests.outcome import outcome
from tests.processes import children

CONFIG = charrnn.TrainConfig(
    hidden=8, layers=1, batch=4, seq=8, steps=50, lr=0.02, eval_every=10, workers=1, dropout=0.2
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    return tmp_path / "text.txt"


def interrupt_at(kind: type[Event], number: int = 1, times: int = 1) -> Callable[[Event], None]:
    """An ``on_event`` during which Ctrl-C is pressed, at the event ``number`` of a ``kind``."""
    seen: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == number:
                for _ in range(times):
                    os.kill(os.getpid(), signal.SIGINT)

    return on_event


def files(run: Path) -> set[str]:
    return {file.name for file in run.iterdir()}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("kind", "number", "step"),
    [(Start, 1, 1), (Progress, 1, 2), (Progress, 25, 26), (Evaluation, 2, 21)],
)
def test_an_interrupted_training_is_saved_where_it_was_and_resumed_to_the_same_end(
    kind: type[Event], number: int, step: int, workers: int, text: Path, tmp_path: Path
) -> None:
    config, run = replace(CONFIG, workers=workers), tmp_path / "run"
    charrnn.train(text, config, out=tmp_path / "whole")
    try:
        charrnn.train(text, config, out=run, on_event=interrupt_at(kind, number))
    except KeyboardInterrupt as error:
        kept = error
        assert files(run) <= {"config.toml", "log.jsonl", "best.npz", "last.npz"}
        assert children() == []
        assert charrnn.load(run / "last.npz").checkpoint.step == step
        charrnn.resume(run)
    assert str(kept) == f"the run is saved; charrnn.resume({str(run)!r}) goes on"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert outcome(run) == outcome(tmp_path / "whole")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_second_interrupt_ends_a_training_at_once_as_of_the_last_save(
    workers: int, text: Path, tmp_path: Path
) -> None:
    config, run = replace(CONFIG, workers=workers), tmp_path / "run"
    charrnn.train(text, config, out=tmp_path / "whole")
    try:
        charrnn.train(text, config, out=run, on_event=interrupt_at(Progress, 25, times=2))
    except KeyboardInterrupt as error:
        kept = error
        assert files(run) == {"config.toml", "log.jsonl", "best.npz", "last.npz"}
        assert children() == []
        assert charrnn.load(run / "last.npz").checkpoint.step == 20
        charrnn.resume(run)
    assert kept.__traceback__ is not None
    assert outcome(run) == outcome(tmp_path / "whole")


@pytest.mark.parametrize("number", [1, 3])
def test_before_the_training_starts_nothing_is_left(
    number: int, text: Path, tmp_path: Path
) -> None:
    try:
        charrnn.train(text, CONFIG, out=tmp_path / "run", on_event=interrupt_at(Reading, number))
    except KeyboardInterrupt as error:
        kept = error
        assert files(tmp_path) == {"text.txt"}
    assert kept.__traceback__ is not None


def test_after_its_end_a_run_is_complete(text: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        charrnn.train(text, CONFIG, out=tmp_path / "run", on_event=interrupt_at(End))
    assert charrnn.load(tmp_path / "run" / "last.npz").checkpoint.step == 50
    assert not {".lock", "corpus.ids"} & files(tmp_path / "run")


def test_a_resumed_run_is_interrupted_in_the_same_way(text: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        charrnn.train(text, CONFIG, out=run, on_event=interrupt_at(Progress, 25))
    with pytest.raises(KeyboardInterrupt):
        charrnn.resume(run, on_event=interrupt_at(Progress, 3))
    assert charrnn.load(run / "last.npz").checkpoint.step == 30
    charrnn.resume(run)
    assert outcome(run) == outcome(tmp_path / "whole")


def test_a_handler_of_the_caller_stays_in_place(text: Path, tmp_path: Path) -> None:
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = signal.signal(signal.SIGINT, handle)
    try:
        charrnn.train(text, CONFIG, out=tmp_path / "run", on_event=interrupt_at(Progress, 25))
        assert signal.getsignal(signal.SIGINT) is handle
    finally:
        signal.signal(signal.SIGINT, before)
    assert received == [signal.SIGINT]
    assert charrnn.load(tmp_path / "run" / "last.npz").checkpoint.step == 50


def test_a_training_in_another_thread_sets_no_handler(text: Path, tmp_path: Path) -> None:
    trained: list[charrnn.Model] = []
    thread = threading.Thread(
        target=lambda: trained.append(charrnn.train(text, CONFIG, out=tmp_path / "run"))
    )
    thread.start()
    thread.join()
    assert trained[0].checkpoint.config.steps == 50


def test_nothing_interrupts_the_closing_of_a_run() -> None:
    closed: list[bool] = []

    def run(interrupt: Interrupt) -> None:
        with interrupt:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        run(Interrupt())
    assert closed


def test_the_same_call_begins_a_run_goes_on_with_it_and_returns_its_model(
    text: Path, tmp_path: Path
) -> None:
    whole = charrnn.train(text, CONFIG, out=tmp_path / "whole")
    run = tmp_path / "run"
    steps: list[int] = []
    interrupt = interrupt_at(Progress, 25)

    def train() -> charrnn.Model:
        steps.append(0)
        return charrnn.train(text, CONFIG, out=run, resume=True, on_event=on_event)

    def on_event(event: Event) -> None:
        interrupt(event)
        steps[-1] += isinstance(event, Progress)

    with pytest.raises(KeyboardInterrupt):
        train()
    models = [train(), train()]
    assert steps == [26, 24, 0]
    expected = whole.sample("今日は", seed=1)
    assert [model.sample("今日は", seed=1) for model in models] == [expected] * 2
    assert outcome(run) == outcome(tmp_path / "whole")


def test_minutes_count_from_the_beginning_of_a_run_that_the_same_call_continues(
    text: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    sizes = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=8, workers=1)
    charrnn.train(text, sizes, minutes=0.005, out=run, resume=True)
    settings, made = read_config(RunFolder(run).config).settings, outcome(run)
    charrnn.train(text, sizes, minutes=0.005, out=run, resume=True)
    assert read_config(RunFolder(run).config).settings == settings
    assert outcome(run) == made


def test_more_steps_train_a_finished_run_further(text: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    charrnn.train(text, CONFIG, out=run)
    charrnn.train(text, CONFIG, out=run, resume=True, steps=60)
    assert charrnn.load(run / "last.npz").checkpoint.step == 60


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"hidden": 9}, "hidden: cannot be changed from 8 to 9; "),
        ({"clip": 1.0}, "clip: cannot be changed from 2.0 to 1.0; "),
        ({"steps": 40}, "steps: is a total, which cannot be less than the 50 steps that are done"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(
    given: dict[str, object], problem: str, text: Path, tmp_path: Path
) -> None:
    api: Callable[..., object] = charrnn.train
    api(text, CONFIG, out=tmp_path / "run", clip=2.0)
    with pytest.raises(ConfigError) as caught:
        api(text, CONFIG, out=tmp_path / "run", resume=True, **given)
    assert str(caught.value).startswith(problem)
    charrnn.train(text, out=tmp_path / "run", resume=True)  # all settings left to the run


def test_another_text_in_the_same_folder_is_refused(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "run")
    (tmp_path / "other.txt").write_text(TEXT[100:1600], encoding="utf-8")
    with pytest.raises(charrnn.InputError, match="is not the text that the run in"):
        charrnn.train(tmp_path / "other.txt", CONFIG, out=tmp_path / "run", resume=True)
    with pytest.raises(FolderError, match="already contains a run"):
        charrnn.train(text, CONFIG, out=tmp_path / "run")
