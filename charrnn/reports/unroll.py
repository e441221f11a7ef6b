"""The network unrolled: what goes in, what it remembers and what it expects, step by step.

It is one layer (or a stack), and the same weights at every step: only its state differs.
"""

import math
from dataclasses import dataclass

import numpy as np

from charrnn.network.softmax import log_probabilities
from charrnn.reports.held_out import HeldOut
from charrnn.storage.model_file import Checkpoint

ALTERNATIVES = 5
MOST_ACTIVE = 5
STEPS_AT_MOST = 2000


@dataclass(frozen=True)
class Unit:
    """One number of the top layer's output h; ``unit`` counts from 0."""

    unit: int
    activation: float


@dataclass(frozen=True)
class Expected:
    """A character and its probability."""

    character: str
    probability: float


@dataclass(frozen=True)
class Step:
    """After ``character`` was read.

    ``norm`` is |h| of the top layer, ``change`` |h - h before|, ``active`` its largest units.
    ``expected`` are the likeliest next characters. ``following`` is the one that did follow, its
    ``probability`` and ``nats``; None after the last.
    """

    character: str
    norm: float
    change: float
    active: tuple[Unit, ...]
    expected: tuple[Expected, ...]
    following: str | None
    probability: float | None
    nats: float | None


@dataclass(frozen=True)
class Unrolled:
    """A text read from a zero state. ``parameters`` are those that every step uses again.

    Of its characters ``unknown`` were passed over, and ``unread`` stand behind the last step.
    """

    model: str
    cell: str
    hidden: int
    layers: int
    parameters: int
    unknown: int
    unread: int
    steps: tuple[Step, ...]


def unroll(checkpoint: Checkpoint, model: str, text: HeldOut) -> Unrolled:
    """Read ``text``, at most its first 2,000 characters."""
    network, vocabulary = checkpoint.network, checkpoint.corpus_info.vocabulary
    ids = text.ids[:STEPS_AT_MOST]
    outputs, _, _ = network.forward(ids[:, None], network.initial_states(1))
    h = outputs[:, 0]
    changes = np.diff(h, axis=0, prepend=np.zeros_like(h[:1]))
    logs = log_probabilities(h, *network.output_weights)
    likeliest = np.argsort(-logs, axis=1, kind="stable")[:, :ALTERNATIVES]
    active = np.argsort(-np.abs(h), axis=1, kind="stable")[:, :MOST_ACTIVE]
    read, steps = vocabulary.decode(ids), []
    for t, character in enumerate(read):
        known = t + 1 < len(ids)
        nats = -float(logs[t, ids[t + 1]]) if known else None
        steps.append(
            Step(
                character=character,
                norm=float(np.linalg.norm(h[t])),
                change=float(np.linalg.norm(changes[t])),
                active=tuple(Unit(int(unit), float(h[t, unit])) for unit in active[t]),
                expected=tuple(
                    Expected(vocabulary.decode(np.array([id_])), math.exp(logs[t, id_]))
                    for id_ in likeliest[t]
                ),
                following=read[t + 1] if known else None,
                probability=None if nats is None else math.exp(-nats),
                nats=nats,
            )
        )
    shape = network.shape
    return Unrolled(
        model, shape.cell, shape.hidden, shape.layers, shape.parameter_count, text.unknown,
        len(text.ids) - len(ids), tuple(steps),
    )  # fmt: skip
