"""From log-probabilities to the distribution that is drawn from: temperature, top-k, top-p, min-p.

Applied in that order, each to what the one before has left. A distribution's numbers are relative:
only `draw` and top-p ask for their sum.
"""

import numpy as np
import numpy.typing as npt

from charrnn.config import SampleConfig
from charrnn.network.workspace import Array

Probabilities = npt.NDArray[np.float64]


def distribution(logs: Array, config: SampleConfig) -> Probabilities:
    """What to draw from, (B, V), given the model's logits or log-probabilities ``logs`` (B, V).

    The likeliest is 1, the others are in relation to it.
    """
    if config.temperature == 0:
        greedy = np.zeros(logs.shape)
        greedy[np.arange(len(logs)), logs.argmax(axis=1)] = 1
        return greedy
    # the largest goes before the division, which a tiny temperature blows up
    largest = np.maximum.reduce(logs, axis=1, keepdims=True)
    p = np.subtract(logs, largest, dtype=np.float64)
    if config.temperature != 1:
        np.divide(p, config.temperature, p)
    np.exp(p, p)
    if 0 < config.top_k < p.shape[1]:
        p = top_k(p, config.top_k)
    if config.top_p < 1:
        p = top_p(p, config.top_p)
    if config.min_p > 0:
        p[p < config.min_p] = 0  # the likeliest is 1
    return p


def top_k(p: Probabilities, k: int) -> Probabilities:
    """Only the ``k`` likeliest; of equals, those with the smaller id."""
    beyond = np.argsort(-p, axis=1, kind="stable")[:, k:]
    kept = p.copy()
    np.put_along_axis(kept, beyond, 0.0, axis=1)
    return kept


def top_p(p: Probabilities, mass: float) -> Probabilities:
    """The smallest set of likeliest with this share of the sum (Holtzman et al. 2020)."""
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    sums = ranked.cumsum(axis=1)
    ranked[sums - ranked >= mass * sums[:, -1:]] = 0
    kept = np.zeros_like(p)
    np.put_along_axis(kept, order, ranked, axis=1)
    return kept


def draw(p: Probabilities, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """One id a row of ``p`` (B, V) by inverting its sums at ``uniform`` (B,) numbers in [0, 1)."""
    sums = np.add.accumulate(p, axis=1)
    reached = sums > uniform[:, None] * sums[:, -1:]
    return reached.argmax(axis=1)
