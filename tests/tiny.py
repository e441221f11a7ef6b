"""Models that are so small that all their texts can be enumerated."""

from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt

import charrnn
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary


def tiny(
    model: charrnn.Model,
    characters: str,
    *,
    seed: int = 0,
    unknown: bool = False,
    spread: float = 2.0,
    hidden: int = 4,
) -> charrnn.Model:
    """An untrained gru in float64, so that no draw depends on rounding; the rest as in ``model``.

    The larger the ``spread``, the more certain its predictions are.
    """
    V = len(characters) + unknown
    parameters = Parameters(Shape("gru", hidden, 1, V), np.float64)
    rng = np.random.default_rng(seed)
    parameters.vector[:] = rng.normal(size=parameters.vector.size) * spread / hidden**0.5
    vocabulary = Vocabulary(characters, (1,) * V, unknown=unknown)
    corpus_info = CorpusInfo(("none",), V, vocabulary, "utf-8", Normalization(), "0" * 64)
    return charrnn.Model(
        replace(model.checkpoint, network=Network(parameters), corpus_info=corpus_info)
    )


def probabilities(model: charrnn.Model, prime: str, text: str) -> npt.NDArray[np.float64]:
    """The probabilities after each character of a prime and a text, (characters, V)."""
    network = model.checkpoint.network
    ids = model.checkpoint.corpus_info.vocabulary.lookup_ids(prime + text)
    logs, _ = network.predict(ids[:, None], network.initial_states(1))
    return np.asarray(np.exp(logs[:, 0]))


def texts(characters: str, length: int) -> list[str]:
    """All texts of a length."""
    return list(map("".join, product(characters, repeat=length)))


def logprob(model: charrnn.Model, prime: str, text: str) -> float:
    """The log-probability of ``text`` after a prime, in nats."""
    each = probabilities(model, prime, text)[len(prime) - 1 : -1]
    ids = model.checkpoint.corpus_info.vocabulary.lookup_ids(text)
    return float(np.log(each[np.arange(len(ids)), ids]).sum())
