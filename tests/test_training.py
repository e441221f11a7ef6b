"""The optimiser, the schedule, the evaluation and a whole run."""

import itertools
import json
import math
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.errors import DivergedError, FolderError, InputError
from charrnn.generators import exhaust, flat_map
from charrnn.network.cell import get_cell
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.text.corpus import Splits
from charrnn.training.automatic import complete_settings
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    End,
    Evaluation,
    Event,
    Progress,
    Reading,
    Rollback,
    Start,
    Stopped,
)
from charrnn.training.optimizer import (
    BETA1,
    BETA2,
    EPSILON,
    AdamW,
    clip_coefficient,
    gradient_norm,
    learning_rate,
)
from charrnn.training.regularization import Regularization
from charrnn.training.state import TrainingProgress, TrainingState
from charrnn.training.trainer import Trainer
from tests.conftest import CONFIG, TEXT, clean_environment

Kind = TypeVar("Kind")


def random_parameters(cell: str = "lstm", V: int = 9, hidden: int = 12) -> Parameters:
    parameters = Parameters(Shape(cell, hidden, 1, V))
    initialize(parameters, np.random.default_rng(0))
    return parameters


def test_adamw_makes_the_steps_of_its_paper() -> None:
    ours = Parameters(Shape("gru", 64, 1, 70), np.float64)  # longer than one chunk
    rng = np.random.default_rng(1)
    ours.vector[:] = rng.normal(size=ours.vector.size)
    plain, decayed = ours.vector.copy(), len(ours.decayed)
    m, v = np.zeros_like(plain), np.zeros_like(plain)
    optimizer = AdamW(ours, weight_decay=0.1)
    for t in range(1, 6):
        gradient, lr, scale = rng.normal(size=plain.size), 0.01 * t, 0.5
        optimizer.update(gradient, lr, scale)
        m = BETA1 * m + (1 - BETA1) * scale * gradient
        v = BETA2 * v + (1 - BETA2) * (scale * gradient) ** 2
        decay = np.where(np.arange(plain.size) < decayed, 0.1, 0)
        m_hat, v_hat = m / (1 - BETA1**t), v / (1 - BETA2**t)
        plain = plain - lr * decay * plain - lr * m_hat / (np.sqrt(v_hat) + EPSILON)
    np.testing.assert_allclose(ours.vector, plain, rtol=1e-10)


def test_clipping_scales_to_the_limit_and_only_down() -> None:
    gradient = np.array([3.0, 4.0])
    norm = gradient_norm(gradient)
    assert clip_coefficient(norm, 1) == pytest.approx(0.2)
    assert clip_coefficient(norm, 10) == 1
    assert clip_coefficient(norm, 0) == 1
    assert clip_coefficient(gradient_norm(np.zeros(2)), 1) == 1
    assert math.isinf(gradient_norm(np.array([math.inf])))


