"""The recurrent cells: how a state moves through time, each with its gradient beside it.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases. Every cell has the same form::

    h, state, backward = cell(a, state, U, b, room)
    da, dstate, dU, db = backward(dh, dstate)

``a`` (G, T, B, H) the gate inputs of a window; **overwritten**: the cell turns them into the gates,
and ``backward`` turns those into their gradient ``da`` · ``state`` a tuple of (B, H), first the h
that is fed back · ``U`` (G, H, H) recurrent weights · ``b`` (R, H) biases inside the recurrence,
R = 0 but for the gru · ``h`` (T, B, H) the outputs · ``backward`` may be called once and takes the
gradients of h and of the returned state · ``room`` where h, dU and the rest are made: they are good
until the next window is computed in it. Gates stand in the order named by each cell, sigmoid gates
first, so that they are one block.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from charrnn.network.products import StepProduct
from charrnn.network.workspace import Array, Workspace

State: TypeAlias = tuple[Array, ...]
Backward: TypeAlias = Callable[[Array, State], tuple[Array, State, Array, Array]]


def rnn(
    a: Array, state: State, U: Array, b: Array, room: Workspace
) -> tuple[Array, State, Backward]:
    """Elman's recurrence (Elman 1990), one gate and the state h.

    h[t] = tanh(a[t] + h[t-1] U)
    """
    _, T, B, H = a.shape
    h = _history("h", a, state[0], room)
    product = room.empty("product", (1, B, H), a.dtype)
    times_U = StepProduct(U, B, room)
    columns = times_U.columns(product)
    for gate, rows, h_after in zip(a[0], times_U.rows(h), h[1:], strict=False):
        times_U(rows, columns)
        gate += product[0]
        np.tanh(gate, out=h_after)

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = StepProduct(_transposed(U), B, room)
        dnow = dstate[0][None].copy()
        columns = back.columns(dnow)
        steps = zip(dh, h[1:], a[0], back.rows(a[0]), strict=True)
        for dh_now, h_now, gate, rows in _reversed(steps):
            dnow += dh_now  # h[t] is an output and goes on to t + 1
            np.multiply(h_now, h_now, out=gate)
            np.subtract(1, gate, out=gate)  # tanh' = 1 - tanh²
            gate *= dnow[0]
            back(rows, columns)  # h[t-1] U
        return a, (dnow[0],), _recurrent_gradient(h, a, room), np.zeros_like(b)

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
    times_U = StepProduct(U, B, room)
    columns = times_U.columns(product)
    steps = zip(a.swapaxes(0, 1), times_U.rows(h), h, h[1:], q, strict=False)
    for gates, rows, h_before, h_after, q_now in steps:
        r, z, n = gates
        times_U(rows, columns)
        r_z = gates[:2]
        r_z += product[:2]
        _sigmoid(r_z)
        np.add(product[2], b[0], out=q_now)
        n += np.multiply(r, q_now, out=product[2])
        np.tanh(n, out=n)
        np.subtract(h_before, n, out=h_after)
        h_after *= z
        h_after += n

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = StepProduct(_transposed(U), B, room)
        dnow = dstate[0].copy()
        d, spare = np.empty_like(product), np.empty_like(product)
        d_rows, columns = back.rows(d[:, None]), back.columns(spare)
        for dh_now, h_before, gates, q_now in _reversed(zip(dh, h, a.swapaxes(0, 1), q, strict=False)):
            r, z, n = gates
            dnow += dh_now  # h[t] is an output and goes on to t + 1
            slopes = np.multiply(gates, gates, out=spare)
            np.subtract(gates[:2], slopes[:2], out=slopes[:2])  # sigmoid' = sigmoid - sigmoid²
            np.subtract(1, slopes[2], out=slopes[2])  # tanh' = 1 - tanh²
            np.subtract(h_before, n, out=d[1])  # h[t] = n + z * (h[t-1] - n)
            d[1] *= dnow
            np.multiply(dnow, z, out=d[0])
            dnow -= d[0]
            dn = np.multiply(dnow, slopes[2], out=n)
            dnow[...] = d[0]
            np.multiply(dn, q_now, out=d[0])  # n = tanh(a_n + r * q)
            np.multiply(dn, r, out=d[2])
            d[:2] *= slopes[:2]
            gates[:2], q_now[...] = d[:2], d[2]
            back(d_rows, columns)  # h[t-1] U
            dnow += np.add.reduce(spare, axis=0, out=d[0])
        dU = np.concatenate([_recurrent_gradient(h, a[:2], room), _recurrent_gradient(h, q[None], room.inner("q"))])
        return a, (dnow,), dU, q.sum(axis=(0, 1))[None]

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
    times_U = StepProduct(U, B, room)
    columns = times_U.columns(product)
    steps = zip(a.swapaxes(0, 1), times_U.rows(h), h[1:], c, c[1:], tanh_c, strict=False)
    for gates, rows, h_after, c_before, c_after, tanh_c_after in steps:
        times_U(rows, columns)
        gates += product
        _sigmoid(gates[:3])
        i, f, o, g = gates
        np.tanh(g, out=g)
        np.multiply(f, c_before, out=c_after)
        c_after += np.multiply(i, g, out=product[0])
        np.tanh(c_after, out=tanh_c_after)
        np.multiply(o, tanh_c_after, out=h_after)

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = StepProduct(_transposed(U), B, room)
        dnow, dc = dstate[0].copy(), dstate[1].copy()
        d, spare = np.empty_like(product), np.empty_like(product)
        columns = back.columns(d)
        gate_rows = back.rows(a.swapaxes(0, 1)[:, :, None])
        steps = zip(dh, tanh_c, c, a.swapaxes(0, 1), gate_rows, strict=False)
        for dh_now, tanh_c_now, c_before, gates, rows in _reversed(steps):
            i, f, o, g = gates
            di, df, do, dg = d
            dnow += dh_now  # h[t] is an output and goes on to t + 1
            np.multiply(dnow, tanh_c_now, out=do)  # h[t] = o * tanh(c[t])
            dnow *= o
            dc += dnow
            dnow *= np.multiply(tanh_c_now, tanh_c_now, out=di)
            dc -= dnow  # tanh' = 1 - tanh²
            np.multiply(dc, g, out=di)  # c[t] = f * c[t-1] + i * g
            np.multiply(dc, c_before, out=df)
            np.multiply(dc, i, out=dg)
            dc *= f
            slopes = np.multiply(gates, gates, out=spare)
            np.subtract(gates[:3], slopes[:3], out=slopes[:3])  # sigmoid' = sigmoid - sigmoid²
            np.subtract(1, slopes[3], out=slopes[3])  # tanh' = 1 - tanh²
            np.multiply(d, slopes, out=gates)
            back(rows, columns)  # h[t-1] U
            np.add.reduce(d, axis=0, out=dnow)
        return a, (dnow, dc), _recurrent_gradient(h, a, room), np.zeros_like(b)

    return h[1:], (h[-1].copy(), c[-1].copy()), backward


@dataclass(frozen=True)
class Cell:
    """A recurrence and the sizes of its arrays: G gates, arrays in a state, R recurrent biases."""

    recurrence: Callable[
        [Array, State, Array, Array, Workspace], tuple[Array, State, Backward]
    ]
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


def _sigmoid(x: Array) -> None:
    """In place, as ½ tanh(½x) + ½: NumPy's tanh is faster than its exp, and cannot overflow."""
    x *= 0.5
    np.tanh(x, out=x)
    x *= 0.5
    x += 0.5


def _transposed(U: Array) -> Array:
    """Each gate's weights the other way round, for a gradient that goes back through them."""
    return U.transpose(0, 2, 1)


def _reversed(steps: Iterable[tuple[Array, ...]]) -> Iterator[tuple[Array, ...]]:
    """The steps of a window from its end to its beginning."""
    return reversed(list(steps))


def _recurrent_gradient(h: Array, d: Array, room: Workspace) -> Array:
    """The gradient of U where ``d`` (G, T, B, H) is that of ``h[t-1] U``: one product a gate."""
    G, T, B, H = d.shape
    dU = room.empty("dU", (G, H, H), d.dtype)
    return np.matmul(h[:-1].reshape(T * B, H).T, d.reshape(G, T * B, H), out=dU)
