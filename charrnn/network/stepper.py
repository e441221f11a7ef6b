"""One character after the other: the network for sampling, where a window is one step long.

What training prepares once a window is prepared once a text here, and no gradient is kept. All that
is linear in a layer's step is one product, for one stream a matrix-vector product::

    M @ x    M = W U b    x = what the layer below gives (nothing for the first: it has rows of W)
                              what the layer itself gave in the step before
                              1

Letters as in cell.py, but here units stand before streams: a state is (H, B), and the gates of a
step are (G H, B). So gates are contiguous, and a BLAS finds the long side of the product where it
wants it. The equations of a step are in
the module of each cell, beside those of a window, and the tests compare the two. Not here: what is
drawn (sampling).
"""

from collections.abc import Callable

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import Cell, State
from charrnn.network.model import Network, States

ROWS_AT_MOST = 512
"""Characters whose input is worked out before the first step; of more of them few will come."""
CACHE_LINE = 16
"""Numbers of a cache line: each row of M begins at one."""


class Stepper:
    """A network and the states of B streams, which move by a character with each call."""

    def __init__(self, network: Network, states: States) -> None:
        W, b = network.output_weights
        self.readout = _Product(W, W[:0], b, len(states[0][0]))
        above = self.readout.below
        self.layers: list[_Layer] = []
        self.streams = len(states[0][0])
        for at, state in reversed(list(enumerate(states))):
            self.layers.insert(0, _Layer(network, at, state, above))
            above = self.layers[0].product.below

    def __call__(self, ids: Ids) -> Array:
        """The logits (V, B) of what follows ``ids`` (B,), good until the next call.

        ``layers`` then have their outputs ``h`` (H, B) and, between 0 and 1, their sigmoid
        ``gates`` (gates, H, B), as good as long.
        """
        self.read(ids)
        return self.readout()

    def read(self, ids: Ids) -> None:
        """Take the states on by ``ids`` (B,), where nobody asks what follows."""
        for layer in self.layers:
            layer.step(ids)

    @property
    def states(self) -> list[tuple[Array, ...]]:
        """Each layer's state as it is, arrays (H, B) that may be written to."""
        return [layer.state for layer in self.layers]


class _Product:
    """``M @ x`` again and again: ``below`` and ``own`` are the parts of x that change."""

    def __init__(self, W: Array, U: Array, b: Array, B: int) -> None:
        D, K, N = len(W), len(W) + len(U), len(b)
        self.M = np.zeros((N, (K // CACHE_LINE + 1) * CACHE_LINE), b.dtype)
        self.M[:, :D], self.M[:, D:K], self.M[:, K] = W.T, U.T, b
        x, self.result = np.ones((self.M.shape[1], B), b.dtype), np.empty((N, B), b.dtype)
        self.below, self.own = x[:D], x[D:K]
        # as vectors for one stream: np.dot would have a BLAS treat a column as a matrix
        self._x, self._out = (x[:, 0], self.result[:, 0]) if B == 1 else (x, self.result)

    def __call__(self) -> Array:
        np.dot(self.M, self._x, self._out)
        return self.result


class _Layer:
    """One layer: its weights laid out, its state, and where its output goes."""

    def __init__(self, network: Network, at: int, state: State, above: Array) -> None:
        cell = network.shape.cell_record
        self._sigmoids = len(cell.sigmoid_gates)
        W, U, b = _side_by_side(cell, *(network.parameters[f"{name}{at}"] for name in "WUbr"))
        E = network.parameters["E"] if at == 0 and network.shape.tied else None
        if E is not None and len(E) <= ROWS_AT_MOST:
            W, E = E @ W, None  # as if the input was one-hot
        self._gather = _gathering(W, len(state[0])) if at == 0 and E is None else None
        self._embedding = E
        self.product = _Product(W[:0] if self._gather else W, U, b, len(state[0]))
        self.h = self.product.own if cell.recurrent_weights else np.empty_like(state[0].T)
        self.above = above
        self.h[...], *others = (part.T for part in state)
        self.state = (self.h, *(part.copy() for part in others))
        self._move = cell.make_step(self.product.result, *self.state)

    @property
    def gates(self) -> Array:
        """What the sigmoid gates were in the last step, in the order of the cell's record."""
        H, B = self.h.shape
        return self.product.result[: self._sigmoids * H].reshape(self._sigmoids, H, B)

    def step(self, ids: Ids) -> None:
        """Read the layer below or, in the first, ``ids`` (B,); write for the layer above."""
        if self._embedding is not None:
            self.product.below[...] = self._embedding[ids].T
        a = self.product()
        if self._gather is not None:
            np.add(a, self._gather(ids), a)
        self._move()
        np.copyto(self.above, self.h)


def _gathering(W: Array, B: int) -> Callable[[Ids], Array]:
    """Rows of ``W`` (V, N) picked by characters, as columns (N, B)."""
    columns = np.empty((W.shape[1], B), W.dtype)
    if B == 1:
        return lambda ids: W.take(ids, axis=0, out=columns.T, mode="clip").T
    by_unit = np.ascontiguousarray(W.T)  # to transpose rows in each step takes five times as long
    return lambda ids: by_unit.take(ids, axis=1, out=columns, mode="clip")


def _side_by_side(cell: Cell, W: Array, U: Array, b: Array, r: Array) -> tuple[Array, ...]:
    """W (D, G H), U (H, G H) and b (G H,) of one product for all gates."""
    W, U, b = cell.step_weights(W, U, b, r)
    scale = cell.gate_scale(W.dtype, len(b))
    W, b = (np.concatenate([*(scale * part.T).T], -1) for part in (W, b))
    return W, np.concatenate([*(scale * U.T).T], -1) if cell.recurrent_weights else W[:0], b
