"""The gate inputs of each step, ``a = x W + b``, which do not depend on the recurrence.

Each function returns ``write_inputs(t, out)`` and ``backward(da, dW, db)``. ``write_inputs`` writes
the inputs of step t, multiplied by ``scale`` (G,), to ``out`` (G, B, H). A cell calls it when it
needs them, so that they are still in cache. ``backward`` takes the gradient of a, (T, B, G, H),
returns that of the layer's input, and **writes** those of W (G, D, H) and b (G, H) to ``dW`` and
``db``. It modifies nothing else.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import WriteInputs
from charrnn.network.products import StepProduct, write_weight_gradient
from charrnn.network.workspace import Workspace

InputBackward: TypeAlias = Callable[..., Array | None]


def gather_inputs(
    ids: Ids, W: Array, b: Array, scale: Array, E: Array | None = None
) -> tuple[WriteInputs, InputBackward]:
    """Return the inputs of the first layer, for characters ``ids`` (T, B).

    The product of one-hot input and W (G, V, H) is a row of W. With an embedding ``E`` (V, D), the
    rows are those of E W.

    A character has no gradient, so that ``backward(da, dW, db, dE)`` returns None. The gradient of
    E is **added** to ``dE``, because the output layer shares E and has already written its part.
    """
    # A window has at most T B different characters: only their rows are computed and gathered.
    characters, index = np.unique(ids.ravel(), return_inverse=True)
    vectors = None if E is None else E[characters]
    table = W.take(characters, axis=1) if vectors is None else vectors @ W
    table += b[:, None]
    table *= scale[:, None, None]
    rows = index.reshape(ids.shape)

    def write_inputs(t: int, out: Array) -> None:
        # Modes other than "clip" go through a buffer, because an index could be out of range.
        table.take(rows[t], axis=1, out=out, mode="clip")

    def backward(da: Array, dW: Array, db: Array, dE: Array | None = None) -> None:
        da = da.reshape(len(index), *b.shape)
        dtable = np.empty_like(table)
        # The gradient of a row is the sum over the places where it was gathered. A product with the
        # one-hot input would be V times the work, nearly all of it with zeros.
        for row, places in enumerate(_group_positions(index, len(characters))):
            np.add.reduce(da.take(places, axis=0), axis=0, out=dtable[:, row])
        # b was added to every row, and each step gathered one row.
        np.add.reduce(dtable, axis=1, out=db)
        if vectors is None or dE is None:
            dW[:] = 0
            dW[:, characters] = dtable
        else:
            np.matmul(vectors.T, dtable, out=dW)
            dE[characters] += np.matmul(dtable, W.transpose(0, 2, 1)).sum(axis=0)

    return write_inputs, backward


def project_inputs(
    x: Array, W: Array, b: Array, scale: Array, workspace: Workspace
) -> tuple[WriteInputs, InputBackward]:
    """Return the inputs of an upper layer, for the output ``x`` (T, B, D) of the layer below.

    A step's product is computed when the recurrence needs it: it has as few rows as the recurrent
    product, but its result is in cache.
    """
    _, B, _ = x.shape
    times_W = StepProduct(W[None], B, workspace.child("times W"), scale)
    operands, bias = times_W.left_operands(x), (scale[:, None] * b)[:, None]

    def write_inputs(t: int, out: Array) -> None:
        np.add(times_W(operands[t]), bias, out)

    def backward(da: Array, dW: Array, db: Array) -> Array:
        write_weight_gradient(x, da, dW)
        np.add.reduce(da, axis=(0, 1), out=db)
        dx = workspace.empty("dx", x.shape, x.dtype)
        # The gates of da lie side by side, so that one product also sums over them.
        times_W_transposed = StepProduct(
            W.transpose(0, 2, 1)[:, None], B, workspace.child("times W transposed")
        )
        da_operands = times_W_transposed.left_operands(da.reshape(*x.shape[:2], -1))
        for operand, dx_t in zip(da_operands, dx, strict=True):
            np.copyto(dx_t, times_W_transposed(operand)[0])
        return dx

    return write_inputs, backward


def project_window(
    x: Array, W: Array, b: Array, scale: Array, workspace: Workspace
) -> tuple[WriteInputs, InputBackward]:
    """Return the same as `project_inputs`, with one product per gate for the whole window.

    It is faster where no other product waits for a step: a cell has no recurrent weights.
    """
    T, B, D = x.shape
    G, _, H = W.shape
    scaled = np.multiply(W, scale[:, None, None], workspace.empty("W", W.shape, W.dtype))
    a = workspace.empty("a", (G, T * B, H), W.dtype)
    np.matmul(x.reshape(T * B, D), scaled, out=a)
    by_step, bias = a.reshape(G, T, B, H).swapaxes(0, 1), (scale[:, None] * b)[:, None]

    def write_inputs(t: int, out: Array) -> None:
        np.add(by_step[t], bias, out)

    def backward(da: Array, dW: Array, db: Array) -> Array:
        write_weight_gradient(x, da, dW)
        np.add.reduce(da, axis=(0, 1), out=db)
        dx = workspace.empty("dx", x.shape, x.dtype)
        # The gates of da lie side by side, so that one product also sums over them.
        W_transposed = W.transpose(0, 2, 1).reshape(G * H, D)
        np.matmul(da.reshape(T * B, G * H), W_transposed, out=dx.reshape(T * B, D))
        return dx

    return write_inputs, backward


def _group_positions(index: Ids, count: int) -> list[Ids]:
    """Return, for each i in range(count), the positions where ``index`` equals i."""
    order = np.argsort(index, kind="stable")
    return np.split(order, np.cumsum(np.bincount(index, minlength=count))[:-1])
