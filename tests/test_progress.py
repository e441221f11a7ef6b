"""What `progress` shows in Python: nothing unless it is asked for, then a bar and a summary."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tqdm import tqdm as tqdm_of_a_terminal

import charrnn
from charrnn.cli.display import STOPPING
from charrnn.language import gettext as _
from charrnn.language import list_languages, speaking
from charrnn.progress_bar import READING_BAR, TrainingBar, localize
from charrnn.render.clusters import display_width
from charrnn.render.progress import describe_start
from charrnn.training.events import Event, Preview, Progress, Start
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


@pytest.mark.parametrize(
    ("total", "done", "seconds", "options"),
    [
        (100, 40, 0.2, {"unit": "step"}),
        (100, 3, 9.0, {"unit": "step", "postfix": "loss 2.000"}),
        (100, 0, 0.0, {"unit": "step", "desc": "steps"}),
        (100, 120, 4.0, {"unit": " samples"}),
        (None, 40, 8.0, {"unit": " characters", "desc": "scoring"}),
        (None, 0, 0.0, {"unit": " characters"}),
        (None, 5_000_000, 2.0, {"unit": "B", "unit_scale": True, "desc": "reading"}),
        (9_000_000, 5_000_000, 2.0, {"unit": "B", "bar_format": READING_BAR, "desc": "reading"}),
    ],
)
def test_a_bar_in_english_is_one_of_tqdm_with_one_column_less(
    total: int | None, done: int, seconds: float, options: dict[str, Any]
) -> None:
    def draw(kind: type[Any], columns: int) -> str:
        named = {name: value for name, value in options.items() if name != "postfix"}
        with kind(total=total, ncols=columns, file=StringIO(), **named) as bar:
            bar.set_postfix_str(options.get("postfix", ""), refresh=False)
            bar.n, bar._time = done, lambda: bar.start_t + seconds
            return str(bar)

    assert draw(localize(tqdm_of_a_terminal), 80) == draw(tqdm_of_a_terminal, 79)


@pytest.mark.parametrize(
    ("total", "seconds", "unit", "shown"),
    [
        (100, 2.0, "step", "| 40/100 [00:02<00:03, 20.00 ステップ/秒]"),
        (100, 80.0, "step", "| 40/100 [01:20<02:00,  2.00 秒/ステップ]"),
        (100, 0.0, "step", "| 40/100 [00:00<?, ? ステップ/秒]"),
        (None, 2.0, "step", "40 ステップ [00:02, 20.00 ステップ/秒]"),
        (None, 2.0, " samples", "40 件 [00:02, 20.00 件/秒]"),
    ],
)
def test_a_bar_in_japanese(total: int | None, seconds: float, unit: str, shown: str) -> None:
    with (
        speaking("ja"),
        localize(tqdm_of_a_terminal)(total=total, ncols=80, unit=_(unit), file=StringIO()) as bar,
    ):
        bar.n, bar._time = 40, lambda: bar.start_t + seconds  # type: ignore[attr-defined]
        assert str(bar).endswith(shown)
        assert total is None or display_width(str(bar)) == 79


def test_the_speed_of_a_resumed_run_is_that_of_its_new_steps() -> None:
    bar = TrainingBar(tqdm_of_a_terminal)
    bar.start_steps()
    assert bar._bar is not None
    bar.show_step(Progress(1001, 2000, 2.0), "")
    bar.show_step(Progress(1002, 2000, 2.0), "")
    values = bar._bar.format_dict
    assert values["n"] - values["initial"] == 2
    bar.close()


@pytest.mark.parametrize("language", list_languages())
def test_patience_is_a_number_of_evaluations(language: str, text: Path, tmp_path: Path) -> None:
    starts: list[Start] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Start):
            starts.append(event)

    for patience in (0, 3):
        charrnn.train(
            text, SMALL, out=tmp_path / str(patience), patience=patience, on_event=on_event
        )
    with speaking(language):
        without, some = map(describe_start, starts)
    if language == "ja":
        assert "評価の間隔 3 ステップ、打ち切りなし\n" in without
        assert "評価の間隔 3 ステップ、改善のない評価 3 回で打ち切り\n" in some
    elif language == "en":
        assert "steps between evaluations 3, patience 0\n" in without
        assert "steps between evaluations 3, patience 3\n" in some


@pytest.mark.parametrize("language", list_languages())
def test_the_answer_to_ctrl_c_fits_into_a_terminal(language: str) -> None:
    assert display_width(_(STOPPING, language)) <= 80


def test_an_error_removes_the_bar(
    text: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, Progress):
            raise RuntimeError("of the caller")

    with pytest.raises(RuntimeError, match="of the caller"):
        charrnn.train(text, SMALL, out=tmp_path / "run", progress=True, on_event=on_event)
    assert capfd.readouterr().err.rstrip(" ").endswith("\r")