def test_learning_rate_rises_then_falls_by_half_a_cosine() -> None:
    config = complete_settings(TrainConfig(lr=1, warmup=10), 1000, 9)
    rates = [learning_rate(config, step, 110) for step in range(110)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert rates[10] == 1
    assert rates[60] == pytest.approx(0.5)
    assert 0 < rates[109] < 0.001
    constant = replace(config, schedule="constant")
    assert learning_rate(constant, 109, 110) == 1


def plain_loss(network: Network, ids: np.ndarray) -> float:
    """One character after the other, nothing clever."""
    states, total = network.initial_states(1), 0.0
    for now, after in itertools.pairwise(ids):
        logs, states = network.predict(np.array([[now]]), states)
        total -= float(logs[0, 0, after])
    return total / (len(ids) - 1)


@pytest.mark.parametrize("length", [2, 3, 128, 129, 130, 700])
@pytest.mark.parametrize("cell", CELLS)
def test_evaluation_counts_every_character_but_the_first(cell: str, length: int) -> None:
    network = Network(random_parameters(cell))
    ids = np.random.default_rng(2).integers(0, 9, length)
    assert mean_loss(network, ids, streams=1) == pytest.approx(plain_loss(network, ids), rel=1e-5)


@pytest.mark.parametrize("streams", [2, 3, 7])
def test_evaluation_in_parallel_streams_equals_the_single_pass(
    model: charrnn.Model, streams: int
) -> None:
    """On a trained model, whose state does matter; 0.001 nats is what is promised."""
    checkpoint = model.checkpoint
    ids = checkpoint.corpus_info.vocabulary.lookup_ids(TEXT)
    single = mean_loss(checkpoint.network, ids, streams=1)
    assert mean_loss(checkpoint.network, ids, streams=streams) == pytest.approx(single, abs=1e-3)
    reset = np.mean([mean_loss(checkpoint.network, part) for part in np.array_split(ids, 250)])
    assert abs(reset - single) > 1e-3  # the promise would notice a state that is lost


def never_forgetting_network(cell: str) -> Network:
    """A network that never forgets how it began, by gates that stay open or by units that keep
    their sign."""
    weights, gates = random_parameters(cell), get_cell(cell).gates
    weights["out.W"][:] *= 10
    open_gates = [gate for gate in ("forget", "update") if gate in gates]
    for gate in open_gates:
        weights["b0"][gates.index(gate)] = 7
        weights["W0"][:] *= 3
    if not open_gates:
        weights["U0"][:] = 3 * np.eye(12)
    return Network(weights)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if get_cell(cell).recurrent_weights])
@pytest.mark.parametrize("streams", [2, 5, 40])
def test_evaluation_is_as_true_of_a_network_that_never_forgets_its_beginning(
    cell: str, streams: int
) -> None:
    """The last of 40 streams are shorter or empty."""
    network = never_forgetting_network(cell)
    ids = np.random.default_rng(2).integers(0, 9, 36 * 137 + 3)
    single = mean_loss(network, ids, streams=1)
    assert mean_loss(network, ids, streams=streams) == pytest.approx(single, rel=1e-4)
    parts = np.array_split(ids, streams)
    reset = np.mean([mean_loss(network, part) for part in parts])
    assert abs(reset - single) > 1e-3 * single


def trainer(ids: np.ndarray, config: TrainConfig, val: np.ndarray | None = None) -> Trainer:
    val = ids[:0] if val is None else val
    config = complete_settings(TrainConfig(**{**vars(config), "val": 0.0}), len(ids), 9)
    return Trainer(
        Network(random_parameters(config.cell)),
        Splits(ids, val, ids[:0]),
        config,
        np.random.default_rng(0),
    )


def collect(training: Generator[Kind, None, Stopped]) -> tuple[list[Kind], Stopped]:
    """All events of a training, and why it ended."""
    events = list[Kind]()

    def keep(event: Kind) -> list[Kind]:
        events.append(event)
        return []

    stopped = exhaust(flat_map(training, keep))
    return events, stopped


def test_state_is_carried_over_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charrnn.training.regularization.RESET_PROBABILITY", 0)
    ids = np.random.default_rng(3).integers(0, 9, 61)
    ours = trainer(
        ids,
        TrainConfig(batch=2, seq=7, steps=30, lr=1e-9, dropout=0, recurrent_dropout=0, hidden=12),
    )
    exhaust(ours.run(lambda: False))
    length = 30 * 7  # more than three epochs
    every, _ = ours.streams.window(0, length)
    _, states, _ = ours.network.forward(every, ours.network.initial_states(2))
    for carried, straight in zip(ours.states[0], states[0], strict=True):
        np.testing.assert_allclose(carried, straight, atol=1e-5)


