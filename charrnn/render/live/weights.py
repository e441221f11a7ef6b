"""The weights of a network as the page has them: rounded, and each matrix by its rows.

A row of the input weights is that of a character, where the input is one-hot. All other rows belong
to an output of the product, so that the page computes each as a sum along a row.
"""

import base64
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape

HALVES_UP_TO = 400_000  # parameters; larger networks have 8 bits for a weight
LARGEST_HALF = float(np.finfo(np.float16).max)

Packed: TypeAlias = dict[str, Any]


def pack_network(network: Network) -> dict[str, Packed]:
    """Return all arrays of ``network`` by name, rounded, as numbers and strings for JSON.

    ``shape`` is [rows, columns]. ``data`` are, in base64 and little-endian, 16-bit floats, or 8-bit
    integers, each of which is multiplied by the ``scale`` of its row, a 32-bit float. Biases are
    32-bit floats.
    """
    arrays = {}
    for name, matrix in _list_matrices(network.parameters):
        arrays[name] = _pack_matrix(matrix, _choose_bits(network.shape, matrix))
    for name in network.shape.biases():
        bias = network.parameters[name].reshape(1, -1)
        arrays[name] = {"shape": list(bias.shape), "bits": 32, "data": _encode(bias, "<f4")}
    return arrays


def round_network(network: Network) -> Network:
    """Return the network whose weights are those that the page has."""
    rounded = Parameters(network.shape, np.float32)
    rounded.vector[:] = network.parameters.vector
    for name, matrix in _list_matrices(rounded):
        _write_matrix(rounded, name, _round(matrix, _choose_bits(network.shape, matrix)))
    return Network(rounded)


def _list_matrices(parameters: Parameters) -> Iterator[tuple[str, Array]]:
    """Yield each weight matrix by its rows (rows, columns)."""
    shape = parameters.shape
    for name in shape.matrices():
        matrix = parameters[name]
        if name.startswith("W") and name == "W0" and not shape.tied:  # (G, V, H)
            yield name, matrix.swapaxes(0, 1).reshape(shape.V, -1)
        elif matrix.ndim == 3:  # (G, D, H)
            yield name, matrix.swapaxes(1, 2).reshape(-1, matrix.shape[1])
        else:  # out.W (H, V), E (V, H)
            yield name, matrix.T if name == "out.W" else matrix


def _write_matrix(parameters: Parameters, name: str, rows: Array) -> None:
    """Write ``rows``, as `_list_matrices` yields them, to the array ``name``."""
    target, shape = parameters[name], parameters.shape
    if name == "W0" and not shape.tied:
        target[:] = rows.reshape(shape.V, -1, shape.hidden).swapaxes(0, 1)
    elif target.ndim == 3:
        target[:] = rows.reshape(-1, shape.hidden, target.shape[1]).swapaxes(1, 2)
    else:
        target[:] = rows.T if name == "out.W" else rows


def _choose_bits(shape: Shape, matrix: Array) -> int:
    fits = float(np.abs(matrix).max(initial=0)) <= LARGEST_HALF
    return 16 if fits and shape.parameter_count <= HALVES_UP_TO else 8


def _pack_matrix(matrix: Array, bits: int) -> Packed:
    packed = {"shape": list(matrix.shape), "bits": bits}
    if bits == 16:
        return {**packed, "data": _encode(matrix, "<f2")}
    whole, scale = _quantize(matrix)
    return {**packed, "data": _encode(whole, "i1"), "scale": _encode(scale, "<f4")}


def _round(matrix: Array, bits: int) -> Array:
    if bits == 16:
        return matrix.astype(np.float16).astype(np.float32)
    whole, scale = _quantize(matrix)
    return whole.astype(np.float32) * scale


def _quantize(matrix: Array) -> tuple[npt.NDArray[np.int8], Array]:
    """Return whole numbers from -127 to 127 and the scale (rows, 1) of each row."""
    largest = np.abs(matrix).max(axis=1, keepdims=True, initial=0).astype(np.float32)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(matrix / scale).astype(np.int8), scale


def _encode(array: npt.NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode("ascii")
