"""A leaky integrator (Jaeger et al. 2007): one gate, the state h, a fixed leak of ½.

h[t] = ½ h[t-1] + ½ tanh(a[t] + h[t-1] U)
"""

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, WriteInputs
from charrnn.network.products import StepProduct, write_weight_gradient
from charrnn.network.recurrence import RecurrentGradient, allocate_history, reversed_steps
from charrnn.network.workspace import Workspace

LEAK = 0.5


def forward(
    T: int, write_inputs: WriteInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, CellBackward]:
    """Compute a window and return its backward; see `CellForward`."""
    B, H = state[0].shape
    h = allocate_history("h", T, state[0], workspace)
    a = workspace.empty("a", (T, 1, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.child("times U"))
    for t, (a_t, h_operand, h_before, h_t) in enumerate(
        zip(a, times_U.left_operands(h), h, h[1:], strict=False)
    ):
        write_inputs(t, a_t)
        a_t += times_U(h_operand)
        np.tanh(a_t, a_t)
        h_t[:] = (1 - LEAK) * h_before + LEAK * a_t[0]

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 1, H), U.dtype)
        carried = RecurrentGradient(U, dstate[0], workspace)
        for dh_t, a_t, da_t, da_operand in reversed_steps(
            dh, a[:, 0], da[:, :, 0], carried.left_operands(da)
        ):
            dh_total = carried.add(dh_t)
            straight = (1 - LEAK) * dh_total
            da_t[:] = LEAK * dh_total * (1 - a_t * a_t)
            carried.propagate(da_operand)
            carried.add(straight)
        write_weight_gradient(h[:-1], da, dU)
        return da, (carried.dh.copy(),)

    return h[1:], (h[-1].copy(),), backward


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""

    def step() -> None:
        h[:] = (1 - LEAK) * h + LEAK * np.tanh(a)

    return step


def learning_rate(hidden: int, characters: int) -> float:
    """Return one rate for all."""
    return 0.005


CELL = Cell(
    name="leaky",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=(),
    other_gates=("hidden",),
    states=("h",),
    window_arrays=2,
    learning_rate=learning_rate,
)
