"""The network unrolled over a text: its input, its state and its prediction at every step.

Every step uses the same weights; only the state differs.
"""

import math
from dataclasses import dataclass

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.errors import SettingName
from charrnn.network.model import Network
from charrnn.network.softmax import log_probabilities
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.report_text import ReportText, encode_report_text

ALTERNATIVES = 5
MOST_ACTIVE = 5
CELLS_SHOWN = 12  # units of each layer whose output is in every step
STEPS_AT_MOST = 2000


@dataclass(frozen=True)
class Unit:
    """The ``activation`` h of one unit of the top layer; ``unit`` counts from 0."""

    unit: int
    activation: float


@dataclass(frozen=True)
class ExpectedCharacter:
    """A character and its probability."""

    character: str
    probability: float


@dataclass(frozen=True)
class Step:
    """The network after it has read ``character``.

    ``norm`` is |h| of the top layer, ``change`` is |h - h of the step before|, ``active`` has the
    units with the largest |h|. ``state`` has for each layer the outputs h of the report's `cells`.
    ``expected`` has the likeliest next characters. ``following`` is
    the next character of the text with its ``probability`` and ``nats``, None after the last.
    """

    character: str
    norm: float
    change: float
    active: tuple[Unit, ...]
    state: tuple[tuple[float, ...], ...]
    expected: tuple[ExpectedCharacter, ...]
    following: str | None
    probability: float | None
    nats: float | None


@dataclass(frozen=True)
class Unrolled(ModelFacts, NotebookReport, report="unroll"):
    """A text read from a zero state. ``parameters`` is the number that all steps share.

    ``cells`` are those units of each layer whose output varies most over the text. The network
    ``loops`` if a step takes the state of the step before. ``unknown`` characters of the text were
    skipped, and ``unread`` ones come after the last step.
    """

    parameters: int
    loops: bool
    cells: tuple[tuple[int, ...], ...]
    unknown: int
    unread: int
    steps: tuple[Step, ...]


def unroll(model: LoadedModel, text: str) -> Unrolled:
    """Unroll a model over the first 2,000 characters of ``text``.

    Raises:
        InputError: when the model knows fewer than two of its characters.
    """
    return unroll_text(model, encode_report_text(model, text, SettingName("text")))


def unroll_text(model: LoadedModel, text: ReportText) -> Unrolled:
    """Unroll a model over the first 2,000 characters of an encoded text."""
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    ids = text.ids[:STEPS_AT_MOST]
    by_layer = _read_layers(network, ids)  # (layers, N, H)
    h = by_layer[-1]
    cells = np.sort(np.argsort(-by_layer.std(axis=1), axis=1, kind="stable")[:, :CELLS_SHOWN])
    shown = np.take_along_axis(by_layer, cells[:, None], axis=2)
    changes = np.diff(h, axis=0, prepend=np.zeros_like(h[:1]))
    logs = log_probabilities(h, *network.output_weights)
    likeliest = np.argsort(-logs, axis=1, kind="stable")[:, :ALTERNATIVES]
    active = np.argsort(-np.abs(h), axis=1, kind="stable")[:, :MOST_ACTIVE]
    characters, steps = vocabulary.decode(ids), []
    for t, character in enumerate(characters):
        is_last = t + 1 == len(ids)
        nats = None if is_last else -float(logs[t, ids[t + 1]])
        steps.append(
            Step(
                character=character,
                norm=float(np.linalg.norm(h[t])),
                change=float(np.linalg.norm(changes[t])),
                active=tuple(Unit(int(unit), float(h[t, unit])) for unit in active[t]),
                state=tuple(tuple(row.tolist()) for row in shown[:, t]),
                expected=tuple(
                    ExpectedCharacter(vocabulary.decode(np.array([id_])), math.exp(logs[t, id_]))
                    for id_ in likeliest[t]
                ),
                following=None if is_last else characters[t + 1],
                probability=None if nats is None else math.exp(-nats),
                nats=nats,
            )
        )
    return Unrolled(
        **vars(model.facts),
        parameters=network.shape.parameter_count,
        loops=network.shape.cell_record.loops,
        cells=tuple(tuple(row.tolist()) for row in cells),
        unknown=text.unknown,
        unread=len(text.ids) - len(ids),
        steps=tuple(steps),
    )


def _read_layers(network: Network, ids: Ids) -> Array:
    """Return the outputs of all layers, (layers, N, H), for ``ids`` (N,) from a zero state."""
    states, outputs = network.initial_states(1), []
    for id_ in ids:
        _, states, _ = network.forward(np.array([[id_]]), states)
        outputs.append(np.concatenate([h for h, *_ in states]))
    return np.stack(outputs, axis=1)
