"""One character after the other: the network for sampling, where a window is one step long.

What training prepares once a window is prepared once a text here, and no gradient is kept. The
equations are those of cells.py, which the tests hold these to. Not here: what is drawn (sampling).
"""

from collections.abc import Callable

import numpy as np

from charrnn.network.cells import State
from charrnn.network.model import Network, States
from charrnn.network.products import StepProduct
from charrnn.network.workspace import Array, Workspace
from charrnn.text.vocab import Ids

HALVED = {"rnn": 0, "gru": 2, "lstm": 3}
"""How many gates, the first ones, are sigmoid(x) = ½ tanh(½x) + ½: their ½x is in the weights."""


class Stepper:
    """A network and the states of B streams, which move by a character with each call."""

    def __init__(self, network: Network, states: States) -> None:
        B = len(states[0][0])
        self.layers = [_Layer(network, at, state) for at, state in enumerate(states)]
        self.W, self.b = network.output_weights
        self.logits = np.empty((B, len(self.b)), self.W.dtype)

    def __call__(self, ids: Ids) -> Array:
        """The logits (B, V) of what follows ``ids`` (B,), good until the next call."""
        first, *others = self.layers
        first.gather(ids)
        h = first.step()
        for layer in others:
            layer.project(h)
            h = layer.step()
        np.matmul(h, self.W, out=self.logits)
        np.add(self.logits, self.b, self.logits)
        return self.logits


class _Layer:
    """One layer: its weights laid out for B streams, its state, and room for a step."""

    def __init__(self, network: Network, at: int, state: State) -> None:
        W, U, b, r = (network.parameters[f"{name}{at}"] for name in "WUbr")
        G, D, H = W.shape
        B = len(state[0])
        scale = np.ones((G, 1, 1), W.dtype)
        scale[: HALVED[network.shape.cell]] = 0.5
        self.state = tuple(part.copy() for part in state)
        self.a, self.hU = np.empty((2, G, B, H), W.dtype)
        self._product = _product(scale * U, self.state[0], self.hU)
        self._step = STEPS[network.shape.cell](self.state, r, self.a, self.hU)
        if at == 0:
            self.rows = scale * (W + b[:, None])
        else:
            self.x = np.empty((B, D), W.dtype)
            self._projection = _product(scale * W, self.x, self.a)
            self.b = scale * b[:, None]

    def gather(self, ids: Ids) -> None:
        """Make the gate inputs ``a`` of characters (B,); of the first layer only."""
        self.rows.take(ids, axis=1, out=self.a, mode="clip")

    def project(self, x: Array) -> None:
        """Make the gate inputs ``a`` of the layer below's output ``x`` (B, D); not of the first."""
        np.copyto(self.x, x)
        self._projection()
        np.add(self.a, self.b, self.a)

    def step(self) -> Array:
        """The layer's next output (B, H), given its gate inputs ``a`` (G, B, H), overwritten."""
        self._product()
        self._step()
        return self.state[0]


def _product(W: Array, x: Array, out: Array) -> Callable[[], object]:
    """``out = x @ W`` gate by gate, for the same arrays again and again.

    For one stream the gates stand side by side: one matrix-vector product and not G.
    """
    G, K, N = W.shape
    if len(x) == 1:
        side_by_side = np.ascontiguousarray(W.transpose(1, 0, 2).reshape(K, G * N))
        flat = out.reshape(G * N)
        return lambda: np.dot(x[0], side_by_side, flat)
    product = StepProduct(W, len(x), Workspace())
    rows, columns = product.rows(x), product.columns(out)
    return lambda: product(rows, columns)


def _rnn(state: State, r: Array, a: Array, hU: Array) -> Callable[[], None]:
    (h,) = state

    def step() -> None:
        np.add(a[0], hU[0], h)
        np.tanh(h, h)

    return step


def _gru(state: State, b: Array, a: Array, hU: Array) -> Callable[[], None]:
    (h,) = state
    half = np.array(0.5, h.dtype)
    r_z, (r, z, n), (_, _, q) = a[:2], a, hU

    def step() -> None:
        np.add(r_z, hU[:2], r_z)
        np.tanh(r_z, r_z)
        np.multiply(r_z, half, r_z)
        np.add(r_z, half, r_z)
        np.add(q, b, q)
        np.multiply(q, r, q)
        np.add(n, q, n)
        np.tanh(n, n)
        np.subtract(h, n, h)
        np.multiply(h, z, h)
        np.add(h, n, h)

    return step


def _lstm(state: State, r: Array, a: Array, hU: Array) -> Callable[[], None]:
    h, c = state
    half = np.array(0.5, h.dtype)
    i_f_o, (i, f, o, g) = a[:3], a

    def step() -> None:
        np.add(a, hU, a)
        np.tanh(a, a)
        np.multiply(i_f_o, half, i_f_o)
        np.add(i_f_o, half, i_f_o)
        np.multiply(c, f, c)
        np.multiply(i, g, g)
        np.add(c, g, c)
        np.tanh(c, h)
        np.multiply(h, o, h)

    return step


STEPS = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}
