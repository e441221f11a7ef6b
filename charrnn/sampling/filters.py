"""From logits to the distribution that is sampled: temperature, top-k, top-p, min-p.

The filters are applied in this order, each to the characters that the earlier ones have kept. A
removed character gets a logit of -inf. Filters compare logits and not probabilities, because
different logits can round to the same probability.
"""

import math

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.config import SampleConfig

MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-30, 1e30
"""Beyond these a temperature changes nothing more, and does not fit into float32."""


def distribution(logits: Array, config: SampleConfig) -> Array:
    """Return the unnormalized probabilities (B, V) that ``config`` makes of ``logits`` (B, V).

    The likeliest character has 1. They are not divided by their sum, because `draw` needs the sums
    anyway and can do without the division.
    """
    return filter_logs(subtract_maximum(logits), config)


def subtract_maximum(logits: Array) -> Array:
    """Return ``logits`` (B, V) minus the maximum of each row."""
    # `distribution` does this before the division by the temperature, as a tiny temperature would
    # turn a large logit into infinity.
    maximum: Array = np.maximum.reduce(logits, axis=1, keepdims=True)
    return logits - maximum


def filter_logs(logs: Array, config: SampleConfig) -> Array:
    """Return what `distribution` does, given logits whose maximum in each row is 0."""
    if config.temperature == 0:
        greedy = np.zeros_like(logs)
        greedy[np.arange(len(logs)), logs.argmax(axis=1)] = 1
        return greedy
    logs = np.divide(logs, limit_temperature(config.temperature))
    if 0 < config.top_k < logs.shape[1]:
        top_k(logs, config.top_k)
    if config.top_p < 1:
        top_p(logs, config.top_p)
    if config.min_p > 0:
        # The maximum is 0, so this compares with min_p times the largest probability.
        logs[logs < math.log(config.min_p)] = -np.inf
    return np.exp(logs, logs)


def limit_temperature(temperature: float) -> float:
    """Return the temperature above 0 that does the same and by which float32 can be divided."""
    return min(max(temperature, MIN_TEMPERATURE), MAX_TEMPERATURE)


def top_k(logs: Array, k: int) -> None:
    """Keep the ``k`` largest of each row of ``logs`` (B, V), in place; the rest becomes -inf.

    Of equal values, those with the smallest ids are kept.
    """
    threshold = np.partition(logs, -k, axis=1)[:, -k]
    _keep_largest(logs, threshold, np.full(len(logs), k))


def top_p(logs: Array, mass: float) -> None:
    """Keep the nucleus of each row of ``logs`` (B, V), in place; the rest becomes -inf.

    The nucleus is the smallest set of the likeliest characters whose probabilities add up to
    ``mass`` (Holtzman et al. 2020, eq. 2).
    """
    ranked = np.sort(logs, axis=1)[:, ::-1]
    p = np.exp(ranked)
    sums = p.cumsum(axis=1, dtype=np.float64)
    count = np.count_nonzero(sums - p < mass * sums[:, -1:], axis=1)
    _keep_largest(logs, ranked[np.arange(len(logs)), count - 1], count)


def _keep_largest(logs: Array, threshold: Array, count: npt.NDArray[np.intp]) -> None:
    """Keep ``count`` (B,) values of each row, the smallest of which equals ``threshold`` (B,)."""
    logs[logs < threshold[:, None]] = -np.inf
    # Where several values equal the threshold, too many are left: remove the largest ids.
    for row in np.flatnonzero(np.count_nonzero(logs > -np.inf, axis=1) > count):
        equal = np.flatnonzero(logs[row] == threshold[row])
        surplus = np.count_nonzero(logs[row] > -np.inf) - count[row]
        logs[row, equal[len(equal) - surplus :]] = -np.inf


def draw(p: Array, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Draw one id for each row of ``p`` (B, V) by inverting its cumulative distribution.

    ``uniform`` (B,) are random numbers in [0, 1); ``p`` need not be normalized.
    """
    sums = np.add.accumulate(p, axis=1, dtype=np.float64)
    reached = sums > uniform[:, None] * sums[:, -1:]
    return reached.argmax(axis=1)


def draw_one(logits: Array, temperature: float, uniform: float) -> int:
    """Draw an id from ``logits`` (V,) without filters, at a limited ``temperature`` above 0.

    It draws what `distribution` and `draw` draw from one row, in half the time.
    """
    logs = logits - logits[logits.argmax()]
    if temperature != 1:
        np.divide(logs, temperature, logs)
    sums = np.add.accumulate(np.exp(logs, logs), 0, np.float64)
    # If a logit is not a number, no sum is reached, and the id is 0 as in `draw`.
    return int(sums.searchsorted(uniform * sums[-1], "right")) % len(sums)


def log_probability(logs: Array, ids: Ids) -> npt.NDArray[np.float64]:
    """Return the log-probabilities (B,) in nats of ``ids`` (B,).

    ``logs`` (B, V) are logits without filters, whose maximum in each row is 0.
    """
    picked = logs[np.arange(len(ids)), ids]
    return picked - np.log(np.add.reduce(np.exp(logs), axis=1, dtype=np.float64))