def test_a_few_states_are_reset_and_the_others_carried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("charrnn.training.regularization.RESET_PROBABILITY", 0.25)
    ids = np.random.default_rng(3).integers(0, 9, 6000)
    ours = trainer(ids, TrainConfig(batch=400, seq=2, steps=1, hidden=12))
    ones = [tuple(np.ones_like(array) for array in state) for state in ours.states]
    states = ours.regularization.reset_states(ones)
    reset = states[0][0][:, 0] == 0
    assert 60 < reset.sum() < 140
    for array in states[0]:
        np.testing.assert_array_equal(array, np.where(reset[:, None], 0, np.ones(12)))


def test_training_never_reads_the_validation_part() -> None:
    """Another validation part leads to the same weights."""
    rng = np.random.default_rng(4)
    ids = rng.integers(0, 9, 300)
    config = TrainConfig(batch=2, seq=8, steps=20, hidden=12, eval_every=5)
    one, other = trainer(ids, config, ids[:50]), trainer(ids, config, rng.integers(0, 9, 70))
    for runner in (one, other):
        exhaust(runner.run(lambda: False))
    np.testing.assert_array_equal(one.network.parameters.vector, other.network.parameters.vector)


def test_evaluations_come_at_their_steps_and_at_the_end() -> None:
    ids = np.random.default_rng(5).integers(0, 9, 300)
    ours = trainer(ids, TrainConfig(batch=2, seq=8, steps=23, eval_every=10, hidden=12), ids)
    events, stopped = collect(ours.run(lambda: False))
    evaluations = [event for event in events if isinstance(event, Evaluation)]
    assert [evaluation.step for evaluation in evaluations] == [10, 20, 23]
    losses = [event.loss for event in events if isinstance(event, Progress)]
    assert evaluations[1].train_loss == pytest.approx(np.mean(losses[10:20]))
    assert evaluations[2].train_loss == pytest.approx(np.mean(losses[20:]))
    assert evaluations[2].epoch == pytest.approx(23 * 16 / 299)
    assert stopped == "finished"


