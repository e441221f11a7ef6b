"""Elman's recurrent network (Elman 1990, "Finding structure in time"): one gate, the state h.

    h[t] = tanh(a[t] + h[t-1] U)

``a = x W + b`` are the inputs of the gate (inputs.py). Shapes and conventions: `CellForward` in
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
    a = workspace.empty("a", (1, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.child("times U"))
    for t, (h_operand, h_t) in enumerate(zip(times_U.left_operands(h), h[1:], strict=False)):
        write_inputs(t, a)
        np.add(times_U(h_operand), a, a)
        np.tanh(a[0], h_t)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 1, H), U.dtype)
        carried = RecurrentGradient(U, dstate[0], workspace)
        one, slope = np.ones((), U.dtype), np.empty_like(a[0])
        for dh_t, h_t, da_t, da_operand in reversed_steps(
            dh, h[1:], da[:, :, 0], carried.left_operands(da)
        ):
            dh_total = carried.add(dh_t)
            # back through tanh, whose slope is 1 - tanh²
            np.multiply(h_t, h_t, slope)
            np.subtract(one, slope, slope)
            np.multiply(slope, dh_total, da_t)
            # back through h[t-1] U
            carried.propagate(da_operand)
        write_weight_gradient(h[:-1], da, dU)
        return da, (carried.dh.copy(),)

    return h[1:], (h[-1].copy(),), backward


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""
    return lambda: np.tanh(a, h)


def learning_rate(hidden: int, characters: int) -> float:
    """Return the default learning rate.

    It decreases faster with the number of units than for a gru, because large rnns diverge.
    """
    return min(0.015, 0.007 * math.sqrt(characters / 1024) * (256 / hidden))


CELL = Cell(
    name="rnn",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=(),
    other_gates=("hidden",),
    states=("h",),
    window_arrays=1,
    learning_rate=learning_rate,
    steady_updates=4000,
    torch_module="RNN",
    torch_gates=("hidden",),
)
