"""One character at a time: the network for sampling, where a window is one step long.

Weights are rearranged once per text, not once per window, and no gradient is kept. All linear work
of a layer's step is one product, which for one stream is a matrix-vector product::

    M @ x    M = [W b U]    x = the output of the layer below
                                1
                                the layer's own output in the step before

The first layer gathers rows of W + b instead, and its x is its own output. All outputs are in one
array, one below another, each followed by ones. So every x is a stretch of that array, and no
output is copied to the layer above.

Letters as in cell.py, but here units come before streams: a state is (H, B), and the gates of a
step are (G H, B). So each gate is contiguous, and the long side of the product is where a BLAS
wants it. The equations of a step are in the module of each cell, beside those of a window; the
tests compare the two.

Not here: how a character is chosen (sampling).
"""

import math

import numpy as np
import numpy.typing as npt

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
        self.streams = B = len(states[0][0])
        H, cell = network.shape.hidden, network.shape.cell_record
        self._embeds = network.shape.tied and network.shape.V > MAX_TABLE_ROWS
        # The rows of an output and the ones below it.
        block = (H // CACHE_LINE + 1) * CACHE_LINE
        x = _allocate(((len(states) + self._embeds) * block, B), states[0][0].dtype)
        x[...] = 1
        self.layers: list[_Layer] = []
        for index, state in enumerate(states):
            W, U, b = _fuse_gates(cell, *(network.parameters[f"{name}{index}"] for name in "WUbr"))
            own = (index + self._embeds) * block
            if index == 0:
                E = network.parameters["E"] if network.shape.tied else None
                table = W + b if E is None else E if self._embeds else E @ W + b
                self._gather = _Gather(table, B)
            if own:
                product, gathered = _Product(x[own - block :], block, U, (W, b)), None
            else:
                product, gathered = _Product(x, block, U, None), self._gather.columns
            self.layers.append(_Layer(cell, product, gathered, x[own : own + H], state))
        W, b = network.output_weights
        self.output = _Product(x[-block:], block, W[:0], (W, b))
        self._embedded = x[:H]

    def __call__(self, ids: Ids) -> Array:
        """Read ``ids`` (B,) and return the logits (V, B) of what follows.

        The logits are valid until the next call, as are the outputs ``h`` (H, B) and the sigmoid
        ``gates`` (gates, H, B) of the layers.
        """
        self.advance(ids)
        return self.output()

    def advance(self, ids: Ids) -> None:
        """Move the states by ``ids`` (B,), without computing what follows."""
        self._gather(ids)
        if self._embeds:
            np.copyto(self._embedded, self._gather.columns)
        for layer in self.layers:
            layer.step()

    @property
    def states(self) -> list[tuple[Array, ...]]:
        """Each layer's state, arrays (H, B) that may be written to."""
        return [layer.state for layer in self.layers]


class _Gather:
    """Gathers rows of a table (V, N) by ids (B,), as ``columns`` (N, B)."""

    def __init__(self, table: Array, B: int) -> None:
        V, N = table.shape
        # To transpose rows whose length is a power of two takes twice as long, because the numbers
        # of a column then compete for the same few places of the cache.
        self._table = np.zeros((V, N + CACHE_LINE), table.dtype)
        self._table[:, :N] = table
        self._rows = np.empty((B, N + CACHE_LINE), table.dtype)
        self.columns = self._rows[:, :N].T

    def __call__(self, ids: Ids) -> None:
        self._table.take(ids, 0, self._rows, "clip")


class _Product:
    """The product ``M @ x``, where x is the beginning of the array ``x`` (rows, B).

    ``below`` is W (D, N) and b (N,). Then x begins with the output of the layer below and ones, a
    ``block`` of rows. U (H, N) multiplies the rows that follow.
    """

    def __init__(self, x: Array, block: int, U: Array, below: tuple[Array, Array] | None) -> None:
        start = block if below else 0
        K = -(-(start + len(U)) // CACHE_LINE) * CACHE_LINE
        N, B = U.shape[1], x.shape[1]
        M = _allocate((N, K), U.dtype)
        if below:
            W, b = below
            M[:, : len(W)], M[:, len(W)] = W.T, b
        M[:, start : start + len(U)] = U.T
        self.result = _allocate((N, B), U.dtype)
        self._dot, self._x, self._out = M.dot, x[:K], self.result
        if B == 1:
            # A BLAS would treat a column as a matrix, which is slower than a vector.
            self._x, self._out = self._x[:, 0], self._out[:, 0]

    def __call__(self) -> Array:
        self._dot(self._x, self._out)
        return self.result


class _Layer:
    """One layer: its product, what is added to it, its output ``h`` and its state."""

    def __init__(
        self, cell: Cell, product: _Product, gathered: Array | None, h: Array, state: State
    ) -> None:
        self._sigmoids = len(cell.sigmoid_gates)
        self._product, self._gathered = product, gathered
        self.h = h
        self.h[...], *others = (part.T for part in state)
        self.state = (self.h, *(part.copy() for part in others))
        self._step = cell.make_step(product.result, *self.state)

    @property
    def gates(self) -> Array:
        """The sigmoid gates (gates, H, B) of the last step, in the order of the cell's record."""
        H, B = self.h.shape
        return self._product.result[: self._sigmoids * H].reshape(self._sigmoids, H, B)

    def step(self) -> None:
        """Make a step on the output of the layer below or, in the first layer, on gathered rows."""
        a = self._product()
        if self._gathered is not None:
            np.add(a, self._gathered, a)
        self._step()


def _allocate(shape: tuple[int, int], dtype: npt.DTypeLike) -> Array:
    """Return zeros that begin at a cache line: a product that reads them is a quarter faster."""
    size = math.prod(shape)
    buffer: Array = np.zeros(size + CACHE_LINE, dtype)
    address: int = buffer.__array_interface__["data"][0]
    start = -(address // buffer.itemsize) % CACHE_LINE
    return buffer[start : start + size].reshape(shape)


def _fuse_gates(cell: Cell, W: Array, U: Array, b: Array, r: Array) -> tuple[Array, Array, Array]:
    """Return W (D, G H), U (H, G H) and b (G H,), scaled, for one product of all gates."""
    W, U, b = cell.step_weights(W, U, b, r)
    scale = cell.gate_scale(W.dtype, len(b))
    # The gates are the first axis, so that the transposed array can be multiplied by their factors.
    # Then the gates are put side by side: (G, ..., H) becomes (..., G H).
    W, b = (np.concatenate([*(scale * part.T).T], -1) for part in (W, b))
    U = np.concatenate([*(scale * U.T).T], -1) if cell.recurrent_weights else W[:0]
    return W, U, b
