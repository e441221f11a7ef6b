"""A cell without recurrent weights, which forgets each character at the next: h[t] = tanh(a[t])."""

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, WriteInputs
from charrnn.network.workspace import Workspace


def forward(
    T: int, write_inputs: WriteInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, CellBackward]:
    """Compute a window and return its backward; see `CellForward`."""
    h = workspace.empty("h", (T, 1, *state[0].shape), state[0].dtype)
    for t, h_t in enumerate(h):
        write_inputs(t, h_t)
        np.tanh(h_t, h_t)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = (dh * (1 - h[:, 0] * h[:, 0]))[:, :, None]
        da[-1, :, 0] += dstate[0] * (1 - h[-1, 0] * h[-1, 0])
        return da, (np.zeros_like(dstate[0]),)

    return h[:, 0], (h[-1, 0].copy(),), backward


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""
    return lambda: np.tanh(a, h)


def learning_rate(hidden: int, characters: int) -> float:
    """Return one rate for all."""
    return 0.01


CELL = Cell(
    name="memoryless",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=(),
    other_gates=("hidden",),
    states=("h",),
    window_arrays=1,
    learning_rate=learning_rate,
    recurrent_weights=False,
)
