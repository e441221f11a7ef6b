"""The vanishing gradient: what a loss still says about the state some steps before it.

With L_t the loss of the character after step t and h_t the states of all layers after it,

    r_t(k) = |dL_t / dh_{t-k}| / |dL_t / dh_t|

by backpropagation through exactly k steps, from the states that the text had led to. Where r falls
with k, what happened k steps ago hardly changes the weights (Hochreiter 1991; Bengio, Simard and
Frasconi 1994); where it grows, it explodes (Pascanu, Mikolov and Bengio 2013). An lstm has a second
way back, through its cells c; that one is relative to k = 1, as a loss sees c_t through h_t alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.config import DEFAULT_LAGS
from charrnn.errors import InputError
from charrnn.network.model import Network, States
from charrnn.network.parameters import initialize
from charrnn.network.softmax import cross_entropy_and_gradients
from charrnn.network.workspace import Workspace
from charrnn.reports.held_out import HeldOut
from charrnn.storage.model_file import Checkpoint

POSITIONS = 256
SIDE_BY_SIDE = 64  # positions
READ_AT_MOST = 20_000  # characters, as one stream
MOST_BESIDES = 2  # characters that a window of so many lags has besides
VANISHED = 0.01

Norms = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WayBack:
    """One way back: the median of r over positions, its 10th and 90th percentile, by lag.

    The ``first`` lag is 0 through h, 1 through c; r is 1 there. ``vanished`` is the lag from which
    on the median stays below 1 %, None where it does not get there. At a share ``exploding`` of
    the positions r exceeds 1 at some lag.
    """

    through: str
    first: int
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    vanished: int | None
    exploding: float


@dataclass(frozen=True)
class Gradients:
    """Of one model over so many ``positions`` of a text: through h and, in an lstm, through c."""

    model: str
    cell: str
    hidden: int
    layers: int
    untrained: bool
    text: str
    positions: int
    lags: int
    ways: tuple[WayBack, ...]


def gradients(
    checkpoint: Checkpoint,
    model: str,
    text: HeldOut,
    *,
    lags: int = DEFAULT_LAGS,
    positions: int = POSITIONS,
    untrained: bool = False,
) -> Gradients:
    """Measure at equally spaced positions of ``text``; ``untrained``, as training began.

    Raises:
        InputError: when the text is too short for so many ``lags``.
    """
    network = checkpoint.network
    if untrained:
        network = Network(network.parameters.zeros_like())
        rng = np.random.Generator(np.random.PCG64(checkpoint.config.seed))
        initialize(network.parameters, rng)
    ids = text.ids[:READ_AT_MOST]
    places = len(ids) - 1 - lags  # where a window of lags + 1 steps can begin
    if places < 1:
        problem = f"is too short for {lags} lags"
        if len(ids) > MOST_BESIDES:
            problem += f"; ask for --lags {len(ids) - MOST_BESIDES} or fewer"
        raise InputError(text.name, problem)
    stride = max(1, places // positions)
    begins = np.arange(0, places, stride)[:positions]
    states = states_after(network, ids, begins)
    groups = [begins[at : at + SIDE_BY_SIDE] for at in range(0, len(begins), SIDE_BY_SIDE)]
    steps = np.arange(lags + 2)[:, None]
    found = [
        list(norms_by_lag(network, ids[group + steps], list(islice(states, len(group)))))
        for group in groups
    ]
    norms = np.concatenate(found, axis=2)  # by lag, by h and c, by position
    shape = network.shape
    # A loss depends on the output, which is the first state, at lag 0, and on the others from 1 on.
    ways = (
        _way_back(name, norms[:, at], first=min(at, 1))
        for at, name in enumerate(shape.cell_record.states)
    )
    return Gradients(
        model, shape.cell, shape.hidden, shape.layers, untrained, text.name, len(begins), lags,
        tuple(ways),
    )  # fmt: skip


def norms_by_lag(network: Network, window: Ids, states: Sequence[States]) -> Iterator[list[Norms]]:
    """For k = 0, 1, … the norms (B,) of the gradient of h and, in an lstm, of c.

    ``window`` (lags + 2, B) is what is read and at last predicted, ``states`` those after its first
    characters. Each step is computed twice, so that only the states of all of them are held and
    not what their backward needs.
    """
    workspace, scratch = Workspace(), network.parameters.zeros_like()
    before = [_side_by_side(states)]
    for step in window[1:-1]:
        _, after, _ = network.forward(step[None], before[-1], workspace=workspace)
        before.append(after)
    _, dh = cross_entropy_and_gradients(
        before[-1][-1][0], window[-1], *network.output_weights,
        scratch["out.W"], scratch["out.b"], workspace, characters=1,
    )  # fmt: skip
    dstates: States = network.initial_states(len(states))
    dstates[-1][0][:] = dh
    yield [_norm(dstates, at) for at in range(len(dstates[0]))]
    for step, states_before in zip(window[-2:0:-1], before[-2::-1], strict=True):
        h, _, backward = network.forward(step[None], states_before, workspace=workspace)
        dstates = backward(np.zeros_like(h), scratch, dstates)
        yield [_norm(dstates, at) for at in range(len(dstates[0]))]


def states_after(network: Network, ids: Ids, places: Ids) -> Iterator[States]:
    """The states, of one stream, after reading the character at each of rising ``places``."""
    states, read, workspace = network.initial_states(1), 0, Workspace()
    for place in places:
        _, states, _ = network.forward(ids[read : place + 1, None], states, workspace=workspace)
        read = place + 1
        yield states


def _side_by_side(states: Sequence[States]) -> States:
    """Those of several streams as one batch."""
    return [
        tuple(np.concatenate(arrays) for arrays in zip(*layer, strict=True))
        for layer in zip(*states, strict=True)
    ]


def _norm(dstates: States, at: int) -> Norms:
    """Over all units of all layers, of h (0) or c (1): (streams,)."""
    squares = [np.square(state[at], dtype=np.float64).sum(axis=1) for state in dstates]
    return np.sqrt(sum(squares))


def _way_back(through: str, norms: Norms, *, first: int) -> WayBack:
    """Of norms (lags + 1, positions), relative to those at lag ``first``."""
    known = norms[first:]
    ratios = known / np.where(known[0] > 0, known[0], np.inf)
    low, median, high = np.percentile(ratios, [10, 50, 90], axis=1)
    vanished = len(median) - int(np.argmax((median >= VANISHED)[::-1]))
    return WayBack(
        through, first, tuple(median.tolist()), tuple(low.tolist()), tuple(high.tolist()),
        first + vanished if vanished < len(median) else None,
        float((ratios[1:] > 1).any(axis=0).mean()),
    )  # fmt: skip
