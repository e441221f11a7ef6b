"""The network and its loss against finite differences and against themselves."""

import numpy as np
import pytest

from charrnn.arrays import Array, Ids
from charrnn.cells import CELLS
from charrnn.network import softmax
from charrnn.network.cell import get_cell
from charrnn.network.inputs import gather_inputs
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.stepper import Stepper
from charrnn.network.workspace import Workspace

V, T, B = 11, 6, 3
EPSILON = 1e-6


def network(
    cell: str, layers: int = 2, hidden: int = 5, dtype: type = np.float64, tied: bool = False
) -> Network:
    rng = np.random.default_rng(0)
    parameters = Parameters(Shape(cell, hidden, layers, V, tied), dtype)
    initialize(parameters, rng)
    parameters.vector += 0.1 * rng.normal(size=parameters.vector.size)  # so that no bias is zero
    return Network(parameters)


def window(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, V, (T, B)), rng.integers(0, V, (T, B))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("tied", "dropout"), [(False, False), (False, True), (True, True)])
def test_gradient_of_the_whole_network_equals_finite_differences(
    cell: str, layers: int, tied: bool, dropout: bool
) -> None:
    net, (ids, targets) = network(cell, layers, tied=tied), window()
    rng = np.random.default_rng(2)
    states = [tuple(map(rng.normal, part)) for part in net.initial_states(B)]
    masks = [2.0 * (rng.random((B, 5)) < 0.5) for _ in range(layers)] if dropout else []
    gradients = net.parameters.zeros_like()
    net.loss_and_gradients(ids, targets, states, gradients, masks)
    direction, start = rng.normal(size=gradients.vector.size), net.parameters.vector.copy()
    values = []
    for side in (1, -1):
        net.parameters.vector[:] = start + side * EPSILON * direction
        loss, _ = net.loss_and_gradients(ids, targets, states, gradients.zeros_like(), masks)
        values.append(loss)
    expected = (values[0] - values[1]) / (2 * EPSILON)
    assert gradients.vector @ direction == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dropout", [False, True])
def test_gradients_include_the_penalty_on_changes_and_the_loss_does_not(dropout: bool) -> None:
    net, (ids, targets) = network("lstm", 2), window()
    rng = np.random.default_rng(2)
    states = [tuple(map(rng.normal, part)) for part in net.initial_states(B)]
    masks = [2.0 * (rng.random((B, 5)) < 0.5) for _ in range(2)] if dropout else []
    plain, gradients = net.parameters.zeros_like(), net.parameters.zeros_like()
    loss, _ = net.loss_and_gradients(ids, targets, states, plain, masks)
    penalized, _ = net.loss_and_gradients(
        ids, targets, states, gradients, masks, characters=3 * ids.size, temporal_regularization=0.7
    )
    assert penalized == pytest.approx(loss / 3)  # the mean is over three times the characters
    direction, start = rng.normal(size=gradients.vector.size), net.parameters.vector.copy()
    values = []
    for side in (1, -1):
        net.parameters.vector[:] = start + side * EPSILON * direction
        h, _, _ = net.forward(ids, states, masks)
        values.append(0.7 * np.square(np.diff(h, axis=0)).sum() / (3 * ids.size * 5))
    expected = (values[0] - values[1]) / (2 * EPSILON)
    penalty = (gradients.vector - plain.vector / 3) @ direction
    assert penalty == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tied", [False, True])
def test_gradient_of_every_named_array_equals_finite_differences(cell: str, tied: bool) -> None:
    net, (ids, targets) = network(cell, tied=tied), window()
    rng = np.random.default_rng(3)
    states = [tuple(map(rng.normal, part)) for part in net.initial_states(B)]
    gradients, spare = net.parameters.zeros_like(), net.parameters.zeros_like()
    net.loss_and_gradients(ids, targets, states, gradients)
    for name, view in net.parameters.views.items():
        if not view.size:
            continue
        direction, start = rng.normal(size=view.shape), view.copy()
        values = []
        for side in (1, -1):
            view[:] = start + side * EPSILON * direction
            values.append(net.loss_and_gradients(ids, targets, states, spare)[0])
        view[:] = start
        expected = (values[0] - values[1]) / (2 * EPSILON)
        assert np.sum(gradients[name] * direction) == pytest.approx(expected, rel=1e-6), name


def loss_and_gradients(
    h: Array, targets: Ids, W: Array, b: Array
) -> tuple[float, tuple[Array, Array, Array]]:
    dW, db = np.full_like(W, np.nan), np.full_like(b, np.nan)
    loss, dh = softmax.cross_entropy_and_gradients(h, targets, W, b, dW, db, Workspace())
    return loss, (dh, dW, db)


