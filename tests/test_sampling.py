"""Sampling: the effect of each filter, the random numbers, and the prompt."""

from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn import SampleConfig
from charrnn.errors import ConfigError, InputError
from charrnn.sampling.filters import distribution, draw, draw_one

LOGS = np.log(np.array([[0.5, 0.1, 0.3, 0.06, 0.04]], np.float32))


def kept(**settings: float) -> list[float]:
    config = SampleConfig(**{"temperature": 1.0, **settings})  # type: ignore[arg-type]
    p = distribution(LOGS, config)[0]
    return [round(float(share), 4) for share in p / p.sum()]


def test_temperature_one_leaves_the_probabilities_of_the_model() -> None:
    assert kept() == [0.5, 0.1, 0.3, 0.06, 0.04]


def test_temperature_sharpens_or_flattens_and_is_greedy_at_zero() -> None:
    squares = np.array([0.25, 0.01, 0.09, 0.0036, 0.0016])
    assert kept(temperature=0.5) == pytest.approx(squares / squares.sum(), abs=1e-4)
    assert kept(temperature=0) == [1, 0, 0, 0, 0]
    assert kept(temperature=1e-6) == [1, 0, 0, 0, 0]
    assert kept(temperature=1e9) == [0.2] * 5


@pytest.mark.parametrize("temperature", [1e-300, 1e-30, 1, 1e7, 1e30, 1e300])
def test_no_temperature_changes_the_ranking(temperature: float) -> None:
    """Not even where all probabilities round to 1; a forbidden character stays forbidden."""
    assert kept(temperature=temperature, top_k=1) == [1, 0, 0, 0, 0]
    assert kept(temperature=temperature, top_p=1e-9) == [1, 0, 0, 0, 0]
    assert kept(temperature=temperature, min_p=1) == [1, 0, 0, 0, 0]
    forbidden = np.array([[-np.inf, 0.0, -1.0]], np.float32)
    p = distribution(forbidden, SampleConfig(temperature=temperature))
    assert p[0, 0] == 0
    assert p[0, 1] == 1


def test_top_k_keeps_exactly_the_k_likeliest() -> None:
    assert kept(top_k=2) == [0.625, 0, 0.375, 0, 0]
    assert kept(top_k=1) == [1, 0, 0, 0, 0]
    assert kept(top_k=99) == kept()
    even = np.zeros((1, 5), np.float32)
    assert np.count_nonzero(distribution(even, SampleConfig(temperature=1, top_k=2))) == 2


def test_top_p_keeps_the_smallest_set_that_reaches_p() -> None:
    assert kept(top_p=0.5) == [1, 0, 0, 0, 0]
    assert kept(top_p=0.51) == [0.625, 0, 0.375, 0, 0]
    assert kept(top_p=0.85) == pytest.approx([0.5556, 0.1111, 0.3333, 0, 0], abs=1e-4)
    assert kept(top_p=1e-9) == [1, 0, 0, 0, 0]


def test_top_p_is_applied_after_temperature_and_top_k() -> None:
    assert kept(top_k=2, top_p=0.6) == [1, 0, 0, 0, 0]  # 0.625 of what is left
    assert kept(top_p=0.6) == [0.625, 0, 0.375, 0, 0]
    assert kept(temperature=0.5, top_p=0.6) == [1, 0, 0, 0, 0]


def test_min_p_keeps_characters_with_that_share_of_the_largest_probability() -> None:
    assert kept(min_p=0.61) == [1, 0, 0, 0, 0]
    assert kept(min_p=0.59) == [0.625, 0, 0.375, 0, 0]
    assert kept(min_p=0.19) == pytest.approx([0.5556, 0.1111, 0.3333, 0, 0], abs=1e-4)
    assert kept(min_p=1) == [1, 0, 0, 0, 0]
    assert kept(min_p=0.3, temperature=0.5) == [0.7353, 0, 0.2647, 0, 0]  # after temperature
    assert kept(min_p=0.59, top_k=1) == [1, 0, 0, 0, 0]


def test_draws_follow_the_distribution() -> None:
    p = np.repeat(np.exp(LOGS.astype(np.float64)), 100_000, axis=0)
    ids = draw(p, np.random.default_rng(0).random(len(p)))
    counts, expected = np.bincount(ids, minlength=5), p[0] * len(p)
    assert ((counts - expected) ** 2 / expected).sum() < 18.5  # chi-square, 4 degrees, p = 0.001


def test_characters_of_probability_zero_are_never_drawn() -> None:
    p = np.array([[0.0, 0.5, 0.0, 0.5, 0.0]] * 4)
    edges = np.array([0.0, np.nextafter(0.5, 0), 0.5, np.nextafter(1, 0)])
    assert draw(p, edges).tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize("temperature", [0.1, 0.8, 1.0, 3.0])
def test_a_single_draw_without_filters_is_that_of_a_row(temperature: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(500, 65)).astype(np.float32) * 3
    logits[:, 7] = -np.inf
    uniform = np.append(rng.random(498), [0, np.nextafter(1, 0)])
    ids = draw(distribution(logits, SampleConfig(temperature=temperature)), uniform)
    assert len(set(ids.tolist())) > 1
    alone = [draw_one(row, temperature, u) for row, u in zip(logits, uniform.tolist(), strict=True)]
    assert alone == ids.tolist()


def test_logits_that_are_not_numbers_draw_the_first_character() -> None:
    logits = np.full((1, 5), np.nan, np.float32)
    config = SampleConfig(temperature=1)
    assert draw(distribution(logits, config), np.array([0.5])).tolist() == [0]
    assert draw_one(logits[0], 1, 0.5) == 0


