"""The gate inputs of a whole window at once, outside the time loop: ``a = x W + b``.

Each function gives ``a`` (G, T, B, H) and a backward from ``da`` to (dx, dW, db), all made in the
``room``, and modifies neither its inputs nor ``da``. ``W`` (G, D, H), ``b`` (G, H).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from charrnn.network.workspace import Array, Workspace
from charrnn.text.vocab import Ids

Backward: TypeAlias = Callable[[Array], tuple[Array | None, Array, Array]]
CHUNK_BYTES = 1 << 20


def gathered(ids: Ids, W: Array, b: Array, room: Workspace) -> tuple[Array, Backward]:
    """For characters ``ids`` (T, B): one-hot input picks rows of W, where D is V.

    There is no gradient of a character: dx is None.
    """
    G, V, H = W.shape
    present, which = np.unique(ids.ravel(), return_inverse=True)
    table = W[:, present] + b[:, None]
    a = room.empty("a", (G, len(which), H), W.dtype)
    np.take(table, which, axis=1, out=a, mode="clip")  # other modes go through a buffer

    def backward(da: Array) -> tuple[None, Array, Array]:
        dW = room.empty("dW", W.shape, da.dtype)
        dW[:] = 0
        da = da.reshape(G, -1, H)
        # one-hot input as a product would cost V times the work, all but a little of it with zeros
        for character, places in zip(present, _places(which, len(present)), strict=True):
            np.add.reduce(da.take(places, axis=1), axis=1, out=dW[:, character])
        return None, dW, dW.sum(axis=1)  # every row of the window was added to one row of dW

    return a.reshape(G, *ids.shape, H), backward


def projected(x: Array, W: Array, b: Array, room: Workspace) -> tuple[Array, Backward]:
    """For the layer below's output ``x`` (T, B, D)."""
    T, B, D = x.shape
    G, _, H = W.shape
    flat = x.reshape(T * B, D)
    a = room.empty("a", (G, T * B, H), W.dtype)
    for gate, weights, bias in zip(a, W, b, strict=True):
        np.matmul(flat, weights, out=gate)
        gate += bias

    def backward(da: Array) -> tuple[Array, Array, Array]:
        da = da.reshape(G, T * B, H)
        dx = room.empty("dx", flat.shape, da.dtype)
        dW = room.empty("dW", W.shape, da.dtype)
        back = W.transpose(0, 2, 1)
        rows = max(1, CHUNK_BYTES // (G * D * dx.itemsize))
        for start in range(0, len(dx), rows):
            part = slice(start, start + rows)
            np.add.reduce(da[:, part] @ back, axis=0, out=dx[part])
        return dx.reshape(x.shape), np.matmul(flat.T, da, out=dW), da.sum(axis=1)

    return a.reshape(G, T, B, H), backward


def _places(which: Ids, kinds: int) -> list[Ids]:
    """Where each of so many ``kinds`` of number stands in ``which``."""
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which, minlength=kinds))[:-1])
