"""From logits to the distribution that is drawn from: temperature, top-k, top-p, min-p.

Applied in that order, each to what the one before has left. A distribution's numbers are relative:
only `draw` and top-p ask for their sum.
"""

import numpy as np
import numpy.typing as npt

from charrnn.config import SampleConfig
from charrnn.network.workspace import Array
from charrnn.text.vocab import Ids

COLDEST = 1e-30
"""No two logits are so near to each other that a lower temperature made a difference."""


def distribution(logits: Array, config: SampleConfig) -> Array:
    """What to draw from, (B, V), given the model's ``logits`` (B, V).

    The likeliest is 1, the others are in relation to it.
    """
    if config.temperature == 0:
        greedy = np.zeros_like(logits)
        greedy[np.arange(len(logits)), logits.argmax(axis=1)] = 1
        return greedy
    # the largest goes before the division, which a tiny temperature blows up
    p = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    if config.temperature != 1:
        np.divide(p, p.dtype.type(max(config.temperature, COLDEST)), p)
    np.exp(p, p)
    if 0 < config.top_k < p.shape[1]:
        top_k(p, config.top_k)
    if config.top_p < 1:
        top_p(p, config.top_p)
    if config.min_p > 0:
        p[p < config.min_p] = 0  # the likeliest is 1
    return p


def top_k(p: Array, k: int) -> None:
    """Leave the ``k`` likeliest of each row of ``p`` (B, V); of equals, those of smaller id."""
    smallest = np.partition(p, -k, axis=1)[:, -k]
    _leave(p, smallest, np.full(len(p), k))


def top_p(p: Array, mass: float) -> None:
    """Leave of each row of ``p`` (B, V) the smallest set of likeliest with this share of the sum.

    Nucleus sampling (Holtzman et al. 2020, eq. 2).
    """
    ranked = np.sort(p, axis=1)[:, ::-1]
    sums = ranked.cumsum(axis=1, dtype=np.float64)
    number = np.count_nonzero(sums - ranked < mass * sums[:, -1:], axis=1)
    _leave(p, ranked[np.arange(len(p)), number - 1], number)


def _leave(p: Array, smallest: Array, number: npt.NDArray[np.intp]) -> None:
    """Of each row what is not less than ``smallest``; of equals so many that it is ``number``."""
    p[p < smallest[:, None]] = 0
    for row in np.flatnonzero(np.count_nonzero(p, axis=1) > number):
        equal = np.flatnonzero(p[row] == smallest[row])
        surplus = np.count_nonzero(p[row]) - number[row]
        p[row, equal[len(equal) - surplus :]] = 0


def draw(p: Array, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """One id a row of ``p`` (B, V) by inverting its sums at ``uniform`` (B,) numbers in [0, 1)."""
    sums = np.add.accumulate(p, axis=1, dtype=np.float64)
    reached = sums > uniform[:, None] * sums[:, -1:]
    return reached.argmax(axis=1)


def log_probability(logits: Array, ids: Ids) -> npt.NDArray[np.float64]:
    """Of ``ids`` (B,) by ``logits`` (B, V), in nats, by the model as it is; (B,)."""
    logs = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    picked = logs[np.arange(len(ids)), ids]
    return picked - np.log(np.add.reduce(np.exp(logs, out=logs), axis=1, dtype=np.float64))
