"""What `progress` shows in Python: nothing unless it is asked for, then a bar and a summary."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm as tqdm_of_a_terminal

import charrnn
from charrnn.training.events import Event, Preview, Progress
from tests.conftest import TEXT

SMALL = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=8, steps=6, eval_every=3, workers=1)
OPTION = re.compile(r"(?<!\w)--?[a-z]")


@pytest.mark.parametrize("resume", [False, True])
def test_nothing_is_printed_unless_it_is_asked_for(
    resume: bool, text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    charrnn.train(text, SMALL, out=tmp_path / "run", preview=5)
    if resume:
        charrnn.resume(tmp_path / "run", steps=9)
    assert capfd.readouterr() == ("", "")


class EagerBar(tqdm_of_a_terminal):  # type: ignore[type-arg]
    """A bar that is drawn at every step, however fast the machine is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(mininterval=0, miniters=1, **options)


def test_progress_is_a_bar_then_the_summary_of_the_command_line(
    text: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tqdm.auto.tqdm", EagerBar)
    run = tmp_path / "走り"
    charrnn.train(text, SMALL, out=run, progress=True)
    shown = capfd.readouterr()
    assert re.search(r"6/6 .*step/s, loss \d\.\d{3}, val \d\.\d{3}\]", shown.err)
    labels = re.findall(r"^(\w+(?: \w+)?)  ", shown.out, re.MULTILINE)
    assert labels == ["run", "parameters", "validation", "to beat", "vocabulary", "speed", "sample"]
    assert f"charrnn.load({str(run)!r}).sample()" in shown.out
    assert not OPTION.search(shown.out)


def test_notes_and_previews_are_shown_with_settings_by_their_python_names(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "short.txt").write_text(TEXT[:400], encoding="utf-8")
    previews: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Preview):
            previews.append(event)

    charrnn.train(
        tmp_path / "short.txt", SMALL, out=tmp_path / "run", progress=True, preview=5,
        preview_prime="Q今日", on_event=on_event,
    )  # fmt: skip
    shown = capfd.readouterr().out
    assert "the text is short: with `batch` 4 and `seq` 8, the model will memorize it" in shown
    assert "`preview_prime`: left out, because the corpus does not have it" in shown
    assert shown.count("  │ 今日") == len(previews) == 2
    assert not OPTION.search(shown)


@pytest.mark.parametrize("steps", [6, 9])
def test_a_resumed_run_shows_that_it_goes_on_or_is_finished(
    steps: int, text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    charrnn.train(text, SMALL, out=tmp_path / "run")
    charrnn.train(text, SMALL, out=tmp_path / "run", resume=True, progress=True, steps=steps)
    shown = capfd.readouterr().out
    if steps == 6:
        assert "is finished, at step 6; raise `epochs`, `steps`, `minutes` or `patience`" in shown
    else:
        assert "resuming after step 6 of 9" in shown
    assert not OPTION.search(shown)


def test_an_interrupted_training_says_how_to_resume_it(
    text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    calls = iter([False, True])
    stop: Callable[[], bool] = lambda: next(calls)  # noqa: E731
    charrnn.train(text, SMALL, out=tmp_path / "run", progress=True, stop_requested=stop)
    shown = capfd.readouterr().out
    assert re.search(r"^stopped +interrupted at step 2$", shown, re.MULTILINE)
    assert re.search(rf"^resume +charrnn.resume\('{tmp_path}/run'\)$", shown, re.MULTILINE)


def test_an_error_removes_the_bar(
    text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, Progress):
            raise RuntimeError("of the caller")

    with pytest.raises(RuntimeError, match="of the caller"):
        charrnn.train(text, SMALL, out=tmp_path / "run", progress=True, on_event=on_event)
    assert capfd.readouterr().err.rstrip(" ").endswith("\r")
