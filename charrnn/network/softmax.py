"""The loss: nats a character of a softmax over the vocabulary, and its gradient.

The logits of a window are never held at once: rows go through in chunks that stay in cache.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.network.workspace import Array, Workspace
from charrnn.text.vocab import Ids

CHUNK_BYTES = 1 << 20


def losses(h: Array, targets: Ids, W: Array, b: Array) -> Array:
    """The surprise in nats at each of ``targets`` (N,), given h (N, H), W (H, V), b (V,); (N,)."""
    nats = np.empty(len(h), h.dtype)
    for rows in _chunks(h, W):
        logits = _shifted_logits(h[rows], W, b)
        picked = logits[np.arange(len(logits)), targets[rows]]
        nats[rows] = np.log(np.exp(logits, out=logits).sum(axis=1)) - picked
    return nats


def loss_and_gradients(
    h: Array, targets: Ids, W: Array, b: Array, room: Workspace
) -> tuple[float, Array, Array, Array]:
    """The mean of the ``losses`` and its gradients (loss, dh, dW, db), made while in cache."""
    dh, dW, db = room.empty("dh", h.shape, h.dtype), np.zeros_like(W), np.zeros_like(b)
    total = 0.0
    for rows in _chunks(h, W):
        d = _shifted_logits(h[rows], W, b)
        at_target = np.arange(len(d)), targets[rows]
        picked = d[at_target]
        sums = np.exp(d, out=d).sum(axis=1)
        total += float((np.log(sums) - picked).sum(dtype=np.float64))
        d *= (1 / (sums * len(h)))[:, None]  # the softmax, over the characters in the mean
        d[at_target] -= 1 / len(h)
        np.matmul(d, W.T, out=dh[rows])
        dW += h[rows].T @ d
        db += d.sum(axis=0)
    return total / len(h), dh, dW, db


def log_probabilities(h: Array, W: Array, b: Array) -> Array:
    """The log-probability of every character after each row of ``h`` (N, H); (N, V)."""
    logits = _shifted_logits(h, W, b)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def _shifted_logits(h: Array, W: Array, b: Array) -> Array:
    """The logits less their largest in each row, which changes no softmax and cannot overflow."""
    logits = h @ W
    logits += b
    logits -= logits.max(axis=1, keepdims=True)
    return logits


def _chunks(h: Array, W: Array) -> Iterator[slice]:
    rows = max(1, CHUNK_BYTES // (W.shape[1] * W.itemsize))
    return (slice(start, start + rows) for start in range(0, len(h), rows))
