"""Each character of a text as a model predicts it: its surprise, and what was likeliest.

A text of any length is predicted in chunks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.errors import InputError
from charrnn.reports.loaded_model import LoadedModel
from charrnn.text.unknown import default_on_unknown, encode_text
from charrnn.training.dynamic_evaluation import DynamicEvaluation

WINDOW = 256
ALTERNATIVES = 3


@dataclass(frozen=True, eq=False)
class Predictions:
    """N predictions in a row.

    ``text`` has the characters that were predicted, ``surprise`` (N,) their nats. ``likeliest`` has
    for each a string of the most likely characters, and ``probability`` (N, alternatives) their
    probabilities. ``unknown`` is the number of characters among them that the model does not know.
    ``adapted_surprise`` (N,) are the nats by the model that goes on learning from the text, if
    there is one.
    """

    text: str
    surprise: npt.NDArray[np.float32]
    likeliest: tuple[str, ...]
    probability: npt.NDArray[np.float32]
    unknown: int
    adapted_surprise: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Chunk:
    """Predictions, and the piece of the text that was ``read`` for them.

    ``positions`` (N,) are those of the predicted characters in ``read``, which also has characters
    that are not predicted: the text's first one, and unknown ones. Both may be without any.
    """

    predictions: Predictions
    read: str
    positions: npt.NDArray[np.intp]


def predict_chunks(
    model: LoadedModel,
    texts: Iterable[str],
    name: str,
    on_unknown: str | None = None,
    adapting: DynamicEvaluation | None = None,
) -> Iterator[Chunk]:
    """Predict each character of ``texts``, which are one text, from a zero state.

    What is read in all chunks adds up to the text.

    ``on_unknown`` is that of `Model.score`. ``adapting``, if given, predicts the text as well, and
    learns from it.

    Raises:
        InputError: for an unknown character that is an error; at the end, when fewer than two
            characters of the text that is called ``name`` were known.
    """
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    alternatives = min(ALTERNATIVES, len(vocabulary))
    states, last, predicted = network.initial_states(1), np.empty(0, np.intp), 0
    empty = np.empty((0, alternatives), np.float32)
    for text in texts:
        is_known = vocabulary.lookup_ids(text) >= 0
        unknown, read = int((~is_known).sum()), 0
        new = encode_text(text, vocabulary, on_unknown, name)
        # Skipped characters have no id; replaced ones have that of the unknown character.
        places = np.flatnonzero(is_known) if len(new) < len(text) else np.arange(len(text))
        places = places[1 - len(last) :]  # the first character of the text is not predicted
        ids = np.concatenate([last, new]).astype(np.intp)
        for start in range(0, len(ids) - 1, WINDOW):
            targets = ids[start + 1 : start + 1 + WINDOW]
            inputs = ids[start : start + len(targets)]
            logs, states = network.predict(inputs[:, None], states)
            rows = logs[:, 0]
            adapted = None if adapting is None else adapting.predict(inputs, targets)
            likeliest = _indices_of_largest(rows, alternatives)
            end = int(places[start + len(targets) - 1]) + 1
            predictions = Predictions(
                text=vocabulary.decode(targets),
                surprise=_surprise(rows, targets),
                likeliest=tuple(map(vocabulary.decode, likeliest)),
                probability=np.exp(np.take_along_axis(rows, likeliest, axis=1)),
                unknown=unknown,
                adapted_surprise=None if adapted is None else _surprise(adapted, targets),
            )
            positions = places[start : start + len(targets)] - read
            yield Chunk(predictions, text[read:end], positions)
            unknown, read, predicted = 0, end, predicted + len(targets)
        if read < len(text):  # it ends with characters that are not predicted
            nothing = Predictions("", empty[:, 0], (), empty, unknown)
            yield Chunk(nothing, text[read:], np.empty(0, np.intp))
        last = ids[-1:]
    if not predicted:
        raise InputError(name, "has fewer than two characters that the model knows")


def _surprise(rows: Array, targets: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the nats (N,) of ``targets`` (N,) by log-probabilities (N, V)."""
    return 0.0 - rows[np.arange(len(targets)), targets]  # 0 - 0 is 0, and not -0


def _indices_of_largest(rows: Array, number: int) -> npt.NDArray[np.intp]:
    """Return the indices of each row's largest values (N, V), in falling order: (N, number)."""
    largest = np.sort(np.argpartition(-rows, number - 1, axis=1)[:, :number], axis=1)
    order = np.argsort(-np.take_along_axis(rows, largest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(largest, order, axis=1)
