"""The loss over a whole text, the state carried from its first character to its last.

Not here: reports on single characters (reports/score.py).
"""

from collections.abc import Iterator

import numpy as np

from charrnn.network.model import Network, States
from charrnn.network.softmax import losses
from charrnn.text.vocab import Ids

WINDOW = 128
STREAMS_AT_MOST = 64
CHARACTERS_A_STREAM = 1024
WARM_UP = 256


def mean_loss(network: Network, ids: Ids, streams: int | None = None) -> float:
    """Nats a character over ``ids`` (N,), the first of which has no predecessor and is not counted.

    One stream is the plain single pass. Several read the text side by side, each first warmed up on
    the WARM_UP characters before its part; by default as many as the text is long enough for.
    """
    predictions = len(ids) - 1
    assert predictions > 0
    if streams is None:
        streams = max(1, min(STREAMS_AT_MOST, predictions // CHARACTERS_A_STREAM))
    length = -(-predictions // streams)
    starts = np.arange(streams) * length
    states = _warmed_up(network, ids, starts)
    total = 0.0
    for steps in _windows(0, length):
        at = starts + steps[:, None]
        counted = at < predictions  # the last stream may be shorter than the others
        at = np.minimum(at, predictions - 1)
        h, states, _ = network.run(ids[at].astype(np.intp), states)
        nats = losses(
            h.reshape(-1, h.shape[2]), ids[at + 1].astype(np.intp).ravel(), *network.output_weights
        )
        total += float(nats[counted.ravel()].sum(dtype=np.float64))
    return total / predictions


def _warmed_up(network: Network, ids: Ids, starts: Ids) -> States:
    """States at ``starts``; the first is the beginning of the text, before which there is nothing.

    The others begin WARM_UP characters earlier, or where the text begins.
    """
    rest = starts[1:]
    states = network.initial_states(len(rest))
    if len(rest):
        for steps in _windows(-min(WARM_UP, int(rest[0])), 0):
            _, states, _ = network.run(ids[rest + steps[:, None]].astype(np.intp), states)
    first = network.initial_states(1)
    return [
        tuple(np.concatenate(pair) for pair in zip(one, others, strict=True))
        for one, others in zip(first, states, strict=True)
    ]


def _windows(start: int, stop: int) -> Iterator[Ids]:
    for at in range(start, stop, WINDOW):
        yield np.arange(at, min(at + WINDOW, stop))
