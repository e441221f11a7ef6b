"""The verdict at the beginning of a page, from numbers that are known."""

from dataclasses import replace

import pytest

from charrnn.ngram import Baselines
from charrnn.render.sections.verdict import (
    judge_explosion,
    judge_gradients,
    judge_loss,
    judge_memory,
    judge_stalling,
    judge_training,
)
from charrnn.reports.gradients import GradientPath, Gradients
from charrnn.reports.loss import Losses, LossPoint
from charrnn.reports.memory import ContextLoss, Memory

BASELINES = Baselines(unigram=3.0, ngram=1.5, ngram_order=5, characters=1000, unseen=0)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (1.4, "better than the best n-gram: 1.4000 nats per character, 0.100 less"),
        (1.7, "worse than the best n-gram: 1.7000 nats per character, 0.200 more"),
    ],
)
def test_the_loss_is_compared_with_the_n_gram(loss: float, words: str) -> None:
    assert words in judge_loss(loss, BASELINES)


def test_a_model_without_validation_is_not_judged() -> None:
    assert "without a validation part" in judge_loss(None, None)
    assert "without a validation part" in judge_loss(1.0, None)


def memory(lost: dict[int, float], error: float = 0.001) -> Memory:
    points = tuple(
        ContextLoss(given, 1 + each, error, each, error, None) for given, each in lost.items()
    )
    whole = ContextLoss(None, 1.0, error, 0.0, 0.0, None)
    return Memory(
        "m",
        "lstm",
        8,
        1,
        "text",
        None,
        100,
        False,
        (*points, whole),
        None,
        64,
        100,
        1.0,
        1.1,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ({1: 0.5, 2: 0.1, 4: 0.02, 8: 0.001, 16: 0.0}, "about the last 8 characters: with 4"),
        ({1: 0.5, 2: 0.1, 4: 0.02}, "more than the last 4 characters"),
        ({1: 0.0, 2: 0.0, 4: 0.0}, "Given a single character it predicts as well"),
    ],
)
def test_the_memory_ends_where_more_characters_no_longer_help(
    lost: dict[int, float], words: str
) -> None:
    assert words in judge_memory(memory(lost))


def test_a_difference_within_its_error_does_not_count() -> None:
    assert "about the last 4" in judge_memory(memory({1: 0.5, 2: 0.4, 4: 0.02, 8: 0.0}, 0.02))


def losses(*val: float, best: int | None = None) -> Losses:
    points = tuple(LossPoint(step, 0.1, 1.0, loss, 0.01) for step, loss in enumerate(val, 1))
    return Losses("m", points, best or 1 + val.index(min(val)), None)


def test_the_end_of_the_training_is_described() -> None:
    assert "still fell in the last quarter" in judge_training(losses(3.0, 2.0, 1.5, 1.2))
    assert "came to rest" in judge_training(losses(3.0, 1.5, 1.301, 1.3))
    assert "best at step 2 of 4" in judge_training(losses(3.0, 1.5, 1.6, 1.7))
    assert judge_training(losses(3.0)) == ""
    assert judge_training(replace(losses(3.0, 2.0), best_step=None)) == ""


def gradients(*vanished: int | None) -> Gradients:
    ways = tuple(GradientPath("h", 0, (1.0,), (1.0,), (1.0,), each, 0.0) for each in vanished)
    return Gradients("m", "lstm", 8, 1, untrained=False, text="t", positions=9, lags=50, ways=ways)


@pytest.mark.parametrize(
    ("vanished", "words"),
    [
        ((12,), "below 1 % from 12 steps back"),
        ((12, 30), "below 1 % from 30 steps back"),
        ((12, None), "above 1 % over 50 steps back"),
        ((1,), "No gradient reaches the step before"),
    ],
)
def test_the_gradient_reaches_as_far_as_the_best_of_its_paths(
    vanished: tuple[int | None, ...], words: str
) -> None:
    assert words in judge_gradients(gradients(*vanished))


def with_norms(*norms: tuple[float, float], val: tuple[float, ...]) -> Losses:
    run = losses(*val)
    points = [
        replace(point, grad_norm=mean, grad_norm_max=largest)
        for point, (mean, largest) in zip(run.points, norms, strict=True)
    ]
    return replace(run, points=tuple(points))


def test_an_explosion_is_a_norm_far_above_all_before() -> None:
    usual = [(0.5, 4.0), (0.4, 2.0), (0.3, 1.0)]
    assert judge_explosion(with_norms(*usual, val=(3.0, 2.0, 1.0))) == ""
    exploded = judge_explosion(with_norms(*usual[:2], (9.0, 90.0), val=(3.0, 2.0, 2.5)))
    assert "before step 3: the norm rose to 90, 200 times" in exploded
    assert "rose from 2.0000 to 2.5000" in exploded
    without_harm = judge_explosion(with_norms(*usual[:2], (9.0, 90.0), val=(3.0, 2.0, 1.5)))
    assert "still fell from 2.0000 to 1.5000" in without_harm
    assert judge_explosion(losses(3.0, 2.0)) == ""


@pytest.mark.parametrize(
    ("val", "words"),
    [
        (
            (3.0, 1.0, 0.99, 1.0, 0.98, 0.7, 0.6),
            "from step 2 to 5 its loss stayed within 3% of 1.0000",
        ),
        ((3.0, 2.0, 1.5, 1.2, 1.0, 0.9), ""),
        ((3.0, 1.0, 0.99, 1.0, 0.98, 0.97), ""),
    ],
)
def test_learning_stalled_where_the_loss_stood_still_and_fell_later(
    val: tuple[float, ...], words: str
) -> None:
    said = judge_stalling(losses(*val))
    assert words in said
    assert bool(said) == bool(words)
