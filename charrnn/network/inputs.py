"""The gate inputs of each step, ``a = x W + b``, outside the recurrence.

Each function gives ``put(t, out)`` and ``backward(da, dW, db)``. ``put`` writes a step's ``a`` to
``out`` (G, B, H), multiplied by ``scale`` (G,): a cell asks for it when it needs it, so that it is
still in cache. ``backward`` takes the gradient of a, (T, B, G, H), gives that of the input, and
**writes** those of W and b to ``dW`` and ``db``; it modifies nothing else. What is made is made in
the ``workspace``. ``W`` (G, D, H), ``b`` (G, H).
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import WriteInputs
from charrnn.network.products import StepProduct, sum_over_window
from charrnn.network.workspace import Workspace

Backward: TypeAlias = Callable[..., Array | None]


def gather_inputs(
    ids: Ids, W: Array, b: Array, scale: Array, E: Array | None = None
) -> tuple[WriteInputs, Backward]:
    """For characters ``ids`` (T, B): one-hot input picks rows of W (G, V, H).

    With an embedding ``E`` (V, D) the rows are those of E W. There is no gradient of a character,
    so dx is None; that of E is **added** to ``dE``, which the output shares.
    """
    present, which = np.unique(ids.ravel(), return_inverse=True)
    vectors = None if E is None else E[present]
    table = W.take(present, axis=1) if vectors is None else vectors @ W
    table += b[:, None]
    table *= scale[:, None, None]
    rows = which.reshape(ids.shape)

    def put(t: int, out: Array) -> None:
        table.take(rows[t], axis=1, out=out, mode="clip")  # other modes go through a buffer

    def backward(da: Array, dW: Array, db: Array, dE: Array | None = None) -> None:
        da = da.reshape(len(which), *b.shape)
        drows = np.empty_like(table)
        # as a product with the one-hot input, V times the work, all but a little of it with zeros
        for at, places in enumerate(_places(which, len(present))):
            np.add.reduce(da.take(places, axis=0), axis=0, out=drows[:, at])
        np.add.reduce(drows, axis=1, out=db)  # each step was added to one row
        if vectors is None or dE is None:
            dW[:] = 0
            dW[:, present] = drows
        else:
            np.matmul(vectors.T, drows, out=dW)
            dE[present] += np.matmul(drows, W.transpose(0, 2, 1)).sum(axis=0)

    return put, backward


def project_inputs(
    x: Array, W: Array, b: Array, scale: Array, workspace: Workspace
) -> tuple[WriteInputs, Backward]:
    """For the layer below's output ``x`` (T, B, D)."""
    _, B, _ = x.shape
    times_W = StepProduct(W[None], B, workspace.inner("times W"), scale)
    rows, bias = times_W.rows(x), (scale[:, None] * b)[:, None]

    def put(t: int, out: Array) -> None:
        np.add(times_W(rows[t]), bias, out)

    def backward(da: Array, dW: Array, db: Array) -> Array:
        sum_over_window(x, da, dW)
        np.add.reduce(da, axis=(0, 1), out=db)
        dx = workspace.empty("dx", x.shape, x.dtype)
        back = StepProduct(W.transpose(0, 2, 1)[:, None], B, workspace.inner("back W"))
        for d, dx_now in zip(back.rows(da.reshape(*x.shape[:2], -1)), dx, strict=True):
            np.copyto(dx_now, back(d)[0])
        return dx

    return put, backward


def _places(which: Ids, kinds: int) -> list[Ids]:
    """Where each of so many ``kinds`` of number stands in ``which``."""
    order = np.argsort(which, kind="stable")
    return np.split(order, np.cumsum(np.bincount(which, minlength=kinds))[:-1])
