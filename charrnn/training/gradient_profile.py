"""How much of the gradient reaches k steps back while a network learns, at some evaluations.

It is measured as `charrnn inspect gradients` does, over fewer places and lags: see
reports/gradients.py for the formula. It draws no random number and changes nothing.
"""

import math
from collections.abc import Sequence

import numpy as np

from charrnn.arrays import Ids
from charrnn.config import Settings
from charrnn.network.gradient_by_lag import Norms, norms_by_lag
from charrnn.network.model import Network
from charrnn.network.workspace import Workspace
from charrnn.training.automatic import PASSES_PER_UPDATE
from charrnn.training.events import GradientProfile

READ_AT_MOST = 20_000  # characters
LAGS = (1, 2, 5, 10, 20, 50, 100, 200)
PLACES_AT_LEAST, PLACES_AT_MOST = 8, 32
MEASUREMENTS_AT_LEAST, MEASUREMENTS_AT_MOST = 2, 20
MAX_SHARE = 0.01
"""The share of the operations of a training that all its measurements may have."""
BEFORE = 64
"""The characters that lead to the state in which a place begins, after a zero state."""
SIDE_BY_SIDE = 8  # places, so that this takes no more memory than training does
PASSES_PER_STEP = 4
"""Forward passes that a step of a lag costs: two, and a backward pass, which has two products."""


def measure_if_due(
    network: Network, text: Ids, config: Settings, total_steps: int, step: int
) -> GradientProfile | None:
    """Measure on the end of ``text``, if it is the turn of the evaluation after ``step``.

    Every member of a team measures, and has its own share of the operations of the training.
    """
    assert config.eval_every
    characters = total_steps * config.batch * config.seq / config.members
    profiler = GradientProfiler(
        text[-READ_AT_MOST:],
        math.ceil(total_steps / config.eval_every),
        PASSES_PER_UPDATE * characters,
    )
    if not profiler.is_due((step - 1) // config.eval_every):
        return None
    return profiler.measure(network)


class GradientProfiler:
    """Measures at fixed places of ``text`` (N,), at evenly spaced ones of ``evaluations``.

    ``operations`` are those of the whole training, divided by those of a forward pass over one
    character.
    """

    def __init__(self, text: Ids, evaluations: int, operations: float) -> None:
        longest = min(LAGS[-1], len(text) - BEFORE - 2)
        self.lags = tuple(lag for lag in LAGS if lag <= longest)
        self._text, self._evaluations = text, max(1, evaluations)
        self.measurements = self.places = 0
        if not self.lags:
            return
        affordable = MAX_SHARE * operations
        cost = BEFORE + 1 + PASSES_PER_STEP * self.lags[-1]
        most = min(MEASUREMENTS_AT_MOST, self._evaluations)
        places = min(PLACES_AT_MOST, math.floor(affordable / (most * cost)))
        self.places = max(PLACES_AT_LEAST, places)
        measurements = min(most, math.floor(affordable / (self.places * cost)))
        if measurements < MEASUREMENTS_AT_LEAST:
            return
        self.measurements = measurements

    def is_due(self, evaluation: int) -> bool:
        """Whether to measure at this ``evaluation``, which counts from 0."""
        share = self.measurements / self._evaluations
        return math.floor((evaluation + 1) * share) > math.floor(evaluation * share)

    def measure(self, network: Network) -> GradientProfile | None:
        """Return the median over all places; None if a gradient is not finite."""
        length = BEFORE + self.lags[-1] + 2
        begins = np.linspace(0, len(self._text) - length, self.places).astype(np.intp)
        windows = np.asarray(self._text)[begins + np.arange(length)[:, None]].astype(np.intp)
        groups = (windows[:, at : at + SIDE_BY_SIDE] for at in range(0, self.places, SIDE_BY_SIDE))
        by_group = [_measure_norms(network, group, self.lags) for group in groups]
        norms = np.concatenate(by_group, axis=2)
        if not np.isfinite(norms).all():
            return None
        medians = {}
        for row, name in enumerate(network.shape.cell_record.states):
            # A loss depends on h at lag 0, and on the other states from lag 1 on.
            first = norms[min(row, 1), row]
            ratios = norms[:, row] / np.where(first > 0, first, np.inf)
            medians[name] = tuple(map(float, np.median(ratios[1:], axis=1)))
        return GradientProfile(lags=self.lags, medians=medians)


def _measure_norms(network: Network, windows: Ids, lags: Sequence[int]) -> Norms:
    """Return the norms (1 + lags, states, B) of the gradient in ``windows`` (T, B)."""
    states = network.initial_states(windows.shape[1])
    _, states, _ = network.forward(windows[: BEFORE + 1], states, workspace=Workspace())
    return np.array(list(norms_by_lag(network, windows[BEFORE:], states, lags)))
