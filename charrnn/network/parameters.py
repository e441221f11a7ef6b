"""All weights of a network: one contiguous vector, with a named view for each array.

The optimizer, clipping, sums over workers, files and gradient checks see the vector; the network
sees names.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.cell import Cell, get_cell


@dataclass(frozen=True)
class Shape:
    """What determines the sizes of a network. V is the size of the vocabulary.

    The input is one-hot, unless the network is ``tied``. Then the input is a character's vector in
    an embedding E (V, H), and the output's W is E transposed (Press and Wolf 2017, Inan et al.
    2017).
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
    def parameter_count(self) -> int:
        """The number of parameters."""
        return sum(map(math.prod, [*self.matrices().values(), *self.biases().values()]))

    @property
    def square_matrix_count(self) -> int:
        """The number of weight matrices (H, H): recurrent, and for upper layers' input."""
        cell = self.cell_record
        return cell.gate_count * (self.layers * cell.recurrent_weights + self.layers - 1)

    @property
    def flops_per_character(self) -> int:
        """Floating-point operations per character of a forward pass. Training takes 3 times that.

        It counts the products with recurrent weights, with the input weights of upper layers and
        with the output weights, but neither gathered rows nor elementwise work.
        """
        return 2 * (self.square_matrix_count * self.hidden**2 + self.hidden * self.V)

    def matrices(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the weight matrices, to which weight decay is applied."""
        cell, H = self.cell_record, self.hidden
        shapes: dict[str, tuple[int, ...]] = {"E": (self.V, H)} if self.tied else {}
        for layer in range(self.layers):
            D = H if layer or self.tied else self.V
            shapes[f"W{layer}"] = (cell.gate_count, D, H)
            shapes[f"U{layer}"] = (cell.gate_count if cell.recurrent_weights else 0, H, H)
        return shapes if self.tied else {**shapes, "out.W": (H, self.V)}

    def biases(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the biases, which do not decay."""
        cell, H = self.cell_record, self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            shapes[f"b{layer}"] = (cell.gate_count, H)
            shapes[f"r{layer}"] = (cell.recurrent_biases, H)
        return {**shapes, "out.b": (self.V,)}


class Parameters:
    """A vector and its views by name, the matrices first.

    ``W0 U0 b0 r0`` are layer 0's input weights (G, D, H), recurrent weights (G, H, H), biases
    (G, H) and recurrent biases (R, H); ``out.W`` (H, V) and ``out.b`` (V,) are those of the output.
    A tied network has ``E`` (V, H), of which out.W is the transposed view.
    """

    def __init__(
        self, shape: Shape, dtype: npt.DTypeLike = np.float32, vector: Array | None = None
    ) -> None:
        layout = {**shape.matrices(), **shape.biases()}
        self.shape = shape
        self.vector: Array = np.zeros(shape.parameter_count, dtype) if vector is None else vector
        self.views: dict[str, Array] = {}
        end = 0
        for name, dims in layout.items():
            start, end = end, end + math.prod(dims)
            self.views[name] = self.vector[start:end].reshape(dims)

    @property
    def decayed(self) -> Array:
        """The part of the vector that holds the matrices."""
        return self.vector[: sum(map(math.prod, self.shape.matrices().values()))]

    def __getitem__(self, name: str) -> Array:
        return self.views["E"].T if self.shape.tied and name == "out.W" else self.views[name]

    def zeros_like(self) -> "Parameters":
        """Return a vector of zeros with the same views, for gradients or moments."""
        return Parameters(self.shape, self.vector.dtype)


def initialize(parameters: Parameters, rng: "np.random.Generator") -> None:
    """Set ``parameters`` to random values.

    Input and output weights are uniform in ±1/sqrt(H), tied ones normal with that standard
    deviation. Recurrent weights are orthogonal, gate by gate (Saxe et al. 2014), multiplied by the
    cell's `recurrent_gain`. Biases are zero, or uniform in the cell's `bias_ranges`.
    """
    shape = parameters.shape
    gain = shape.cell_record.recurrent_gain
    bound = 1 / math.sqrt(shape.hidden)
    for name, view in parameters.views.items():
        if name.startswith("U"):
            for gate in view:
                gate[:] = gain * _draw_orthogonal(shape.hidden, rng)
        elif name == "E":
            view[:] = rng.standard_normal(view.shape) * bound
        elif name.startswith("W") or name == "out.W":
            view[:] = rng.uniform(-bound, bound, view.shape)
        else:
            view[:] = 0
            if name.startswith("b"):
                for biases, (low, high) in zip(view, shape.cell_record.bias_ranges, strict=False):
                    biases[:] = rng.uniform(low, high, shape.hidden)


def _draw_orthogonal(H: int, rng: "np.random.Generator") -> Array:
    """Draw an orthogonal matrix (H, H) from the uniform distribution.

    The signs of R make the QR decomposition unique, and so Q uniform (Mezzadri 2007).
    """
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.sign(np.diag(R))
