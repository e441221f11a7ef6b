"""Dynamic evaluation: what a model learns from the text that it reads, and what stays as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.sampling.continuation import measure_continuations
from charrnn.training.dynamic_evaluation import (
    DAMPING,
    DECAY,
    RATE,
    RATE_CHARACTERS,
    SEGMENT,
    DynamicEvaluation,
)
from tests.conftest import TEXT, Program
from tests.test_cli import failed, on_terminal
from tests.test_sample_command import objects

UNSEEN = "windy washing today, and the day is windy.\n" * 20
"""A text of characters that the model knows, in words that it has not seen in this order."""


@pytest.fixture(scope="module")
def model(run_folder: Path) -> charrnn.Model:
    return charrnn.load(run_folder)


@pytest.fixture
def unseen(tmp_path: Path) -> Path:
    path = tmp_path / "unseen.txt"
    path.write_text(UNSEEN, encoding="utf-8")
    return path


def network_of(shape: Shape, dtype: type[np.floating] = np.float64) -> Network:
    parameters = Parameters(shape, dtype)
    initialize(parameters, np.random.default_rng(1))
    return Network(parameters)


def adapted(score: charrnn.Score) -> tuple[float, np.ndarray]:
    assert score.adapted is not None
    assert score.adapted_surprise is not None
    return score.adapted.nats, score.adapted_surprise


def test_a_text_that_repeats_itself_is_learned(model: charrnn.Model) -> None:
    score = model.score(UNSEEN, adapt=True)
    nats, surprise = adapted(score)
    assert nats < score.nats - 0.1
    assert nats == pytest.approx(surprise.mean(), rel=1e-5)
    last = slice(-len(UNSEEN) // 8, None)
    assert surprise[last].mean() < score.surprise[last].mean() - 0.15


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_from_what_it_reads(cell: str, tied: bool) -> None:
    network = network_of(Shape(cell, 16, 2, 6, tied))
    ids = np.tile(np.array([0, 1, 2, 3, 4, 5, 2, 0, 4]), 200)
    logs = DynamicEvaluation(network).predict(ids[:-1], ids[1:])
    nats = -logs[np.arange(len(ids) - 1), ids[1:]]
    assert nats[-100:].mean() < nats[:100].mean() - 0.05


def test_the_first_segment_is_predicted_by_the_model_as_it_is(model: charrnn.Model) -> None:
    score = model.score(UNSEEN, adapt=True)
    _, surprise = adapted(score)
    assert surprise[:SEGMENT] == pytest.approx(score.surprise[:SEGMENT], abs=1e-5)
    assert np.abs(surprise - score.surprise)[SEGMENT : 2 * SEGMENT].max() > 1e-3


@pytest.mark.parametrize("same", [SEGMENT + 1, 2 * SEGMENT, 75, 150])
def test_no_prediction_depends_on_the_characters_after_it(model: charrnn.Model, same: int) -> None:
    other = UNSEEN[:same] + UNSEEN[same:][::-1]
    _, surprise = adapted(model.score(UNSEEN, adapt=True))
    _, changed = adapted(model.score(other, adapt=True))
    np.testing.assert_array_equal(surprise[: same - 1], changed[: same - 1])
    assert np.abs(surprise - changed)[same - 1 :].max() > 1e-3


@pytest.mark.parametrize("size", [1, 7, SEGMENT, 1000])
def test_a_text_may_arrive_in_pieces_of_any_length(size: int) -> None:
    network = network_of(Shape("gru", 8, 1, 5))
    ids = np.random.default_rng(2).integers(0, 5, 131)
    whole = DynamicEvaluation(network).predict(ids[:-1], ids[1:])
    evaluation = DynamicEvaluation(network)
    pieces = [
        evaluation.predict(ids[at : at + size][: 130 - at], ids[at + 1 : at + 1 + size])
        for at in range(0, 130, size)
    ]
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=1e-9)


def test_the_weights_change_by_the_rule_of_the_paper() -> None:
    """As in equation 6, with root mean squares over the segments read, in plain NumPy."""
    network = network_of(Shape("lstm", 6, 1, 5))
    ids = np.random.default_rng(3).integers(0, 5, 3 * SEGMENT + 5)
    evaluation = DynamicEvaluation(network)
    evaluation.predict(ids[:-1], ids[1:])
    initial = network.parameters.vector
    copy = Network(Parameters(network.shape, np.float64, initial.copy()))
    weights, gradients = copy.parameters.vector, copy.parameters.zeros_like()
    rate = RATE * network.shape.cell_record.learning_rate(6, RATE_CHARACTERS)
    states, squares = copy.initial_states(1), []
    for start in range(0, 3 * SEGMENT, SEGMENT):
        segment = ids[start : start + SEGMENT + 1, None]
        _, states = copy.loss_and_gradients(segment[:-1], segment[1:], states, gradients)
        squares.append(gradients.vector**2)
        root = np.sqrt(np.mean(squares, axis=0))
        step = rate * gradients.vector / (root + DAMPING * np.sqrt(np.mean(squares)))
        weights += DECAY * (initial - weights) - step
    np.testing.assert_allclose(evaluation.adapted.parameters.vector, weights, rtol=1e-9)
    assert np.abs(weights - initial).max() > rate


def test_a_gradient_that_is_not_finite_changes_nothing() -> None:
    network = network_of(Shape("rnn", 4, 1, 3), np.float32)
    network.parameters["out.W"][:] = 3e38
    ids = np.array([0, 1, 2] * 20)
    with np.errstate(all="ignore"):
        evaluation = DynamicEvaluation(network)
        evaluation.predict(ids[:-1], ids[1:])
    np.testing.assert_array_equal(evaluation.adapted.parameters.vector, network.parameters.vector)


def test_adapting_is_reproducible_and_leaves_the_model_alone(model: charrnn.Model) -> None:
    before = model.checkpoint.network.parameters.vector.tobytes()
    first, again = (adapted(model.score(UNSEEN, adapt=True)) for _ in range(2))
    assert first[0] == again[0]
    assert first[1].tobytes() == again[1].tobytes()
    assert model.checkpoint.network.parameters.vector.tobytes() == before
    assert model.score(UNSEEN).adapted is None


def test_score_shows_both_losses_and_changes_no_other_value(
    program: Program, run_folder: Path, unseen: Path
) -> None:
    arguments = ("inspect", "score", unseen, run_folder)
    before = {path: path.read_bytes() for path in run_folder.iterdir() if path.is_file()}
    plain = json.loads(program(*arguments, "--json").out)
    both = json.loads(program(*arguments, "--adapt", "--json").out)
    own = both.pop("adapted")
    each = [entry.pop("adapted_nats") for entry in both["each"]]
    assert both == plain
    assert own["nats"] == pytest.approx(np.mean(each))
    assert (own["characters"], own["unknown"]) == (plain["characters"], plain["unknown"])
    assert own["perplexity"] == pytest.approx(np.exp(own["nats"]))
    shown = program(*arguments, "--adapt").out
    assert f"loss        {plain['nats']:.4f} nats" in shown
    assert f"adapted     {own['nats']:.4f} nats" in shown
    assert "adapted" not in program(*arguments).out
    assert {path: path.read_bytes() for path in run_folder.iterdir() if path.is_file()} == before


def test_a_sample_continues_the_prime_with_the_adapted_weights(
    program: Program, run_folder: Path, unseen: Path, model: charrnn.Model
) -> None:
    arguments = ("sample", run_folder, "--prime-file", unseen, "--length", "60", "--seed", "1")
    before = (run_folder / "best.npz").read_bytes()
    done = program(*arguments, "-n", "2", "--adapt", "--json")
    assert program(*arguments, "-n", "2", "--adapt", "--json").out == done.out
    for one in objects(done.out):
        plain = (
            model.score(one["prime"]).total_nats
            - model.score(one["prime"] + one["text"]).total_nats
        )
        assert one["logprob"] == pytest.approx(plain, abs=1e-2)
        assert one["adapted_logprob"] > one["logprob"] + 1
    prime = UNSEEN.removesuffix("\n")
    score = model.score(prime, adapt=True)
    assert done.err == (
        f"adapted to {len(prime) - 1} characters of the prime: {adapted(score)[0]:.4f} nats per"
        f" character while it learned from them, {score.nats:.4f} without\n"
    )
    streamed = program(*arguments, "--adapt", "--quiet")
    assert (streamed.out, streamed.err) == (prime + objects(done.out)[0]["text"] + "\n", "")
    assert streamed.out != program(*arguments).out
    assert "adapted_logprob" not in program(*arguments, "--json").out
    assert (run_folder / "best.npz").read_bytes() == before


def test_progress_is_shown_while_a_text_is_learned_from(
    program: Program, run_folder: Path, unseen: Path, bar_at_once: str
) -> None:
    unseen.write_text(UNSEEN * 5, encoding="utf-8")
    sample = ("sample", run_folder, "--adapt", "--prime-file", unseen, "--length", "1")
    score = ("inspect", "score", unseen, run_folder, "--adapt")
    assert f"/{5 * len(UNSEEN) - 1} [" in on_terminal(*sample, PYTHONPATH=bar_at_once)
    assert "adapting: " in on_terminal(*score, PYTHONPATH=bar_at_once)
    assert "adapting: " not in on_terminal(*score, "--quiet", PYTHONPATH=bar_at_once)
    assert program(*score).err == ""


def test_continuations_have_the_log_probability_that_their_samples_tell(
    model: charrnn.Model,
) -> None:
    prime = TEXT[:300]
    corpus_info, network = model.checkpoint.corpus_info, model.checkpoint.network
    ids = model.make_prompt(prime, "error").ids
    measure = measure_continuations(network, corpus_info.vocabulary, ids)
    for length in (1, 300):
        config = charrnn.SampleConfig(length=length)
        for sample in model.samples(prime, config, seed=1, number=2):
            assert measure(sample.text) == pytest.approx(sample.logprob, abs=1e-2)
    assert measure("") == 0


def test_a_prime_that_adapts_is_one_text_of_a_file(
    program: Program, run_folder: Path, unseen: Path, tmp_path: Path
) -> None:
    file = ("sample", run_folder, "--adapt", "--prime-file", unseen)
    failed(program(*file, "--each-line"), 2, "--adapt and --each-line exclude each other")
    failed(program(*file, "--beam", "3"), 2, "--adapt and --beam exclude each other")
    failed(program("sample", run_folder, "--adapt"), 2, "--adapt needs --prime-file")
    failed(program("sample", run_folder, "--adapt", "--prime", "今"), 2, "--adapt needs")
    (tmp_path / "short.txt").write_text("今", encoding="utf-8")
    short = program("sample", run_folder, "--adapt", "--prime-file", "short.txt")
    failed(short, 3, "short.txt: has fewer than two characters")
