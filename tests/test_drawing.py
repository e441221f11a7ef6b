"""Samples and beams against the exact probabilities of all texts of a tiny model."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import charrnn
from charrnn import SampleConfig
from tests.tiny import logprob, probabilities, texts, tiny

CHARACTERS, PRIME, LENGTH, SAMPLES = "あいa\n", "aい", 3, 20_000
Row = npt.NDArray[np.float64]


def temperature(p: Row, value: float) -> Row:
    return p ** (1 / value) / (p ** (1 / value)).sum()


def top_k(p: Row, k: int) -> Row:
    kept = np.where(p >= sorted(p)[-k], p, 0)
    return kept / kept.sum()


def top_p(p: Row, mass: float) -> Row:
    kept, total = np.zeros_like(p), 0.0
    for at in np.argsort(-p):
        if total < mass:
            kept[at], total = p[at], total + p[at]
    return kept / kept.sum()


def min_p(p: Row, share: float) -> Row:
    kept = np.where(p >= share * p.max(), p, 0)
    return kept / kept.sum()


FILTERS: list[tuple[SampleConfig, Callable[[Row], Row]]] = [
    (SampleConfig(temperature=1), lambda p: p),
    (SampleConfig(temperature=0.5), lambda p: temperature(p, 0.5)),
    (SampleConfig(temperature=2), lambda p: temperature(p, 2)),
    (SampleConfig(temperature=1, top_k=2), lambda p: top_k(p, 2)),
    (SampleConfig(temperature=1, top_p=0.75), lambda p: top_p(p, 0.75)),
    (SampleConfig(temperature=1, min_p=0.3), lambda p: min_p(p, 0.3)),
    (
        SampleConfig(temperature=1.5, top_k=3, top_p=0.8, min_p=0.2),
        lambda p: min_p(top_p(top_k(temperature(p, 1.5), 3), 0.8), 0.2),
    ),
]


def excess_deviation(counts: Counter[str], expected: dict[str, float]) -> float:
    """Pearson's chi-square, in standard deviations above its mean (Wilson, Hilferty 1931)."""
    assert set(counts) <= {text for text, share in expected.items() if share > 0}
    number = sum(counts.values())
    common = [text for text, share in expected.items() if share * number >= 5]
    pairs = [(counts[text], expected[text] * number) for text in common]
    rest = number - sum(count for count, _ in pairs), number - sum(mean for _, mean in pairs)
    pairs += [rest] if rest[1] > 1 else []
    chi_square = sum((count - mean) ** 2 / mean for count, mean in pairs)
    degrees = len(pairs) - 1
    spread = 2 / (9 * degrees)
    return float(((chi_square / degrees) ** (1 / 3) - (1 - spread)) / spread**0.5)


def count_samples(model: charrnn.Model, config: SampleConfig) -> Counter[str]:
    samples = model.samples(PRIME, config, seed=11, number=SAMPLES)
    return Counter(sample.text for sample in samples)


@pytest.mark.parametrize("case", range(len(FILTERS)))
def test_each_text_is_sampled_with_its_exact_probability(model: charrnn.Model, case: int) -> None:
    config, reference = FILTERS[case]
    small = tiny(model, CHARACTERS)
    expected = {}
    for text in texts(CHARACTERS, LENGTH):
        each = probabilities(small, PRIME, text)[len(PRIME) - 1 : -1]
        ids = small.checkpoint.corpus_info.vocabulary.lookup_ids(text)
        shares = [reference(row)[at] for row, at in zip(each, ids, strict=True)]
        expected[text] = math.prod(shares)
    counts = count_samples(small, SampleConfig(**{**vars(config), "length": LENGTH}))
    assert len(counts) > 3
    assert excess_deviation(counts, expected) < 3


def test_the_test_of_probabilities_can_fail(model: charrnn.Model) -> None:
    small = tiny(model, CHARACTERS)
    expected = {text: math.exp(logprob(small, PRIME, text)) for text in texts(CHARACTERS, LENGTH)}
    counts = count_samples(small, SampleConfig(length=LENGTH, temperature=0.9))
    assert excess_deviation(counts, expected) > 3


def test_forbidden_characters_leave_the_other_probabilities_in_proportion(
    model: charrnn.Model,
) -> None:
    small = tiny(model, CHARACTERS)
    expected = {}
    for text in texts(CHARACTERS, LENGTH):
        share = 1.0
        for at, row in enumerate(probabilities(small, PRIME, text)[len(PRIME) - 1 : -1]):
            before = PRIME + text[:at]
            allowed = [c for c in CHARACTERS if before[-1] + c not in before]
            shares = dict(zip(CHARACTERS, row, strict=True))
            share *= shares[text[at]] / sum(shares[c] for c in allowed) * (text[at] in allowed)
        expected[text] = share
    counts = count_samples(small, SampleConfig(length=LENGTH, temperature=1, no_repeat=2))
    assert excess_deviation(counts, expected) < 3
    assert any(share == 0 for share in expected.values())


