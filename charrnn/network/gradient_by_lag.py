"""How much of a loss's gradient reaches the state some steps earlier, step by step.

Not here: where it is measured, and relative to what (training/gradient_profile.py and
reports/gradients.py).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network, States
from charrnn.network.softmax import cross_entropy_and_gradients
from charrnn.network.workspace import Workspace

Norms = npt.NDArray[np.float64]


def norms_by_lag(
    network: Network, window: Ids, states: States, lags: Sequence[int]
) -> Iterator[list[Norms]]:
    """Yield, for lag 0 and each of ``lags``, the norms (B,) of the gradient of h and an lstm's c.

    ``window`` (lags[-1] + 2, B) has the characters that are read, and as its last row those that
    are predicted. ``states`` are those after its first row, and ``lags`` rise. The steps between
    two lags are computed twice, so that only the states at the lags are held, and not what the
    backward pass of all steps needs.
    """
    workspace, scratch = Workspace(), network.parameters.zeros_like()
    steps = window[1:-1]
    ends = [len(steps) - lag for lag in (*reversed(lags), 0)]
    parts = [steps[start:end] for start, end in pairwise(ends)]
    before = [states]
    for part in parts:
        _, after, _ = network.forward(part, before[-1], workspace=workspace)
        before.append(after)
    _, dh = cross_entropy_and_gradients(
        before[-1][-1][0], window[-1], *network.output_weights,
        scratch["out.W"], scratch["out.b"], workspace, characters=1,
    )  # fmt: skip
    dstates: States = network.initial_states(window.shape[1])
    dstates[-1][0][:] = dh
    yield [_gradient_norm(dstates, state) for state in range(len(dstates[0]))]
    for part, states_before in zip(reversed(parts), before[-2::-1], strict=True):
        h, _, backward = network.forward(part, states_before, workspace=workspace)
        dstates = backward(np.zeros_like(h), scratch, dstates)
        yield [_gradient_norm(dstates, state) for state in range(len(dstates[0]))]


def states_after(network: Network, ids: Ids, places: Ids) -> Iterator[States]:
    """Yield the states of one stream after the character at each of the rising ``places``."""
    states, read, workspace = network.initial_states(1), 0, Workspace()
    for place in places:
        _, states, _ = network.forward(ids[read : place + 1, None], states, workspace=workspace)
        read = place + 1
        yield states


def join_states(states: Sequence[States]) -> States:
    """Join the states of several streams as those of one batch."""
    return [
        tuple(np.concatenate(arrays) for arrays in zip(*layer, strict=True))
        for layer in zip(*states, strict=True)
    ]


def _gradient_norm(dstates: States, state: int) -> Norms:
    """Return the norm over all units of all layers of the gradient of h (0) or c (1): (B,)."""
    squares = [np.square(layer[state], dtype=np.float64).sum(axis=1) for layer in dstates]
    return np.sqrt(sum(squares))