def test_loss_gradients_equal_finite_differences() -> None:
    rng = np.random.default_rng(4)
    h, W, b = rng.normal(size=(9, 4)), rng.normal(size=(4, V)), rng.normal(size=V)
    targets = rng.integers(0, V, 9)
    _, gradients = loss_and_gradients(h, targets, W, b)
    for index, value in enumerate((h, W, b)):
        direction = rng.normal(size=value.shape)
        values = []
        for side in (1, -1):
            changed = [h, W, b]
            changed[index] = value + side * EPSILON * direction
            values.append(softmax.cross_entropy(changed[0], targets, *changed[1:]).mean())
        expected = (values[0] - values[1]) / (2 * EPSILON)
        assert np.sum(gradients[index] * direction) == pytest.approx(expected, rel=1e-6)


def test_cross_entropy_is_the_negative_log_of_the_softmax_for_logits_of_any_size() -> None:
    rng = np.random.default_rng(5)
    h, W, b = rng.normal(size=(9, 4)), rng.normal(size=(4, V)), rng.normal(size=V)
    targets = rng.integers(0, V, 9)
    p = np.exp(h @ W + b)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        softmax.cross_entropy(h, targets, W, b), -np.log(p[np.arange(9), targets]), rtol=1e-12
    )
    np.testing.assert_allclose(softmax.log_probabilities(h, W, b), np.log(p), rtol=1e-12)
    assert np.isfinite(softmax.cross_entropy(1e4 * h, targets, W, b)).all()


def test_chunks_of_the_softmax_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    h, W, b = rng.normal(size=(50, 4)), rng.normal(size=(4, V)), rng.normal(size=V)
    targets = rng.integers(0, V, 50)
    expected, expected_gradients = loss_and_gradients(h, targets, W, b)
    monkeypatch.setattr(softmax, "CHUNK_ROWS", 23)  # neither divides the array
    monkeypatch.setattr(softmax, "CACHE_BYTES", 7 * V * 8)
    loss, gradients = loss_and_gradients(h, targets, W, b)
    assert loss == pytest.approx(expected, rel=1e-12)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-15)
    chunked = softmax.cross_entropy(h, targets, W, b)
    assert chunked.mean() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("characters", [1, 65, 5000])
def test_gradient_of_gathered_rows_is_that_of_the_one_hot_product(characters: int) -> None:
    rng = np.random.default_rng(7)
    ids, W = rng.integers(0, characters, (8, 5)), rng.normal(size=(3, characters, 4))
    b, da = rng.normal(size=(3, 4)), rng.normal(size=(8, 5, 3, 4))
    scale = np.array([0.5, 0.5, 1])
    write_inputs, backward = gather_inputs(ids, W, b, scale)
    one_hot = np.eye(characters)[ids]  # (T, B, V)
    a = np.einsum("tbv,gvh->gtbh", one_hot, W) + b[:, None, None]
    for t in range(len(ids)):
        write_inputs(t, out := np.empty((3, 5, 4)))
        np.testing.assert_allclose(out, scale[:, None, None] * a[:, t])
    dW, db = np.full_like(W, np.nan), np.full_like(b, np.nan)
    assert backward(da, dW, db) is None
    np.testing.assert_allclose(dW, np.einsum("tbv,tbgh->gvh", one_hot, da), atol=1e-12)
    np.testing.assert_allclose(db, da.sum(axis=(0, 1)), atol=1e-12)


def test_embedded_characters_gather_rows_of_the_product_with_the_embedding() -> None:
    rng = np.random.default_rng(7)
    ids, W, E = rng.integers(0, 9, (8, 5)), rng.normal(size=(3, 6, 4)), rng.normal(size=(9, 6))
    b, da, before = rng.normal(size=(3, 4)), rng.normal(size=(8, 5, 3, 4)), rng.normal(size=E.shape)
    write_inputs, backward = gather_inputs(ids, W, b, np.ones(3), E)
    for t in range(len(ids)):
        write_inputs(t, out := np.empty((3, 5, 4)))
        np.testing.assert_allclose(out, E[ids[t]] @ W + b[:, None])
    dW, db, dE = np.full_like(W, np.nan), np.full_like(b, np.nan), before.copy()
    assert backward(da, dW, db, dE) is None
    np.testing.assert_allclose(dW, np.einsum("tbd,tbgh->gdh", E[ids], da), atol=1e-12)
    np.testing.assert_allclose(db, da.sum(axis=(0, 1)), atol=1e-12)
    np.add.at(before, ids, np.einsum("tbgh,gdh->tbd", da, W))
    np.testing.assert_allclose(dE, before, atol=1e-12)  # added to the output's gradient