def test_patience_ends_a_run_that_gets_no_better() -> None:
    rng = np.random.default_rng(6)
    config = TrainConfig(batch=2, seq=8, steps=500, eval_every=5, patience=2, lr=0.05, hidden=12)
    ours = trainer(rng.integers(0, 3, 200), config, rng.integers(0, 9, 200))
    assert exhaust(ours.run(lambda: False)) == "patience"
    assert ours.progress.best_step is not None
    assert ours.progress.step == ours.progress.best_step + 10


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_that_another_trainer_loads_leads_to_the_same_weights(cell: str) -> None:
    ids = np.random.default_rng(5).integers(0, 9, 300)
    config = TrainConfig(cell=cell, batch=2, seq=8, steps=30, eval_every=10, dropout=0.2, hidden=12)
    first, second = trainer(ids, config, ids), trainer(ids, config, ids)
    first_stops, stop = iter([False] * 12 + [True]), lambda: next(first_stops)
    assert exhaust(first.run(stop)) == "interrupted"
    state = first.state().copy()
    second.load_state(state)
    for continued in (first, second):
        assert exhaust(continued.run(lambda: False)) == "finished"
    assert state.progress.step == 13  # a copy does not follow the training
    one, other = first.state(), second.state()
    assert one.progress == other.progress
    assert one.random == other.random
    for name in ("parameters", "m", "v"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_rollback_restores_the_snapshot_with_half_the_learning_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = np.random.default_rng(5).integers(0, 9, 300)
    ours = trainer(ids, TrainConfig(batch=2, seq=8, steps=30, eval_every=10, hidden=12), ids)
    good: list[TrainingState] = []
    rolled_back: list[TrainingState] = []

    def note(event: object) -> tuple[()]:
        if isinstance(event, Evaluation):
            good.append(ours.state().copy())
            monkeypatch.setattr(
                "charrnn.training.trainer.gradient_norm",
                lambda gradient: math.nan if ours.progress.step == 14 else 1.0,
            )
        if isinstance(event, Rollback):
            assert (event.step, event.scale) == (14, 0.5)
            assert event.reason == "the gradient is not finite"
            rolled_back.append(ours.state().copy())
            monkeypatch.undo()
        return ()

    assert exhaust(flat_map(ours.run(lambda: False), note)) == "finished"
    (after,) = rolled_back
    before = good[0]
    assert after.progress == replace(before.progress, rollbacks=1)
    assert after.random == before.random
    for name in ("parameters", "m", "v"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


@pytest.mark.parametrize("array", ["parameters", "m", "v", "states"])
def test_a_state_with_one_number_that_is_not_finite_is_not_finite(array: str) -> None:
    state = trainer(np.arange(9).repeat(20), TrainConfig(batch=2, seq=8, hidden=12)).state()
    assert state.is_finite
    (state.states[0][0] if array == "states" else getattr(state, array)).flat[3] = np.nan
    assert not state.is_finite


def test_a_training_is_over_after_its_last_evaluation_or_without_patience() -> None:
    assert not TrainingProgress(step=9).is_over(total_steps=10, patience=None)
    assert not TrainingProgress(step=10, window_losses=[1.0]).is_over(10, None)  # to be evaluated
    assert TrainingProgress(step=10).is_over(10, None)
    waiting = TrainingProgress(step=5, evaluations_since_best=2)
    assert waiting.is_over(10, patience=2)
    assert not waiting.is_over(10, patience=3)
    assert not waiting.is_over(10, patience=0)  # no limit


def test_dropout_is_one_mask_for_a_window_and_keeps_the_mean() -> None:
    ours = trainer(np.arange(9).repeat(200), TrainConfig(dropout=0.25, batch=64, hidden=12))
    masks = np.array([ours.regularization.draw_masks() for _ in range(50)])
    assert set(np.unique(masks)) == {0, np.float32(1 / 0.75)}
    assert masks.mean() == pytest.approx(1, abs=0.02)
    ids, _ = ours.streams.window(0, 64)
    h, _, _ = ours.network.forward(ids, ours.states, list(masks[0]))
    assert ((h != 0) == (masks[0][0] != 0)).all()  # the same units in every step of a stream


def test_recurrent_dropout_is_one_mask_for_all_streams_and_keeps_the_mean() -> None:
    ours = trainer(np.arange(9).repeat(200), TrainConfig(recurrent_dropout=0.25, hidden=12))
    kept = np.array(
        [
            ours.regularization.drop_weights().parameters["U0"] / ours.network.parameters["U0"]
            for _ in range(50)
        ]
    )
    np.testing.assert_allclose(np.unique(kept.round(5)), [0, 4 / 3], rtol=1e-4)
    assert kept.mean() == pytest.approx(1, abs=0.02)
    assert kept.std(axis=0).min() > 0.2  # another mask at each update
    for name in ("W0", "b0", "out.W"):
        assert np.shares_memory(
            ours.regularization.drop_weights().parameters[name], ours.network.parameters[name]
        )


def test_gradient_with_dropped_weights_is_that_of_the_loss_by_the_full_weights() -> None:
    """Against the loss itself, by differences, with the same mask."""
    parameters = Parameters(Shape("gru", 6, 2, 5), np.float64)
    rng = np.random.default_rng(8)
    initialize(parameters, rng)
    given = TrainConfig(
        cell="gru", hidden=6, layers=2, batch=3, seq=4, dropout=0, recurrent_dropout=0.5
    )
    config = complete_settings(given, 100, 5)
    ids, targets = rng.integers(0, 5, (2, 4, 3))

    def loss(gradients_out: Parameters) -> float:
        rng = np.random.default_rng(9)
        regularization = Regularization(config, parameters, slice(None), rng)
        network = regularization.drop_weights()
        value, _ = network.loss_and_gradients(
            ids, targets, network.initial_states(3), gradients_out
        )
        regularization.mask_gradients(gradients_out)
        return value

    gradients, direction = parameters.zeros_like(), rng.standard_normal(parameters.vector.size)
    loss(gradients)
    parameters.vector += 1e-6 * direction
    ahead = loss(parameters.zeros_like())
    parameters.vector -= 2e-6 * direction
    behind = loss(parameters.zeros_like())
    assert (ahead - behind) / 2e-6 == pytest.approx(gradients.vector @ direction, rel=1e-6)


def train_and_collect(tmp_path: Path, name: str, config: TrainConfig = CONFIG) -> list[Event]:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    events: list[Event] = []
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / name, on_event=events.append)
    return events


@pytest.mark.parametrize("cell", CELLS)
def test_same_seed_makes_the_same_bytes_and_another_seed_others(tmp_path: Path, cell: str) -> None:
    config = TrainConfig(**{**vars(CONFIG), "cell": cell, "layers": 2})
    for name in ("one", "other"):
        train_and_collect(tmp_path, name, config)
    train_and_collect(tmp_path, "third", TrainConfig(**{**vars(config), "seed": 1}))
    one, other, third = (
        (tmp_path / name / "best.npz").read_bytes() for name in ("one", "other", "third")
    )
    assert one == other != third


def test_previews_and_listeners_do_not_change_a_model(tmp_path: Path) -> None:
    train_and_collect(tmp_path, "quiet")
    charrnn.train(tmp_path / "text.txt", CONFIG, out=tmp_path / "loud", preview=30)
    quiet, loud = ((tmp_path / name / "best.npz").read_bytes() for name in ("quiet", "loud"))
    assert quiet == loud


def test_run_learns_and_tells_it_in_order(tmp_path: Path) -> None:
    events = train_and_collect(tmp_path, "run")
    read = [event for event in events if isinstance(event, Reading)]
    assert events[: len(read)] == read
    assert read[-1].done == read[-1].total
    start, *_, end = [event for event in events if not isinstance(event, Reading)]
    assert isinstance(start, Start)
    assert isinstance(end, End)
    evaluations = [event for event in events if isinstance(event, Evaluation)]
    assert end.stopped == "finished"
    assert end.val_loss == min(e.val_loss for e in evaluations if e.val_loss is not None)
    assert end.val_loss is not None
    assert end.val_loss < 0.75 * math.log(start.corpus.distinct)
    assert end.val_bpc == pytest.approx(end.val_loss / math.log(2))
    logged = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in logged] == [event.step for event in evaluations] == [20, 40, 60]


