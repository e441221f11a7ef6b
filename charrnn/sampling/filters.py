"""From logits to the distribution that is drawn from: temperature, top-k, top-p, min-p.

Applied in that order, each to what the one before has left, which is all but -inf. They rank by
logits, as these stay apart where probabilities are rounded to the same.
"""

import math

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.config import SampleConfig

COLDEST, HOTTEST = 1e-30, 1e30
"""Beyond these a temperature makes no more difference, and float32 has no room for it."""


def distribution(logits: Array, config: SampleConfig) -> Array:
    """What to draw from, (B, V), given the model's ``logits`` (B, V).

    The likeliest is 1, the others are in relation to it: only `draw` asks for their sum.
    """
    if config.temperature == 0:
        greedy = np.zeros_like(logits)
        greedy[np.arange(len(logits)), logits.argmax(axis=1)] = 1
        return greedy
    # the largest goes before the division, which a tiny temperature blows up
    logs = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    if config.temperature != 1:
        temperature = min(max(config.temperature, COLDEST), HOTTEST)
        np.divide(logs, logs.dtype.type(temperature), logs)
    if 0 < config.top_k < logs.shape[1]:
        top_k(logs, config.top_k)
    if config.top_p < 1:
        top_p(logs, config.top_p)
    if config.min_p > 0:
        logs[logs < math.log(config.min_p)] = -np.inf  # the likeliest is 0
    return np.exp(logs, logs)


def top_k(logs: Array, k: int) -> None:
    """Leave the ``k`` likeliest of each row of ``logs`` (B, V); of equals, those of smaller id."""
    smallest = np.partition(logs, -k, axis=1)[:, -k]
    _leave(logs, smallest, np.full(len(logs), k))


def top_p(logs: Array, mass: float) -> None:
    """Leave of each row of ``logs`` (B, V) the likeliest that together have this share.

    The smallest set of them that has it: nucleus sampling (Holtzman et al. 2020, eq. 2).
    """
    ranked = np.sort(logs, axis=1)[:, ::-1]
    p = np.exp(ranked)
    sums = p.cumsum(axis=1, dtype=np.float64)
    number = np.count_nonzero(sums - p < mass * sums[:, -1:], axis=1)
    _leave(logs, ranked[np.arange(len(logs)), number - 1], number)


def _leave(logs: Array, smallest: Array, number: npt.NDArray[np.intp]) -> None:
    """Of each row what is not below ``smallest``; of equals so many that it is ``number``."""
    logs[logs < smallest[:, None]] = -np.inf
    for row in np.flatnonzero(np.count_nonzero(logs > -np.inf, axis=1) > number):
        equal = np.flatnonzero(logs[row] == smallest[row])
        surplus = np.count_nonzero(logs[row] > -np.inf) - number[row]
        logs[row, equal[len(equal) - surplus :]] = -np.inf


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
