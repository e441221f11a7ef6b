"""How well a model predicts a text: each character's surprise, and what it took to be likeliest."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.errors import InputError
from charrnn.text.decode import with_newlines
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.events import bits

WINDOW = 256
ALTERNATIVES = 3


@dataclass(frozen=True, eq=False)
class Score:
    """Surprises of ``characters`` predictions; the text's first character has none.

    ``nats`` and ``bits`` are means a character, ``total_nats`` their sum, ``unknown`` the
    characters that the model has never seen, which are passed over. ``text`` (N characters) is what
    was predicted, ``surprise`` (N,) in nats, ``likeliest`` a string of alternatives for each and
    ``probability`` (N, alternatives) what the model gave them.
    """

    characters: int
    nats: float
    bits: float
    perplexity: float
    total_nats: float
    unknown: int
    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]


def score(checkpoint: Checkpoint, text: str, name: str = "text") -> Score:
    """Read ``text`` once from a zero state.

    Raises:
        InputError: when fewer than two of its characters are known.
    """
    network, vocabulary = checkpoint.network, checkpoint.stock.vocabulary
    ids = vocabulary.lookup(with_newlines(text, checkpoint.stock.newline))
    unknown = int((ids < 0).sum())
    ids = ids[ids >= 0].astype(np.intp)
    if len(ids) < 2:
        raise InputError(name, "has fewer than two characters that the model knows")
    shown = min(ALTERNATIVES, len(vocabulary))
    surprise = np.empty(len(ids) - 1, np.float32)
    likeliest = np.empty((len(ids) - 1, shown), np.intp)
    probability = np.empty((len(ids) - 1, shown), np.float32)
    states = network.initial_states(1)
    for start in range(0, len(ids) - 1, WINDOW):
        targets = ids[start + 1 : start + 1 + WINDOW]
        logs, states = network.predict(ids[start : start + len(targets), None], states)
        rows, part = logs[:, 0], slice(start, start + len(targets))
        surprise[part] = -rows[np.arange(len(targets)), targets]
        likeliest[part] = np.argsort(-rows, axis=1, kind="stable")[:, :shown]
        probability[part] = np.exp(np.take_along_axis(rows, likeliest[part], axis=1))
    total = float(surprise.sum(dtype=np.float64))
    mean = total / len(surprise)
    return Score(
        characters=len(surprise),
        nats=mean,
        bits=bits(mean),
        perplexity=math.exp(mean),
        total_nats=total,
        unknown=unknown,
        text=vocabulary.decode(ids[1:]),
        surprise=surprise,
        likeliest=tuple(map(vocabulary.decode, likeliest)),
        probability=probability,
    )
