"""The record of a recurrent cell: everything that the rest of the package knows about it.

Each cell is a module (rnn.py, gru.py, lstm.py) with the same parts: its equations, ``forward`` over
a window with the backward beside it, ``make_step`` for one character at a time, its rule for the
learning rate, and ``CELL``, the record that names them.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.cells import CELLS
from charrnn.network.workspace import Workspace

State: TypeAlias = tuple[Array, ...]
"""What a layer carries from step to step: arrays (B, H), the first of which is its output h."""

WriteInputs: TypeAlias = Callable[[int, Array], object]
"""``write_inputs(t, a)`` writes the gate inputs of step t to ``a`` (G, B, H)."""

CellBackward: TypeAlias = Callable[[Array, State, Array, Array], tuple[Array, State]]
"""``da, dstate = backward(dh, dstate, dU, db)``; see `CellForward`."""

CellStep: TypeAlias = Callable[[], object]
"""Moves the state of a layer by one character, in place."""

StepWeights: TypeAlias = tuple[Array, Array, Array]
"""W (G', D, H), U (G', H, H) and b (G', H) of one product for all gates of a step."""


class CellForward(Protocol):
    """The recurrence over a window, which returns its outputs and its backward."""

    def __call__(
        self,
        T: int,
        write_inputs: WriteInputs,
        state: State,
        U: Array,
        b: Array,
        workspace: Workspace,
        /,
    ) -> tuple[Array, State, CellBackward]:
        """Compute the outputs h (T, B, H), the state after the window, and the backward.

        ``write_inputs(t, a)`` writes the inputs of step t to ``a`` (G, B, H), multiplied by
        `Cell.gate_scale`. ``state`` is the state before the window, ``U`` (G, H, H) are the
        recurrent weights, ``b`` (R, H) the recurrent biases. None of them is modified.

        The backward may be called once. It takes the gradients of h and of the returned state,
        returns those of a, (T, B, G, H), and of ``state``, and **writes** those of U and b to its
        arguments ``dU`` and ``db``. All arrays lie in ``workspace`` and stay valid until the next
        window is computed there.

        During a window the gates of a step lie together, (T, G, B, H), so that each gate is
        contiguous. Their gradients lie side by side, (T, B, G, H), so that a sum over all gates
        or over the window is one product.
        """


def keep_weights(W: Array, U: Array, b: Array, recurrent_biases: Array) -> StepWeights:
    """Return the weights as they are, for a cell whose gates add their two products."""
    assert not len(recurrent_biases)
    return W, U, b


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A recurrent cell: its computations, the names of its parts, and its sizes.

    ``sigmoid_gates`` and ``tanh_gates`` are the names of its gates, in the order in which their
    weights are stacked · ``states`` names the arrays of its state, the output h first ·
    ``recurrent_biases`` is R, the number of gates, the last ones, that have a second bias, which
    is added to the recurrent product · ``window_arrays`` is how many arrays (T, B, H) its forward
    allocates.

    ``make_step(a, *state)`` returns the function that makes one step in place: ``a`` (G' H, B) are
    the sums of both products, ``state`` arrays (H, B). Afterwards the sigmoid gates stand at the
    beginning of ``a``. ``step_weights`` lays out W, U, b and the recurrent biases for that product
    where a step needs another number of sums, G', than there are gates.

    ``learning_rate(hidden, characters)`` is the default for so many units and characters an update.
    ``recurrent_gain`` multiplies the orthogonal matrices with which recurrent weights start.
    ``torch_gates`` are its gates in PyTorch's order, ``torch_module`` is the name of its class in
    `torch.nn`, None where it has none. Where ``recurrent_weights`` is False no output is fed back,
    and ``U`` is empty.
    """

    name: str
    forward: CellForward
    make_step: Callable[..., CellStep]
    sigmoid_gates: tuple[str, ...]
    tanh_gates: tuple[str, ...]
    states: tuple[str, ...]
    window_arrays: int
    learning_rate: Callable[[int, int], float]
    recurrent_weights: bool = True
    recurrent_biases: int = 0
    recurrent_gain: float = 1.0
    step_weights: Callable[[Array, Array, Array, Array], StepWeights] = keep_weights
    torch_module: str | None = None
    torch_gates: tuple[str, ...] = ()

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of all gates in their order: sigmoid first, so that they are one block."""
        return self.sigmoid_gates + self.tanh_gates

    @property
    def gate_count(self) -> int:
        """The number of gates."""
        return len(self.gates)

    @property
    def torch_order(self) -> list[int]:
        """For each gate in PyTorch's order, its index in ours."""
        return [self.gates.index(gate) for gate in self.torch_gates or self.gates]

    def gate_scale(self, dtype: npt.DTypeLike, gates: int | None = None) -> Array:
        """What the inputs of each gate are multiplied by, (G,): sigmoid(x) = ½ tanh(½x) + ½.

        NumPy's tanh is faster than its exp, and cannot overflow. One tanh then serves all gates.
        ``gates`` is their number where it is another than ``gate_count``, as in `StepWeights`.
        """
        sigmoids = len(self.sigmoid_gates)
        return np.array([0.5] * sigmoids + [1] * ((gates or self.gate_count) - sigmoids), dtype)


def get_cell(name: str) -> Cell:
    """Import the module of the cell called ``name`` and return its record.

    Raises:
        KeyError: when no cell has that name.
    """
    cell = import_module(CELLS[name]).CELL
    assert isinstance(cell, Cell)
    return cell
