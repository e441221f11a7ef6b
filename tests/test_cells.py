"""Every cell against finite differences, against its equations written plainly, and itself."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from charrnn.arrays import Array
from charrnn.cells import CELLS
from charrnn.network.cell import CellBackward, State, get_cell
from charrnn.network.workspace import Workspace

T, B, H = 7, 3, 5
EPSILON = 1e-6


def arguments(cell: str, rng: np.random.Generator) -> list[Array]:
    """Return random a, *state, U, b of a cell, in float64."""
    record = get_cell(cell)
    recurrent_gates = record.gate_count if record.recurrent_weights else 0
    return [
        rng.normal(size=(record.gate_count, T, B, H)),
        *(rng.normal(size=(B, H)) for _ in record.states),
        rng.normal(size=(recurrent_gates, H, H)) / np.sqrt(H),
        rng.normal(size=(record.recurrent_biases, H)),
    ]


def recurrence(
    cell: str, a: Array, state: State, U: Array, b: Array
) -> tuple[Array, State, CellBackward]:
    """Compute a window of the cell on gate inputs ``a`` (G, T, B, H)."""
    scale = get_cell(cell).gate_scale(a.dtype)[:, None, None]

    def write_inputs(t: int, out: Array) -> None:
        np.multiply(scale, a[:, t], out)

    return get_cell(cell).forward(a.shape[1], write_inputs, state, U, b, Workspace())


def forward(cell: str, values: list[Array]) -> tuple[list[Array], Callable[..., list[Array]]]:
    """Return the outputs [h, *state] and a backward that takes and returns lists."""
    a, *state, U, b = values
    h, after, backward = recurrence(cell, a, tuple(state), U, b)

    def backward_on_lists(dh: Array, *dstate: Array) -> list[Array]:
        dU, db = np.full_like(U, np.nan), np.full_like(b, np.nan)
        da, dbefore = backward(dh, dstate, dU, db)
        return [da.transpose(2, 0, 1, 3), *dbefore, dU, db]

    return [h.copy(), *after], backward_on_lists


def inner_product(left: Sequence[Array], right: Sequence[Array]) -> float:
    return float(sum(np.sum(a * b) for a, b in zip(left, right, strict=True)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("seed", range(5))
def test_backward_is_the_adjoint_of_forward(cell: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = arguments(cell, rng)
    outputs, backward = forward(cell, values)
    direction = [rng.normal(size=value.shape) for value in values]
    weights = [rng.normal(size=output.shape) for output in outputs]
    plus, _ = forward(cell, [v + EPSILON * d for v, d in zip(values, direction, strict=True)])
    minus, _ = forward(cell, [v - EPSILON * d for v, d in zip(values, direction, strict=True)])
    change = [(p - m) / (2 * EPSILON) for p, m in zip(plus, minus, strict=True)]
    expected = inner_product(weights, change)
    assert inner_product(backward(*weights), direction) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_backward_is_right_for_each_argument_alone(cell: str) -> None:
    """A single direction over all arguments could hide an error in a small one."""
    rng = np.random.default_rng(7)
    values = arguments(cell, rng)
    outputs, backward = forward(cell, values)
    weights = [rng.normal(size=output.shape) for output in outputs]
    gradients = backward(*weights)
    for index, value in enumerate(values):
        if not value.size:
            continue
        direction = rng.normal(size=value.shape)
        changed = [[*values], [*values]]
        changed[0][index] = value + EPSILON * direction
        changed[1][index] = value - EPSILON * direction
        (plus, _), (minus, _) = (forward(cell, arguments) for arguments in changed)
        change = [(p - m) / (2 * EPSILON) for p, m in zip(plus, minus, strict=True)]
        expected = inner_product(weights, change)
        assert inner_product([gradients[index]], [direction]) == pytest.approx(
            expected, rel=1e-6
        ), index


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def rnn_step(a: Array, state: State, U: Array, b: Array) -> State:
    return (np.tanh(a[0] + state[0] @ U[0]),)


def gru_step(a: Array, state: State, U: Array, b: Array) -> State:
    (h,) = state
    r, z = (sigmoid(a[gate] + h @ U[gate]) for gate in (0, 1))
    n = np.tanh(a[2] + r * (h @ U[2] + b[0]))
    return ((1 - z) * n + z * h,)


def lstm_step(a: Array, state: State, U: Array, b: Array) -> State:
    h, c = state
    i, f, o = (sigmoid(a[gate] + h @ U[gate]) for gate in (0, 1, 2))
    c = f * c + i * np.tanh(a[3] + h @ U[3])
    return o * np.tanh(c), c


def feedforward_step(a: Array, state: State, U: Array, b: Array) -> State:
    return (np.tanh(a[0]),)


def mingru_step(a: Array, state: State, U: Array, b: Array) -> State:
    z = sigmoid(a[0])
    g = np.where(a[1] >= 0, a[1] + 0.5, sigmoid(a[1]))
    return ((1 - z) * state[0] + z * g,)


PLAIN = {
    "feedforward": feedforward_step,
    "rnn": rnn_step,
    "gru": gru_step,
    "lstm": lstm_step,
    "mingru": mingru_step,
}
# The toy cells are in the table only while tests/test_every_cell.py runs these tests with them.
WITH_EQUATIONS = [cell for cell, module in CELLS.items() if module.startswith("charrnn.")]


@pytest.mark.parametrize("cell", WITH_EQUATIONS)
def test_cell_computes_its_equations(cell: str) -> None:
    values = arguments(cell, np.random.default_rng(1))
    a, *start, U, b = values
    (h, *after), _ = forward(cell, values)
    state: State = tuple(start)
    for t in range(T):
        state = PLAIN[cell](a[:, t], state, U, b)
        np.testing.assert_allclose(h[t], state[0], rtol=1e-12)
    for ours, plain in zip(after, state, strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_window_cut_in_two_equals_one_window(cell: str) -> None:
    values = arguments(cell, np.random.default_rng(2))
    a, *start, U, b = values
    (h, *after), _ = forward(cell, values)
    (first, *between), _ = forward(cell, [a[:, :3], *start, U, b])
    (second, *at_end), _ = forward(cell, [a[:, 3:], *between, U, b])
    np.testing.assert_array_equal(np.concatenate([first, second]), h)
    for part, expected in zip(at_end, after, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_streams_do_not_see_each_other(cell: str) -> None:
    values = arguments(cell, np.random.default_rng(3))
    a, *start, U, b = values
    (h, *_), _ = forward(cell, values)
    for stream in range(B):
        alone = slice(stream, stream + 1)
        (h_alone, *_), _ = forward(cell, [a[:, :, alone], *(part[alone] for part in start), U, b])
        np.testing.assert_allclose(h_alone, h[:, alone], rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_no_argument_is_modified(cell: str) -> None:
    values = arguments(cell, np.random.default_rng(4))
    kept = [value.copy() for value in values]
    a, *start, U, b = values
    h, after, backward = recurrence(cell, a, tuple(start), U, b)
    dh, dafter = np.ones_like(h), tuple(map(np.ones_like, after))
    backward(dh, dafter, np.empty_like(U), np.empty_like(b))
    for value, before in zip(values, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    assert (dh == 1).all()
    assert all((part == 1).all() for part in dafter)


@pytest.mark.parametrize("cell", CELLS)
def test_large_gate_inputs_neither_overflow_nor_warn(cell: str) -> None:
    values = [1e4 * value for value in arguments(cell, np.random.default_rng(5))]
    outputs, backward = forward(cell, values)
    gradients = backward(*map(np.ones_like, outputs))
    assert all(np.isfinite(array).all() for array in [*outputs, *gradients])
