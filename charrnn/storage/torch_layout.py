"""PyTorch's names, shapes and gate order for the arrays of a model.

Not here: the file that holds them (model_file.py).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.language import gettext as _
from charrnn.network.cell import Cell
from charrnn.network.parameters import Parameters, Shape

NamedArrays: TypeAlias = dict[str, npt.NDArray[Any]]
ReadArray: TypeAlias = Callable[..., Array]
"""A function from an array's name and shape to the array; raises ValueError or KeyError."""


def to_torch(parameters: Parameters) -> NamedArrays:
    """Return the weights as arrays with the names and layout of PyTorch's modules.

    ``rnn.`` is a torch.nn.RNN, GRU or LSTM, ``out.`` a Linear. With tied weights, ``embedding.`` is
    an Embedding with the same weight as ``out.``. Recurrent weights that PyTorch's module has and
    the cell has not are zeros.
    """
    shape, arrays = parameters.shape, dict[str, npt.NDArray[Any]]()
    cell = shape.cell_record
    order = cell.torch_order
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        arrays[f"rnn.weight_ih_l{layer}"] = np.concatenate([W[gate].T for gate in order])
        arrays[f"rnn.bias_ih_l{layer}"] = b[order].ravel()
        if not has_recurrent_arrays(cell):
            continue
        recurrent_bias = np.zeros_like(b)
        # PyTorch adds two biases to every gate. Where only their sum matters, ours is the first.
        # Only the last gates have a second one of their own: the gru's n.
        recurrent_bias[len(b) - len(r) :] = r
        if not cell.recurrent_weights:
            U = np.zeros((cell.gate_count, shape.hidden, shape.hidden), b.dtype)
        arrays[f"rnn.weight_hh_l{layer}"] = np.concatenate([U[gate].T for gate in order])
        arrays[f"rnn.bias_hh_l{layer}"] = recurrent_bias[order].ravel()
    if shape.tied:
        arrays["embedding.weight"] = parameters["E"]
    return {**arrays, "out.weight": parameters["out.W"].T.copy(), "out.bias": parameters["out.b"]}


def has_recurrent_arrays(cell: Cell) -> bool:
    """Whether a model file has arrays for the recurrent weights of ``cell``."""
    return cell.recurrent_weights or cell.torch_module is not None


def array_names(shape: Shape) -> set[str]:
    """Return the names that `to_torch` gives to the arrays of a network with this shape."""
    layer_names = ["weight_ih", "bias_ih"]
    if has_recurrent_arrays(shape.cell_record):
        layer_names += ["weight_hh", "bias_hh"]
    names = {f"rnn.{name}_l{layer}" for name in layer_names for layer in range(shape.layers)}
    return names | {"out.weight", "out.bias"} | ({"embedding.weight"} if shape.tied else set())


def from_torch(read_array: ReadArray, parameters: Parameters) -> None:
    """Fill ``parameters`` from arrays with the names of `to_torch`.

    Where a gate has two biases and only their sum matters, they are added into one.

    Raises:
        ValueError: when weights that should be tied differ, or when recurrent weights that the cell
        has not are not zero.
    """
    shape = parameters.shape
    cell, H = shape.cell_record, shape.hidden
    G, order = cell.gate_count, cell.torch_order
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        D = W.shape[1]
        weight_ih = read_array(f"rnn.weight_ih_l{layer}", G * H, D).reshape(G, H, D)
        W[order] = weight_ih.transpose(0, 2, 1)
        b[order] = read_array(f"rnn.bias_ih_l{layer}", G * H).reshape(G, H)
        if not has_recurrent_arrays(cell):
            continue
        weight_hh = read_array(f"rnn.weight_hh_l{layer}", G * H, H).reshape(G, H, H)
        if cell.recurrent_weights:
            U[order] = weight_hh.transpose(0, 2, 1)
        elif weight_hh.any():
            problem = _("{name} is not zero, but a {cell} has no recurrent weights")
            raise ValueError(problem.format(name=f"rnn.weight_hh_l{layer}", cell=cell.name))
        recurrent_bias = np.empty_like(b)
        recurrent_bias[order] = read_array(f"rnn.bias_hh_l{layer}", G * H).reshape(G, H)
        added = len(b) - len(r)
        # In our own files these are zeros. They are not added, since -0.0 + 0.0 is 0.0, and a model
        # that is loaded and saved should keep its bytes.
        second = recurrent_bias[:added]
        np.add(b[:added], second, out=b[:added], where=second != 0)
        r[:] = recurrent_bias[added:]
    parameters["out.W"][:] = read_array("out.weight", shape.V, H).T
    if shape.tied and (read_array("embedding.weight", shape.V, H) != parameters["E"]).any():
        raise ValueError(_("embedding.weight and out.weight should be tied, but differ"))
    parameters["out.b"][:] = read_array("out.bias", shape.V)
