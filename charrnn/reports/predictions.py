"""Each character of a text as a model predicts it: its surprise, and what was likeliest.

A text of any length is predicted in chunks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.reports.loaded_model import LoadedModel
from charrnn.text.unknown import default_on_unknown, encode_text
from charrnn.training.block_reader import BlockReader
from charrnn.training.dynamic_evaluation import DynamicEvaluation

ALTERNATIVES = 3


@dataclass(frozen=True)
class Rows:
    """Strings of ``width`` characters, joined to one ``text``. Each is made when it is needed."""

    text: str
    width: int

    def __len__(self) -> int:
        return len(self.text) // self.width

    def __getitem__(self, index: int) -> str:
        return self.text[index * self.width : (index + 1) * self.width]

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))


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
    likeliest: Rows
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
                likeliest=Rows(vocabulary.decode(chunk.likeliest.ravel()), alternatives),
                probability=chunk.probability,
                unknown=unknown,
                adapted_surprise=adapted,
            )
            yield Chunk(predictions, text[read:end], places[chunk.place] - read)
            unknown, read, predicted = 0, end, predicted + len(targets)
        if read < len(text):  # it ends with characters that are not predicted
            nothing = Predictions("", empty[:, 0], Rows("", alternatives), empty, unknown)
            yield Chunk(nothing, text[read:], np.empty(0, np.intp))
        last = ids[-1:]
    if not predicted:
        raise InputError(_(name), _("has fewer than two characters that the model knows"))


def _surprise(rows: Array, targets: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the nats (N,) of ``targets`` (N,) by log-probabilities (N, V)."""
    return 0.0 - rows[np.arange(len(targets)), targets]  # 0 - 0 is 0, and not -0
