"""Many separate texts, each of them read from a zero state, side by side.

Not here: the parts of one text, which hand over their states (parallel_reading.py).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from charrnn.arrays import Ids
from charrnn.network.model import Network
from charrnn.network.softmax import cross_entropy
from charrnn.network.workspace import Workspace
from charrnn.training.block_reader import BlockReader, count_threads
from charrnn.training.parallel_reading import CHARACTERS_PER_PASS

GROUP = 64  # texts that are read side by side by a thread
LONG = 1 << 14  # characters; longer texts are read one after the other, each by many streams


def separate_losses(
    network: Network, ids: Ids, targets: Ids, starts: Ids, lengths: Ids
) -> npt.NDArray[np.float32]:
    """Return the loss in nats of each of ``targets`` (N,), 0 for those that are in no text.

    Text i is ``ids[starts[i] : starts[i] + lengths[i]]``, and its ``targets`` are at the same
    places: each is the character after the one in ``ids``.
    """
    losses = np.zeros(len(targets), np.float32)

    def read(group: Ids) -> None:
        for places, nats in _read_group(network, ids, targets, starts[group], lengths[group]):
            losses[places] = nats

    for text in np.flatnonzero(lengths > LONG).tolist():
        begin, end = starts[text], starts[text] + lengths[text]
        for chunk in BlockReader(network).read(np.append(ids[begin:end], targets[end - 1])):
            losses[begin:end][chunk.place] = chunk.surprise
    # Texts of similar lengths are read together, so that few streams end before the others.
    order = np.argsort(-lengths, kind="stable")
    order = order[(lengths[order] > 0) & (lengths[order] <= LONG)]
    groups = [order[at : at + GROUP] for at in range(0, len(order), GROUP)]
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(count_threads()) as executor:
        for _ in executor.map(read, groups):
            pass
    return losses


def _read_group(
    network: Network, ids: Ids, targets: Ids, starts: Ids, lengths: Ids
) -> Iterator[tuple[Ids, npt.NDArray[np.float32]]]:
    """Read texts by falling ``lengths``; yield places in ``targets`` and the losses there."""
    states, workspace, at = network.initial_states(len(starts)), Workspace(), 0
    while active := int(np.count_nonzero(lengths > at)):
        states = [tuple(array[:active] for array in state) for state in states]
        steps = at + np.arange(min(max(1, CHARACTERS_PER_PASS // active), lengths[0] - at))
        exists = steps[:, None] < lengths[:active]
        places = starts[:active] + np.minimum(steps[:, None], lengths[:active] - 1)
        h, states, _ = network.forward(ids[places], states, workspace=workspace)
        places, h = places[exists], h[exists]
        yield places, cross_entropy(h, targets[places], *network.output_weights)
        at += len(steps)