def test_sampling_renormalizes_without_the_unknown_character(model: charrnn.Model) -> None:
    small = tiny(model, CHARACTERS, unknown=True)
    expected = {}
    for text in texts(CHARACTERS, LENGTH):
        rows = probabilities(small, PRIME, text)[len(PRIME) - 1 : -1, :-1]
        ids = small.checkpoint.corpus_info.vocabulary.lookup_ids(text)
        shares = (rows / rows.sum(axis=1, keepdims=True))[np.arange(LENGTH), ids]
        expected[text] = float(shares.prod())
    assert (
        excess_deviation(count_samples(small, SampleConfig(length=LENGTH, temperature=1)), expected)
        < 3
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_likeliest_texts(model: charrnn.Model, seed: int) -> None:
    small = tiny(model, CHARACTERS, seed=seed, spread=1)
    every = sorted(texts(CHARACTERS, 4), key=lambda text: -logprob(small, PRIME, text))
    config = SampleConfig(length=4, beam=len(every))
    best = small.samples(PRIME, config, seed=0, number=5)
    assert [sample.text for sample in best] == every[:5]
    assert best[0].logprob == pytest.approx(logprob(small, PRIME, every[0]))
    assert [sample.sample for sample in best] == [0, 1, 2, 3, 4]


def test_a_beam_finds_better_texts_than_greedy_search_and_width_one_is_greedy(
    model: charrnn.Model,
) -> None:
    better = 0
    for seed in range(10):
        small = tiny(model, CHARACTERS, seed=seed, spread=1)
        greedy, narrow, wide = (
            small.samples(PRIME, SampleConfig(length=8, **how), seed=0, number=1)[0]  # type: ignore[arg-type]
            for how in ({"temperature": 0}, {"beam": 1}, {"beam": 8})
        )
        assert narrow.text == greedy.text
        better += wide.logprob > greedy.logprob + 1e-9
    assert better > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_includes_the_probability_of_the_stop(model: charrnn.Model, seed: int) -> None:
    small = tiny(model, CHARACTERS, seed=seed, spread=1)
    stop = "い\n"
    ends = {}
    for text in texts(CHARACTERS, 5):
        end = text.find(stop)
        whole = text if end < 0 else text[: end + len(stop)]
        ends[whole] = logprob(small, PRIME, whole)
    (likeliest, second) = sorted(ends, key=lambda text: -ends[text])[:2]
    config = SampleConfig(length=5, beam=2000, stop=[stop])
    samples = small.samples(PRIME, config, seed=0, number=2)
    expected = [text.removesuffix(stop) for text in (likeliest, second)]
    assert [sample.text for sample in samples] == expected
    assert samples[0].stopped == ("stop" if likeliest.endswith(stop) else "length")
    if expected[0]:
        assert samples[0].logprob == pytest.approx(logprob(small, PRIME, expected[0]))


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_adds_the_probabilities_of_a_text_that_several_stops_can_end(
    model: charrnn.Model, seed: int
) -> None:
    small, stops = tiny(model, CHARACTERS, seed=seed, spread=1), ["い", "\n"]
    ends: dict[str, float] = {}
    for length in range(1, 7):
        for text in texts("あa", length - 1):
            for stop in stops if length < 6 else []:
                share = math.exp(logprob(small, PRIME, text + stop))
                ends[text] = ends.get(text, 0) + share
    best = sorted(ends, key=lambda text: -ends[text])[:4]
    config = SampleConfig(length=0, beam=500, stop=stops)
    assert [sample.text for sample in small.samples(PRIME, config, number=4)] == best


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_a_wide_beam_finds_the_likeliest_texts_with_stops_of_any_length(
    model: charrnn.Model, first: int
) -> None:
    stops = ["a", "いい", "いあ", "い\n"]
    for seed in (*range(first, first + 20), 1428 + first):
        small = tiny(model, CHARACTERS, seed=seed, spread=3)
        ends: dict[tuple[str, str], float] = {}
        whole = set()
        for text in texts(CHARACTERS, 3):
            end = next((n for n in range(1, 4) if text[:n].endswith(tuple(stops))), 3)
            whole.add(text[:end])
        for text in whole:
            stop = next((stop for stop in stops if text.endswith(stop)), "")
            key = (text.removesuffix(stop), "stop" if stop else "length")
            ends[key] = ends.get(key, 0) + math.exp(logprob(small, PRIME, text))
        best = sorted(ends, key=lambda key: -ends[key])[:2]
        config = SampleConfig(length=3, beam=300, stop=stops)
        samples = small.samples(PRIME, config, number=2)
        assert [(sample.text, sample.stopped) for sample in samples] == best, seed


def test_a_narrow_beam_keeps_its_width_with_many_stops(model: charrnn.Model) -> None:
    for seed in range(20):
        small = tiny(model, "abcdefgh", seed=seed, spread=1)
        config = SampleConfig(length=12, beam=2, stop=list("abcdefg"))
        assert len(small.samples("ab", config, number=2)) == 2


def test_a_beam_repeats_no_forbidden_span(model: charrnn.Model) -> None:
    small = tiny(model, CHARACTERS, seed=3, spread=1)
    config = SampleConfig(length=5, beam=2000, no_repeat=2)

    def repeats(text: str) -> bool:
        pairs = [text[at : at + 2] for at in range(len(text) - 1)]
        return len(set(pairs)) < len(pairs)

    every = [text for text in texts(CHARACTERS, 5) if not repeats(PRIME + text)]
    likeliest = max(every, key=lambda text: logprob(small, PRIME, text))
    assert small.sample(PRIME, config) == likeliest
    assert repeats(PRIME + small.sample(PRIME, SampleConfig(length=5, beam=2000)))
