"""How much an update changes the weights: the ratio of the norms, for each group of matrices."""

import math

import numpy as np

from charrnn.arrays import Array
from charrnn.network.parameters import Parameters
from charrnn.training.events import UpdateRatio


def measure_update(parameters: Parameters, before: Array) -> UpdateRatio:
    """Return the ratios of the update that changed the vector ``before`` to ``parameters``.

    ``before`` is overwritten.
    """
    np.subtract(parameters.vector, before, before)
    update = Parameters(parameters.shape, vector=before)

    def ratio(name: str) -> float | None:
        norm = float(np.linalg.norm(parameters[name]))
        ratio = float(np.linalg.norm(update[name])) / norm if norm else math.nan
        return ratio if math.isfinite(ratio) else None

    layers = range(parameters.shape.layers)
    return UpdateRatio(
        input=tuple(ratio(f"W{layer}") for layer in layers),
        recurrent=tuple(ratio(f"U{layer}") for layer in layers),
        output=ratio("out.W"),
    )
