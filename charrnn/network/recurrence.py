"""What the recurrences of all cells share: the history of a state, and the gradient through U."""

from collections.abc import Iterator

import numpy as np

from charrnn.arrays import Array
from charrnn.network.products import StepProduct
from charrnn.network.workspace import Workspace


class RecurrentGradient:
    """The gradient of h, carried from each step to the one before it through ``U`` (G, H, H).

    ``dh`` (B, H) starts as the gradient of h after the window and ends as that of h before it.
    """

    def __init__(self, U: Array, dh: Array, workspace: Workspace) -> None:
        # The gradients of all gates lie side by side, so that one product also sums over them.
        U_transposed = U.transpose(0, 2, 1)[:, None]
        self._product = StepProduct(U_transposed, len(dh), workspace.child("times U transposed"))
        (self.dh,) = self._product.result
        self.dh[:] = dh

    def left_operands(self, da: Array) -> Array:
        """Return a view of the gradients of gates (..., B, G, H) whose steps `propagate` takes."""
        return self._product.left_operands(da.reshape(*da.shape[:-2], -1))

    def propagate(self, da_operand: Array) -> None:
        """Set ``dh`` to the gradient of h[t-1], given that of the product ``h[t-1] U``."""
        self._product(da_operand)

    def add(self, dh: Array) -> Array:
        """Add a gradient that reaches h from elsewhere, such as from the layer above; return dh."""
        return np.add(self.dh, dh, self.dh)


def allocate_history(name: str, T: int, start: Array, workspace: Workspace) -> Array:
    """Return an array (T + 1, B, H) for the states of a window, with ``start`` as its first."""
    history = workspace.empty(name, (T + 1, *start.shape), start.dtype)
    history[0] = start
    return history


def reversed_steps(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Iterate over the steps of several arrays (T, ...) at once, from the last to the first."""
    return zip(*(array[::-1] for array in arrays), strict=True)
