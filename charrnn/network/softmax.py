"""The loss: nats a character of a softmax over the vocabulary, and its gradient.

The logits of a window are never held at once: a few hundred rows are multiplied, and worked on in
pieces that stay in cache.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.workspace import Workspace

ROWS = 512
"""Rows of a product: enough of them that preparing W for it costs little beside it."""
CACHE_BYTES = 1 << 19
"""Of logits that are worked on at a time."""


def cross_entropy(h: Array, targets: Ids, W: Array, b: Array) -> Array:
    """The surprise in nats at each of ``targets`` (N,), given h (N, H), W (H, V), b (V,); (N,)."""
    nats = np.empty(len(h), h.dtype)
    logits = np.empty((min(ROWS, len(h)), len(b)), W.dtype)
    for rows in _slices(len(h), ROWS):
        product = np.matmul(h[rows], W, out=logits[: rows.stop - rows.start])
        for some in _slices(len(product), _rows_in_cache(W)):
            part = product[some]
            _shift(part, b)
            picked = part[np.arange(len(part)), targets[rows][some]]
            nats[rows][some] = np.log(np.exp(part, out=part).sum(axis=1)) - picked
    return nats


def cross_entropy_and_gradients(
    h: Array,
    targets: Ids,
    W: Array,
    b: Array,
    dW: Array,
    db: Array,
    workspace: Workspace,
    characters: int | None = None,
) -> tuple[float, Array]:
    """The mean cross-entropy and the gradient of h; **writes** those of W and b to dW, db."""
    characters = characters or len(h)
    dh = workspace.empty("dh", h.shape, h.dtype)
    part = workspace.empty("part of dW", W.shape if W.flags.c_contiguous else W.T.shape, W.dtype)
    logits = workspace.empty("logits", (min(ROWS, len(h)), len(b)), W.dtype)
    dW[:], db[:] = 0, 0
    total = 0.0
    for rows in _slices(len(h), ROWS):
        d = logits[: rows.stop - rows.start]
        np.matmul(h[rows], W, out=d)
        for some in _slices(len(d), _rows_in_cache(W)):
            total += _to_gradient(d[some], targets[rows][some], b, characters)
        np.matmul(d, W.T, out=dh[rows])
        dW += _outer(h[rows], d, part)
        db += d.sum(axis=0)
    return total / characters, dh


def _outer(h: Array, d: Array, part: Array) -> Array:
    """``h.T @ d`` (H, V) by way of ``part``, which has its shape or, as a tied W has, another's."""
    if part.shape == (h.shape[1], d.shape[1]):
        return np.matmul(h.T, d, out=part)
    return np.matmul(d.T, h, out=part).T


def _to_gradient(logits: Array, targets: Ids, b: Array, count: int) -> float:
    """The sum of the losses; ``logits``, still without ``b``, become the gradient of their mean.

    The mean is over ``count`` characters, these among them.
    """
    at_target = np.arange(len(logits)), targets
    _shift(logits, b)
    picked = logits[at_target]
    sums = np.exp(logits, out=logits).sum(axis=1)
    logits *= (1 / (sums * count))[:, None]  # the softmax, over the characters in the mean
    logits[at_target] -= 1 / count
    return float((np.log(sums) - picked).sum(dtype=np.float64))


def log_probabilities(h: Array, W: Array, b: Array) -> Array:
    """The log-probability of every character after each row of ``h`` (N, H); (N, V)."""
    logits = _shifted_logits(h, W, b)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def _shifted_logits(h: Array, W: Array, b: Array) -> Array:
    logits = h @ W
    _shift(logits, b)
    return logits


def _shift(logits: Array, b: Array) -> None:
    """Add ``b`` and take the largest of each row away: no softmax changes, none can overflow."""
    logits += b
    logits -= logits.max(axis=1, keepdims=True)


def _rows_in_cache(W: Array) -> int:
    return max(1, CACHE_BYTES // (W.shape[1] * W.itemsize))


def _slices(length: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, length)) for start in range(0, length, size))
