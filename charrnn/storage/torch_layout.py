"""PyTorch's names, shapes and gate order for the arrays of a model.

Not here: the file that holds them (model_file.py).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.parameters import Parameters, Shape

NamedArrays: TypeAlias = dict[str, npt.NDArray[Any]]
ReadArray: TypeAlias = Callable[..., Array]
"""A function from an array's name and shape to the array; raises ValueError or KeyError."""


def to_torch(parameters: Parameters) -> NamedArrays:
    """The arrays as torch.nn.RNN, GRU, LSTM (under ``rnn.``) and Linear (``out.``) name them.

    Where they are tied, ``embedding.`` has the same weight as ``out.``.
    """
    shape, arrays = parameters.shape, dict[str, npt.NDArray[Any]]()
    cell = shape.cell_record
    order = cell.torch_order
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        arrays[f"rnn.weight_ih_l{layer}"] = np.concatenate([W[gate].T for gate in order])
        arrays[f"rnn.bias_ih_l{layer}"] = b[order].ravel()
        if not cell.recurrent_weights:
            continue
        recurrent_bias = np.zeros_like(b)
        recurrent_bias[len(b) - len(r) :] = r  # the gru's is that of its last gate, n
        arrays[f"rnn.weight_hh_l{layer}"] = np.concatenate([U[gate].T for gate in order])
        arrays[f"rnn.bias_hh_l{layer}"] = recurrent_bias[order].ravel()
    if shape.tied:
        arrays["embedding.weight"] = parameters["E"]
    return {**arrays, "out.weight": parameters["out.W"].T.copy(), "out.bias": parameters["out.b"]}


def array_names(shape: Shape) -> set[str]:
    """Those of the arrays of such a network."""
    of_layers = ["weight_ih", "bias_ih"]
    if shape.cell_record.recurrent_weights:
        of_layers += ["weight_hh", "bias_hh"]
    layers = {f"rnn.{name}_l{layer}" for name in of_layers for layer in range(shape.layers)}
    return layers | {"out.weight", "out.bias"} | ({"embedding.weight"} if shape.tied else set())


def from_torch(array: ReadArray, parameters: Parameters) -> None:
    """Fill ``parameters`` from arrays so named. Two biases that are only ever added become one.

    Raises:
        ValueError: when two that are tied differ.
    """
    shape = parameters.shape
    cell, H = shape.cell_record, shape.hidden
    G = cell.gate_count
    torch_index = np.argsort(cell.torch_order)  # for each of our gates, its index in PyTorch's
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        D = W.shape[1]
        weight_ih = array(f"rnn.weight_ih_l{layer}", G * H, D).reshape(G, H, D)
        W[:] = weight_ih[torch_index].transpose(0, 2, 1)
        b[:] = array(f"rnn.bias_ih_l{layer}", G * H).reshape(G, H)[torch_index]
        if not cell.recurrent_weights:
            continue
        weight_hh = array(f"rnn.weight_hh_l{layer}", G * H, H).reshape(G, H, H)
        U[:] = weight_hh[torch_index].transpose(0, 2, 1)
        recurrent_bias = array(f"rnn.bias_hh_l{layer}", G * H).reshape(G, H)[torch_index]
        added = len(b) - len(r)
        also = recurrent_bias[:added]  # zeros in our own files, which leave even a -0.0 as it is
        np.add(b[:added], also, out=b[:added], where=also != 0)
        r[:] = recurrent_bias[added:]
    parameters["out.W"][:] = array("out.weight", shape.V, H).T
    if shape.tied and (array("embedding.weight", shape.V, H) != parameters["E"]).any():
        raise ValueError("embedding.weight and out.weight are tied, and differ")
    parameters["out.b"][:] = array("out.bias", shape.V)
