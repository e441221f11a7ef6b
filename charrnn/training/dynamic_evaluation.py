"""Dynamic evaluation: a network goes on learning from a text while it predicts the text.

Krause, Kahembwe, Murray and Renals, "Dynamic evaluation of neural sequence models", 2018. The text
is read in segments by one stream, with the state carried. Each segment is predicted before the
weights learn from it:

    weights += -rate * g / (rms(g) + damping) + DECAY * (initial weights - weights)

The paper takes the root mean squares of the gradients g from the training text. A model file has
no such text, so these are over the segments that have been read.
"""

import math

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters
from charrnn.network.workspace import Workspace

SEGMENT = 20  # characters that are predicted with the same weights
RATE = 0.05  # of the cell's learning rate for updates of RATE_CHARACTERS
RATE_CHARACTERS = 1024
DECAY = 5e-4  # the share of the way back to the initial weights in each update
DAMPING = 0.1
"""The damping as a share of the root mean square of all gradients.

Weights that seldom have a gradient, such as those of rare characters, would else take steps that
are many times as long as those of the others.
"""
CHUNK = 1 << 14  # parameters updated at a time, which stay in cache


class DynamicEvaluation:
    """Reads a text with a copy of ``network``, which learns from it; ``network`` is unchanged.

    ``adapted`` is the copy, with the weights that it has after the segments read so far.
    """

    def __init__(self, network: Network) -> None:
        self.adapted = Network(Parameters(network.shape, vector=network.parameters.vector.copy()))
        self._initial = network.parameters.vector
        self._gradients = self.adapted.parameters.zeros_like()
        self._squares = np.zeros_like(self._initial)  # sums over all updates
        self._spare = np.empty((2, CHUNK), self._initial.dtype)
        self._workspace = Workspace()
        self._updates, self._square_norms = 0, 0.0
        cell, H = network.shape.cell_record, network.shape.hidden
        self._rate = RATE * cell.learning_rate(H, RATE_CHARACTERS)
        # The current segment: the states before it, those after what has been read of it, and this.
        self._before = self._after = self.adapted.initial_states(1)
        self._ids = self._targets = np.empty(0, np.intp)

    def predict(self, ids: Ids, targets: Ids) -> Array:
        """Read ``ids`` (N,), and return the log-probabilities (N, V) of what follows each.

        ``targets`` (N,) are the ids that do follow. They are learned from at the end of each
        segment, and its predictions never depend on them. A text may arrive in pieces of any
        length, because an incomplete segment waits for the next ``ids``.
        """
        rows, start = [], 0
        while start < len(ids):
            end = min(len(ids), start + SEGMENT - len(self._ids))
            logs, self._after = self.adapted.predict(ids[start:end, None], self._after)
            rows.append(logs[:, 0])
            self._ids = np.append(self._ids, ids[start:end])
            self._targets = np.append(self._targets, targets[start:end])
            if len(self._ids) == SEGMENT:
                self._learn()
            start = end
        return np.concatenate(rows)

    def _learn(self) -> None:
        """Update the weights by the current segment, and begin the next one."""
        _, self._after = self.adapted.loss_and_gradients(
            self._ids[:, None], self._targets[:, None], self._before, self._gradients,
            workspace=self._workspace,
        )  # fmt: skip
        self._update()
        self._before = self._after
        self._ids = self._targets = np.empty(0, np.intp)

    def _update(self) -> None:
        """Change the weights by the gradient of a segment, unless it is zero or not finite."""
        gradient, weights = self._gradients.vector, self.adapted.parameters.vector
        square_norm = float(np.dot(gradient, gradient))
        if not 0 < square_norm < math.inf:
            return
        self._updates += 1
        self._square_norms += square_norm
        # With n updates and sums of squares s, g / (sqrt(s / n) + d) is computed as
        # sqrt(n) * g / (sqrt(s) + sqrt(n) * d).
        step = self._rate * math.sqrt(self._updates)
        damping = DAMPING * math.sqrt(self._square_norms / len(gradient))
        for start in range(0, len(gradient), CHUNK):
            part = slice(start, start + CHUNK)
            g, squares, w = gradient[part], self._squares[part], weights[part]
            spare, back = self._spare[0, : len(g)], self._spare[1, : len(g)]
            squares += np.multiply(g, g, out=spare)
            np.sqrt(squares, out=spare)
            spare += damping
            np.divide(g, spare, out=spare)
            spare *= step
            np.subtract(self._initial[part], w, out=back)
            back *= DECAY
            w += back
            w -= spare