def test_reported_loss_is_that_of_the_saved_model_on_the_validation_part(tmp_path: Path) -> None:
    end = train_and_collect(tmp_path, "run")[-1]
    assert isinstance(end, End)
    model = charrnn.load(tmp_path / "run")
    val = TEXT[-round(0.1 * len(TEXT)) :]
    assert model.score(val).nats == pytest.approx(end.val_loss, abs=1e-5)


def test_test_part_is_scored_with_the_best_model(tmp_path: Path) -> None:
    end = train_and_collect(tmp_path, "run", TrainConfig(**{**vars(CONFIG), "test": 200}))[-1]
    assert isinstance(end, End)
    score = charrnn.load(tmp_path / "run").score(TEXT[-200:])
    assert score.nats == pytest.approx(end.test_loss, abs=1e-5)


def test_without_validation_the_last_model_is_the_best(tmp_path: Path) -> None:
    end = train_and_collect(tmp_path, "run", TrainConfig(**{**vars(CONFIG), "val": 0}))[-1]
    assert isinstance(end, End)
    assert (end.val_loss, end.val_bpc, end.best_step) == (None, None, end.step)
    best, last = (np.load(tmp_path / "run" / name) for name in ("best.npz", "last.npz"))
    np.testing.assert_array_equal(best["out.weight"], last["out.weight"])


