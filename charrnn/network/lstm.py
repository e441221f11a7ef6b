"""Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000).

The gates are i, f, o, g (input, forget, output, cell), the states are h and c.

    i, f, o = sigmoid(a + h[t-1] U)
    g       = tanh(a_g + h[t-1] U_g)
    c[t]    = f * c[t-1] + i * g
    h[t]    = o * tanh(c[t])

``a = x W + b`` are the inputs of the gates (inputs.py). Shapes and conventions: `CellForward` in
cell.py.
"""

import math

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, WriteInputs
from charrnn.network.products import StepProduct, write_weight_gradient
from charrnn.network.recurrence import RecurrentGradient, allocate_history, reversed_steps
from charrnn.network.workspace import Workspace


def forward(
    T: int, write_inputs: WriteInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, CellBackward]:
    """Compute a window and return its backward; see `CellForward`."""
    B, H = state[0].shape
    h = allocate_history("h", T, state[0], workspace)
    c = allocate_history("c", T, state[1], workspace)
    gates = workspace.empty("gates", (T, 4, B, H), U.dtype)
    tanh_c = workspace.empty("tanh_c", (T, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.child("times U"), CELL.gate_scale(U.dtype))
    half, product = np.array(0.5, U.dtype), np.empty_like(tanh_c[0])
    for t, (gates_t, h_operand, h_t, c_before, c_t, tanh_c_t) in enumerate(
        zip(gates, times_U.left_operands(h), h[1:], c, c[1:], tanh_c, strict=False)
    ):
        write_inputs(t, gates_t)
        i_f_o, (i, f, o, g) = gates_t[:3], gates_t
        # one tanh for all gates: sigmoid(x) = ½ tanh(½x) + ½, where gate_scale has halved x
        np.add(times_U(h_operand), gates_t, gates_t)
        np.tanh(gates_t, gates_t)
        np.multiply(i_f_o, half, i_f_o)
        np.add(i_f_o, half, i_f_o)
        np.multiply(f, c_before, c_t)
        np.multiply(i, g, product)
        np.add(c_t, product, c_t)
        np.tanh(c_t, tanh_c_t)
        np.multiply(o, tanh_c_t, h_t)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 4, H), U.dtype)
        carried = RecurrentGradient(U, dstate[0], workspace)
        dc = dstate[1].copy()
        one, d, slopes = np.ones((), U.dtype), *np.empty((2, *gates[0].shape), U.dtype)
        (di, df, do, dg), sigmoid_slopes, g_slope = d, slopes[:3], slopes[3]
        for dh_t, tanh_c_t, c_before, gates_t, da_t, da_operand in reversed_steps(
            dh, tanh_c, c[:-1], gates, da.swapaxes(1, 2), carried.left_operands(da)
        ):
            i, f, o, g = gates_t
            dh_total = carried.add(dh_t)
            # back through h[t] = o * tanh(c[t]), where tanh' = 1 - tanh²; di is scratch space until
            # it is assigned below
            np.multiply(dh_total, tanh_c_t, do)
            np.multiply(dh_total, o, product)
            np.add(dc, product, dc)
            np.multiply(tanh_c_t, tanh_c_t, di)
            np.multiply(product, di, product)
            np.subtract(dc, product, dc)
            # back through c[t] = f * c[t-1] + i * g
            np.multiply(dc, g, di)
            np.multiply(dc, c_before, df)
            np.multiply(dc, i, dg)
            np.multiply(dc, f, dc)
            # back through the gates, whose slopes are sigmoid - sigmoid² and 1 - tanh²
            np.multiply(gates_t, gates_t, slopes)
            np.subtract(gates_t[:3], sigmoid_slopes, sigmoid_slopes)
            np.subtract(one, g_slope, g_slope)
            np.multiply(d, slopes, da_t)
            # back through h[t-1] U
            carried.propagate(da_operand)
        write_weight_gradient(h[:-1], da, dU)
        return da, (carried.dh.copy(), dc)

    return h[1:], (h[-1].copy(), c[-1].copy()), backward


def make_step(a: Array, h: Array, c: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""
    half = np.array(0.5, a.dtype)
    i, f, o, g = np.split(a, 4)
    i_f_o = a[: len(a) // 4 * 3]

    def step() -> None:
        np.tanh(a, a)
        np.multiply(i_f_o, half, i_f_o)
        np.add(i_f_o, half, i_f_o)
        np.multiply(c, f, c)
        np.multiply(i, g, g)
        np.add(c, g, c)
        np.tanh(c, h)
        np.multiply(h, o, h)

    return step


def learning_rate(hidden: int, characters: int) -> float:
    """Return the default learning rate, fitted to measurements (docs/learning.md)."""
    return min(0.03, 0.02 * math.sqrt(characters / 1024) * math.sqrt(256 / hidden))


# The gain of ½ and a forget gate that starts half open were best on four texts, ahead of a forget
# bias of 1 (Gers et al. 2000) and of a gain of 1 (docs/learning.md).
CELL = Cell(
    name="lstm",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=("input", "forget", "output"),
    other_gates=("cell",),
    states=("h", "c"),
    window_arrays=7,
    recurrent_gain=0.5,
    temporal_regularization=1.0,
    learning_rate=learning_rate,
    torch_module="LSTM",
    torch_gates=("input", "forget", "cell", "output"),
)
