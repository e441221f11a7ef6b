"""Room for the arrays of a window, made once and used again by the next window.

A large array that is made anew costs a page fault for every 4 kB of it, a few per cent of a
training. What stands in the room is good until the same computation is made again in it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt


class Workspace:
    """Arrays by name; ``inner`` rooms keep the names of layers apart."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._inner: dict[object, Workspace] = {}

    def empty(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array with arbitrary content: the one that had this name before, if it fits."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array

    def inner(self, name: object) -> "Workspace":
        """A room of its own for a part of the computation."""
        return self._inner.setdefault(name, Workspace())
