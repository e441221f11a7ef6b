"""The gate inputs of a whole window at once, outside the time loop: ``a = x W + b``.

Each function gives ``a`` (G, T, B, H) and a backward from ``da`` to (dx, dW, db), and modifies
neither its inputs nor ``da``. ``W`` (G, D, H), ``b`` (G, H).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from charrnn.network.cells import Array
from charrnn.text.vocab import Ids

Backward: TypeAlias = Callable[[Array], tuple[Array | None, Array, Array]]
ONE_HOT_UP_TO = 256
"""Up to this many characters the rows' gradient is a product with a one-hot matrix."""


def gathered(ids: Ids, W: Array, b: Array) -> tuple[Array, Backward]:
    """For characters ``ids`` (T, B): one-hot input picks rows of W, where D is V.

    There is no gradient of a character: dx is None.
    """
    G, V, H = W.shape
    rows = ids.ravel()
    a = np.take(W, rows, axis=1)
    a += b[:, None]

    def backward(da: Array) -> tuple[None, Array, Array]:
        da = da.reshape(G, -1, H)
        dW = one_hot_gradient(da, rows, V) if V <= ONE_HOT_UP_TO else sorted_gradient(da, rows, V)
        return None, dW, da.sum(axis=1)

    return a.reshape(G, *ids.shape, H), backward


def projected(x: Array, W: Array, b: Array) -> tuple[Array, Backward]:
    """For the layer below's output ``x`` (T, B, D)."""
    T, B, D = x.shape
    G, _, H = W.shape
    flat = x.reshape(T * B, D)
    a = np.matmul(flat, W)
    a += b[:, None]

    def backward(da: Array) -> tuple[Array, Array, Array]:
        da = da.reshape(G, T * B, H)
        dx = da[0] @ W[0].T
        for d, weights in zip(da[1:], W[1:], strict=True):
            dx += d @ weights.T
        return dx.reshape(x.shape), np.matmul(flat.T, da), da.sum(axis=1)

    return a.reshape(G, T, B, H), backward


def one_hot_gradient(da: Array, rows: Ids, V: int) -> Array:
    """Sum ``da`` (G, N, H) into the ``rows`` (N,) that were gathered, as a product; (G, V, H)."""
    one_hot = np.zeros((V, len(rows)), da.dtype)
    one_hot[rows, np.arange(len(rows))] = 1
    return np.matmul(one_hot, da)


def sorted_gradient(da: Array, rows: Ids, V: int) -> Array:
    """The same by sorting, whose work does not grow with V."""
    order = np.argsort(rows, kind="stable")
    present, first = np.unique(rows[order], return_index=True)
    dW = np.zeros((da.shape[0], V, da.shape[2]), da.dtype)
    for d, into in zip(da, dW, strict=True):
        into[present] = np.add.reduceat(d[order], first, axis=0)
    return dW
