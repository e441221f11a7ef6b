"""An exception in a function of the caller leaves a run that can be resumed, and nothing else."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.training.events import End, Evaluation, Event, Preview, Progress, Reading, Start
from tests.conftest import TEXT, clean_environment
from tests.outcome import outcome
from tests.processes import children

CONFIG = charrnn.TrainConfig(
    hidden=8, layers=1, batch=4, seq=8, steps=50, lr=0.02, eval_every=10, workers=1, dropout=0.2
)


class UserError(Exception):
    """Raised by a function of the caller."""


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    return tmp_path / "text.txt"


def raise_at(kind: type[Event], number: int = 1) -> Callable[[Event], None]:
    """An ``on_event`` that fails at the event ``number`` of a ``kind``."""
    seen: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == number:
                raise UserError

    return on_event


def files(run: Path) -> set[str]:
    return {file.name for file in run.iterdir()}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("kind", "number"),
    [(Start, 1), (Progress, 1), (Progress, 25), (Evaluation, 2), (Preview, 2), (End, 1)],
)
def test_a_run_is_resumed_inside_the_except_block(
    kind: type[Event], number: int, workers: int, text: Path, tmp_path: Path
) -> None:
    """The exception is kept there, and with its traceback everything that the run was doing."""
    config, run = replace(CONFIG, workers=workers), tmp_path / "run"
    charrnn.train(text, config, out=tmp_path / "whole")
    try:
        charrnn.train(text, config, out=run, preview=5, on_event=raise_at(kind, number))
    except UserError as error:
        kept = error
        assert files(run) <= {"config.toml", "log.jsonl", "best.npz", "last.npz"}
        assert children() == []
        charrnn.resume(run)
    assert kept.__traceback__ is not None
    assert outcome(run) == outcome(tmp_path / "whole")


def test_a_resumed_run_is_closed_too(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, CONFIG, out=tmp_path / "whole")
    run = tmp_path / "run"
    kept: list[UserError] = []
    with pytest.raises(UserError):
        charrnn.train(text, CONFIG, out=run, on_event=raise_at(Evaluation, 2))
    for kind in (Reading, Start, Evaluation):
        try:
            charrnn.resume(run, on_event=raise_at(kind))
        except UserError as error:
            kept.append(error)
            assert not {".lock", "corpus.ids"} & files(run)
    charrnn.resume(run)
    assert len(kept) == 3
    assert outcome(run) == outcome(tmp_path / "whole")


@pytest.mark.parametrize("number", [1, 3])
def test_while_the_corpus_is_read_nothing_is_left(number: int, text: Path, tmp_path: Path) -> None:
    """The third event comes from the second pass, which writes ids into the run folder."""
    try:
        charrnn.train(text, CONFIG, out=tmp_path / "run", on_event=raise_at(Reading, number))
    except UserError as error:
        kept = error
        assert files(tmp_path) == {"text.txt"}
    assert kept.__traceback__ is not None


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stop_request_that_fails_is_an_exception_like_any_other(
    workers: int, text: Path, tmp_path: Path
) -> None:
    config, run, calls = replace(CONFIG, workers=workers), tmp_path / "run", iter(range(100))

    def stop_requested() -> bool:
        if next(calls) == 25:
            raise UserError
        return False

    charrnn.train(text, config, out=tmp_path / "whole")
    try:
        charrnn.train(text, config, out=run, stop_requested=stop_requested)
    except UserError as error:
        kept = error
        assert files(run) == {"config.toml", "log.jsonl", "best.npz", "last.npz"}
        assert children() == []
        charrnn.resume(run)
    assert kept.__traceback__ is not None
    assert outcome(run) == outcome(tmp_path / "whole")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_pipe_that_closes_leaves_a_run_that_is_resumed(
    workers: str, text: Path, tmp_path: Path
) -> None:
    options = ["--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "600", "--eval-every",
               "20", "--workers", workers, "--quiet"]  # fmt: skip
    environment = clean_environment()
    program = [sys.executable, "-m", "charrnn", "train"]
    subprocess.run(
        [*program, text, *options, "--out", "whole"], cwd=tmp_path, env=environment, check=True,
        stdout=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    pipe: list[str | Path] = [
        "sh",
        "-c",
        '"$@" | head -1',
        "sh",
        *program,
        text,
        *options,
        "--json",
        "--out",
        "run",
    ]
    done = subprocess.run(
        pipe, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith('{"event": "start"')
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert not {".lock", "corpus.ids"} & files(tmp_path / "run")
    charrnn.resume(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
