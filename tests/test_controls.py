"""When a text ends, what may not come in it, and that a batch is so many texts alone."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn import SampleConfig
from charrnn.arrays import Array, Ids
from charrnn.errors import ConfigError, InputError
from charrnn.network.stepper import Stepper
from charrnn.sampling import sampler
from charrnn.sampling.repeats import find_repeating
from charrnn.sampling.stops import Stops
from tests.tiny import tiny

LETTERS = st.text("abあ", max_size=30)


@given(text=LETTERS, stops=st.lists(st.text("abあ", min_size=1, max_size=4), max_size=3))
def test_what_is_held_is_the_longest_beginning_of_a_stop(text: str, stops: list[str]) -> None:
    matcher, held = Stops(stops), ""
    for end in range(1, len(text) + 1):
        held, found = matcher.advance(held, text[end - 1])
        ends = {text[start:end] for start in range(end + 1)}
        complete = ends.intersection(stops)
        assert found == bool(complete)
        if found:
            assert held == max(complete, key=len)
            return
        assert held == max((one for one in ends if any(s.startswith(one) for s in stops)), key=len,
                           default="")  # fmt: skip


@given(text=LETTERS, cut=st.integers(0, 30), span=st.integers(1, 5))
def test_repeating_is_what_would_make_a_span_that_was_there(text: str, cut: int, span: int) -> None:
    spans = {text[at : at + span] for at in range(len(text) - span + 1)}
    expected = {c for c in "abあ" if (text + c)[-span:] in spans and len(text) >= span - 1}
    assert find_repeating(text[:cut], text[cut:], span) == expected


def cut(text: str, stops: list[str]) -> str:
    """As far as it goes before the first stop that is complete."""
    for end in range(1, len(text) + 1):
        starts = [end - len(stop) for stop in stops if text[:end].endswith(stop)]
        if starts:
            return text[: min(starts)]
    return text


STOPS = [["い"], ["あa"], ["aい\n", "い\n"], ["\n\n", "aa", "ああ"], ["あいaあい"]]


@pytest.mark.parametrize("stops", STOPS, ids=repr)
def test_a_text_ends_before_its_stop(model: charrnn.Model, stops: list[str]) -> None:
    small = tiny(model, "あいa\n", spread=0.5)
    whole = small.samples("あ", SampleConfig(length=60), seed=5, number=50)
    ended = small.samples("あ", SampleConfig(length=60, stop=stops), seed=5, number=50)
    assert {one.stopped for one in ended} <= {"stop", "length"}
    for all_, one in zip(whole, ended, strict=True):
        assert one.text == cut(all_.text, stops)
        assert one.stopped == ("stop" if one.text != all_.text else "length")
        expected = small.score("あ" + one.text).total_nats if one.text else 0
        assert one.logprob == pytest.approx(-expected, abs=1e-6)


def test_what_may_become_a_stop_is_not_streamed(model: charrnn.Model) -> None:
    small = tiny(model, "あいa\n", spread=0.5)
    for seed in range(20):
        config = SampleConfig(length=40, stop=["あい\n", "いい"])
        (whole,) = small.samples("a", SampleConfig(length=40), seed=seed, number=1)
        seen = ""
        for piece in small.stream("a", config, seed=seed):
            assert piece
            seen += piece
            assert cut(whole.text, ["あい\n", "いい"]).startswith(seen)
        assert seen == small.sample("a", config, seed=seed)


def test_what_is_held_comes_when_a_text_ends_otherwise(model: charrnn.Model) -> None:
    small = tiny(model, "あいa\n", spread=0.5)
    for config in (
        SampleConfig(length=30, no_repeat=2, stop=["あx", "いx", "ax", "\nx"]),
        SampleConfig(length=30, stop=["あx", "いx", "ax", "\nx"]),
    ):
        for seed in range(10):
            (whole,) = small.samples("あ", config, seed=seed, number=1)
            assert small.sample("あ", config, seed=seed) == whole.text
            assert whole.stopped == ("no-repeat" if config.no_repeat else "length")


def test_without_a_length_a_text_goes_on_to_its_stop(model: charrnn.Model) -> None:
    small = tiny(model, "あいa\n", spread=0.5)
    config = SampleConfig(length=0, stop=["あいaあい"])
    found = small.samples("a", config, seed=1, number=20)
    assert {one.stopped for one in found} == {"stop"}
    assert max(len(one.text) for one in found) > 500
    with pytest.raises(InputError, match="cannot produce"):
        small.sample("a", SampleConfig(length=0, stop=["猫", "あ猫"]))
    assert small.unknown_characters("あ猫犬猫") == "猫犬"


def test_stops_are_read_as_the_corpus_was(model: charrnn.Model) -> None:
    ended = model.sample("今日は", SampleConfig(length=300, stop=["\r\n"]), seed=1)
    assert ended == model.sample("今日は", SampleConfig(length=300), seed=1).partition("\n")[0]


@pytest.mark.parametrize("stop", ["。", ["。", ""]])
def test_stops_are_texts(stop: list[str] | str) -> None:
    with pytest.raises(ConfigError, match="stop"):
        SampleConfig(stop=stop)


@pytest.mark.parametrize("span", [2, 5, 15])
def test_no_span_comes_twice(model: charrnn.Model, span: int) -> None:
    small = tiny(model, "あいうえおaeiou\n", spread=4)

    def twice(text: str) -> int:
        spans = [text[at : at + span] for at in range(len(text) - span + 1)]
        return len(spans) - len(set(spans))

    prime = "あいう"
    free = small.samples(prime, SampleConfig(length=400), seed=2, number=3)
    bound = small.samples(prime, SampleConfig(length=400, no_repeat=span), seed=2, number=3)
    assert all(twice(prime + one.text) for one in free)
    assert not any(twice(prime + one.text) for one in bound)
    assert {one.stopped for one in bound} <= {"length", "no-repeat"}


def test_a_text_ends_where_everything_would_repeat(model: charrnn.Model) -> None:
    small = tiny(model, "あいa\n", spread=0.5)
    (one,) = small.samples("あ", SampleConfig(no_repeat=1), seed=0, number=1)
    assert sorted("あ" + one.text) == sorted("あいa\n")
    assert one.stopped == "no-repeat"
    (none,) = small.samples("\nいaあ", SampleConfig(no_repeat=1), seed=0, number=1)
    assert (none.text, none.logprob, none.stopped) == ("", 0, "no-repeat")


PRIMES = ["あ", "いあ", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\n", "い", "あいうえお" * 60] * 3


@pytest.mark.parametrize("side_by_side", [1, 3, 128])
@pytest.mark.parametrize("number", [1, 4])
def test_a_batch_is_so_many_texts_alone(
    model: charrnn.Model, side_by_side: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tiny(model, "あいうえおa\n", spread=0.5)
    config = SampleConfig(length=50, stop=["う\n"])  # so that they end at different times
    monkeypatch.setattr(sampler, "MAX_SLOTS", side_by_side)
    together = list(small.sample_each(PRIMES, config, seed=8, number=number))
    alone = [one for prime in PRIMES for one in small.samples(prime, config, seed=8, number=number)]
    assert [(one.prime, one.sample, one.text) for one in together] == [
        (one.prime, one.sample, one.text) for one in alone
    ]
    assert [one.prime for one in together] == [prime for prime in PRIMES for _ in range(number)]
    for one, other in zip(together, alone, strict=True):
        assert one.logprob == pytest.approx(other.logprob, rel=1e-9)
        assert one.seed == 8
    assert len({one.text for one in together}) > 6 * number - 3


def test_different_primes_draw_different_random_numbers(model: charrnn.Model) -> None:
    small = tiny(model, "あいうえおa\n", spread=0)  # to which all texts are alike
    one, other = small.sample_each(["あ", "い"], SampleConfig(length=30), seed=1)
    assert one.text != other.text


def test_primes_are_taken_only_as_they_are_needed(
    model: charrnn.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tiny(model, "あいうえおa\n", spread=0.5)
    monkeypatch.setattr(sampler, "MAX_AHEAD", 40)
    monkeypatch.setattr(sampler, "MAX_SLOTS", 8)
    asked = count()

    def endless() -> Iterator[str]:
        for number in asked:
            yield "いa" if number else "あ" * 500  # the first keeps the others waiting

    samples = small.sample_each(endless(), SampleConfig(length=5), seed=1)
    for number in range(300):
        assert next(samples).prime.startswith("い" if number else "あ")
        assert next(asked) <= 2 * number + 42


def test_a_batch_becomes_narrower_as_it_ends(
    model: charrnn.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = []

    class Watched(Stepper):
        def __call__(self, ids: Ids) -> Array:
            widths.append(len(ids))
            return super().__call__(ids)

    monkeypatch.setattr(sampler, "Stepper", Watched)
    monkeypatch.setattr(sampler, "MAX_SLOTS", 16)
    small = tiny(model, "あいうa\n", spread=0.3)
    found = small.samples("あ", SampleConfig(length=0, stop=["い\n"]), seed=1, number=64)
    assert max(widths) == 16
    assert widths[-1] == 1
    assert sum(widths) < 2 * sum(len(one.text) for one in found)


def test_a_prime_of_any_length_is_read_as_one_text(model: charrnn.Model) -> None:
    prime = "今日は風が強い。\n" * 2000
    (sample,) = model.samples(prime, SampleConfig(length=5, temperature=0), seed=0, number=1)
    expected = model.score(prime).total_nats - model.score(prime + sample.text).total_nats
    assert sample.logprob == pytest.approx(expected, abs=0.02)  # of 4,000 nats in float32


def test_more_samples_than_a_beam_holds_are_refused(model: charrnn.Model) -> None:
    with pytest.raises(ConfigError, match="above the 2 candidates"):
        model.samples("今", SampleConfig(beam=2), number=3)
