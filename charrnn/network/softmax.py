"""The loss: the cross-entropy of a softmax over the vocabulary, in nats, and its gradient.

The logits of a window are never held all at once. A few hundred rows are multiplied at a time, and
worked on in pieces that stay in cache.

Letters: N characters that are predicted, H units, V characters of the vocabulary.
"""

from collections.abc import Iterator

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.workspace import Workspace

CHUNK_ROWS = 512
"""Rows per product: enough that a BLAS spends little of its time on repacking W."""
CACHE_BYTES = 1 << 19
"""The size of the logits that are worked on at a time, so that they stay in cache."""


def cross_entropy(h: Array, targets: Ids, W: Array, b: Array) -> Array:
    """Return -log p in nats of each of ``targets`` (N,), given h (N, H), W (H, V), b (V,)."""
    nats = np.empty(len(h), h.dtype)
    for piece, shifted in _shifted_logits(h, W, b):
        target_logits = shifted[np.arange(len(shifted)), targets[piece]]
        nats[piece] = np.log(np.exp(shifted, out=shifted).sum(axis=1)) - target_logits
    return nats


def cross_entropy_and_likeliest(
    h: Array, targets: Ids, W: Array, b: Array, number: int
) -> tuple[Array, Ids, Array]:
    """Return what `cross_entropy` does, and the ``number`` likeliest characters of each row.

    They are (N, number) in falling order, of equal ones the first in the vocabulary first, with
    their probabilities (N, number).
    """
    nats = np.empty(len(h), h.dtype)
    likeliest = np.empty((len(h), number), np.min_scalar_type(len(b) - 1))
    probability = np.empty((len(h), number), h.dtype)
    for piece, shifted in _shifted_logits(h, W, b):
        rows = np.arange(len(shifted))
        target_logits = shifted[rows, targets[piece]]
        largest = probability[piece]
        # The largest logit is found and removed, again and again: a sort would take longer.
        for at in range(number):
            indices = shifted.argmax(axis=1)
            likeliest[piece, at], largest[:, at] = indices, shifted[rows, indices]
            shifted[rows, indices] = -np.inf
        sums = np.exp(shifted, out=shifted).sum(axis=1)
        sums += np.exp(largest, out=largest).sum(axis=1)
        largest /= sums[:, None]
        nats[piece] = np.log(sums) - target_logits
    return nats, likeliest, probability


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
    """Return the mean cross-entropy of ``targets`` (N,) and the gradient of h (N, H).

    **Writes** the gradients of W and b to ``dW`` and ``db``. The sums are divided by
    ``characters``, which defaults to N: a member of a team passes the number of all members'
    characters.
    """
    characters = characters or len(h)
    dh = workspace.empty("dh", h.shape, h.dtype)
    # A tied W is a transposed view; a matmul whose result has the same layout needs no copy.
    part_of_dW = workspace.empty(
        "part of dW", W.shape if W.flags.c_contiguous else W.T.shape, W.dtype
    )
    logits = workspace.empty("logits", (min(CHUNK_ROWS, len(h)), len(b)), W.dtype)
    dW[:], db[:] = 0, 0
    total = 0.0
    for chunk in _slices(len(h), CHUNK_ROWS):
        d = logits[: chunk.stop - chunk.start]
        np.matmul(h[chunk], W, out=d)
        for piece in _slices(len(d), _rows_in_cache(W)):
            total += _replace_by_gradient(d[piece], targets[chunk][piece], b, characters)
        np.matmul(d, W.T, out=dh[chunk])
        dW += _transposed_product(h[chunk], d, part_of_dW)
        db += d.sum(axis=0)
    return total / characters, dh


def _transposed_product(h: Array, d: Array, out: Array) -> Array:
    """Compute ``h.T @ d`` (H, V) in ``out``, which has that shape or its transpose; return it."""
    if out.shape == (h.shape[1], d.shape[1]):
        return np.matmul(h.T, d, out=out)
    return np.matmul(d.T, h, out=out).T


def _replace_by_gradient(logits: Array, targets: Ids, b: Array, count: int) -> float:
    """Return the sum of the losses, and replace ``logits`` by the gradient of sum / ``count``.

    ``b`` has not been added to the logits yet. The gradient is softmax(logits), minus 1 at
    the target, divided by ``count``.
    """
    target_indices = np.arange(len(logits)), targets
    _add_bias_and_shift(logits, b)
    target_logits = logits[target_indices]
    sums = np.exp(logits, out=logits).sum(axis=1)
    logits *= (1 / (sums * count))[:, None]
    logits[target_indices] -= 1 / count
    return float((np.log(sums) - target_logits).sum(dtype=np.float64))


def log_probabilities(h: Array, W: Array, b: Array) -> Array:
    """Return the log-probabilities (N, V) of every character after each row of ``h`` (N, H)."""
    logits = h @ W
    _add_bias_and_shift(logits, b)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def kl_divergence(logs: Array, other_logs: Array) -> Array:
    """Return KL(P‖Q) in nats of log-probabilities P and Q (..., V): 0 where they are equal."""
    # Rounding could make the divergence of equal predictions negative.
    return np.maximum(0, (np.exp(logs) * (logs - other_logs)).sum(axis=-1))


def _add_bias_and_shift(logits: Array, b: Array) -> None:
    """Add ``b``, and subtract each row's maximum: the softmax is unchanged and cannot overflow."""
    logits += b
    logits -= logits.max(axis=1, keepdims=True)


def _shifted_logits(h: Array, W: Array, b: Array) -> Iterator[tuple[slice, Array]]:
    """Yield a slice of the rows of ``h`` and their logits, less each row's maximum.

    The logits may be overwritten, and are valid until the next ones.
    """
    logits = np.empty((min(CHUNK_ROWS, len(h)), len(b)), W.dtype)
    for chunk in _slices(len(h), CHUNK_ROWS):
        product = np.matmul(h[chunk], W, out=logits[: chunk.stop - chunk.start])
        for piece in _slices(len(product), _rows_in_cache(W)):
            shifted = product[piece]
            _add_bias_and_shift(shifted, b)
            yield slice(chunk.start + piece.start, chunk.start + piece.stop), shifted


def _rows_in_cache(W: Array) -> int:
    return max(1, CACHE_BYTES // (W.shape[1] * W.itemsize))


def _slices(length: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, length)) for start in range(0, length, size))
