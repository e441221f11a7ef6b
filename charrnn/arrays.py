"""Types of the arrays that the package passes around. Shapes are in docstrings, not here."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""Weights, activations, gradients, losses: float32, or float64 in gradient checks."""

Ids: TypeAlias = npt.NDArray[np.integer[Any]]
"""Ids of characters, or other indices."""
