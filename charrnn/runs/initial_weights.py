"""The weights of another model as the beginning of a training, character by character."""

from dataclasses import replace

import numpy as np

from charrnn.config import TrainConfig
from charrnn.errors import ConfigError
from charrnn.network.parameters import Parameters
from charrnn.storage.model_file import Checkpoint
from charrnn.text.vocab import Vocabulary


def adopt_shape(config: TrainConfig, source: Checkpoint) -> TrainConfig:
    """``config`` with the shape of the model that is begun from.

    Raises:
        ConfigError: naming what was asked for and that model does not have.
    """
    for name in ("cell", "hidden", "layers", "tied"):
        asked, there = getattr(config, name), getattr(source.config, name)
        if asked not in (None, there):
            raise ConfigError(name, f"{asked} contradicts --init-from, whose model has {there}")
        config = replace(config, **{name: there})
    return config


def match_characters(vocabulary: Vocabulary, source: Vocabulary) -> tuple[list[int], list[int]]:
    """The ids of characters in both, in the one and in the other."""
    theirs = dict(zip(source.characters, range(len(source)), strict=False))
    pairs = [
        (id_, theirs[character])
        for id_, character in enumerate(vocabulary.characters)
        if character in theirs
    ]
    if vocabulary.unknown is not None and source.unknown is not None:
        pairs.append((vocabulary.unknown, source.unknown))
    return [mine for mine, _ in pairs], [other for _, other in pairs]


def copy_weights(parameters: Parameters, vocabulary: Vocabulary, source: Checkpoint) -> None:
    """Make ``parameters``, of the shape of ``source`` but for the characters, what it has learned.

    What belongs to a character goes to the same one. One that ``source`` does not know keeps what
    it has.
    """
    mine, theirs = match_characters(vocabulary, source.corpus_info.vocabulary)
    learned = source.network.parameters
    by_character = {"E": 0, "out.W": 1, "out.b": 0}  # the axis along which they have one each
    if not parameters.shape.tied:
        by_character["W0"] = 1
    for name, view in parameters.views.items():
        if name not in by_character:
            view[...] = learned[name]
            continue
        axis = by_character[name]
        np.moveaxis(view, axis, 0)[mine] = np.moveaxis(learned[name], axis, 0)[theirs]
