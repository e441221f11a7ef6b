"""How weights change: AdamW over one vector, clipping by the global norm, schedules."""

import math

import numpy as np

from charrnn.config import TrainConfig
from charrnn.network.workspace import Array
from charrnn.network.parameters import Parameters

BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
CHUNK = 1 << 15
"""Numbers that are updated at a time, so that the ten passes over them stay in cache."""


class AdamW:
    """Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019, algorithm 2).

    Weight decay applies to matrices and not to biases. ``m`` and ``v`` are the running means of the
    gradient and its square; ``updates`` counts.
    """

    def __init__(self, parameters: Parameters, weight_decay: float) -> None:
        self.parameters = parameters
        self.weight_decay = weight_decay
        self.m = np.zeros_like(parameters.vector)
        self.v = np.zeros_like(parameters.vector)
        self.updates = 0

    def update(self, gradient: Array, lr: float, scale: float) -> None:
        """Change the parameters by one step against ``scale * gradient`` (P,); modifies neither."""
        self.updates += 1
        self.parameters.decayed[:] *= 1 - lr * self.weight_decay
        step = lr / (1 - BETA1**self.updates)
        root = 1 / math.sqrt(1 - BETA2**self.updates)
        for start in range(0, len(gradient), CHUNK):
            part = slice(start, start + CHUNK)
            g = gradient[part] * scale
            m, v = self.m[part], self.v[part]
            m *= BETA1
            m += (1 - BETA1) * g
            v *= BETA2
            v += (1 - BETA2) * np.square(g, out=g)
            denominator = np.sqrt(v, out=g)
            denominator *= root
            denominator += EPSILON
            self.parameters.vector[part] -= step * np.divide(m, denominator, out=g)


def clipping(gradient: Array, limit: float) -> float:
    """What to multiply ``gradient`` by so that its norm is at most ``limit``; 0 is no limit.

    Not a number, or zero, where the norm is not finite: the caller checks (Pascanu et al. 2013).
    """
    norm = math.sqrt(float(np.dot(gradient, gradient)))
    if not math.isfinite(norm):
        return math.nan
    return min(1.0, limit / norm) if limit and norm else 1.0


def learning_rate(config: TrainConfig, step: int, total_steps: int) -> float:
    """For update ``step`` (from 0): a straight rise, then constant or half a cosine to zero."""
    warmup = config.warmup or 0
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "constant":
        return config.lr
    progress = (step - warmup) / max(1, total_steps - warmup)
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
