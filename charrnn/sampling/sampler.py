"""A model and an opening give characters, one at a time, for several samples side by side.

Not here: which characters may be drawn (filters.py), and text (the callers have ids).
"""

from collections.abc import Iterator
from random import Random

import numpy as np
import numpy.typing as npt

from charrnn.config import SampleConfig
from charrnn.network.model import Network, States
from charrnn.network.stepper import Stepper
from charrnn.network.workspace import Array
from charrnn.sampling.filters import Probabilities, distribution, draw
from charrnn.text.vocab import Ids

PRIME_WINDOW = 256
RANDOM_BLOCK = 256


def continuations(
    network: Network, opening: Ids | Array, samples: int, config: SampleConfig, seed: int,
    never: int | None = None,
) -> Iterator[tuple[Ids, Array]]:  # fmt: skip
    """The ids drawn in each step, (samples,), and the logits they were drawn by, (samples, V).

    The logits are good until the next step; `log_probability` makes of them what it says.
    ``opening`` is the ids to continue, (N,), N > 0; or, where a model has no way to begin,
    log-probabilities (V,) of the first character. Sample i draws the same random numbers whatever
    ``samples`` is. The id ``never`` is not drawn.
    """
    if opening.dtype.kind == "f":
        logits, states = opening[None].astype(network.parameters.vector.dtype), None
    else:
        logits, states = _primed(network, opening.astype(np.intp))
    logits = np.repeat(logits, samples, axis=0)
    states = network.initial_states(samples) if states is None else _repeated(states, samples)
    uniform = _uniform(samples, seed)
    step: Stepper | None = None
    for remaining in range(config.length, 0, -1):
        possible = logits if never is None else _without(never, logits)
        ids = draw(distribution(possible, config), next(uniform))
        yield ids, logits
        if remaining > 1:
            step = step or Stepper(network, states)  # the first character need not wait for it
            logits = step(ids).T


def log_probability(logits: Array, ids: Ids) -> Probabilities:
    """Of the ``ids`` (B,) drawn by ``logits`` (B, V), in nats, by the model as it is; (B,)."""
    logs = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    picked = logs[np.arange(len(ids)), ids]
    return picked - np.log(np.add.reduce(np.exp(logs, out=logs), axis=1, dtype=np.float64))


def _primed(network: Network, ids: Ids) -> tuple[Array, States]:
    """Read ``ids`` from a zero state, a window at a time: the next log-probabilities, (1, V)."""
    states = network.initial_states(1)
    for start in range(0, len(ids), PRIME_WINDOW):
        logs, states = network.predict(ids[start : start + PRIME_WINDOW, None], states)
    return logs[-1], states


def _repeated(states: States, samples: int) -> States:
    return [tuple(np.repeat(part, samples, axis=0) for part in state) for state in states]


def _without(never: int, logits: Array) -> Array:
    possible = logits.copy()
    possible[:, never] = -np.inf
    return possible


def _uniform(samples: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    """Numbers in [0, 1), (samples,) a step, each sample's from a generator of its own.

    Python's generators, as NumPy's would take longer to import than a character takes to come.
    """
    generators = [Random(f"{seed} {sample}") for sample in range(samples)]
    while True:
        block = [[each.random() for _ in range(RANDOM_BLOCK)] for each in generators]
        yield from np.array(block).T
