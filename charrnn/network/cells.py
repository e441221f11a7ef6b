"""The recurrent cells: how a state moves through time, each with its gradient beside it.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases. Every cell has the same form::

    h, state, backward = cell(a, state, U, b)
    da, dstate, dU, db = backward(dh, dstate)

``a`` (G, T, B, H) the gate inputs of a window; **overwritten**: the cell turns them into the gates,
and ``backward`` turns those into their gradient ``da`` · ``state`` a tuple of (B, H), first the h
that is fed back · ``U`` (G, H, H) recurrent weights · ``b`` (R, H) biases inside the recurrence,
R = 0 but for the gru · ``h`` (T, B, H) the outputs · ``backward`` may be called once and takes the
gradients of h and of the returned state. Gates stand in the order named by each cell, sigmoid gates
first, so that they are one contiguous block.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
State: TypeAlias = tuple[Array, ...]
Backward: TypeAlias = Callable[[Array, State], tuple[Array, State, Array, Array]]


def rnn(a: Array, state: State, U: Array, b: Array) -> tuple[Array, State, Backward]:
    """Elman's recurrence (Elman 1990), one gate and the state h.

    h[t] = tanh(a[t] + h[t-1] U)
    """
    h = _history(a, state[0])
    for t, gate in enumerate(a[0]):
        gate += h[t] @ U[0]
        np.tanh(gate, out=h[t + 1])

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = _transposed(U)[0]
        (dnow,) = (dstate[0].copy(),)
        for t in reversed(range(len(dh))):
            dnow += dh[t]  # h[t] is an output and goes on to t + 1
            np.multiply(h[t + 1], h[t + 1], out=a[0, t])
            np.subtract(1, a[0, t], out=a[0, t])  # tanh' = 1 - tanh²
            a[0, t] *= dnow
            np.matmul(a[0, t], back, out=dnow)  # h[t-1] U
        return a, (dnow,), _recurrent_gradient(h, a), np.zeros_like(b)

    return h[1:], (h[-1].copy(),), backward


def gru(a: Array, state: State, U: Array, b: Array) -> tuple[Array, State, Backward]:
    """The gated recurrent unit (Cho et al. 2014), gates r, z, n and the state h.

    r, z = sigmoid(a + h[t-1] U)
    n    = tanh(a_n + r * q),  q = h[t-1] U_n + b
    h[t] = (1 - z) * n + z * h[t-1]

    The reset gate r acts after the recurrent product, as in cuDNN and PyTorch.
    """
    h = _history(a, state[0])
    q = np.empty_like(h[1:])
    product = np.empty_like(a[:, 0])
    for t in range(len(q)):
        r_z, r, z, n = a[:2, t], a[0, t], a[1, t], a[2, t]
        np.matmul(h[t], U, out=product)
        r_z += product[:2]
        _sigmoid(r_z)
        np.add(product[2], b[0], out=q[t])
        n += np.multiply(r, q[t], out=product[2])
        np.tanh(n, out=n)
        np.subtract(h[t], n, out=h[t + 1])
        h[t + 1] *= z
        h[t + 1] += n

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = _transposed(U)
        dnow = dstate[0].copy()
        d = np.empty_like(product)  # the gradient of the three recurrent products
        for t in reversed(range(len(dh))):
            r, z, n = a[:, t]
            dnow += dh[t]  # h[t] is an output and goes on to t + 1
            dz = (h[t] - n) * dnow  # h[t] = n + z * (h[t-1] - n)
            dn = (1 - z) * dnow
            dn *= 1 - n * n  # tanh
            dnow *= z
            np.multiply(dn, q[t], out=d[0])  # n: tanh(a_n + r * q)
            np.multiply(dn, r, out=d[2])
            d[0] *= r * (1 - r)  # sigmoid
            np.multiply(dz, z * (1 - z), out=d[1])
            dnow += (d @ back).sum(axis=0)  # h[t-1] U
            a[:2, t], a[2, t], q[t] = d[:2], dn, d[2]
        dU = np.concatenate([_recurrent_gradient(h, a[:2]), _recurrent_gradient(h, q[None])])
        return a, (dnow,), dU, q.sum(axis=(0, 1))[None]

    return h[1:], (h[-1].copy(),), backward


def lstm(a: Array, state: State, U: Array, b: Array) -> tuple[Array, State, Backward]:
    """Long short-term memory with a forget gate (Gers et al. 2000): gates i, f, o, g, states h, c.

    i, f, o = sigmoid(a + h[t-1] U),  g = tanh(a_g + h[t-1] U_g)
    c[t] = f * c[t-1] + i * g
    h[t] = o * tanh(c[t])
    """
    h, c = _history(a, state[0]), _history(a, state[1])
    tanh_c = np.empty_like(h[1:])
    product = np.empty_like(a[:, 0])
    for t in range(len(tanh_c)):
        gates = a[:, t]
        gates += np.matmul(h[t], U, out=product)
        _sigmoid(gates[:3])
        i, f, o, g = gates
        np.tanh(g, out=g)
        np.multiply(f, c[t], out=c[t + 1])
        c[t + 1] += np.multiply(i, g, out=product[0])
        np.tanh(c[t + 1], out=tanh_c[t])
        np.multiply(o, tanh_c[t], out=h[t + 1])

    def backward(dh: Array, dstate: State) -> tuple[Array, State, Array, Array]:
        back = _transposed(U)
        dnow, dc = dstate[0].copy(), dstate[1].copy()
        d = np.empty_like(product)
        spare = np.empty_like(product)
        for t in reversed(range(len(dh))):
            gates = a[:, t]
            i, f, o, g = gates
            dnow += dh[t]  # h[t] is an output and goes on to t + 1
            np.multiply(dnow, tanh_c[t], out=d[2])  # h[t] = o * tanh(c[t])
            dnow *= o
            dc += dnow
            dnow *= np.multiply(tanh_c[t], tanh_c[t], out=spare[0])
            dc -= dnow  # tanh' = 1 - tanh²
            np.multiply(dc, g, out=d[0])  # c[t] = f * c[t-1] + i * g
            np.multiply(dc, c[t], out=d[1])
            np.multiply(dc, i, out=d[3])
            dc *= f
            np.multiply(gates, gates, out=spare)
            np.subtract(gates[:3], spare[:3], out=spare[:3])  # sigmoid' = sigmoid - sigmoid²
            np.subtract(1, spare[3], out=spare[3])  # tanh' = 1 - tanh²
            np.multiply(d, spare, out=gates)
            np.matmul(gates, back, out=d)  # h[t-1] U
            np.add.reduce(d, axis=0, out=dnow)
        return a, (dnow, dc), _recurrent_gradient(h, a), np.zeros_like(b)

    return h[1:], (h[-1].copy(), c[-1].copy()), backward


@dataclass(frozen=True)
class Cell:
    """A recurrence and the sizes of its arrays: G gates, arrays in a state, R recurrent biases."""

    recurrence: Callable[[Array, State, Array, Array], tuple[Array, State, Backward]]
    gates: int
    states: int
    recurrent_biases: int


CELLS = {
    "rnn": Cell(rnn, gates=1, states=1, recurrent_biases=0),
    "gru": Cell(gru, gates=3, states=1, recurrent_biases=1),
    "lstm": Cell(lstm, gates=4, states=2, recurrent_biases=0),
}


def _history(a: Array, start: Array) -> Array:
    """Room for a state before and after each step, (T + 1, B, H), its first entry filled."""
    _, T, B, H = a.shape
    history = np.empty((T + 1, B, H), a.dtype)
    history[0] = start
    return history


def _sigmoid(x: Array) -> None:
    """In place, as ½ tanh(½x) + ½: NumPy's tanh is faster than its exp, and cannot overflow."""
    x *= 0.5
    np.tanh(x, out=x)
    x *= 0.5
    x += 0.5


def _transposed(U: Array) -> Array:
    """Each gate's weights transposed and contiguous: a transposed operand costs in every step."""
    return np.ascontiguousarray(U.transpose(0, 2, 1))


def _recurrent_gradient(h: Array, d: Array) -> Array:
    """The gradient of U where ``d`` (G, T, B, H) is that of ``h[t-1] U``: one product a gate."""
    G, T, B, H = d.shape
    return np.matmul(h[:-1].reshape(T * B, H).T, d.reshape(G, T * B, H))
