"""What a difference in the past still changes: two texts that end alike, read by each model.

Each model reads both texts from a zero state. After every character of the end that the texts share
it has read the same characters since the texts differed, so that whatever still differs in its
prediction and its state is its memory of the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.config import DEFAULT_CONTINUATION_LENGTH, DEFAULT_CONTINUATIONS, SampleConfig
from charrnn.errors import ConfigError, InputError
from charrnn.language import gettext as _
from charrnn.network.model import Network, States
from charrnn.network.softmax import kl_divergence
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.unroll import ALTERNATIVES, ExpectedCharacter
from charrnn.sampling.generation import draw_seed, generate, make_prompt
from charrnn.sampling.sampler import sort_finished
from charrnn.text.unknown import default_on_unknown, encode_text


@dataclass(frozen=True)
class ComparedModel(ModelFacts):
    """One model's two readings, A and B, at the P positions after characters of the common end.

    ``kl`` (P,) is the Kullback-Leibler divergence of its predictions, KL(A‖B), in nats. ``state``
    (P,) is the root mean square of the difference of the outputs h of all layers. ``expected`` has
    for each text the likeliest characters after its end, and ``continuations`` how the model
    continues it.
    """

    kl: tuple[float, ...]
    state: tuple[float, ...]
    expected: tuple[tuple[ExpectedCharacter, ...], ...]
    continuations: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Comparison(NotebookReport, report="compare"):
    """Two ``texts``, their ``common`` end, and what each model makes of them.

    ``common`` is empty where the texts do not end alike; P is 1 then, for their ends. A model that
    skips unknown characters of the common end has fewer positions: the last are the same. ``seed``
    is that of the continuations.
    """

    texts: tuple[str, str]
    common: str
    seed: int
    models: tuple[ComparedModel, ...]


def compare_texts(
    models: Sequence[LoadedModel],
    *,
    text: Sequence[str],
    samples: int = DEFAULT_CONTINUATIONS,
    length: int = DEFAULT_CONTINUATION_LENGTH,
    stop: Sequence[str] = (),
    seed: int | None = None,
    on_unknown: str | None = None,
) -> Comparison:
    """Compare how ``models`` read the two texts of ``text``, and continue each ``samples`` times.

    Raises:
        ConfigError: when there are not two texts.
        InputError: when a model knows no character of a text, or one is unknown and an error.
    """
    if len(text) != 2:
        problem = _("two texts are compared, and {number:,} were given")
        raise ConfigError("text", problem.format(number=len(text)))
    a, b = text
    seed = draw_seed() if seed is None else seed
    config = SampleConfig(length=length, stop=tuple(stop))
    return Comparison(
        texts=(a, b),
        common=a[len(a) - _count_common(a, b) :],
        seed=seed,
        models=tuple(
            _compare_model(model, (a, b), config, samples, seed, on_unknown) for model in models
        ),
    )


def _compare_model(
    model: LoadedModel,
    texts: tuple[str, str],
    config: SampleConfig,
    samples: int,
    seed: int,
    on_unknown: str | None,
) -> ComparedModel:
    network, corpus_info = model.checkpoint.network, model.checkpoint.corpus_info
    vocabulary = corpus_info.vocabulary
    on_unknown = on_unknown or default_on_unknown(vocabulary)
    ids = [
        encode_text(corpus_info.normalization.apply(text), vocabulary, on_unknown, text)
        for text in texts
    ]
    for text, known in zip(texts, ids, strict=True):
        if not len(known):
            problem = _("has no character that the model knows")
            raise InputError(text or _("the empty text"), problem)
    shared = max(1, _count_common(*(known.tolist() for known in ids)))
    (logs_a, h_a), (logs_b, h_b) = (_read_end(network, known, shared) for known in ids)
    prompts = [make_prompt(corpus_info, text, on_unknown, text) for text in texts]
    continued = (
        list(sort_finished(generate(model.checkpoint, [prompt], config, seed, samples)))
        for prompt in prompts
    )
    return ComparedModel(
        **vars(model.facts),
        kl=tuple(kl_divergence(logs_a, logs_b).tolist()),
        state=tuple(np.sqrt(np.square(h_a - h_b).mean(axis=1)).tolist()),
        expected=tuple(
            tuple(
                ExpectedCharacter(vocabulary.decode(id_[None]), float(np.exp(logs[-1, id_])))
                for id_ in np.argsort(-logs[-1], kind="stable")[:ALTERNATIVES]
            )
            for logs in (logs_a, logs_b)
        ),
        continuations=tuple(tuple(sample.text for sample in group) for group in continued),
    )


def _read_end(network: Network, ids: Ids, positions: int) -> tuple[Array, Array]:
    """Read ``ids`` (N,) from a zero state; return what the network has at the last ``positions``.

    These are log-probabilities (P, V) and the outputs of all layers (P, L H), in float64.
    """
    states: States = network.initial_states(1)
    begin = ids[: len(ids) - positions]
    if len(begin):
        states = network.forward(begin[:, None], states)[1]
    logs, outputs = [], []
    for id_ in ids[len(begin) :]:
        log, states = network.predict(np.array([[id_]]), states)
        logs.append(log[0, 0].astype(np.float64))
        outputs.append(np.concatenate([h[0] for h, *__ in states]).astype(np.float64))
    return np.array(logs), np.array(outputs)


def _count_common(a: Sequence[object], b: Sequence[object]) -> int:
    """Return the length of the longest end that two sequences share."""
    pairs = zip(reversed(a), reversed(b), strict=False)
    return sum(1 for __ in takewhile(lambda pair: pair[0] == pair[1], pairs))
