"""Settings that nobody chose, and how many updates fit into a time."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.config import Settings, TrainConfig
from charrnn.network.parameters import Shape
from charrnn.parallel.team import Team
from charrnn.runs import measured_speed
from charrnn.runs.run_config import read_config
from charrnn.text.corpus import Splits
from charrnn.training.automatic import NOMINAL_SPEED, complete_settings, resolve_schedule
from charrnn.training.budget import convert_minutes, count_affordable_steps
from charrnn.training.events import Start
from charrnn.training.trainer import start_training
from tests.conftest import TEXT, Program

SIZES = [10**3, 2 * 10**3, 10**4, 10**5, 10**6, 10**7, 10**8]
CHOSEN: dict[str, Any] = {
    "hidden": 48, "layers": 2, "dropout": 0.07, "recurrent_dropout": 0.3, "epochs": 3.0,
    "steps": 77, "patience": 3, "batch": 6, "seq": 50, "lr": 0.003,
}  # fmt: skip


def minutes(settings: Settings, characters: int, distinct: int) -> float:
    """The work of a training, by the rules' machine."""
    shape = Shape(settings.cell, settings.hidden, settings.layers, distinct)
    steps = settings.total_steps(settings.split_sizes(characters)[0] - 1)
    read = steps * settings.batch * settings.seq
    return 3 * shape.flops_per_character * read / (60 * NOMINAL_SPEED)


