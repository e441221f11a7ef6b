"""Each character of a text as a model predicts it: its surprise, and what was likeliest.

A text of any length is predicted in blocks, each of them read by many streams, and handed on in
chunks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array, Ids
from charrnn.errors import InputError
from charrnn.network.model import Network
from charrnn.reports.loaded_model import LoadedModel
from charrnn.text.unknown import default_on_unknown, encode_text
from charrnn.text.vocab import Vocabulary
from charrnn.training.dynamic_evaluation import DynamicEvaluation
from charrnn.training.parallel_reading import MAX_STREAMS, ParallelReading, count_streams

ALTERNATIVES = 3
CHUNK = 2048  # characters
BLOCK = MAX_STREAMS * 8192  # characters that are read side by side
TOLERANCE, EQUAL_WINDOWS = 5e-5, 4
"""When a stream ends to read again: its losses have not changed by more for 512 characters.

A change by rounding is below 0.00001 nats.
"""


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
    reader, last, predicted = BlockReader(network, alternatives), np.empty(0, np.intp), 0
    empty = np.empty((0, alternatives), np.float32)
    for text in texts:
        is_known = vocabulary.lookup_ids(text) >= 0
        unknown, read = int((~is_known).sum()), 0
        new = encode_text(text, vocabulary, on_unknown, name)
        # Skipped characters have no id; replaced ones have that of the unknown character.
        places = np.flatnonzero(is_known) if len(new) < len(text) else np.arange(len(text))
        places = places[1 - len(last) :]  # the first character of the text is not predicted
        ids = np.concatenate([last, new]).astype(np.intp)
        for chunk in reader.read(ids):
            inputs, targets = ids[chunk.place], ids[1:][chunk.place]
            adapted = None
            if adapting is not None:
                adapted = _surprise(adapting.predict(inputs, targets), targets)
            end = int(places[chunk.place][-1]) + 1
            predictions = Predictions(
                text=vocabulary.decode(targets),
                surprise=chunk.surprise,
                likeliest=_decode_rows(vocabulary, chunk.likeliest),
                probability=chunk.probability,
                unknown=unknown,
                adapted_surprise=adapted,
            )
            yield Chunk(predictions, text[read:end], places[chunk.place] - read)
            unknown, read, predicted = 0, end, predicted + len(targets)
        if read < len(text):  # it ends with characters that are not predicted
            nothing = Predictions("", empty[:, 0], (), empty, unknown)
            yield Chunk(nothing, text[read:], np.empty(0, np.intp))
        last = ids[-1:]
    if not predicted:
        raise InputError(name, "has fewer than two characters that the model knows")


class PredictedChunk(NamedTuple):
    """N predictions, of the characters after those at ``place`` in the ids that were read.

    ``surprise`` (N,) are nats, ``likeliest`` (N, alternatives) ids with their ``probability``.
    """

    place: slice
    surprise: npt.NDArray[np.float32]
    likeliest: Ids
    probability: npt.NDArray[np.float32]


class BlockReader:
    """Reads a text that arrives in pieces, from a zero state, with many streams.

    The result is that of a single stream, except for rounding.
    """

    def __init__(self, network: Network, alternatives: int = 0) -> None:
        self._network, self._alternatives = network, alternatives
        self._states = network.initial_states(1)

    def read(self, ids: Ids) -> Iterator[PredictedChunk]:
        """Predict each of ``ids`` but the first, which is the last one of the piece before."""
        start = 0
        while start < len(ids) - 1:
            predictions = min(BLOCK, len(ids) - 1 - start)
            streams = count_streams(predictions)
            # The state after the block is needed, so all streams end where their parts do. Less
            # than one character per stream is left over, for the next block.
            stop = start + predictions // streams * streams
            yield from self._read_block(ids[start : stop + 1], start, streams)
            start = stop

    def _read_block(self, ids: Ids, start: int, streams: int) -> Iterator[PredictedChunk]:
        reading = ParallelReading(
            self._network, ids, streams, states=self._states, alternatives=self._alternatives,
            tolerance=TOLERANCE, equal_windows=EQUAL_WINDOWS,
        )  # fmt: skip
        reading.read_all()
        reading.hand_over_states()
        self._states = reading.last_state
        surprise, likeliest, probability = reading.in_order()
        for at in range(0, len(surprise), CHUNK):
            part = slice(at, min(at + CHUNK, len(surprise)))
            place = slice(start + part.start, start + part.stop)
            yield PredictedChunk(place, surprise[part], likeliest[part], probability[part])


def _decode_rows(vocabulary: Vocabulary, ids: Ids) -> tuple[str, ...]:
    """Return each row of ``ids`` (N, width) as a string."""
    text, width = vocabulary.decode(ids.ravel()), ids.shape[1]
    return tuple(text[at : at + width] for at in range(0, len(text), width))


def _surprise(rows: Array, targets: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the nats (N,) of ``targets`` (N,) by log-probabilities (N, V)."""
    return 0.0 - rows[np.arange(len(targets)), targets]  # 0 - 0 is 0, and not -0
