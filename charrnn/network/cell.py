"""The record of a cell: everything that the rest of the package knows about it.

Each cell is a module, such as rnn.py or lstm.py, with the same parts: its equations, ``forward``
over a window with the backward inside it, ``make_step`` for one character at a time, its rule for
the learning rate, and ``CELL``, the record that holds them.

Not here: the gate inputs ``a = x W + b`` (inputs.py) and how layers are stacked (model.py).

Letters: T time, B streams, H units, G gates, R recurrent biases.
"""

import math
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
"""A function that moves the state of a layer by one character, in place."""

StepWeights: TypeAlias = tuple[Array, Array, Array]
"""W (G', D, H), U (G', H, H) and b (G', H) of a step's product, which has G' sums."""


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
        """Return the outputs h (T, B, H), the state after the window, and the backward.

        ``write_inputs(t, a)`` writes the gate inputs of step t, multiplied by `Cell.gate_scale`, to
        ``a`` (G, B, H). ``state`` is the state before the window, ``U`` (G, H, H) are the recurrent
        weights and ``b`` (R, H) the recurrent biases. No argument is modified.

        ``backward(dh, dstate, dU, db)`` may be called once. It takes the gradients of h and of the
        state after the window, **writes** those of U and b to ``dU`` and ``db``, and returns those
        of a, (T, B, G, H), and of the state before the window. All arrays are in ``workspace``, and
        are valid until the next window is computed there.

        In the forward pass the gates of a window are (T, G, B, H), so that a step reads and writes
        one stretch of memory. Their gradients are (T, B, G, H): the gates lie side by side, so that
        a sum over gates, or over the window, is one product.
        """


def keep_weights(W: Array, U: Array, b: Array, recurrent_biases: Array) -> StepWeights:
    """Return the weights unchanged: the default, for a cell whose step has one sum per gate."""
    assert not len(recurrent_biases)
    return W, U, b


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell: its computations, the names of its parts, and its sizes."""

    name: str
    forward: CellForward
    """The recurrence over a window, with its backward."""
    make_step: Callable[..., CellStep]
    """``make_step(a, *state)`` returns a function that makes one step in place.

    ``a`` (G' H, B) holds the inputs of the gates and what the recurrent product adds to them, the
    arrays of ``state`` are (H, B). The step leaves the values of the sigmoid gates at the beginning
    of ``a``.
    """
    sigmoid_gates: tuple[str, ...]
    other_gates: tuple[str, ...]
    """The names of the gates, in the order in which their weights are stacked."""
    states: tuple[str, ...]
    """The names of the state's arrays. The first is the output h."""
    window_arrays: int
    """The number of arrays (T, B, H) that the forward pass of a window allocates."""
    learning_rate: Callable[[int, int], float]
    """``learning_rate(hidden, characters)`` returns the default learning rate.

    It depends on the number of units and on the number of characters per update.
    """
    steady_updates: float = math.inf
    """The number of updates up to which `learning_rate` holds: a longer training has a lower one.

    Its gradient would explode.
    """
    layers: int = 1
    """The default number of layers."""
    loops: bool = True
    """Whether the state depends on the state before. If not, there is no memory."""
    recurrent_weights: bool = True
    """Whether h is multiplied by weights and fed back. If not, U is empty, (0, H, H)."""
    recurrent_biases: int = 0
    """R: how many of the gates, counted from the last, have a second bias, added to h[t-1] U."""
    recurrent_gain: float = 1.0
    """The factor of the orthogonal matrices with which the recurrent weights start."""
    bias_ranges: tuple[tuple[float, float], ...] = ()
    """For each gate the range in which its biases start, at random; by default they are zero."""
    temporal_regularization: float = 0.0
    """The default of that setting, fitted to measurements (docs/learning.md)."""
    step_weights: Callable[[Array, Array, Array, Array], StepWeights] = keep_weights
    """``step_weights(W, U, b, recurrent_biases)`` returns the weights of a step's product.

    The default, for a cell that needs one sum per gate, returns W, U and b; G' is then G.
    """
    torch_module: str | None = None
    """The name of the class in `torch.nn`, None if PyTorch has no such cell."""
    torch_gates: tuple[str, ...] = ()
    """The names of the gates in PyTorch's order, that of model files; by default `gates`."""

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of all gates in their order: sigmoid first, so that they are one block."""
        return self.sigmoid_gates + self.other_gates

    @property
    def gate_count(self) -> int:
        """The number of gates."""
        return len(self.gates)

    @property
    def torch_order(self) -> list[int]:
        """For each gate in PyTorch's order, its index in `gates`."""
        return [self.gates.index(gate) for gate in self.torch_gates or self.gates]

    def gate_scale(self, dtype: npt.DTypeLike, gates: int | None = None) -> Array:
        """Return the factors (G,) of the gates' inputs: ½ for sigmoid gates, 1 for the others.

        Because sigmoid(x) = ½ tanh(½x) + ½, one call of tanh then serves sigmoid and tanh gates.
        NumPy's tanh is faster than its exp, and cannot overflow. ``gates`` is the number of factors
        for a cell whose step has more sums than gates (`step_weights`).
        """
        sigmoids = len(self.sigmoid_gates)
        return np.array([0.5] * sigmoids + [1] * ((gates or self.gate_count) - sigmoids), dtype)


def get_cell(name: str) -> Cell:
    """Return the record of the cell called ``name``, from the module that the table names.

    Raises:
        KeyError: when no cell has that name.
    """
    cell = import_module(CELLS[name]).CELL
    assert isinstance(cell, Cell)
    assert cell.name == name
    return cell
