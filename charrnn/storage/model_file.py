"""The model file: one .npz without pickle, with PyTorch's array names, shapes and gate order.

Beside the arrays it contains ``meta``, a JSON document as UTF-8 bytes (meta.py). The same model
makes the same bytes: no time, host, folder or speed is saved. A checkpoint (checkpoint.py) also has
the state of the training, under names that start with ``training.``, which `load` skips.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from charrnn.config import Settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.language import gettext as _
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.ngram import Baselines
from charrnn.storage import meta, npz
from charrnn.storage.torch_layout import NamedArrays, array_names, from_torch, to_torch
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization


def network_shape(config: Settings, corpus_info: CorpusInfo) -> Shape:
    """Return the shape of the network that ``config`` trains on a corpus."""
    V = len(corpus_info.vocabulary)
    return Shape(config.cell, config.hidden, config.layers, V, config.tied)


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """Everything that a model file says of a network; ``history`` has one entry per evaluation."""

    config: Settings
    corpus_info: CorpusInfo
    step: int
    history: tuple[dict[str, Any], ...]
    baselines: Baselines | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the network."""
        return network_shape(self.config, self.corpus_info)

    @property
    def total_steps(self) -> int:
        """The number of updates that its training makes if it runs to the end."""
        training, __, __ = self.config.split_sizes(self.corpus_info.characters)
        return self.config.total_steps(training - 1)


@dataclass(frozen=True, kw_only=True)
class TrainedModel(ModelDescription):
    """A trained network with its description."""

    network: Network


def save(model: TrainedModel, path: Path) -> None:
    """Write a model to ``path``, completely or not at all.

    Raises:
        OSError: when it cannot be written; a file that was there before is untouched.
    """
    write(model, path, {}, {})


def write(
    model: TrainedModel, path: Path, arrays: NamedArrays, document: Mapping[str, Any]
) -> None:
    """Write a model with more ``arrays`` than its own, and a ``document`` beside its own in meta.

    Raises:
        OSError: as `save`.
    """
    own_document = meta.describe_model(
        model.config, model.corpus_info, model.step, model.history, model.baselines
    )
    content = np.frombuffer(meta.encode_document({**own_document, **document}), np.uint8)
    arrays = {**to_torch(model.network.parameters), **arrays, "meta": content}
    # No array is named allow_pickle, which is the name of an argument.
    write_atomically(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def load(path: Path) -> TrainedModel:
    """Read a model.

    Raises:
        InputError: when the file is missing, damaged, not a model of charrnn, or of a newer one.
    """
    with open_model(path) as (arrays, document):
        return parse_model(arrays, document)


@contextmanager
def open_model(path: Path) -> Iterator[tuple[npz.ArrayFile, dict[str, Any]]]:
    """Open a model file: its arrays and its document.

    Any exception that damage causes inside becomes an InputError that names the file.
    """
    if not path.is_file():
        raise InputError(path, _("no such model; check the name, or train a model first"))
    try:
        with npz.open_arrays(path) as arrays:
            yield arrays, meta.decode_document(arrays.read_document("meta"))
    except meta.NewerFormatError as error:
        problem = _("was written by a newer charrnn; update charrnn to read it")
        raise InputError(path, problem) from error
    except npz.MissingArrayError as error:
        problem = _("is not a complete charrnn model ({name} is missing)")
        raise InputError(path, problem.format(name=error.name)) from error
    except KeyError as error:
        problem = _("is not a complete charrnn model (meta has no {name})")
        raise InputError(path, problem.format(name=error.args[0])) from error
    except (TypeError, AttributeError) as error:
        # A value of another type met an operation, as in "corpus": [].
        problem = _("is not a complete charrnn model (meta has a value of the wrong type)")
        raise InputError(path, problem) from error
    except (*npz.DAMAGE_ERRORS, CharrnnError) as error:
        if isinstance(error, BadZipFile) and not _begins_like_zip(path):
            raise InputError(path, _("is not a model, which is a .npz file")) from error
        reason = " ".join(str(error).split()) or type(error).__name__
        problem = _("is not a complete charrnn model ({reason})").format(reason=reason)
        raise InputError(path, problem) from error


def _begins_like_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def parse_description(arrays: npz.ArrayFile, document: dict[str, Any]) -> ModelDescription:
    """Return the description in ``document``, checked against the sizes of the ``arrays``.

    So a small file cannot declare a network for which much memory would be allocated.
    """
    config = meta.read_settings(document["config"])
    normalization = Normalization(config.newline, config.normalize)
    corpus_info = meta.read_corpus_info(document, normalization, config.shuffled_units)
    config.split_sizes(corpus_info.characters)
    if config.layers > len([*arrays]):
        problem = _("it does not have arrays for {layers} layers").format(layers=config.layers)
        raise ValueError(problem)
    description = ModelDescription(
        config=config,
        corpus_info=corpus_info,
        step=meta.read_count(document, "step"),
        history=meta.read_history(document["history"]),
        baselines=meta.read_baselines(document.get("baselines")),
    )
    parameters = description.shape.parameter_count
    if parameters > arrays.size:
        problem = _("it declares {parameters:,} parameters, which it does not contain")
        raise ValueError(problem.format(parameters=parameters))
    return description


def parse_model(arrays: npz.ArrayFile, document: dict[str, Any]) -> TrainedModel:
    """Return the model in ``arrays`` and ``document``; arrays of a training may be beside it."""
    description = parse_description(arrays, document)
    shape = description.shape
    try:
        arrays.read_floats("out.bias", shape.V)
    except ValueError as error:
        problem = _("its vocabulary of {V:,} characters does not fit its arrays: {reason}")
        raise ValueError(problem.format(V=shape.V, reason=error)) from None
    expected = {"meta", *array_names(shape)}
    for name in arrays:
        if name not in expected and not name.startswith("training."):
            problem = _("it contains {name}, which is not an array of such a model")
            raise ValueError(problem.format(name=name))
    parameters = Parameters(shape)
    from_torch(arrays.read_floats, parameters)
    return TrainedModel(**vars(description), network=Network(parameters))
