"""Two texts that end alike, found where what came before their common end matters most to a model.

At places spread over a text, the prediction given many characters is compared with that given only
the last few. Where the two differ most, the characters before the last few are exchanged for others
from elsewhere in the text. The two texts whose predictions then differ most are kept.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.network.softmax import kl_divergence, log_probabilities
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.perturbation import read_characters
from charrnn.reports.report_text import ReportText

COMMON, BEFORE = 32, 96
"""The characters of the common end, and those before it that the two texts do not share."""
PLACES_AT_LEAST, PLACES_AT_MOST = 64, 512
OPERATIONS_AT_MOST = 2e11
PLACES_EXCHANGED, FEWEST_BEGINNINGS, BEGINNINGS = 16, 8, 32
SAME_AT_MOST = 6  # characters before the common end that both texts have, so that they read well
KEPT = 0.9
"""The share of the divergence that must be left for the texts to begin at their last line break."""
SIDE_BY_SIDE = 128  # places

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DifferingTexts:
    """Two texts that end alike, as ids A and B, the best among ``places`` many places of a text."""

    a: Ids
    b: Ids
    places: int


def find_differing_texts(model: LoadedModel, text: ReportText) -> DifferingTexts | None:
    """Find the two texts in ``text``.

    None for a network that does not loop, and where the text is too short.
    """
    network, ids = model.checkpoint.network, text.ids
    length = BEFORE + COMMON
    if not network.shape.cell_record.loops or len(ids) < 2 * length:
        return None
    work = network.shape.flops_per_character * (length + COMMON)
    affordable = min(PLACES_AT_MOST, max(PLACES_AT_LEAST, OPERATIONS_AT_MOST / work))
    ends = np.unique(np.linspace(length, len(ids), int(affordable)).astype(np.intp))
    given_all = _predict(network, _cut(ids, ends, length))
    differences = kl_divergence(given_all, _predict(network, _cut(ids, ends, COMMON)))
    found = [
        _exchange_beginning(network, ids, int(ends[place]), given_all[place])
        for place in np.argsort(-differences, kind="stable")[:PLACES_EXCHANGED]
    ]
    _, a, b = max(found, key=lambda each: each[0])
    a, b = _begin_at_line(network, a, b, model.checkpoint.corpus_info.vocabulary.lookup_ids("\n"))
    return DifferingTexts(a, b, len(ends))


def _exchange_beginning(
    network: Network, ids: Ids, end: int, logs: Floats
) -> tuple[float, Ids, Ids]:
    """Return the text that ends at ``end`` and that other one whose prediction differs most.

    ``logs`` (V,) is the prediction after the text. The divergence comes first.
    """
    others = _find_beginnings(ids, end - COMMON)
    beginnings = _cut(ids, others, BEFORE)
    common = np.repeat(ids[end - COMMON : end, None], len(others), axis=1)
    texts = np.concatenate([beginnings, common])
    divergences = kl_divergence(logs, _predict(network, texts))
    most = int(np.argmax(divergences))
    return float(divergences[most]), ids[end - BEFORE - COMMON : end], texts[:, most]


def _find_beginnings(ids: Ids, at: int) -> Ids:
    """Return the ends of other parts of ``ids`` which end like the one that ends ``at``.

    As many characters are the same as leave enough parts to choose from; where not even the last
    character occurs that often, any part will do.
    """
    ends = np.arange(BEFORE, len(ids) + 1)
    ends = ends[abs(ends - at) >= BEFORE]
    alike = [ends]
    for same in range(1, SAME_AT_MOST + 1):
        left = alike[-1]
        alike.append(left[ids[left - same] == ids[at - same]])
    enough = [each for each in alike if len(each) >= FEWEST_BEGINNINGS] or alike[:1]
    longest = enough[-1]
    return longest[np.linspace(0, len(longest) - 1, min(len(longest), BEGINNINGS)).astype(np.intp)]


def _begin_at_line(network: Network, a: Ids, b: Ids, newline: Ids) -> tuple[Ids, Ids]:
    """Let both texts begin at the last line break of their own parts, if that changes little."""
    lines = []
    for text in (a, b):
        breaks = np.flatnonzero(text[:BEFORE] == newline)
        lines.append(text[breaks[-1] + 1 :] if len(breaks) else text)
    whole, from_line = (
        kl_divergence(*(_predict(network, text[:, None])[0] for text in pair))
        for pair in ((a, b), lines)
    )
    return (lines[0], lines[1]) if from_line >= KEPT * whole else (a, b)


def _cut(ids: Ids, ends: Ids, length: int) -> Ids:
    """Return the ``length`` characters before each of ``ends`` (B,), as an array (length, B)."""
    return ids[ends + np.arange(-length, 0)[:, None]]


def _predict(network: Network, texts: Ids) -> Floats:
    """Return the log-probabilities (B, V) after each of ``texts`` (T, B), from a zero state."""
    T, B = texts.shape
    logs = []
    for first in range(0, B, SIDE_BY_SIDE):
        group = texts[:, first : first + SIDE_BY_SIDE]
        states = network.initial_states(group.shape[1])
        (h,), _ = read_characters(network, group, states, [T - 1])
        logs.append(log_probabilities(h, *network.output_weights).astype(np.float64))
    return np.concatenate(logs)
