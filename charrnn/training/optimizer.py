"""How weights change: AdamW over one vector, clipping by the global norm, schedules."""

import math

import numpy as np

from charrnn.arrays import Array
from charrnn.config import Settings
from charrnn.network.parameters import Parameters

BETA1, EPSILON = 0.9, 1e-8
BETA2 = 1 - (1 - BETA1) ** 2  # 0.99; see `AdamW.update`
CHUNK = 1 << 15  # parameters updated at a time, which stay in cache for the dozen passes over them


class AdamW:
    """Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019, algorithm 2).

    Weight decay applies to matrices and not to biases. ``m`` and ``v`` are the running means of the
    gradient and of its square, and ``updates`` is the number of updates made.
    """

    def __init__(self, parameters: Parameters, weight_decay: float) -> None:
        self.parameters = parameters
        self.weight_decay = weight_decay
        self.m = np.zeros_like(parameters.vector)
        self.v = np.zeros_like(parameters.vector)
        self.updates = 0
        self._spare = np.empty(CHUNK, self.m.dtype)

    def update(self, gradient: Array, lr: float, scale: float) -> None:
        """Change the parameters by one step against ``scale * gradient``; ``gradient`` is (P,)."""
        self.updates += 1
        # The means start at zero. Their bias is corrected in the two scalars, so that no corrected
        # copies of m and v are needed: lr * (m / c1) / (sqrt(v / c2) + epsilon), with c1 and c2 as
        # in the paper, is `step * m / (sqrt(v) + epsilon * root)` with root = sqrt(c2).
        root = math.sqrt(1 - BETA2**self.updates)
        step, epsilon = lr * root / (1 - BETA1**self.updates), EPSILON * root
        decay, decayed = 1 - lr * self.weight_decay, len(self.parameters.decayed)
        for start in range(0, len(gradient), CHUNK):
            part = slice(start, start + CHUNK)
            weights, g = self.parameters.vector[part], gradient[part]
            m, v = self.m[part], self.v[part]
            weights[: max(0, decayed - start)] *= decay
            spare = np.multiply(g, (1 - BETA1) * scale, out=self._spare[: len(g)])
            m *= BETA1
            m += spare
            # (1 - β1)² is 1 - β2, so what is added to v is the square of what was added to m.
            spare *= spare
            v *= BETA2
            v += spare
            np.sqrt(v, out=spare)
            spare += epsilon
            np.divide(m, spare, out=spare)
            spare *= step
            weights -= spare


def gradient_norm(gradient: Array) -> float:
    """Return the norm of ``gradient`` (P,), which is not finite when a number is not."""
    return math.sqrt(float(np.dot(gradient, gradient)))


def clip_coefficient(norm: float, limit: float) -> float:
    """Return the factor that scales a gradient of this ``norm`` to at most ``limit``.

    A ``limit`` of 0 is none (Pascanu et al. 2013).
    """
    return min(1.0, limit / norm) if limit and norm else 1.0


def learning_rate(config: Settings, step: int, total_steps: int) -> float:
    """Return the rate of update ``step``, which counts from 0.

    It warms up linearly, then stays constant or decreases to 0 along half a cosine.
    """
    warmup = config.warmup or 0
    if step < warmup:
        return config.lr * (step + 1) / warmup
    if config.schedule == "constant":
        return config.lr
    progress = (step - warmup) / max(1, total_steps - warmup)
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
