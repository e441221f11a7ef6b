"""What a training says of itself at its end, when it did not beat its n-gram."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from charrnn.ngram import Baselines
from charrnn.render.words import explain_outcome
from charrnn.training.outcome import Outcome, judge_training
from tests.conftest import TEXT, Program, clean_environment

BASELINES = Baselines(unigram=3.0, ngram=2.0, ngram_order=4, characters=90_000, unseen=0)
LONG, SHORT = 100_000, 5_000
FALLING = [(3.0, 3.1), (2.8, 2.9), (2.6, 2.7), (2.4, 2.5), (2.3, 2.4)]
FALLING_SLOWLY = [(2.9, 2.9), (2.5, 2.5), (2.3, 2.3), (2.22, 2.22), (2.19, 2.19), (2.18, 2.17)]
OVERFITTED = [(2.8, 2.8), (2.4, 2.4), (2.0, 2.2), (1.5, 2.3), (1.1, 2.6)]
FAR_BELOW = [(2.8, 2.8), (2.2, 2.3), (1.6, 2.2), (1.3, 2.2), (1.2, 2.2), (1.2, 2.2)]
UNTRAINED = [(3.84, 3.84), (3.82, 3.83), (3.82, 3.825)]
LEVEL = [(2.8, 2.8), (2.4, 2.4), (2.31, 2.31), (2.3, 2.3), (2.3, 2.3), (2.3, 2.301)]
A_FEW_STEPS = [(2.9, 2.86), (2.8, 2.83), (2.79, 2.81), (2.78, 2.798), (2.77, 2.795)]
RISING = [(2.9, 2.8), (2.7, 2.6), (3.1, 3.2), (3.4, 3.5)]


def judge(
    losses: list[tuple[float, float | None]], characters: int = LONG,
    baselines: Baselines | None = BASELINES,
) -> Outcome | None:  # fmt: skip
    best = min((val for _, val in losses if val is not None), default=None)
    return judge_training(losses, best, baselines, characters)


@pytest.mark.parametrize(
    ("losses", "characters", "outcome"),
    [
        (FALLING, LONG, "falling"),
        (FALLING, SHORT, "falling"),
        (FALLING_SLOWLY, LONG, "falling"),
        (FALLING[:1], LONG, "falling"),
        (A_FEW_STEPS, LONG, "falling"),
        (OVERFITTED, LONG, "overfitted"),
        (FAR_BELOW, LONG, "overfitted"),
        (OVERFITTED, SHORT, "short_text"),
        (FAR_BELOW, SHORT, "short_text"),
        (LEVEL, LONG, "level"),
        (LEVEL, SHORT, "level"),
        (RISING, LONG, "rising"),
        (UNTRAINED, LONG, "untrained"),
    ],
)
def test_the_losses_tell_why_the_ngram_was_not_beaten(
    losses: list[tuple[float, float | None]], characters: int, outcome: Outcome
) -> None:
    assert judge(losses, characters) == outcome


def test_nothing_is_said_of_a_good_model_or_without_validation() -> None:
    good = [(train - 1.0, val - 1.0) for train, val in FALLING]
    assert judge([*good]) is None
    assert judge([*FALLING], baselines=None) is None
    assert judge([(train, None) for train, _ in FALLING]) is None
    assert judge([]) is None


def test_each_outcome_is_a_whole_sentence_that_says_what_to_do() -> None:
    sentences = list(map(explain_outcome, Outcome.__args__))  # type: ignore[attr-defined]
    assert len(set(sentences)) == 6
    for sentence in sentences:
        assert re.fullmatch(r"[A-Z][^:.]*: [^:]*\.", sentence)
        assert " if " not in sentence


SMALL = ("--hidden", "8", "--batch", "4", "--seq", "8", "--workers", "1", "--eval-every", "5")


def test_the_end_says_the_one_that_holds_and_json_does_not_change(
    program: Program, text: Path
) -> None:
    options = ("--steps", "20", "--out", "run", "--schedule", "constant", "--lr", "0.02")
    done = program("train", text, *SMALL, *options)
    assert "Its loss was still falling: train longer" in done.out
    again = program("train", "--resume", "--out", "run", "--json")
    assert '"event": "end"' in again.out.splitlines()[-1]
    assert "falling" not in again.out + program("train", "--resume", "--out", "run", "--json").err
    assert program("train", "--resume", "--out", "run", "--epochs", "40").code == 0
    alone = program("train", text, *SMALL, *options[:2], "--val", "0", "--out", "alone")
    assert "It is worse" not in alone.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_nothing_is_said(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    command = [sys.executable, "-m", "charrnn", "train", "text.txt", *SMALL, "--lr", "1e-9"]
    with subprocess.Popen(
        [*command, "--steps", "1000000", "--patience", "0", "--out", "run"], cwd=tmp_path,
        env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        while not (tmp_path / "run/last.npz").is_file():
            time.sleep(0.01)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert "stopped     interrupted" in out
    assert "to beat" in out
    assert "worse than" not in out
