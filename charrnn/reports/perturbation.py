"""How long a difference in the past lasts: one character of a text is exchanged for another.

The model reads the text as it is, and once more with the exchanged character. The text after it is
the same, so that whatever differs later is the model's memory of that one character. This is done
at many places.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network, States
from charrnn.network.softmax import kl_divergence, log_probabilities
from charrnn.network.workspace import Workspace

STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)
PLACES_AT_LEAST, PLACES_AT_MOST = 16, 128
BEFORE = 256
"""The characters that are read before the exchanged one, from a zero state."""
OPERATIONS_AT_MOST = 2e11
SIDE_BY_SIDE, WINDOW = 64, 16  # places, and characters, that are read at once
RANDOM_SEED = 0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """The median over all places, and the 10th and the 90th percentile."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """What still differs ``steps`` characters after the exchanged one.

    ``kl`` is the divergence of the predictions in nats, KL(as it is‖exchanged). ``state`` is the
    root mean square of the difference of the outputs h of the top layer.
    """

    steps: int
    kl: Spread
    state: Spread


@dataclass(frozen=True)
class Perturbation:
    """The ``differences`` by distance, over ``places`` many places of a text."""

    places: int
    differences: tuple[Difference, ...]


def measure_perturbation(
    network: Network, ids: Ids, counts: Sequence[int] | Ids
) -> Perturbation | None:
    """Exchange characters of the text ``ids`` (N,); None if it is too short for a single step.

    The other character is drawn by its frequency, ``counts`` (V,).
    """
    steps = [step for step in STEPS if step + 2 <= len(ids)]
    if len(steps) < 2 or np.count_nonzero(counts) < 2:
        return None
    longest = steps[-1]
    work = network.shape.flops_per_character * (BEFORE + 2 * (longest + 1))
    places = int(min(PLACES_AT_MOST, max(PLACES_AT_LEAST, OPERATIONS_AT_MOST / work)))
    last = len(ids) - 1 - longest
    chosen = np.unique(np.linspace(min(BEFORE, last), last, places).astype(np.intp))
    kl, state = np.concatenate(
        [
            _compare_group(network, ids, chosen[first : first + SIDE_BY_SIDE], steps, others)
            for first, others in _draw_others(ids, chosen, counts)
        ],
        axis=2,
    )
    return Perturbation(
        places=len(chosen),
        differences=tuple(
            Difference(step, _spread(kl[row]), _spread(state[row]))
            for row, step in enumerate(steps)
        ),
    )


def _draw_others(ids: Ids, places: Ids, counts: Sequence[int] | Ids) -> list[tuple[int, Ids]]:
    """Draw a character for each place, by frequency but not the one that is there.

    Returns for each group of places where it begins, and its characters.
    """
    rng = np.random.Generator(np.random.PCG64(RANDOM_SEED))
    frequencies = np.asarray(counts, np.float64)
    others = np.empty(len(places), np.intp)
    for row, place in enumerate(places):
        weights = frequencies.copy()
        weights[ids[place]] = 0
        others[row] = rng.choice(len(weights), p=weights / weights.sum())
    return [
        (first, others[first : first + SIDE_BY_SIDE])
        for first in range(0, len(places), SIDE_BY_SIDE)
    ]


def _compare_group(
    network: Network, ids: Ids, places: Ids, steps: Sequence[int], others: Ids
) -> Floats:
    """Return the divergence and the difference of states, (2, steps, places)."""
    before = int(min(BEFORE, places[0]))
    states = network.initial_states(len(places))
    if before:
        _, states = read_characters(
            network, ids[places + np.arange(-before, 0)[:, None]], states, []
        )
    after = ids[places + np.arange(steps[-1] + 1)[:, None]]
    changed = np.concatenate([others[None], after[1:]])
    (h, _), (g, _) = (read_characters(network, text, states, steps) for text in (after, changed))
    logs, other_logs = (
        log_probabilities(x.reshape(-1, x.shape[2]), *network.output_weights).astype(np.float64)
        for x in (h, g)
    )
    kl = kl_divergence(logs, other_logs).reshape(h.shape[:2])
    state = np.sqrt(np.square(h.astype(np.float64) - g).mean(axis=2))
    return np.stack([kl, state])


def read_characters(
    network: Network, ids: Ids, states: States, steps: Sequence[int]
) -> tuple[Array, States]:
    """Read ``ids`` (T, B); return the outputs (steps, B, H) after the characters at ``steps``.

    These are the outputs of the top layer. The states are those after the last character.
    """
    workspace, outputs = Workspace(), []
    for start in range(0, len(ids), WINDOW):
        h, states, _ = network.forward(ids[start : start + WINDOW], states, workspace=workspace)
        outputs += [h[step - start].copy() for step in steps if start <= step < start + len(h)]
    return np.array(outputs), states


def _spread(values: Floats) -> Spread:
    median, low, high = np.percentile(values, [50, 10, 90])
    return Spread(float(median), float(low), float(high))
