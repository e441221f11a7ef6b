r"""Escape sequences that are no part of a model's language, such as a backslash and an n."""

import numpy as np
import numpy.typing as npt

from charrnn.escapes import ESCAPE, decode_escapes
from charrnn.storage.model_file import TrainedModel
from charrnn.text.vocab import Vocabulary

MAX_READ = 2000  # characters
RAREST = 1e-9
"""The frequency of a character that the corpus does not have, as with `init_from`."""
HABIT = 0.5
"""A letter is usual after a backslash if it is half as likely there as anywhere, or more."""


def find_unexpected(model: TrainedModel, text: str) -> list[str]:
    """Return the distinct escape sequences in ``text`` that are no part of the model's language.

    The model must know all characters of ``text``. It keeps no text, only the frequencies of
    characters, but it has learned what follows a backslash. So an escape is taken for a part of
    its language if its letter is about as likely after the backslash as elsewhere, or if the text
    is likelier as it stands than with newlines and tabs instead.
    """
    text = text[:MAX_READ]
    logs, vocabulary = _log_probabilities(model, text), model.corpus_info.vocabulary
    unexpected = []
    for match in ESCAPE.finditer(text):
        letter = vocabulary.characters.index(match[0][1])
        share = _frequency(vocabulary, letter)
        is_habit = logs[match.start() + 1] >= np.log(share * HABIT)
        if not is_habit and decode_escapes(match[0], [match[0]]) in vocabulary.characters:
            unexpected.append(match[0])
    decoded = _log_probabilities(model, decode_escapes(text, unexpected))
    return list(dict.fromkeys(unexpected)) if decoded.sum() > logs.sum() else []


def _frequency(vocabulary: Vocabulary, character_id: int) -> float:
    """Return the frequency of a character in the corpus, but no less than `RAREST`."""
    return max(vocabulary.counts[character_id] / sum(vocabulary.counts), RAREST)


def _log_probabilities(model: TrainedModel, text: str) -> npt.NDArray[np.float64]:
    """Return the log-probability of each character of ``text``, read as the beginning of a line.

    That of the first character is its frequency, because a text to stop at can stand anywhere.
    """
    vocabulary, network = model.corpus_info.vocabulary, model.network
    line_start = "\n" if "\n" in vocabulary.characters else ""
    ids = vocabulary.lookup_ids(line_start + text)
    first, rest = len(line_start), slice(len(line_start) + 1, None)
    logs = np.full(len(ids), np.log(_frequency(vocabulary, ids[first])))
    if len(ids) > 1:
        predicted, _ = network.predict(ids[:-1, None], network.initial_states(1))
        logs[rest] = predicted[np.arange(first, len(ids) - 1), 0, ids[rest]]
    return logs[first:]
