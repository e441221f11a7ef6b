"""Whether a model closes a bracket by the right one, by the distance from where it was opened.

Where a text closes a bracket, only one of the closing brackets is right: the opening one decides,
however far back it is. So this shows how far back a model remembers, on any text with brackets of
several kinds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.model import Network
from charrnn.network.workspace import Workspace
from charrnn.reports.text_properties import find_bracket_pairs
from charrnn.text.vocab import Vocabulary

READ_AT_MOST, WINDOW = 50_000, 256  # characters
PLACES_AT_LEAST, KINDS_AT_LEAST = 20, 2


@dataclass(frozen=True)
class BracketAccuracy:
    """Closing brackets whose opening one is ``shortest`` to ``longest`` characters before.

    ``right`` is the share of the ``places`` at which the right closing bracket was likelier than
    the other closing ones.
    """

    shortest: int
    longest: int
    places: int
    right: float


@dataclass(frozen=True)
class Brackets:
    """All distances, and the share that guessing among the ``kinds`` of brackets would reach."""

    kinds: int
    by_distance: tuple[BracketAccuracy, ...]


def measure_brackets(network: Network, vocabulary: Vocabulary, ids: Ids) -> Brackets | None:
    """Measure on the beginning of the text ``ids`` (N,); None if it has too few brackets.

    The state is carried from the beginning of the text.
    """
    ids = ids[:READ_AT_MOST]
    text = vocabulary.decode(ids)
    pairs = list(find_bracket_pairs(text))
    kinds = sorted({text[closed] for _, closed in pairs})
    if len(pairs) < PLACES_AT_LEAST or len(kinds) < KINDS_AT_LEAST:
        return None
    closing = vocabulary.lookup_ids("".join(kinds))
    logits = np.concatenate(list(_read_logits(network, ids, closing)))  # (N, kinds)
    likeliest = logits.argmax(axis=1)
    by_bin: dict[int, list[bool]] = {}
    for opened, closed in pairs:
        right = kinds[likeliest[closed - 1]] == text[closed]
        by_bin.setdefault((closed - opened - 1).bit_length(), []).append(bool(right))
    return Brackets(
        kinds=len(kinds),
        by_distance=tuple(
            BracketAccuracy(
                shortest=(1 << power >> 1) + 1,
                longest=1 << power,
                places=len(by_bin[power]),
                right=sum(by_bin[power]) / len(by_bin[power]),
            )
            for power in sorted(by_bin)
        ),
    )


def _read_logits(network: Network, ids: Ids, shown: Ids) -> Iterator[Array]:
    """Yield the logits (T, shown) after each character of ``ids`` (N,), by windows."""
    W, b = network.output_weights
    states, workspace = network.initial_states(1), Workspace()
    for start in range(0, len(ids), WINDOW):
        h, states, _ = network.forward(
            ids[start : start + WINDOW, None], states, workspace=workspace
        )
        yield h[:, 0] @ W[:, shown] + b[shown]
