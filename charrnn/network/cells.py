"""The recurrent cells: how a state moves through time, each with its gradient beside it.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases. Every cell has the same form::

    h, state, backward = cell(T, put_a, state, U, b, room)
    da, dstate = backward(dh, dstate, dU, db)

``put_a(t, out)`` writes the gate inputs of step t to ``out`` (G, B, H), those of sigmoid gates
halved, as sigmoid(x) = ½ tanh(½x) + ½ · ``state`` a tuple of (B, H), first the h that is fed
back · ``U`` (G, H, H) recurrent weights · ``b`` (R, H) biases inside the recurrence, R = 0 but for
the gru · ``h`` (T, B, H) the outputs · ``backward`` may be called once; it takes the gradients of h
and of the returned state, gives that of a, (T, B, G, H), and **writes** those of U and b to ``dU``
and ``db`` · ``workspace`` holds all these arrays, which are
valid until the next window is computed in it.
Gates stand in the order named by each cell, sigmoid gates first, so that they are one block.
While a window is read, a step's gates are together, (T, G, B, H); their gradients stand side by
side, (T, B, G, H), so that what is summed over the window is one product.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.products import StepProduct, sum_over_window
from charrnn.network.workspace import Workspace

State: TypeAlias = tuple[Array, ...]
PutInputs: TypeAlias = Callable[[int, Array], object]
Backward: TypeAlias = Callable[[Array, State, Array, Array], tuple[Array, State]]


def rnn(
    T: int, put_a: PutInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, Backward]:
    """Elman's recurrence (Elman 1990), one gate and the state h.

    h[t] = tanh(a[t] + h[t-1] U)
    """
    B, H = state[0].shape
    h = _history("h", T, state[0], workspace)
    a = workspace.empty("a", (1, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.inner("times U"))
    for t, (rows, h_after) in enumerate(zip(times_U.rows(h), h[1:], strict=False)):
        put_a(t, a)
        np.add(times_U(rows), a, a)
        np.tanh(a[0], h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 1, H), U.dtype)
        back = _Back(U, dstate[0], workspace)
        one, slope = np.ones((), U.dtype), np.empty_like(a[0])
        for dh_now, h_now, d, rows in _reversed(dh, h[1:], da[:, :, 0], back.rows(da)):
            dnow = back.add(dh_now)
            np.multiply(h_now, h_now, slope)
            np.subtract(one, slope, slope)  # tanh' = 1 - tanh²
            np.multiply(slope, dnow, d)
            back(rows)  # h[t-1] U
        sum_over_window(h[:-1], da, dU)
        return da, (back.dh.copy(),)

    return h[1:], (h[-1].copy(),), backward


def gru(
    T: int, put_a: PutInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, Backward]:
    """The gated recurrent unit (Cho et al. 2014), gates r, z, n and the state h.

    r, z = sigmoid(a + h[t-1] U)
    n    = tanh(a_n + r * q),  q = h[t-1] U_n + b
    h[t] = (1 - z) * n + z * h[t-1]

    The reset gate r acts after the recurrent product, as in cuDNN and PyTorch.
    """
    B, H = state[0].shape
    h = _history("h", T, state[0], workspace)
    gates = workspace.empty("gates", (T, 3, B, H), U.dtype)
    q = workspace.empty("q", (T, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.inner("times U"), scale("gru", U.dtype))
    half, spare = np.array(0.5, U.dtype), np.empty_like(q[0])
    for t, (now, rows, h_before, h_after, q_now) in enumerate(
        zip(gates, times_U.rows(h), h, h[1:], q, strict=False)
    ):
        put_a(t, now)
        hU = times_U(rows)
        r_z, (r, z, n) = now[:2], now
        np.add(hU[2], b, q_now)
        np.add(r_z, hU[:2], r_z)
        np.tanh(r_z, r_z)
        np.multiply(r_z, half, r_z)
        np.add(r_z, half, r_z)
        np.multiply(r, q_now, spare)
        np.add(n, spare, n)
        np.tanh(n, n)
        np.subtract(h_before, n, h_after)
        np.multiply(h_after, z, h_after)
        np.add(h_after, n, h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 3, H), U.dtype)
        dhU = workspace.empty("dhU", (B, 3, H), U.dtype)  # of a step's products
        back = _Back(U, dstate[0], workspace)
        rows = back.rows(dhU)
        one, d, slopes = np.ones((), U.dtype), *np.empty((2, *gates[0].shape), U.dtype)
        (dr, dz, dn), (_, _, n_slope) = d, slopes
        to_products = dhU.swapaxes(0, 1)
        for dh_now, h_before, now, q_now, da_now in _reversed(
            dh, h[:-1], gates, q, da.swapaxes(1, 2)
        ):
            r, z, n = now
            dnow = back.add(dh_now)
            np.multiply(now, now, slopes)
            np.subtract(now[:2], slopes[:2], slopes[:2])  # sigmoid' = sigmoid - sigmoid²
            np.subtract(one, n_slope, n_slope)  # tanh' = 1 - tanh²
            np.subtract(h_before, n, dz)  # h[t] = n + z * (h[t-1] - n)
            np.multiply(dz, dnow, dz)
            np.multiply(dnow, z, spare)
            np.subtract(dnow, spare, dn)
            np.multiply(dn, n_slope, dn)  # n = tanh(a_n + r * q)
            np.multiply(dn, q_now, dr)
            np.multiply(d[:2], slopes[:2], d[:2])
            np.copyto(da_now, d)
            np.multiply(dn, r, dn)
            np.copyto(q_now, dn)
            np.copyto(to_products, d)
            back(rows)  # h[t-1] U
            back.add(spare)
        sum_over_window(h[:-1], da[:, :, :2], dU[:2])
        sum_over_window(h[:-1], q[:, :, None], dU[2:])
        np.add.reduce(q, axis=(0, 1), out=db[0])
        return da, (back.dh.copy(),)

    return h[1:], (h[-1].copy(),), backward


def lstm(
    T: int, put_a: PutInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, Backward]:
    """Long short-term memory with a forget gate (Gers et al. 2000): gates i, f, o, g, states h, c.

    i, f, o = sigmoid(a + h[t-1] U),  g = tanh(a_g + h[t-1] U_g)
    c[t] = f * c[t-1] + i * g
    h[t] = o * tanh(c[t])
    """
    B, H = state[0].shape
    h, c = _history("h", T, state[0], workspace), _history("c", T, state[1], workspace)
    gates = workspace.empty("gates", (T, 4, B, H), U.dtype)
    tanh_c = workspace.empty("tanh_c", (T, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.inner("times U"), scale("lstm", U.dtype))
    half, spare = np.array(0.5, U.dtype), np.empty_like(tanh_c[0])
    for t, (now, rows, h_after, c_before, c_after, tanh_c_after) in enumerate(
        zip(gates, times_U.rows(h), h[1:], c, c[1:], tanh_c, strict=False)
    ):
        put_a(t, now)
        i_f_o, (i, f, o, g) = now[:3], now
        np.add(times_U(rows), now, now)
        np.tanh(now, now)
        np.multiply(i_f_o, half, i_f_o)
        np.add(i_f_o, half, i_f_o)
        np.multiply(f, c_before, c_after)
        np.multiply(i, g, spare)
        np.add(c_after, spare, c_after)
        np.tanh(c_after, tanh_c_after)
        np.multiply(o, tanh_c_after, h_after)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 4, H), U.dtype)
        back = _Back(U, dstate[0], workspace)
        dc = dstate[1].copy()
        one, d, slopes = np.ones((), U.dtype), *np.empty((2, *gates[0].shape), U.dtype)
        (di, df, do, dg), sigmoid_slopes, g_slope = d, slopes[:3], slopes[3]
        for dh_now, tanh_c_now, c_before, now, da_now, rows in _reversed(
            dh, tanh_c, c[:-1], gates, da.swapaxes(1, 2), back.rows(da)
        ):
            i, f, o, g = now
            dnow = back.add(dh_now)
            np.multiply(dnow, tanh_c_now, do)  # h[t] = o * tanh(c[t])
            np.multiply(dnow, o, spare)
            np.add(dc, spare, dc)
            np.multiply(tanh_c_now, tanh_c_now, di)
            np.multiply(spare, di, spare)
            np.subtract(dc, spare, dc)  # tanh' = 1 - tanh²
            np.multiply(dc, g, di)  # c[t] = f * c[t-1] + i * g
            np.multiply(dc, c_before, df)
            np.multiply(dc, i, dg)
            np.multiply(dc, f, dc)
            np.multiply(now, now, slopes)
            np.subtract(now[:3], sigmoid_slopes, sigmoid_slopes)  # sigmoid' = sigmoid - sigmoid²
            np.subtract(one, g_slope, g_slope)  # tanh' = 1 - tanh²
            np.multiply(d, slopes, da_now)
            back(rows)  # h[t-1] U
        sum_over_window(h[:-1], da, dU)
        return da, (back.dh.copy(), dc)

    return h[1:], (h[-1].copy(), c[-1].copy()), backward


@dataclass(frozen=True)
class Cell:
    """A recurrence and its sizes.

    The first so many gates are ``sigmoids``; a window takes so many arrays (T, B, H) forward.
    """

    recurrence: Callable[
        [int, PutInputs, State, Array, Array, Workspace], tuple[Array, State, Backward]
    ]
    gates: int
    sigmoids: int
    window_arrays: int
    states: int
    recurrent_biases: int


CELLS = {
    "rnn": Cell(rnn, gates=1, sigmoids=0, window_arrays=1, states=1, recurrent_biases=0),
    "gru": Cell(gru, gates=3, sigmoids=2, window_arrays=5, states=1, recurrent_biases=1),
    "lstm": Cell(lstm, gates=4, sigmoids=3, window_arrays=7, states=2, recurrent_biases=0),
}


def scale(cell: str, dtype: npt.DTypeLike) -> Array:
    """What the weights of each gate are multiplied by, (G,): sigmoid(x) = ½ tanh(½x) + ½.

    NumPy's tanh is faster than its exp, and cannot overflow.
    """
    form = CELLS[cell]
    return np.array([0.5] * form.sigmoids + [1] * (form.gates - form.sigmoids), dtype)


class _Back:
    """The gradient of h on its way from each step to the one before, through ``U``."""

    def __init__(self, U: Array, dh: Array, workspace: Workspace) -> None:
        self._product = StepProduct(U.transpose(0, 2, 1)[:, None], len(dh), workspace.inner("back"))
        (self.dh,) = self._product.result
        self.dh[:] = dh

    def rows(self, da: Array) -> Array:
        """A view of gradients (..., B, G, H) for calls."""
        return self._product.rows(da.reshape(*da.shape[:-2], -1))

    def __call__(self, rows: Array) -> None:
        """Make ``dh`` of the gradient of ``h[t-1] U``."""
        self._product(rows)

    def add(self, dh: Array) -> Array:
        """Add what comes in another way, as h[t] is an output and goes on to t + 1."""
        return np.add(self.dh, dh, self.dh)


def _history(name: str, T: int, start: Array, workspace: Workspace) -> Array:
    """Room for a state before and after each step, (T + 1, B, H), its first entry filled."""
    history = workspace.empty(name, (T + 1, *start.shape), start.dtype)
    history[0] = start
    return history


def _reversed(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """The steps of a window, one of each array, from its end to its beginning."""
    return zip(*(array[::-1] for array in arrays), strict=True)
