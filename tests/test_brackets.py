"""Which closing bracket a model expects, by distance, against predictions of the whole text."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.reports.brackets import measure_brackets
from charrnn.reports.memory import KNOWN_DISTANCES
from charrnn.reports.text_properties import find_bracket_pairs
from charrnn.text.vocab import Vocabulary
from tests.conftest import ROOT

TEXT = "(a[b]c)<a><b>a(b)" * 12 + "((" + "[x]" + "a" * 40 + "))"


def make_network(V: int) -> Network:
    network = Network(Parameters(Shape("gru", 7, 2, V)))
    initialize(network.parameters, np.random.default_rng(4))
    return network


def test_shares_are_those_of_the_predictions_of_the_whole_text() -> None:
    characters = "".join(sorted(set(TEXT)))
    vocabulary = Vocabulary(characters, (1,) * len(characters))
    network, ids = make_network(len(characters)), vocabulary.lookup_ids(TEXT)
    found = measure_brackets(network, vocabulary, ids)
    assert found is not None
    assert found.kinds == 3
    logs, _ = network.predict(ids[:, None], network.initial_states(1))
    right: dict[int, list[bool]] = {}
    stack: list[int] = []
    for at, character in enumerate(TEXT):
        if character in "([<":
            stack.append(at)
        elif character in ")]>":
            distance = at - stack.pop()
            longest = next(2**power for power in range(20) if 2**power >= distance)
            expected = max(")]>", key=lambda each: logs[at - 1, 0, characters.index(each)])
            right.setdefault(longest, []).append(expected == character)
    assert {each.longest: (each.places, each.right) for each in found.by_distance} == {
        longest: (len(each), sum(each) / len(each)) for longest, each in right.items()
    }
    assert all(each.shortest <= each.longest for each in found.by_distance)


@pytest.mark.parametrize("text", ["no brackets" * 30, "(a)" * 100, "(a)[b]" * 5])
def test_a_text_with_few_brackets_or_one_kind_shows_nothing(text: str) -> None:
    characters = "".join(sorted(set(text)))
    vocabulary = Vocabulary(characters, (1,) * len(characters))
    network = make_network(len(characters))
    assert measure_brackets(network, vocabulary, vocabulary.lookup_ids(text)) is None


def test_pairs_leave_out_brackets_that_are_never_closed() -> None:
    assert list(find_bracket_pairs("(a[b)c]")) == [(2, 6)]
    assert list(find_bracket_pairs("a(b(c)")) == [(3, 5)]


def test_the_memory_report_has_them(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT * 3, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=8, steps=10, batch=4, seq=8, workers=1, val=300)
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    report = model.memory()
    assert report.brackets is not None
    assert sum(each.places for each in report.brackets.by_distance) > 50


def test_the_distance_that_is_marked_is_that_of_the_weather_diary() -> None:
    text = (ROOT / "corpora/tenki.txt").read_bytes()
    assert set(KNOWN_DISTANCES) == {hashlib.sha256(text).hexdigest()}
