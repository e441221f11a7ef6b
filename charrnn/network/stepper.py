"""One character at a time: the network for sampling, where a window is one step long.

Weights are rearranged once per text, not once per window, and no gradient is kept. All linear work
of a layer's step is one product, which for one stream is a matrix-vector product::

    M @ x    M = [W U b]    x = the output of the layer below (the first layer gathers rows of W)
                                the layer's own output in the step before
                                1

Letters as in cell.py, but here units come before streams: a state is (H, B), and the gates of a
step are (G H, B). So each gate is contiguous, and the long side of the product is where a BLAS
wants it. The equations of a step are in the module of each cell, beside those of a window; the
tests compare the two.

Not here: how a character is chosen (sampling).
"""

from collections.abc import Callable

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import Cell, State
from charrnn.network.model import Network, States

MAX_TABLE_ROWS = 512
"""The largest vocabulary for which all rows of E W are computed in advance.

In a larger vocabulary most rows would never be used.
"""
CACHE_LINE = 16
"""The number of floats in a cache line, to a multiple of which the rows of M are padded."""


class Stepper:
    """A network and the states of B streams. Each call moves the states by one character."""

    def __init__(self, network: Network, states: States) -> None:
        W, b = network.output_weights
        self.streams = len(states[0][0])
        self.output = _FusedProduct(W, W[:0], b, self.streams)
        self.layers: list[_Layer] = []
        # Each layer copies its output to where the one above reads it, so the top comes first.
        destination = self.output.below
        for index, state in reversed(list(enumerate(states))):
            self.layers.insert(0, _Layer(network, index, state, destination))
            destination = self.layers[0].product.below

    def __call__(self, ids: Ids) -> Array:
        """Read ``ids`` (B,) and return the logits (V, B) of what follows.

        The logits are valid until the next call, as are the outputs ``h`` (H, B) and the sigmoid
        ``gates`` (gates, H, B) of the layers.
        """
        self.advance(ids)
        return self.output()

    def advance(self, ids: Ids) -> None:
        """Move the states by ``ids`` (B,), without computing what follows."""
        for layer in self.layers:
            layer.step(ids)

    @property
    def states(self) -> list[tuple[Array, ...]]:
        """Each layer's state, arrays (H, B) that may be written to."""
        return [layer.state for layer in self.layers]


class _FusedProduct:
    """The product ``M @ x``. A step changes x in its views ``below`` (D, B) and ``own`` (H, B)."""

    def __init__(self, W: Array, U: Array, b: Array, B: int) -> None:
        D, K, N = len(W), len(W) + len(U), len(b)
        self.M = np.zeros((N, (K // CACHE_LINE + 1) * CACHE_LINE), b.dtype)
        self.M[:, :D], self.M[:, D:K], self.M[:, K] = W.T, U.T, b
        x, self.result = np.ones((self.M.shape[1], B), b.dtype), np.empty((N, B), b.dtype)
        self.below, self.own = x[:D], x[D:K]
        # np.dot on vectors: a BLAS would treat a column as a matrix, which is slower.
        self._x, self._out = (x[:, 0], self.result[:, 0]) if B == 1 else (x, self.result)

    def __call__(self) -> Array:
        np.dot(self.M, self._x, self._out)
        return self.result


class _Layer:
    """One layer: its weights, its state, and the ``destination`` of its output."""

    def __init__(self, network: Network, index: int, state: State, destination: Array) -> None:
        cell = network.shape.cell_record
        self._sigmoids = len(cell.sigmoid_gates)
        W, U, b = _fuse_gates(cell, *(network.parameters[f"{name}{index}"] for name in "WUbr"))
        E = network.parameters["E"] if index == 0 and network.shape.tied else None
        if E is not None and len(E) <= MAX_TABLE_ROWS:
            # The rows of E W replace those of W, so that the input is one-hot from here on.
            W, E = E @ W, None
        self._gather = _make_gather(W, len(state[0])) if index == 0 and E is None else None
        self._embedding = E
        self.product = _FusedProduct(W[:0] if self._gather else W, U, b, len(state[0]))
        # Where h is fed back, it is a view of x, so that the next product reads it there.
        self.h = self.product.own if cell.recurrent_weights else np.empty_like(state[0].T)
        self.h[...], *others = (part.T for part in state)
        self.state = (self.h, *(part.copy() for part in others))
        self._destination = destination
        self._step = cell.make_step(self.product.result, *self.state)

    @property
    def gates(self) -> Array:
        """The sigmoid gates (gates, H, B) of the last step, in the order of the cell's record."""
        H, B = self.h.shape
        return self.product.result[: self._sigmoids * H].reshape(self._sigmoids, H, B)

    def step(self, ids: Ids) -> None:
        """Make a step on the output of the layer below or, in the first layer, on ``ids`` (B,)."""
        if self._embedding is not None:
            self.product.below[...] = self._embedding[ids].T
        a = self.product()
        if self._gather is not None:
            np.add(a, self._gather(ids), a)
        self._step()
        np.copyto(self._destination, self.h)


def _make_gather(W: Array, B: int) -> Callable[[Ids], Array]:
    """Return the function that gathers rows of ``W`` (V, N) by ids (B,), as columns (N, B)."""
    columns = np.empty((W.shape[1], B), W.dtype)
    if B == 1:
        return lambda ids: W.take(ids, axis=0, out=columns.T, mode="clip").T
    # Transposed once here: to transpose the gathered rows in each step takes five times as long.
    W_by_unit = np.ascontiguousarray(W.T)
    return lambda ids: W_by_unit.take(ids, axis=1, out=columns, mode="clip")


def _fuse_gates(cell: Cell, W: Array, U: Array, b: Array, r: Array) -> tuple[Array, Array, Array]:
    """Return W (D, G H), U (H, G H) and b (G H,), scaled, for one product of all gates."""
    W, U, b = cell.step_weights(W, U, b, r)
    scale = cell.gate_scale(W.dtype, len(b))
    # The gates are the first axis, so that the transposed array can be multiplied by their factors.
    # Then the gates are put side by side: (G, ..., H) becomes (..., G H).
    W, b = (np.concatenate([*(scale * part.T).T], -1) for part in (W, b))
    U = np.concatenate([*(scale * U.T).T], -1) if cell.recurrent_weights else W[:0]
    return W, U, b
