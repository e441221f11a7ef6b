"""The n-gram baseline against a plain version of its equation."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn import ngram
from charrnn.ngram import measure_baselines, ngram_probabilities

V = 3
texts = st.lists(st.integers(0, V - 1), min_size=2, max_size=40)


def witten_bell(train: list[int], context: tuple[int, ...], character: int) -> float:
    """The equation as it stands in the paper, counting everything again for each character."""
    k = len(context)
    after = Counter(
        train[at] for at in range(k, len(train)) if tuple(train[at - k : at]) == context
    )
    shorter = witten_bell(train, context[1:], character) if k else 1 / V
    if not after:
        return shorter
    return (after[character] + len(after) * shorter) / (after.total() + len(after))


@settings(max_examples=60, deadline=None)
@given(train=texts, text=texts, piece=st.integers(1, 9))
def test_every_order_follows_the_equation_of_witten_and_bell(
    train: list[int], text: list[int], piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngram, "PIECE", piece)  # where pieces end must make no difference
        by_order = list(
            ngram_probabilities(np.array(train, np.uint8), np.array(text, np.uint8), V, 5)
        )
    for k, P in enumerate(by_order):
        expected = [
            witten_bell(train, tuple(text[max(0, at - k) : at]), text[at])
            for at in range(1, len(text))
        ]
        np.testing.assert_allclose(P, expected, rtol=1e-12)
    assert len(by_order) == min(5, len(text))


def test_the_probabilities_of_all_characters_add_up_to_one() -> None:
    rng = np.random.default_rng(1)
    train = rng.integers(0, V, 200)
    for context in ([0, 1, 2, 2, 1], [2, 2, 2, 2, 2]):
        by_order = [
            [P[-1] for P in ngram_probabilities(train, np.array([*context, last]), V)]
            for last in range(V)
        ]
        np.testing.assert_allclose(np.sum(by_order, axis=0), 1)


def test_the_reported_order_is_the_one_with_the_lowest_loss() -> None:
    pairs = np.tile([0, 0, 1, 1, 0, 2], 50)  # the last two characters determine the next one
    baselines = measure_baselines(pairs, pairs[:60], V)
    losses = [-np.log(P).mean() for P in ngram_probabilities(pairs, pairs[:60], V)]
    assert baselines.ngram_order == 1 + int(np.argmin(losses)) >= 3
    assert baselines.ngram == min(losses) < 0.1 < 1 < baselines.unigram == losses[0]


def test_only_the_end_of_a_long_training_text_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram, "MAX_COUNTED", 100)
    rng = np.random.default_rng(2)
    train, text = rng.integers(0, V, 300), rng.integers(0, V, 50)
    baselines = measure_baselines(train, text, V)
    assert baselines.characters == 100
    assert baselines == measure_baselines(train[-100:], text, V)
