"""`init_from`: the weights of another model as initial weights, character by character."""

from dataclasses import replace

import numpy as np

from charrnn.config import TrainConfig
from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.network.parameters import Parameters
from charrnn.storage.model_file import TrainedModel
from charrnn.text.vocab import Vocabulary


def adopt_shape(config: TrainConfig, source: TrainedModel) -> TrainConfig:
    """Return ``config`` with the cell and the sizes of the model ``source``.

    Raises:
        ConfigError: naming a setting that was chosen and that contradicts this model.
    """
    for name in ("cell", "hidden", "layers", "tied"):
        chosen, stored = getattr(config, name), getattr(source.config, name)
        if chosen not in (None, stored):
            problem = _("{chosen} contradicts `init_from`, whose model has {stored}")
            raise ConfigError(name, problem.format(chosen=chosen, stored=stored))
        config = replace(config, **{name: stored})
    return config


def match_characters(vocabulary: Vocabulary, source: Vocabulary) -> tuple[list[int], list[int]]:
    """Return the ids of the characters that both have: in ``vocabulary``, and in ``source``."""
    source_ids = dict(zip(source.characters, range(len(source)), strict=False))
    pairs = [
        (id_, source_ids[character])
        for id_, character in enumerate(vocabulary.characters)
        if character in source_ids
    ]
    if vocabulary.unknown is not None and source.unknown is not None:
        pairs.append((vocabulary.unknown, source.unknown))
    return [id_ for id_, __ in pairs], [source_id for __, source_id in pairs]


def copy_weights(parameters: Parameters, vocabulary: Vocabulary, source: TrainedModel) -> None:
    """Copy the weights of ``source`` into ``parameters``, whose shape differs at most in V.

    A character's own weights are copied to the same character. Characters that ``source`` does not
    know keep the weights that they have.
    """
    ids, source_ids = match_characters(vocabulary, source.corpus_info.vocabulary)
    weights = source.network.parameters
    by_character = {"E": 0, "out.W": 1, "out.b": 0}  # the axis of length V
    if not parameters.shape.tied:
        by_character["W0"] = 1
    for name, view in parameters.views.items():
        if name not in by_character:
            view[...] = weights[name]
            continue
        axis = by_character[name]
        np.moveaxis(view, axis, 0)[ids] = np.moveaxis(weights[name], axis, 0)[source_ids]
