"""The recurrent cells: how a state moves through time, each with its gradient beside it.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases. Every cell has the same form::

    h, state, backward = cell(a, state, U, b, room)
    da, dstate = backward(dh, dstate, dU, db)

``a`` (G, T, B, H) the gate inputs of a window; **overwritten**: the cell turns them into the gates,
and ``backward`` turns those into their gradient ``da`` · ``state`` a tuple of (B, H), first the h
that is fed back · ``U`` (G, H, H) recurrent weights · ``b`` (R, H) biases inside the recurrence,
R = 0 but for the gru · ``h`` (T, B, H) the outputs · ``backward`` may be called once; it takes the
gradients of h and of the returned state, and **writes** those of U and b to ``dU`` and ``db`` ·
``room`` is where h and the rest are made: they are good until the next window is computed in it.
Gates stand in the order named by each cell, sigmoid gates first, so that they are one block.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.network.products import StepProduct
from charrnn.network.workspace import Array, Workspace

State: TypeAlias = tuple[Array, ...]
Backward: TypeAlias = Callable[[Array, State, Array, Array], tuple[Array, State]]


def rnn(
    a: Array, state: State, U: Array, b: Array, room: Workspace
) -> tuple[Array, State, Backward]:
    """Elman's recurrence (Elman 1990), one gate and the state h.

    h[t] = tanh(a[t] + h[t-1] U)
    """
    B, H = a.shape[2:]
    h = _history("h", a, state[0], room)
    product = room.empty("product", (1, B, H), a.dtype)
    times_U = StepProduct(U, B, room)
    columns, hU = times_U.columns(product), product[0]
    for gate, rows, h_after in zip(a[0], times_U.rows(h), h[1:], strict=False):
        times_U(rows, columns)
        np.add(gate, hU, hU)
        np.tanh(hU, h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        back = StepProduct(_transposed(U), B, room)
        one = np.ones((), a.dtype)
        dnow = dstate[0].copy()
        columns = back.columns(dnow[None])
        for dh_now, h_now, gate, rows in _reversed(dh, h[1:], a[0], back.rows(a[0])):
            np.add(dnow, dh_now, dnow)  # h[t] is an output and goes on to t + 1
            np.multiply(h_now, h_now, gate)
            np.subtract(one, gate, gate)  # tanh' = 1 - tanh²
            np.multiply(gate, dnow, gate)
            back(rows, columns)  # h[t-1] U
        _recurrent_gradient(h, a, dU)
        return a, (dnow,)

    return h[1:], (h[-1].copy(),), backward


def gru(
    a: Array, state: State, U: Array, b: Array, room: Workspace
) -> tuple[Array, State, Backward]:
    """The gated recurrent unit (Cho et al. 2014), gates r, z, n and the state h.

    r, z = sigmoid(a + h[t-1] U)
    n    = tanh(a_n + r * q),  q = h[t-1] U_n + b
    h[t] = (1 - z) * n + z * h[t-1]

    The reset gate r acts after the recurrent product, as in cuDNN and PyTorch.
    """
    _, T, B, H = a.shape
    h = _history("h", a, state[0], room)
    q = room.empty("q", (T, B, H), a.dtype)
    product = room.empty("product", (3, B, H), a.dtype)
    r_z, (r, z, n) = product[:2], product
    times_U = StepProduct(U, B, room)
    columns, sigmoid = times_U.columns(product), _sigmoid(a.dtype)
    for gates, rows, h_before, h_after, q_now in zip(
        a.swapaxes(0, 1), times_U.rows(h), h, h[1:], q, strict=False
    ):
        times_U(rows, columns)
        np.add(n, b, q_now)
        np.add(r_z, gates[:2], r_z)
        sigmoid(r_z)
        np.multiply(r, q_now, n)
        np.add(n, gates[2], n)
        np.tanh(n, n)
        np.copyto(gates, product)
        np.subtract(h_before, n, h_after)
        np.multiply(h_after, z, h_after)
        np.add(h_after, n, h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        back = StepProduct(_transposed(U), B, room)
        one = np.ones((), a.dtype)
        dnow = dstate[0].copy()
        d, slopes = np.empty_like(product), np.empty_like(product)  # d: of the three products
        (dr, dz, dq), d_sigmoids, (_, _, n_slope) = d, d[:2], slopes
        d_rows, columns, sigmoid_slopes = back.rows(d[:, None]), back.columns(slopes), slopes[:2]
        for dh_now, h_before, gates, q_now in _reversed(dh, h[:-1], a.swapaxes(0, 1), q):
            r, z, n = gates
            np.add(dnow, dh_now, dnow)  # h[t] is an output and goes on to t + 1
            np.multiply(gates, gates, slopes)
            np.subtract(gates[:2], sigmoid_slopes, sigmoid_slopes)  # sigmoid' = sigmoid - sigmoid²
            np.subtract(one, n_slope, n_slope)  # tanh' = 1 - tanh²
            np.subtract(h_before, n, dz)  # h[t] = n + z * (h[t-1] - n)
            np.multiply(dz, dnow, dz)
            np.multiply(dnow, z, dq)
            np.subtract(dnow, dq, dnow)
            dn = np.multiply(dnow, n_slope, n)
            np.copyto(dnow, dq)
            np.multiply(dn, q_now, dr)  # n = tanh(a_n + r * q)
            np.multiply(dn, r, dq)
            np.multiply(d_sigmoids, sigmoid_slopes, d_sigmoids)
            np.copyto(gates[:2], d_sigmoids)
            np.copyto(q_now, dq)
            back(d_rows, columns)  # h[t-1] U
            for dh_before in slopes:
                np.add(dnow, dh_before, dnow)
        _recurrent_gradient(h, a[:2], dU[:2])
        _recurrent_gradient(h, q[None], dU[2:])
        np.add.reduce(q, axis=(0, 1), out=db[0])
        return a, (dnow,)

    return h[1:], (h[-1].copy(),), backward


def lstm(
    a: Array, state: State, U: Array, b: Array, room: Workspace
) -> tuple[Array, State, Backward]:
    """Long short-term memory with a forget gate (Gers et al. 2000): gates i, f, o, g, states h, c.

    i, f, o = sigmoid(a + h[t-1] U),  g = tanh(a_g + h[t-1] U_g)
    c[t] = f * c[t-1] + i * g
    h[t] = o * tanh(c[t])
    """
    _, T, B, H = a.shape
    h, c = _history("h", a, state[0], room), _history("c", a, state[1], room)
    tanh_c = room.empty("tanh_c", (T, B, H), a.dtype)
    product = room.empty("product", (4, B, H), a.dtype)
    i_f_o, (i, f, o, g) = product[:3], product
    times_U = StepProduct(U, B, room)
    columns, sigmoid = times_U.columns(product), _sigmoid(a.dtype)
    for gates, rows, h_after, c_before, c_after, tanh_c_after in zip(
        a.swapaxes(0, 1), times_U.rows(h), h[1:], c, c[1:], tanh_c, strict=False
    ):
        times_U(rows, columns)
        np.add(product, gates, product)
        sigmoid(i_f_o)
        np.tanh(g, g)
        np.copyto(gates, product)
        np.multiply(f, c_before, c_after)
        np.multiply(i, g, g)
        np.add(c_after, g, c_after)
        np.tanh(c_after, tanh_c_after)
        np.multiply(o, tanh_c_after, h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        back = StepProduct(_transposed(U), B, room)
        one = np.ones((), a.dtype)
        dnow, dc = dstate[0].copy(), dstate[1].copy()
        d, slopes = np.empty_like(product), np.empty_like(product)
        (di, df, do, dg), sigmoid_slopes, g_slope = d, slopes[:3], slopes[3]
        columns, rows_of = back.columns(d), back.rows(a.swapaxes(0, 1)[:, :, None])
        for dh_now, tanh_c_now, c_before, gates, rows in _reversed(
            dh, tanh_c, c[:-1], a.swapaxes(0, 1), rows_of
        ):
            i, f, o, g = gates
            np.add(dnow, dh_now, dnow)  # h[t] is an output and goes on to t + 1
            np.multiply(dnow, tanh_c_now, do)  # h[t] = o * tanh(c[t])
            np.multiply(dnow, o, dnow)
            np.add(dc, dnow, dc)
            np.multiply(tanh_c_now, tanh_c_now, di)
            np.multiply(dnow, di, dnow)
            np.subtract(dc, dnow, dc)  # tanh' = 1 - tanh²
            np.multiply(dc, g, di)  # c[t] = f * c[t-1] + i * g
            np.multiply(dc, c_before, df)
            np.multiply(dc, i, dg)
            np.multiply(dc, f, dc)
            np.multiply(gates, gates, slopes)
            np.subtract(gates[:3], sigmoid_slopes, sigmoid_slopes)  # sigmoid' = sigmoid - sigmoid²
            np.subtract(one, g_slope, g_slope)  # tanh' = 1 - tanh²
            np.multiply(d, slopes, gates)
            back(rows, columns)  # h[t-1] U
            np.add(di, df, dnow)
            np.add(dnow, do, dnow)
            np.add(dnow, dg, dnow)
        _recurrent_gradient(h, a, dU)
        return a, (dnow, dc)

    return h[1:], (h[-1].copy(), c[-1].copy()), backward


@dataclass(frozen=True)
class Cell:
    """A recurrence and the sizes of its arrays: G gates, arrays in a state, R recurrent biases."""

    recurrence: Callable[[Array, State, Array, Array, Workspace], tuple[Array, State, Backward]]
    gates: int
    states: int
    recurrent_biases: int


CELLS = {
    "rnn": Cell(rnn, gates=1, states=1, recurrent_biases=0),
    "gru": Cell(gru, gates=3, states=1, recurrent_biases=1),
    "lstm": Cell(lstm, gates=4, states=2, recurrent_biases=0),
}


def _history(name: str, a: Array, start: Array, room: Workspace) -> Array:
    """Room for a state before and after each step, (T + 1, B, H), its first entry filled."""
    _, T, B, H = a.shape
    history = room.empty(name, (T + 1, B, H), a.dtype)
    history[0] = start
    return history


def _sigmoid(dtype: npt.DTypeLike) -> Callable[[Array], None]:
    """In place, as ½ tanh(½x) + ½: NumPy's tanh is faster than its exp, and cannot overflow.

    The half is an array, as NumPy takes longer over a Python number than over these additions.
    """
    half = np.array(0.5, dtype)

    def sigmoid(x: Array) -> None:
        np.multiply(x, half, x)
        np.tanh(x, x)
        np.multiply(x, half, x)
        np.add(x, half, x)

    return sigmoid


def _transposed(U: Array) -> Array:
    """Each gate's weights the other way round, for a gradient that goes back through them."""
    return U.transpose(0, 2, 1)


def _reversed(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of a window, one of each array, from its end to its beginning."""
    return zip(*(array[::-1] for array in arrays), strict=True)


def _recurrent_gradient(h: Array, d: Array, dU: Array) -> None:
    """Write the gradient of U where ``d`` (G, T, B, H) is that of ``h[t-1] U``."""
    G, T, B, H = d.shape
    np.matmul(h[:-1].reshape(T * B, H).T, d.reshape(G, T * B, H), out=dU)
