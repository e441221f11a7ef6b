"""What an evaluation says about gradients and updates, against the arrays themselves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.arrays import Array
from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.network.cell import get_cell
from charrnn.network.gradient_by_lag import norms_by_lag
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.render.blocks import Chart
from charrnn.render.sections.gradients import _show_training
from charrnn.reports.gradients import Gradients, ProfileAt
from charrnn.training.events import Evaluation
from charrnn.training.gradient_profile import BEFORE, LAGS, GradientProfiler
from charrnn.training.optimizer import AdamW
from tests.conftest import TEXT, Program
from tests.outcome import outcome
from tests.test_training import collect, trainer

CLIP = 0.2


@pytest.mark.parametrize("cell", CELLS)
def test_norms_clipping_and_ratios_are_those_of_the_arrays(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = np.random.default_rng(5).integers(0, 9, 300)
    config = TrainConfig(
        batch=2, seq=8, steps=12, eval_every=4, hidden=12, cell=cell, clip=CLIP,
        tied=False, warmup=0, schedule="constant", lr=0.01,
    )  # fmt: skip
    ours = trainer(ids, config, ids)
    gradients: list[Array] = []
    weights: list[tuple[Array, Array]] = []
    update = AdamW.update

    def record(self: AdamW, gradient: Array, lr: float, scale: float) -> None:
        gradients.append(gradient.copy())
        before = self.parameters.vector.copy()
        update(self, gradient, lr, scale)
        weights.append((before, self.parameters.vector.copy()))

    monkeypatch.setattr(AdamW, "update", record)
    events, _ = collect(ours.run(lambda: False))
    evaluations = [event for event in events if isinstance(event, Evaluation)]
    assert len(evaluations) == 3
    for number, evaluation in enumerate(evaluations):
        part = slice(4 * number, 4 * number + 4)
        norms = [float(np.linalg.norm(g.astype(np.float64))) for g in gradients[part]]
        assert evaluation.grad_norm == pytest.approx(np.mean(norms), rel=1e-5)
        assert evaluation.grad_norm_max == pytest.approx(max(norms), rel=1e-5)
        assert evaluation.clipped == sum(norm > CLIP for norm in norms) / 4
        before, after = (
            Parameters(ours.network.shape, vector=vector) for vector in weights[part][-1]
        )
        ratio = evaluation.update_ratio
        assert ratio is not None
        for layer in range(1):
            assert ratio.input[layer] == pytest.approx(
                np.linalg.norm(after[f"W{layer}"] - before[f"W{layer}"])
                / np.linalg.norm(after[f"W{layer}"]),
                rel=1e-4,
            )
        assert ratio.output == pytest.approx(
            np.linalg.norm(after["out.W"] - before["out.W"]) / np.linalg.norm(after["out.W"]),
            rel=1e-4,
        )
        assert (ratio.recurrent == (None,)) != get_cell(cell).recurrent_weights
    shares = [evaluation.clipped for evaluation in evaluations]
    assert any(shares)


def test_without_clipping_nothing_is_clipped() -> None:
    ids = np.random.default_rng(5).integers(0, 9, 300)
    ours = trainer(ids, TrainConfig(batch=2, seq=8, steps=4, eval_every=4, hidden=12, clip=0), ids)
    events, _ = collect(ours.run(lambda: False))
    found = [event for event in events if isinstance(event, Evaluation)]
    assert [each.clipped for each in found] == [0.0]


def test_a_resumed_run_logs_the_same_numbers(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = TrainConfig(
        hidden=8, batch=4, seq=16, steps=40, eval_every=20, workers=1, clip=0.2, val=300
    )
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "whole")
    for stop in (7, 20, 33):
        run, count = tmp_path / f"stopped-{stop}", iter(range(1, 1000))

        def stopped(count: Iterator[int] = count, stop: int = stop) -> bool:
            return next(count) > stop

        charrnn.train(tmp_path / "text.txt", config, out=run, stop_requested=stopped)
        charrnn.resume(run)
        assert outcome(run) == outcome(tmp_path / "whole"), stop
    log = (tmp_path / "whole/log.jsonl").read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, log):
        assert line["grad_norm_max"] >= line["grad_norm"] > 0
        assert 0 <= line["clipped"] <= 1
        assert {*line["update_ratio"]} == {"input", "recurrent", "output"}


def test_the_profile_of_a_gradient_is_the_median_over_its_places() -> None:
    network = Network(Parameters(Shape("lstm", 6, 2, 5)))
    initialize(network.parameters, np.random.default_rng(0))
    text = np.random.default_rng(1).integers(0, 5, 700)
    profiler = GradientProfiler(text, evaluations=2, operations=1e9)
    assert profiler.lags == LAGS
    profile = profiler.measure(network)
    assert profile is not None
    length = BEFORE + LAGS[-1] + 2
    ratios: dict[str, list[list[float]]] = {"h": [], "c": []}
    for begin in np.linspace(0, len(text) - length, profiler.places).astype(int):
        window = text[begin : begin + length, None]
        _, states, _ = network.forward(window[: BEFORE + 1], network.initial_states(1))
        norms = [[float(norm[0]) for norm in step] for step in
                 norms_by_lag(network, window[BEFORE:], states, range(1, 201))]  # fmt: skip
        for row, name in enumerate("hc"):
            ratios[name].append([norms[lag][row] / norms[row][row] for lag in LAGS])
    for name in "hc":
        expected = np.median(np.array(ratios[name]), axis=0)
        np.testing.assert_allclose(profile.medians[name], expected, rtol=1e-4)


def test_profiles_take_at_most_a_hundredth_of_the_operations() -> None:
    text = np.zeros(5000, np.intp)
    assert GradientProfiler(text, 20, operations=1e5).measurements == 0
    assert GradientProfiler(text[:60], 20, operations=1e12).measurements == 0
    for operations, evaluations in ((3e6, 20), (3e7, 50), (3e9, 100)):
        profiler = GradientProfiler(text, evaluations, operations)
        due = [at for at in range(evaluations) if profiler.is_due(at)]
        assert len(due) == profiler.measurements <= 20
        assert due[-1] == evaluations - 1
        characters = BEFORE + 1 + 4 * LAGS[-1]
        assert profiler.measurements * profiler.places * characters <= 0.01 * operations


def test_a_profile_draws_no_random_number_and_changes_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = TrainConfig(hidden=8, batch=4, seq=16, steps=40, eval_every=20, workers=1)
    plain = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "without")
    monkeypatch.setattr("charrnn.training.gradient_profile.MAX_SHARE", 1e9)
    with_profiles = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "with")
    assert all(entry.get("gradient_profile") is None for entry in plain.checkpoint.history)
    assert with_profiles.checkpoint.history[-1]["gradient_profile"] is not None
    np.testing.assert_array_equal(
        plain.checkpoint.network.parameters.vector,
        with_profiles.checkpoint.network.parameters.vector,
    )
    report = with_profiles.gradients(lags=20)
    assert [each.step for each in report.training] == [20, 40]


def test_the_loss_report_draws_them_and_reads_older_runs(program: Program, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = TrainConfig(hidden=8, batch=4, seq=16, steps=40, eval_every=10, workers=1)
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    charrnn.train(tmp_path / "text.txt", replace(config, cell="rnn"), out=tmp_path / "other")
    done = program("inspect", "loss", "run")
    assert done.code == 0, done.err
    assert "norm of the gradient by step" in done.out
    assert "size of the updates by step" in done.out
    both = program("inspect", "loss", "run", "other").out
    assert "norm of the gradient by step" in both
    assert "size of the updates" not in both
    old = Path(__file__).parent / "old_runs/0.1.0/gru"
    assert "norm of the gradient" not in program("inspect", "loss", old).out


def test_the_command_shows_the_profiles_of_the_whole_run(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only those up to the best model, which may be of an early step."""
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr("charrnn.training.gradient_profile.MAX_SHARE", 1e9)
    config = TrainConfig(hidden=8, batch=4, seq=16, steps=20, eval_every=10, workers=1)
    run = tmp_path / "run"
    charrnn.train(tmp_path / "text.txt", config, out=run)
    best = (run / "best.npz").read_bytes()
    charrnn.resume(run, changes={"steps": 40})
    (run / "best.npz").write_bytes(best)
    for model, steps in ((run, {10, 20, 30, 40}), (run / "best.npz", {10, 20})):
        done = program("inspect", "gradients", model, "--lags", "20", "--json")
        assert {each["step"] for each in json.loads(done.out)["training"]} == steps


def test_the_curve_over_a_training_names_the_state_through_which_most_arrives() -> None:
    lags, medians = (1, 50), {"h": (0.5, 1e-4), "c": (1.0, 0.01)}
    models = [
        Gradients(
            model=name, cell=cell, hidden=4, layers=1, untrained=False, text="", positions=1,
            lags=50, ways=(), training=(ProfileAt(10, 1.0, lags, each),),
        )
        for name, cell, each in (("a", "lstm", medians), ("b", "gru", {"h": (0.5, 0.2)}))
    ]  # fmt: skip
    charts = [block for block in _show_training(models) if isinstance(block, Chart)]
    assert [series.name for series in charts[0].series] == ["lstm, through c", "gru"]
    assert [list(series.y) for series in charts[0].series] == [[0.01], [0.2]]
