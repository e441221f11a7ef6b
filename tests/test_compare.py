"""`inspect compare`, and how long an exchanged character lasts, computed in another way."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.api import Model
from charrnn.arrays import Array, Ids
from charrnn.cells import CELLS
from charrnn.errors import ConfigError, InputError
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.stepper import Stepper
from charrnn.reports.compare import Comparison, compare_texts
from charrnn.reports.perturbation import BEFORE, STEPS, measure_perturbation
from tests.conftest import TEXT, Program

A, B = "今日は風が強い。それで", "今日は雨が降っている。それで"


def read_by_steps(network: Network, ids: Ids) -> Iterator[tuple[Array, Array]]:
    """Yield the probabilities and the outputs of all layers after each character."""
    stepper = Stepper(network, network.initial_states(1))
    for id_ in ids:
        logits = stepper(np.array([id_])).astype(np.float64)[:, 0]
        weights = np.exp(logits - logits.max())
        h = np.concatenate([states[0][:, 0] for states in stepper.states])
        yield weights / weights.sum(), h.astype(np.float64)


@pytest.mark.parametrize("cell", CELLS)
def test_divergence_and_states_are_those_of_two_readings(cell: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT + A + B, encoding="utf-8")
    config = charrnn.TrainConfig(
        cell=cell, hidden=9, layers=2, steps=30, batch=4, seq=8, workers=1, tied=False
    )
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    report = compare_texts([model.loaded], text=[A, B], length=5, seed=3)
    assert report.common == "。それで"
    (found,) = report.models
    vocabulary = model.checkpoint.corpus_info.vocabulary
    readings = [
        list(read_by_steps(model.checkpoint.network, vocabulary.lookup_ids(text)))[-4:]
        for text in (A, B)
    ]
    for position, ((p, h), (q, g)) in enumerate(zip(*readings, strict=True)):
        kl = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
        assert found.kl[position] == pytest.approx(kl, rel=1e-3, abs=1e-6)
        difference = math.sqrt(sum((a - b) ** 2 for a, b in zip(h, g, strict=True)) / len(h))
        assert found.state[position] == pytest.approx(difference, rel=1e-3, abs=1e-6)
    for expected, (p, _) in zip(found.expected, (reading[-1] for reading in readings), strict=True):
        assert expected[0].probability == pytest.approx(p.max(), rel=1e-4)
        assert expected[0].character == vocabulary.decode(np.array([p.argmax()]))
    for text, continuations in zip((A, B), found.continuations, strict=True):
        config_of_samples = charrnn.SampleConfig(length=5)
        samples = model.samples(text, config_of_samples, seed=3, number=3)
        assert list(continuations) == [sample.text for sample in samples]


def test_a_network_without_a_loop_knows_nothing_of_the_past(models: list[Model]) -> None:
    feedforward, *_ = compare(models, A, B).models
    assert set(feedforward.kl) == set(feedforward.state) == {0.0}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    folder = tmp_path_factory.mktemp("compare")
    (folder / "text.txt").write_text(TEXT + A + B, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=8, steps=20, batch=4, seq=8, workers=1)
    return [
        charrnn.train(folder / "text.txt", replace(config, cell=cell), out=folder / cell)
        for cell in ("feedforward", "lstm")
    ]


def compare(models: list[Model], *texts: str, **options: object) -> Comparison:
    loaded = [model.loaded for model in models]
    return compare_texts(loaded, text=texts, length=3, seed=1, **options)  # type: ignore[arg-type]


def test_texts_that_do_not_end_alike_are_compared_at_their_ends(models: list[Model]) -> None:
    report = compare(models, "今日は", "今日")
    assert report.common == ""
    assert all(len(model.kl) == len(model.state) == 1 for model in report.models)


def test_a_text_may_be_the_end_of_the_other(models: list[Model]) -> None:
    report = compare(models, "今日は", "は")
    assert report.common == "は"
    assert len(report.models[1].kl) == 1
    assert report.models[1].kl[0] > 0


def test_equal_texts_have_no_difference(models: list[Model]) -> None:
    report = compare(models, A, A)
    assert report.common == A
    assert all(not any(model.kl) and not any(model.state) for model in report.models)


def test_unknown_characters_are_skipped_or_an_error_as_in_score(models: list[Model]) -> None:
    with_unknown = compare(models, "今日Ωは", "雨は")
    assert with_unknown.models[1].kl == compare(models, "今日は", "雨は").models[1].kl
    with pytest.raises(InputError, match="does not know 'Ω'"):
        compare(models, "今日Ωは", "雨は", on_unknown="error")
    with pytest.raises(InputError, match="no character that the model knows"):
        compare(models, "Ω", "雨")


@pytest.mark.parametrize("texts", [(), ("a",), ("a", "b", "c")])
def test_exactly_two_texts_are_compared(texts: tuple[str, ...], models: list[Model]) -> None:
    with pytest.raises(ConfigError, match="two texts are compared"):
        compare(models, *texts)


def test_the_command_prints_text_and_json_and_writes_a_page(
    models: list[Model], program: Program, tmp_path: Path
) -> None:
    runs = [str(model.loaded.path) for model in models]
    given = ("inspect", "compare", *runs, "--text", A, "--text", B, "--seed", "1", "-n", "2")
    done = program(*given, "--json", "--html", "page.html")
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    report = json.loads(line)
    assert list(report) == ["texts", "common", "seed", "models"]
    assert report["texts"] == [A, B]
    assert len(report["models"]) == 2
    assert {"model", "kl", "state", "expected", "continuations"} < set(report["models"][0])
    assert [len(texts) for texts in report["models"][1]["continuations"]] == [2, 2]
    assert "What the past changes" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert program("inspect", "compare", runs[0], "--text", A).code == 2
    assert "。それで" in program(*given).out


def test_the_difference_of_an_exchanged_character_is_that_of_two_readings() -> None:
    network = Network(Parameters(Shape("lstm", 6, 2, 5)))
    initialize(network.parameters, np.random.default_rng(0))
    network.parameters.vector *= 3  # so that differences last
    # Only the characters 0 and 2 occur, so that the one that is drawn is the other one of the two.
    ids = 2 * np.random.default_rng(1).integers(0, 2, BEFORE + STEPS[-1] + 2)
    found = measure_perturbation(network, ids, [3, 0, 2, 0, 0])
    assert found is not None
    assert found.places == 2
    assert [each.steps for each in found.differences] == list(STEPS)
    kl, state = np.zeros((2, 2, len(STEPS)))
    for row, place in enumerate((BEFORE, BEFORE + 1)):
        changed = ids.copy()
        changed[place] = 2 - ids[place]
        readings = [
            list(read_by_steps(network, text[place - BEFORE : place + STEPS[-1] + 1]))[BEFORE:]
            for text in (ids, changed)
        ]
        for column, step in enumerate(STEPS):
            (p, h), (q, g) = (reading[step] for reading in readings)
            kl[row, column] = (p * np.log(p / q)).sum()
            top = slice(6, 12)
            state[row, column] = math.sqrt(((h[top] - g[top]) ** 2).mean())
    for column, difference in enumerate(found.differences):
        for spread, values in (
            (difference.kl, kl[:, column]),
            (difference.state, state[:, column]),
        ):
            assert spread.median == pytest.approx(values.mean(), rel=1e-2, abs=1e-6)
            assert spread.low <= spread.median <= spread.high
    assert found.differences[0].kl.median > 1e-3


def test_a_network_without_a_loop_forgets_an_exchanged_character_at_once() -> None:
    network = Network(Parameters(Shape("feedforward", 6, 2, 5)))
    initialize(network.parameters, np.random.default_rng(0))
    ids = np.random.default_rng(1).integers(0, 5, 400)
    found = measure_perturbation(network, ids, np.bincount(ids))
    assert found is not None
    at_once, *later = found.differences
    assert at_once.kl.median > 0
    assert all(each.kl.high == each.state.high == 0 for each in later)


def test_a_short_text_has_no_place_for_an_exchange() -> None:
    network = Network(Parameters(Shape("rnn", 6, 1, 5)))
    assert measure_perturbation(network, np.array([1, 2]), [1, 1, 1, 1, 1]) is None
    assert measure_perturbation(network, np.array([1] * 50), [0, 50, 0, 0, 0]) is None