@pytest.mark.parametrize("distinct", [30, 65, 3500])
@pytest.mark.parametrize("characters", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_text_gets_settings_that_a_few_minutes_allow(
    cell: str, characters: int, distinct: int
) -> None:
    settings = complete_settings(TrainConfig(cell=cell), characters, distinct)
    assert minutes(settings, characters, distinct) < 4.5
    assert settings.batch * settings.seq < settings.split_sizes(characters)[0]
    assert settings.total_steps(settings.split_sizes(characters)[0] - 1) > 200
    assert not {name for name, value in asdict(settings).items() if value is None} - {
        "steps", "minutes",
    }  # fmt: skip


@pytest.mark.parametrize("distinct", [65, 3500])
def test_more_text_and_more_time_make_no_smaller_network(distinct: int) -> None:
    units = [complete_settings(TrainConfig(), characters, distinct).hidden for characters in SIZES]
    assert units == sorted(units)
    assert units[0] < units[-1]
    units = [
        complete_settings(TrainConfig(minutes=m), 10**6, distinct).hidden
        for m in (0.1, 1, 2, 10, 30, 100)
    ]
    assert units == sorted(units)
    assert units[0] < units[-1]


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("characters", [2000, 10**6])
def test_what_the_user_set_stays(name: str, characters: int) -> None:
    settings = complete_settings(replace(TrainConfig(), **{name: CHOSEN[name]}), characters, 65)
    assert getattr(settings, name) == CHOSEN[name]
    assert asdict(settings)["epochs" if name == "steps" else "steps"] is None


def test_the_rest_follows_from_what_the_user_set() -> None:
    plain = complete_settings(TrainConfig(), 10**6, 65)
    large = complete_settings(TrainConfig(hidden=2 * plain.hidden), 10**6, 65)
    assert plain.epochs
    assert large.epochs
    assert large.epochs < plain.epochs / 2
    assert large.lr < plain.lr
    often = complete_settings(TrainConfig(epochs=8 * plain.epochs), 10**6, 65)
    assert often.hidden < plain.hidden
    assert (
        often.dropout
        > complete_settings(TrainConfig(epochs=1, hidden=often.hidden), 10**6, 65).dropout
    )
    few = complete_settings(TrainConfig(batch=4), 10**6, 65)
    assert few.lr < plain.lr


def test_an_rnn_learns_in_smaller_steps_and_with_less_dropout() -> None:
    rnn, gru, lstm = (
        complete_settings(TrainConfig(cell=cell), 10**5, 65) for cell in ("rnn", "gru", "lstm")
    )
    assert 0 < rnn.dropout < lstm.dropout / 4
    assert rnn.lr < 0.6 * gru.lr < 0.5 * lstm.lr
    larger = complete_settings(TrainConfig(cell="rnn", hidden=2 * rnn.hidden), 10**5, 65)
    assert larger.lr == pytest.approx(rnn.lr / 2, rel=0.05)


def test_an_rnn_learns_in_smaller_steps_in_a_long_training() -> None:
    def rate(cell: str, steps: int) -> float:
        config = TrainConfig(cell=cell, steps=steps, hidden=128, batch=8)
        return complete_settings(config, 10**5, 65).lr

    assert rate("rnn", 500) == rate("rnn", 4000)
    assert rate("rnn", 16_000) == pytest.approx(rate("rnn", 4000) / 2, rel=0.05)
    for cell in ("feedforward", "gru", "lstm", "mingru"):
        assert rate(cell, 16_000) == rate(cell, 4000)


def test_the_cores_decide_only_how_many_workers_there_are() -> None:
    one, many = (asdict(complete_settings(TrainConfig(), 10**6, 65, cores)) for cores in (1, 3))
    assert (one.pop("workers"), many.pop("workers")) == (1, 3)
    assert one == many


def test_updates_with_their_evaluations_fill_the_time() -> None:
    def spent(steps: int) -> float:
        return steps * 0.01 + -(-steps // 50) * 0.2

    assert count_affordable_steps(spent(1000), 0.01, spent) == 1000
    assert count_affordable_steps(spent(1000) + 0.005, 0.01, spent) == 1000
    assert count_affordable_steps(0.001, 0.01, spent) == 1


@pytest.mark.parametrize(
    ("validating", "steps", "evaluations"),
    [(100, 2000, 20), (9 * 64 * 1000, 2000, 8), (3000, 45 * 1000, 45)],
)
def test_evaluations_are_fewer_where_they_would_take_long(
    validating: int, steps: int, evaluations: int
) -> None:
    """20 a run, or one an epoch, here of 1000 updates of 9 * 64 characters."""
    settings = complete_settings(TrainConfig(steps=steps, batch=9, seq=64), 10**6, 65)
    spanning = resolve_schedule(replace(settings, eval_every=None), 9 * 64 * 1000 + 1, validating)
    assert spanning.eval_every
    assert steps / spanning.eval_every == evaluations


def test_a_run_by_minutes_takes_them_is_written_down_by_steps_and_can_be_repeated(
    tmp_path: Path,
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(40 * TEXT, encoding="utf-8")
    events: list[object] = []
    config = TrainConfig(minutes=0.05, hidden=16, patience=0)
    charrnn.train(text, config, out=tmp_path / "one", on_event=events.append)
    (first,) = (event for event in events if isinstance(event, Start))
    assert first.config.minutes is None
    assert first.config.steps
    again = TrainConfig(**asdict(first.config))
    charrnn.train(text, again, out=tmp_path / "two")
    assert (tmp_path / "one/best.npz").read_bytes() == (tmp_path / "two/best.npz").read_bytes()


def test_minutes_choose_sizes_by_the_measured_speed_and_a_run_without_them_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(4 * TEXT, encoding="utf-8")
    by_speed = {}
    for speed in (1e8, 1e11):
        monkeypatch.setattr(measured_speed, "measure_speed", lambda _, speed=speed: speed)
        for name, config in (
            ("minutes", TrainConfig(minutes=0.02)),
            ("given", TrainConfig(minutes=0.02, hidden=24, batch=4, dropout=0.25)),
            ("steps", TrainConfig(steps=3, hidden=24)),
        ):
            folder = tmp_path / f"{name}{speed:g}"
            charrnn.train(text, config, out=folder)
            by_speed[name, speed] = read_config(folder / "config.toml").settings
    slow, fast = by_speed["minutes", 1e8], by_speed["minutes", 1e11]
    assert slow.hidden < fast.hidden
    assert slow.dropout < fast.dropout
    for settings in (by_speed["given", 1e8], by_speed["given", 1e11]):
        assert (settings.hidden, settings.batch, settings.dropout) == (24, 4, 0.25)
    assert by_speed["steps", 1e8] == by_speed["steps", 1e11]


def test_measuring_leaves_no_trace() -> None:
    """The settled training is that of its settings, as if nothing had been before."""
    ids = np.random.default_rng(0).integers(0, 9, 5000)
    parts = Splits(ids, ids[:200], ids[:0])
    config = complete_settings(TrainConfig(minutes=0.005, hidden=8), 5000, 9)
    shape = Shape("lstm", 8, 1, 9)
    settled = convert_minutes(config, shape, parts, Team(), 0.3)
    assert settled.minutes is None
    assert settled.steps
    trained = start_training(shape, parts, settled)
    assert trained.progress.step == 0
    assert trained.total_steps == settled.steps


def test_two_budgets_exclude_each_other(program: Program, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    done = program("train", "text.txt", "--minutes", "1", "--epochs", "2")
    assert done.code == 2
    assert "--epochs and --minutes exclude each other" in done.err
