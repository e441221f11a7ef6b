"""What the programs of compare.py's other sides share: the model file, its check, the clock.

A model file has PyTorch's names for the weights, the name of the cell, and ``ids`` (T, B) with the
``logits`` (T, B, V) that charrnn computes from them.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

TEMPERATURE = 0.8
TOLERANCE = 1e-4
WARM_UP, STEPS_AT_LEAST = 3, 3


@dataclass(frozen=True)
class ModelFile:
    """A network's weights, and logits to compare with."""

    cell: str
    weights: dict[str, npt.NDArray[Any]]
    ids: npt.NDArray[Any]
    logits: npt.NDArray[Any]

    @property
    def V(self) -> int:  # noqa: N802
        """The number of distinct characters."""
        return len(self.weights["out.bias"])

    @property
    def H(self) -> int:  # noqa: N802
        """The number of units."""
        return int(self.weights["out.weight"].shape[1])

    @property
    def layers(self) -> int:
        """The number of layers."""
        return sum(name.startswith("rnn.weight_hh") for name in self.weights)

    @property
    def streams(self) -> int:
        """B, the number of streams or samples."""
        return int(self.ids.shape[1])

    def check_logits(self, logits: npt.NDArray[Any], tolerance: float = TOLERANCE) -> None:
        """Exit with an error unless ``logits`` are charrnn's, apart from rounding."""
        difference = abs(logits - self.logits).max()
        if not difference <= tolerance:
            sys.exit(f"{sys.argv[0]}: logits differ from charrnn's by {difference:.2g}")


def read_model(path: str) -> ModelFile:
    """Read a file that compare.py has written."""
    with np.load(path) as file:
        arrays = dict(file)
    cell, ids, logits = (arrays.pop(name) for name in ("cell", "ids", "logits"))
    return ModelFile(str(cell), arrays, ids, logits)


def measure_speed(characters: int, step: Callable[[], object], seconds: float) -> float:
    """Return characters per second by the median step of ``seconds``, after a warm-up.

    A step computes ``characters``. If the warm-up takes longer than ``seconds``, its last step
    counts: such a setting is too slow to be the best one.
    """
    end = time.perf_counter() + seconds
    for _ in range(WARM_UP):
        duration = measure_seconds(step)
        if time.perf_counter() > end:
            return characters / duration
    times, end = list[float](), time.perf_counter() + seconds
    while len(times) < STEPS_AT_LEAST or time.perf_counter() < end:
        times.append(measure_seconds(step))
    return characters / statistics.median(times)


def measure_seconds(step: Callable[[], object]) -> float:
    """Return the seconds that a step takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