def test_settings_of_a_run_make_the_same_run_again(tmp_path: Path) -> None:
    import tomllib

    config = TrainConfig(hidden=16, batch=4, seq=16, epochs=1.5)
    train_and_collect(tmp_path, "one", config)
    table = tomllib.loads((tmp_path / "one/config.toml").read_text())["train"]
    assert table.pop("corpus") == [str(tmp_path / "text.txt")]
    train_and_collect(tmp_path, "other", TrainConfig(**table))
    one, other = ((tmp_path / name / "best.npz").read_bytes() for name in ("one", "other"))
    assert one == other


def test_divergence_is_an_error_and_keeps_the_best_model(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    events: list[Event] = []
    config = TrainConfig(
        cell="rnn", hidden=16, batch=4, seq=16, steps=60, eval_every=1, lr=1e38, warmup=0, clip=0
    )
    with pytest.raises(DivergedError) as caught, np.errstate(all="ignore"):
        charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run", on_event=events.append)
    assert caught.value.exit_code == 4
    assert isinstance(events[-1], End)
    assert events[-1].stopped == "diverged"


def test_stop_request_saves_the_state_and_ends(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    events: list[Event] = []
    steps = iter(range(8))
    model = charrnn.train(
        tmp_path / "text.txt",
        CONFIG,
        out=tmp_path / "run",
        on_event=events.append,
        stop_requested=lambda: next(steps, None) is None,
    )
    assert isinstance(events[-1], End)
    assert (events[-1].stopped, events[-1].step) == ("interrupted", 9)  # asked before the ninth
    assert not (tmp_path / "run/best.npz").exists()
    assert model.checkpoint.step == 9


def test_existing_run_is_refused_and_overwritten_only_when_told(tmp_path: Path) -> None:
    train_and_collect(tmp_path, "run")
    before = (tmp_path / "run/best.npz").read_bytes()
    with pytest.raises(FolderError) as caught:
        train_and_collect(tmp_path, "run", TrainConfig(hidden=8, steps=2))
    assert caught.value.exit_code == 5
    assert (tmp_path / "run/best.npz").read_bytes() == before
    config = TrainConfig(hidden=8, steps=2)
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run", overwrite=True)
    assert (tmp_path / "run/best.npz").read_bytes() != before


def test_overwriting_spares_a_folder_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/love.txt").write_text("dear")
    with pytest.raises(FolderError, match="is not a run"):
        charrnn.train(tmp_path / "text.txt", CONFIG, out=tmp_path / "letters", overwrite=True)
    assert (tmp_path / "letters/love.txt").read_text() == "dear"


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")

    def second(event: Event) -> None:
        if isinstance(event, Progress) and event.step == 1:
            with pytest.raises(FolderError, match="is training in it"):
                charrnn.train(tmp_path / "text.txt", CONFIG, out=tmp_path / "run", overwrite=True)

    charrnn.train(tmp_path / "text.txt", CONFIG, out=tmp_path / "run", on_event=second)
    assert (tmp_path / "run/best.npz").exists()


def test_runs_that_start_at_the_same_instant_never_share_a_default_folder(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    options = ["--hidden", "8", "--steps", "1", "--workers", "1", "-q"]
    command = [sys.executable, "-m", "charrnn", "train", "text.txt", *options]
    rivals = [
        subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=subprocess.DEVNULL)
        for _ in range(6)
    ]
    assert [rival.wait() for rival in rivals] == [0] * 6
    runs = tmp_path / "runs"
    assert {run.name for run in runs.iterdir()} == {"text", *(f"text-{n}" for n in range(2, 7))}
    assert all((run / "last.npz").is_file() for run in runs.iterdir())


def test_bad_corpus_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes(b"\xff" * 100)
    with pytest.raises(InputError):
        charrnn.train(tmp_path / "text.txt", CONFIG, root=tmp_path / "runs")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_finished_run_has_its_four_files_and_no_more(run_folder: Path) -> None:
    names = {path.name for path in run_folder.iterdir()}
    assert names == {"best.npz", "last.npz", "log.jsonl", "config.toml"}
