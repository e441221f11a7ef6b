"""Arrays that are allocated once and reused by the next window.

Allocating a large array costs a page fault for every 4 kB of it, a few per cent of the time of a
training. The content of an array is valid until the same computation runs again in its workspace.
"""

from typing import Any

import numpy as np
import numpy.typing as npt


class Workspace:
    """Arrays by name, and a child workspace for each part of the computation, such as a layer."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        self._children: dict[object, Workspace] = {}

    def empty(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return an array with arbitrary content: the last one of this name, if it still fits."""
        array = self._arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self._arrays[name] = np.empty(shape, dtype)
        return array

    def child(self, name: object) -> "Workspace":
        """Return the workspace of a part of the computation, in which names are its own."""
        return self._children.setdefault(name, Workspace())