@pytest.mark.parametrize("cell", CELLS)
def test_text_in_several_windows_is_predicted_as_in_one(cell: str) -> None:
    net, (ids, _) = network(cell), window()
    whole, after = net.predict(ids, net.initial_states(B))
    first, states = net.predict(ids[:2], net.initial_states(B))
    second, states = net.predict(ids[2:], states)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-12)
    for state, whole_state in zip(states, after, strict=True):
        for part, whole_part in zip(state, whole_state, strict=True):
            np.testing.assert_allclose(part, whole_part, rtol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_training_step_modifies_nothing_but_the_gradients(cell: str) -> None:
    net, (ids, targets) = network(cell), window()
    states = net.initial_states(B)
    before = ids.copy(), targets.copy(), net.parameters.vector.copy()
    net.loss_and_gradients(ids, targets, states, net.parameters.zeros_like())
    for kept, now in zip(before, (ids, targets, net.parameters.vector), strict=True):
        np.testing.assert_array_equal(kept, now)
    assert all((part == 0).all() for state in states for part in state)


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_weights_start_orthogonal_and_biases_at_zero_or_in_a_range(cell: str) -> None:
    gain = get_cell(cell).recurrent_gain
    ranges = get_cell(cell).bias_ranges or [(0.0, 0.0)] * get_cell(cell).gate_count
    parameters = Parameters(Shape(cell, 8, 2, V), np.float64)
    initialize(parameters, np.random.default_rng(0))
    for layer in range(2):
        for gate in parameters[f"U{layer}"]:
            np.testing.assert_allclose(gate @ gate.T, gain**2 * np.eye(8), atol=1e-12)
        for biases, (low, high) in zip(parameters[f"b{layer}"], ranges, strict=True):
            assert low <= biases.min() <= biases.max() <= high
            assert np.ptp(biases) >= (high - low) / 2


def test_units_of_a_new_mingru_keep_their_value_for_different_times() -> None:
    parameters = Parameters(Shape("mingru", 256, 2, V), np.float64)
    initialize(parameters, np.random.default_rng(0))
    update = 1 / (1 + np.exp(-parameters["b1"][0]))
    assert 1 / update.max() < 1.5
    assert 1 / update.min() > 50


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tied", [False, True])
def test_views_of_parameters_cover_their_vector_exactly_once(cell: str, tied: bool) -> None:
    parameters = Parameters(Shape(cell, 4, 2, V, tied))
    for number, view in enumerate(parameters.views.values(), 1):
        assert np.shares_memory(view, parameters.vector) or not view.size
        view += number
    assert (parameters.vector > 0).all()
    matrices = sum(v.size for n, v in parameters.views.items() if n[0] in "WUE" or n == "out.W")
    assert parameters.decayed.size == matrices


@pytest.mark.parametrize("cell", CELLS)
def test_computations_keep_the_dtype_of_the_parameters(cell: str) -> None:
    net, (ids, targets) = network(cell, dtype=np.float32), window()
    gradients = net.parameters.zeros_like()
    _, states = net.loss_and_gradients(ids, targets, net.initial_states(B), gradients)
    assert {part.dtype for state in states for part in state} == {np.dtype(np.float32)}
    assert gradients.vector.dtype == np.float32
    assert net.predict(ids, states)[0].dtype == np.float32


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("tied", "rows"), [(False, 512), (True, 512), (True, 0)])
@pytest.mark.parametrize(
    ("layers", "streams", "hidden"), [(1, 1, 32), (3, 1, 32), (3, 1, 21), (1, 8, 21), (2, 64, 32)]
)
def test_stepper_predicts_what_a_window_does(
    cell: str,
    layers: int,
    streams: int,
    hidden: int,
    tied: bool,
    rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("charrnn.network.stepper.MAX_TABLE_ROWS", rows)
    net = network(cell, layers, hidden=hidden, tied=tied)
    rng = np.random.default_rng(9)
    ids = rng.integers(0, V, (5, streams))
    states = [
        tuple(rng.normal(size=array.shape) for array in state)
        for state in net.initial_states(streams)
    ]
    logs, _ = net.predict(ids, states)
    step = Stepper(net, states)
    for now, expected in zip(ids, logs, strict=True):
        logits = step(now)
        shift = (logits - np.log(np.exp(logits).sum(axis=0))).T
        np.testing.assert_allclose(shift, expected, atol=1e-12)


def test_the_state_of_a_mingru_does_not_decay_to_denormal_numbers() -> None:
    """Processors compute slowly with them; sigmoid in float32 is 0 below -17."""
    net = network("mingru", dtype=np.float32)
    for layer in range(2):
        net.parameters[f"b{layer}"][:] = [[0.0], [-40.0]]
    ids, states = np.zeros((2000, 1), np.intp), net.initial_states(1)
    h, _, _ = net.forward(ids, states)
    assert h[1000:].min() > 1e-10
