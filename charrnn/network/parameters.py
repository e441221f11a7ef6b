"""All weights of a network: one contiguous vector, with a named view for each array.

The optimiser, clipping, sharing, saving and gradient checks see a vector; the network sees names.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.cell import Cell, get_cell


@dataclass(frozen=True)
class Shape:
    """What fixes the sizes of a network. V is the number of characters.

    Input is one-hot; or, ``tied``, a character's vector in an embedding E (V, H), which is the
    output's W transposed as well (Press and Wolf 2017, Inan et al. 2017).
    """

    cell: str
    hidden: int
    layers: int
    V: int
    tied: bool = False

    @property
    def cell_record(self) -> Cell:
        """The record of the cell called ``cell``."""
        return get_cell(self.cell)

    @property
    def parameters(self) -> int:
        """How many numbers it has."""
        return sum(map(math.prod, [*self.matrices().values(), *self.biases().values()]))

    @property
    def operations(self) -> int:
        """Floating-point operations of the products for one character, forward.

        Those of the recurrence, of upper layers' inputs and of the output; learning takes three
        times as many. Gathered rows and elementwise work are not counted.
        """
        return 2 * (self.square_matrices * self.hidden**2 + self.hidden * self.V)

    @property
    def square_matrices(self) -> int:
        """The number of weight matrices (H, H): recurrent ones, and inputs of upper layers."""
        cell = self.cell_record
        return cell.gate_count * (self.layers * cell.recurrent_weights + self.layers - 1)

    def matrices(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is multiplied, to which weight decay is applied."""
        cell, H = self.cell_record, self.hidden
        shapes: dict[str, tuple[int, ...]] = {"E": (self.V, H)} if self.tied else {}
        for layer in range(self.layers):
            shapes[f"W{layer}"] = (cell.gate_count, H if layer or self.tied else self.V, H)
            shapes[f"U{layer}"] = (cell.gate_count if cell.recurrent_weights else 0, H, H)
        return shapes if self.tied else {**shapes, "out.W": (H, self.V)}

    def biases(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is added."""
        cell, H = self.cell_record, self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            shapes[f"b{layer}"] = (cell.gate_count, H)
            shapes[f"r{layer}"] = (cell.recurrent_biases, H)
        return {**shapes, "out.b": (self.V,)}


class Parameters:
    """A vector and its views by name, the matrices first.

    ``W0 U0 b0 r0`` are layer 0's input weights, recurrent weights, biases and recurrent biases,
    ``out.W`` (H, V) and ``out.b`` those of the output. Where ``E`` is, out.W is another view of it.
    """

    def __init__(
        self, shape: Shape, dtype: npt.DTypeLike = np.float32, vector: Array | None = None
    ) -> None:
        plan = {**shape.matrices(), **shape.biases()}
        self.shape = shape
        self.vector: Array = np.zeros(shape.parameters, dtype) if vector is None else vector
        self.views: dict[str, Array] = {}
        end = 0
        for name, dims in plan.items():
            start, end = end, end + math.prod(dims)
            self.views[name] = self.vector[start:end].reshape(dims)

    @property
    def decayed(self) -> Array:
        """The part of the vector that holds the matrices."""
        return self.vector[: sum(map(math.prod, self.shape.matrices().values()))]

    def __getitem__(self, name: str) -> Array:
        return self.views["E"].T if self.shape.tied and name == "out.W" else self.views[name]

    def zeros_like(self) -> "Parameters":
        """Another vector with the same views, for gradients or moments."""
        return Parameters(self.shape, self.vector.dtype)


def initialise(parameters: Parameters, rng: "np.random.Generator") -> None:
    """Fill ``parameters`` afresh.

    Input and output weights are uniform in ±1/sqrt(H), shared ones normal with that deviation;
    recurrent ones orthogonal gate by gate (Saxe et al. 2014), multiplied by the cell's
    `recurrent_gain`; biases zero.
    """
    shape = parameters.shape
    gain = shape.cell_record.recurrent_gain
    bound = 1 / math.sqrt(shape.hidden)
    for name, view in parameters.views.items():
        if name.startswith("U"):
            for gate in view:
                gate[:] = gain * _orthogonal(shape.hidden, rng)
        elif name == "E":
            view[:] = rng.standard_normal(view.shape) * bound
        elif name.startswith("W") or name == "out.W":
            view[:] = rng.uniform(-bound, bound, view.shape)
        else:
            view[:] = 0


def _orthogonal(H: int, rng: "np.random.Generator") -> Array:
    """A random rotation: QR with the signs that make it uniform (Mezzadri 2007)."""
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.sign(np.diag(R))
