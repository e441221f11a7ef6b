"""The minimal gated recurrent unit (Feng et al. 2024, "Were RNNs all we needed?"): gates z, g.

    z    = sigmoid(a_z)
    g    = a_g + ½ where a_g >= 0, sigmoid(a_g) elsewhere
    h[t] = (1 - z) * h[t-1] + z * g

``a = x W + b`` are the inputs of the gates (inputs.py). They do not depend on h[t-1]. So no product
waits for the step before, and only the last equation is computed step by step. The state starts at
zero, and in the paper at a trained value. The biases of z start in a range that makes some units
keep their value for a character or two and others for fifty. Shapes and conventions: `CellForward`
in cell.py.
"""

import math

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, WriteInputs
from charrnn.network.recurrence import allocate_history, reversed_steps
from charrnn.network.workspace import Workspace


def forward(
    T: int, write_inputs: WriteInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, CellBackward]:
    """Compute a window and return its backward; see `CellForward`."""
    B, H = state[0].shape
    h = allocate_history("h", T, state[0], workspace)
    gates = workspace.empty("gates", (T, 2, B, H), h.dtype)
    scratch = workspace.empty("scratch", (T, B, H), h.dtype)
    for t, gates_t in enumerate(gates):
        write_inputs(t, gates_t)
    z, g = gates[:, 0], gates[:, 1]
    activate(z, g, scratch)
    for z_t, g_t, h_before, h_t in zip(z, g, h, h[1:], strict=False):
        # (1 - z) * h[t-1] + z * g = h[t-1] + z * (g - h[t-1])
        np.subtract(g_t, h_before, h_t)
        np.multiply(h_t, z_t, h_t)
        np.add(h_t, h_before, h_t)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 2, H), h.dtype)
        dh_total = workspace.empty("dh_total", dh.shape, h.dtype)
        kept = np.subtract(1, z, scratch)
        carried = dstate[0].copy()
        for dh_t, kept_t, dh_total_t in reversed_steps(dh, kept, dh_total):
            np.add(carried, dh_t, dh_total_t)
            np.multiply(dh_total_t, kept_t, carried)
        # back through z * (g - h[t-1]), and through the sigmoid, whose slope is z * (1 - z)
        dz, dg = da[:, :, 0], da[:, :, 1]
        np.multiply(kept, z, kept)
        np.subtract(g, h[:-1], dz)
        np.multiply(dz, kept, dz)
        np.multiply(dz, dh_total, dz)
        # the slope of g is 1 where a_g >= 0, which is where g >= ½, and g - g² elsewhere
        slope = np.multiply(g, g, scratch)
        np.subtract(g, slope, slope)
        np.copyto(slope, 1, where=g >= 0.5)
        np.multiply(dh_total, z, dg)
        np.multiply(dg, slope, dg)
        return da, (carried,)

    return h[1:], (h[-1].copy(),), backward


LOWEST = -16.0
"""The a_g below which g no longer falls. Rounded to float32, sigmoid would be 0 from -17 on: then h
would decay to numbers below 1e-38, with which processors compute slowly."""


def activate(z: Array, g: Array, scratch: Array) -> None:
    """Replace ``z`` (half of a_z) and ``g`` (a_g) by the values of the gates, in place."""
    # sigmoid(x) = ½ tanh(½x) + ½, where gate_scale has halved x
    np.tanh(z, z)
    np.multiply(z, 0.5, z)
    np.add(z, 0.5, z)
    # g = max(a_g, 0) + sigmoid(min(a_g, 0)), because sigmoid(0) = ½
    np.clip(g, LOWEST, 0, out=scratch)
    np.multiply(scratch, 0.5, scratch)
    np.tanh(scratch, scratch)
    np.multiply(scratch, 0.5, scratch)
    np.add(scratch, 0.5, scratch)
    np.maximum(g, 0, out=g)
    np.add(g, scratch, g)


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`."""
    z, g = np.split(a, 2)
    scratch = np.empty_like(g)

    def step() -> None:
        activate(z, g, scratch)
        np.subtract(g, h, g)
        np.multiply(g, z, g)
        np.add(h, g, h)

    return step


def learning_rate(hidden: int, characters: int) -> float:
    """Return the default learning rate, which is higher than that of other cells."""
    return min(0.06, 0.05 * math.sqrt(characters / 1024) * math.sqrt(192 / hidden))


CELL = Cell(
    name="mingru",
    forward=forward,
    make_step=make_step,
    sigmoid_gates=("update",),
    other_gates=("candidate",),
    states=("h",),
    window_arrays=4,
    layers=3,
    bias_ranges=((-4.0, 1.0), (0.0, 0.0)),
    learning_rate=learning_rate,
    recurrent_weights=False,
)