def test_the_same_seed_draws_the_same_text_and_another_seed_another_one(
    model: charrnn.Model,
) -> None:
    texts = [model.sample("今日は", SampleConfig(length=80), seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 80


def test_sample_i_does_not_depend_on_the_number_of_samples(model: charrnn.Model) -> None:
    config = SampleConfig(length=40)
    many = model.samples("今日は", config, seed=3, number=5)
    few = model.samples("今日は", config, seed=3, number=2)
    assert [sample.text for sample in few] == [sample.text for sample in many[:2]]
    assert model.sample("今日は", config, seed=3) == many[0].text
    assert len({sample.text for sample in many}) == 5


def test_the_log_probability_of_a_sample_equals_its_score(model: charrnn.Model) -> None:
    """Filters and temperature do not change it."""
    prime, config = "今日は", SampleConfig(length=30, temperature=0.5, top_k=5)
    (sample,) = model.samples(prime, config, seed=4, number=1)
    expected = model.score(prime).total_nats - model.score(prime + sample.text).total_nats
    assert sample.logprob == pytest.approx(expected, abs=1e-3)


def test_a_long_prime_is_read_with_one_carried_state(model: charrnn.Model) -> None:
    prime = "今日は風が強い。\n" * 100
    (sample,) = model.samples(prime, SampleConfig(length=5, temperature=0), seed=0, number=1)
    expected = model.score(prime).total_nats - model.score(prime + sample.text).total_nats
    assert sample.logprob == pytest.approx(expected, abs=1e-3)


def test_without_a_prime_the_model_begins_a_line(model: charrnn.Model) -> None:
    config = SampleConfig(length=20, temperature=0)
    assert model.sample("", config, seed=0) == model.sample("\n", config, seed=0)


def test_a_model_without_newlines_draws_the_first_character_by_frequency(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("aaab" * 200)
    config = charrnn.TrainConfig(hidden=4, steps=2, batch=2, seq=8)
    model = charrnn.train(tmp_path / "a.txt", config, out=tmp_path / "run")
    samples = model.samples("", SampleConfig(length=1, temperature=1), seed=0, number=2000)
    share = sum(sample.text == "a" for sample in samples) / 2000
    assert share == pytest.approx(0.75, abs=0.03)


def test_length_counts_new_characters_and_may_be_zero(model: charrnn.Model) -> None:
    assert model.sample("今日は", SampleConfig(length=0), seed=0) == ""
    (sample,) = model.samples("今", SampleConfig(length=0), seed=0, number=1)
    assert (sample.text, sample.logprob) == ("", 0)


def test_stream_gives_characters_as_they_are_drawn(model: charrnn.Model) -> None:
    stream = model.stream("今日は", SampleConfig(length=10_000_000), seed=0)
    assert len("".join(next(stream) for _ in range(50))) == 50  # long before the end


def test_newlines_of_a_prime_are_translated_as_in_the_corpus(model: charrnn.Model) -> None:
    config = SampleConfig(length=20, temperature=0)
    assert model.sample("強い。\r\n", config, seed=0) == model.sample("強い。\n", config, seed=0)


def test_an_unknown_character_of_a_prime_is_named_in_the_error(model: charrnn.Model) -> None:
    with pytest.raises(InputError, match=r"the model does not know '猫' \(U\+732B\)"):
        model.sample("猫", seed=0)


def test_a_score_is_the_sum_of_its_surprises(model: charrnn.Model) -> None:
    score = model.score("今日は風が強い。")
    assert score.characters == 7
    assert score.text == "日は風が強い。"
    assert score.total_nats == pytest.approx(float(score.surprise.sum()))
    assert score.bits == pytest.approx(score.nats / np.log(2))
    assert score.perplexity == pytest.approx(np.exp(score.nats))
    for at, alternatives in enumerate(score.likeliest):
        if score.text[at] in alternatives:
            given = score.probability[at][alternatives.index(score.text[at])]
            assert score.surprise[at] == pytest.approx(-np.log(given), abs=1e-5)
    assert (np.diff(score.probability, axis=1) <= 0).all()


def test_a_score_counts_unknown_characters_separately(model: charrnn.Model) -> None:
    score = model.score("今日猫は風猫")
    assert score.unknown == 2
    assert score.nats == pytest.approx(model.score("今日は風").nats)
    with pytest.raises(InputError, match="fewer than two"):
        model.score("猫今")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("length", 2.5), ("length", -1), ("top_k", 1.5), ("no_repeat", "3"), ("beam", 10_001),
        ("temperature", -1), ("temperature", float("nan")), ("temperature", float("inf")),
        ("top_p", 0), ("top_p", 1.5), ("min_p", -0.5), ("min_p", float("nan")), ("on_unknown", "x"),
    ],
)  # fmt: skip
def test_settings_out_of_range_or_of_another_type_are_refused(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=setting):
        SampleConfig(**{setting: value})  # type: ignore[arg-type]


def test_sampling_settings_are_refused_together_with_a_beam() -> None:
    with pytest.raises(ConfigError, match="beam"):
        SampleConfig(beam=3, temperature=0.1)


def test_arguments_out_of_range_or_of_another_type_are_refused(model: charrnn.Model) -> None:
    with pytest.raises(ConfigError, match="number"):
        model.samples("今", number=0)
    for seed in (-1, 1.0, "abc"):
        with pytest.raises(ConfigError, match="seed"):
            model.sample("今", seed=seed)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="give a list"):
        model.sample_each("今日は")
    assert SampleConfig(stop=iter(["。"])).stop == ("。",)  # type: ignore[arg-type]
