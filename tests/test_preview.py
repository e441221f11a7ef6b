"""Samples during a training: what they continue, and that nothing depends on them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import charrnn
from charrnn.errors import ConfigError
from charrnn.training.events import Note, Preview
from tests.conftest import TEXT, Program
from tests.outcome import outcome

CONFIG = charrnn.TrainConfig(hidden=8, batch=4, seq=16, steps=20, eval_every=5, workers=1)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "text.txt"


def test_previews_continue_a_prime_and_change_nothing(text: Path, tmp_path: Path) -> None:
    events: list[object] = []
    charrnn.train(text, CONFIG, out=tmp_path / "plain")
    charrnn.train(
        text, CONFIG, out=tmp_path / "seen", preview=7, preview_prime="今日Ωは",
        on_event=events.append,
    )  # fmt: skip
    previews = [event.text for event in events if isinstance(event, Preview)]
    assert len(previews) == 4
    assert all(preview.startswith("今日は") and len(preview) == 10 for preview in previews)
    notes = [event.text for event in events if isinstance(event, Note) and "Ω" in event.text]
    assert len(notes) == 1
    assert "preview_prime" in notes[0]
    assert outcome(tmp_path / "seen") == outcome(tmp_path / "plain")


def test_a_pause_leaves_previews_out(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([10.0, 10.5, 11.9, 12.6, 13.0, 14.7, 15.0])
    clock = SimpleNamespace(monotonic=lambda: next(now))
    monkeypatch.setattr("charrnn.preview.time", clock)
    events: list[object] = []
    charrnn.train(
        text, CONFIG, out=tmp_path / "run", preview=3, preview_pause=2.0, on_event=events.append
    )
    # It is asked at 10, 11.9, 12.6 and 14.7, and the previews end at 10.5 and 13.
    assert sum(isinstance(event, Preview) for event in events) == 2


def test_a_length_below_zero_is_an_error(text: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="preview"):
        charrnn.train(text, CONFIG, out=tmp_path / "run", preview=-1)
    assert not (tmp_path / "run").exists()


def test_the_option_shows_previews_also_without_a_terminal(program: Program, text: Path) -> None:
    done = program(
        "train", text, "--hidden", "8", "--steps", "4", "--workers", "1", "--eval-every", "2",
        "--preview-prime", "今日は", "--preview", "5",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.err.count("今日は") == 2
