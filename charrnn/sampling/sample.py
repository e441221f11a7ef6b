"""A complete sample: a prime and its continuation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A continuation of ``prime``: ``text`` has the new characters only.

    ``sample`` is its index among the samples of the same prime. ``stopped`` is the reason for its
    end: "length", "stop" or "no-repeat". ``logprob`` is the sum of the new
    characters' log-probabilities in nats, at temperature 1 and without filters.
    """

    prime: str
    text: str
    seed: int
    sample: int
    stopped: str
    logprob: float
