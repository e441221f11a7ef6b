"""A network without a loop: Elman's network (rnn.py) whose state is not fed back.

    h[t] = tanh(a[t])

``a = x W + b`` are the inputs of the gate (inputs.py). So the prediction depends on the current
character alone. Shapes and conventions: `CellForward` in cell.py.
"""

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, WriteInputs
from charrnn.network.rnn import learning_rate
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
        da = workspace.empty("da", (T, *state[0].shape), h.dtype)
        np.copyto(da, dh)
        da[-1] += dstate[0]
        # back through tanh, whose slope is 1 - tanh²
        slope = workspace.empty("slope", da.shape, h.dtype)
        np.multiply(h[:, 0], h[:, 0], slope)
        np.subtract(1, slope, slope)
        np.multiply(da, slope, da)
        return da[:, :, None], (np.zeros_like(dstate[0]),)

    return h[:, 0], (h[-1, 0].copy(),), backward


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""
    return lambda: np.tanh(a, h)


CELL = Cell(
    name="feedforward",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=(),
    other_gates=("hidden",),
    states=("h",),
    window_arrays=2,
    learning_rate=learning_rate,
    loops=False,
    recurrent_weights=False,
    torch_module="RNN",
)
