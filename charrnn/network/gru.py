"""The gated recurrent unit (Cho et al. 2014): gates r, z, n (reset, update, new), the state h.

    r, z = sigmoid(a + h[t-1] U)
    q    = h[t-1] U_n + b
    n    = tanh(a_n + r * q)
    h[t] = (1 - z) * n + z * h[t-1]

``a = x W + b`` are the inputs of the gates (inputs.py). The ``b`` in a is the input bias; the ``b``
in q is another one, the recurrent bias of n. The reset gate acts after the recurrent product, as
in cuDNN and PyTorch, and not on h before it, as in the paper. Shapes and conventions:
`CellForward` in cell.py.
"""

import math

import numpy as np

from charrnn.arrays import Array
from charrnn.network.cell import Cell, CellBackward, CellStep, State, StepWeights, WriteInputs
from charrnn.network.products import StepProduct, write_weight_gradient
from charrnn.network.recurrence import RecurrentGradient, allocate_history, reversed_steps
from charrnn.network.workspace import Workspace


def forward(
    T: int, write_inputs: WriteInputs, state: State, U: Array, b: Array, workspace: Workspace
) -> tuple[Array, State, CellBackward]:
    """Compute a window and return its backward; see `CellForward`."""
    B, H = state[0].shape
    h = allocate_history("h", T, state[0], workspace)
    gates = workspace.empty("gates", (T, 3, B, H), U.dtype)
    q = workspace.empty("q", (T, B, H), U.dtype)
    times_U = StepProduct(U[None], B, workspace.child("times U"), CELL.gate_scale(U.dtype))
    half, product = np.array(0.5, U.dtype), np.empty_like(q[0])
    for t, (gates_t, h_operand, h_before, h_t, q_t) in enumerate(
        zip(gates, times_U.left_operands(h), h, h[1:], q, strict=False)
    ):
        write_inputs(t, gates_t)
        hU = times_U(h_operand)
        r_z, (r, z, n) = gates_t[:2], gates_t
        np.add(hU[2], b, q_t)
        # sigmoid(x) = ½ tanh(½x) + ½, where gate_scale has halved x
        np.add(r_z, hU[:2], r_z)
        np.tanh(r_z, r_z)
        np.multiply(r_z, half, r_z)
        np.add(r_z, half, r_z)
        np.multiply(r, q_t, product)
        np.add(n, product, n)
        np.tanh(n, n)
        # (1 - z) * n + z * h[t-1] = n + z * (h[t-1] - n)
        np.subtract(h_before, n, h_t)
        np.multiply(h_t, z, h_t)
        np.add(h_t, n, h_t)

    def backward(dh: Array, dstate: State, dU: Array, db: Array) -> tuple[Array, State]:
        da = workspace.empty("da", (T, B, 3, H), U.dtype)
        dhU = workspace.empty("dhU", (B, 3, H), U.dtype)  # the gradient of a step's h[t-1] U
        carried = RecurrentGradient(U, dstate[0], workspace)
        dhU_operand = carried.left_operands(dhU)
        one, d, slopes = np.ones((), U.dtype), *np.empty((2, *gates[0].shape), U.dtype)
        (dr, dz, dn), (_, _, n_slope) = d, slopes
        dhU_by_gate = dhU.swapaxes(0, 1)
        for dh_t, h_before, gates_t, q_t, da_t in reversed_steps(
            dh, h[:-1], gates, q, da.swapaxes(1, 2)
        ):
            r, z, n = gates_t
            dh_total = carried.add(dh_t)
            # the slopes of the gates: sigmoid - sigmoid², 1 - tanh²
            np.multiply(gates_t, gates_t, slopes)
            np.subtract(gates_t[:2], slopes[:2], slopes[:2])
            np.subtract(one, n_slope, n_slope)
            # back through h[t] = n + z * (h[t-1] - n); product is kept for h[t-1], added at the end
            np.subtract(h_before, n, dz)
            np.multiply(dz, dh_total, dz)
            np.multiply(dh_total, z, product)
            np.subtract(dh_total, product, dn)
            # back through n = tanh(a_n + r * q)
            np.multiply(dn, n_slope, dn)
            np.multiply(dn, q_t, dr)
            # back through r, z = sigmoid(a + h[t-1] U)
            np.multiply(d[:2], slopes[:2], d[:2])
            np.copyto(da_t, d)
            # back through q = h[t-1] U_n + b; the gradient of q replaces q, which is not read again
            np.multiply(dn, r, dn)
            np.copyto(q_t, dn)
            np.copyto(dhU_by_gate, d)
            carried.propagate(dhU_operand)
            carried.add(product)
        write_weight_gradient(h[:-1], da[:, :, :2], dU[:2])
        write_weight_gradient(h[:-1], q[:, :, None], dU[2:])
        np.add.reduce(q, axis=(0, 1), out=db[0])
        return da, (carried.dh.copy(),)

    return h[1:], (h[-1].copy(),), backward


def make_step(a: Array, h: Array) -> CellStep:
    """Return the function that makes one step in place; see `Cell`. ``a`` has r, z, n and q."""
    half = np.array(0.5, a.dtype)
    r, z, n, q = np.split(a, 4)
    r_z = a[: len(a) // 2]

    def step() -> None:
        np.tanh(r_z, r_z)
        np.multiply(r_z, half, r_z)
        np.add(r_z, half, r_z)
        np.multiply(q, r, q)
        np.add(n, q, n)
        np.tanh(n, n)
        np.subtract(h, n, h)
        np.multiply(h, z, h)
        np.add(h, n, h)

    return step


def step_weights(W: Array, U: Array, b: Array, recurrent_biases: Array) -> StepWeights:
    """Return the weights of four sums: r, z, the part of n from the input, and q.

    The reset gate multiplies q alone, so the two products that make up n cannot be one sum.
    """
    zeros = np.zeros_like
    return (
        np.stack([*W, zeros(W[2])]),
        np.stack([*U[:2], zeros(U[2]), U[2]]),
        np.stack([*b, recurrent_biases[0]]),
    )


def learning_rate(hidden: int, characters: int) -> float:
    """Return the default learning rate.

    It is lower than for an lstm, because a gru diverges at the rates that are best for an lstm.
    """
    return min(0.02, 0.014 * math.sqrt(characters / 1024) * math.sqrt(256 / hidden))


CELL = Cell(
    name="gru",
    forward=forward,
    make_step=make_step,
    step_weights=step_weights,
    sigmoid_gates=("reset", "update"),
    other_gates=("new",),
    states=("h",),
    recurrent_biases=1,
    window_arrays=5,
    learning_rate=learning_rate,
    temporal_regularization=0.3,
    torch_module="GRU",
    torch_gates=("reset", "update", "new"),
)
