"""The log-probability of texts that continue the same prime."""

from collections.abc import Callable

import numpy as np

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.text.vocab import Vocabulary

WINDOW = 256


def measure_continuations(
    network: Network, vocabulary: Vocabulary, prime: Ids
) -> Callable[[str], float]:
    """Return a function from a text after ``prime`` to its log-probability in nats.

    ``prime`` (N,) has at least one id, and is read once. The texts have only characters of the
    ``vocabulary``.
    """
    before = network.initial_states(1)
    for start in range(0, len(prime) - 1, WINDOW):
        read = prime[start : min(start + WINDOW, len(prime) - 1)]
        _, before, _ = network.forward(read[:, None], before)

    def measure(text: str) -> float:
        targets, states, total = vocabulary.lookup_ids(text), before, 0.0
        ids = np.append(prime[-1:], targets[:-1])
        for start in range(0, len(targets), WINDOW):
            part = slice(start, start + WINDOW)
            logs, states = network.predict(ids[part, None], states)
            logprobs = logs[np.arange(len(logs)), 0, targets[part]]
            total += float(logprobs.sum(dtype=np.float64))
        return total

    return measure
