"""The gate inputs of a whole window at once, outside the time loop: ``a = x W + b``.

Each function gives ``a`` (G, T, B, H) and ``backward(da, dW, db)``, which gives the gradient of the
input and **writes** those of W and b to ``dW`` and ``db``. Both modify nothing else; ``a`` and the
input's gradient are made in the ``room``. ``W`` (G, D, H), ``b`` (G, H).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from charrnn.network.products import StepProduct
from charrnn.network.workspace import Array, Workspace
from charrnn.text.vocab import Ids

Backward: TypeAlias = Callable[[Array, Array, Array], Array | None]


def gathered(ids: Ids, W: Array, b: Array, room: Workspace) -> tuple[Array, Backward]:
    """For characters ``ids`` (T, B): one-hot input picks rows of W, where D is V.

    There is no gradient of a character: dx is None.
    """
    G, _, H = W.shape
    present, which = np.unique(ids.ravel(), return_inverse=True)
    table = W[:, present] + b[:, None]
    a = room.empty("a", (G, len(which), H), W.dtype)
    np.take(table, which, axis=1, out=a, mode="clip")  # other modes go through a buffer

    def backward(da: Array, dW: Array, db: Array) -> None:
        dW[:] = 0
        da = da.reshape(G, -1, H)
        # as a product with the one-hot input, V times the work, all but a little of it with zeros
        for character, places in zip(present, _places(which, len(present)), strict=True):
            np.add.reduce(da.take(places, axis=1), axis=1, out=dW[:, character])
        np.add.reduce(dW, axis=1, out=db)  # each step was added to one row of dW

    return a.reshape(G, *ids.shape, H), backward


def projected(x: Array, W: Array, b: Array, room: Workspace) -> tuple[Array, Backward]:
    """For the layer below's output ``x`` (T, B, D)."""
    T, B, D = x.shape
    G, _, H = W.shape
    N = T * B
    flat = x.reshape(N, D)
    a = room.empty("a", (G, N, H), W.dtype)
    times_W = StepProduct(W, N, room.inner("forward"))
    times_W(times_W.rows(flat), times_W.columns(a))
    a += b[:, None]

    def backward(da: Array, dW: Array, db: Array) -> Array:
        da = da.reshape(G, N, H)
        np.matmul(flat.T, da, out=dW)
        np.add.reduce(da, axis=1, out=db)
        dx = room.empty("dx", (N, D), da.dtype)
        by_gate = room.empty("by_gate", (G, B, D), da.dtype)  # of one step, which stays in cache
        back = StepProduct(W.transpose(0, 2, 1), B, room.inner("backward"))
        rows, columns = back.rows(da.reshape(G, T, 1, B, H)), back.columns(by_gate)
        for t, dx_now in enumerate(dx.reshape(T, B, D)):
            back(rows[:, t], columns)
            np.add.reduce(by_gate, axis=0, out=dx_now)
        return dx.reshape(x.shape)

    return a.reshape(G, T, B, H), backward


def _places(which: Ids, kinds: int) -> list[Ids]:
    """Where each of so many ``kinds`` of number stands in ``which``."""
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which, minlength=kinds))[:-1])
