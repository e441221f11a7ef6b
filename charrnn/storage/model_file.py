"""The model file: one .npz without pickle, under PyTorch's names, shapes and gate order.

Beside the arrays stands ``meta``, JSON as UTF-8 bytes (meta.py). The same model makes the same
bytes: no time, host, folder or speed is in it. What a training needs besides to go on is added by
`save_training` under names that start with ``training.``; a reader of models passes over it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from charrnn.config import Settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.ngram import Baselines
from charrnn.storage import meta, npz
from charrnn.storage.torch_layout import Arrays, array_names, from_torch, to_torch
from charrnn.storage.training_meta import describe_training, read_progress, read_random
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.rules import Rules
from charrnn.training.state import TrainingState


@dataclass(frozen=True, kw_only=True)
class Description:
    """All that describes a trained network. ``history`` has one entry an evaluation."""

    config: Settings
    corpus_info: CorpusInfo
    step: int
    history: tuple[dict[str, Any], ...]
    baselines: Baselines | None = None

    @property
    def shape(self) -> Shape:
        """The network's."""
        config, V = self.config, len(self.corpus_info.vocabulary)
        return Shape(config.cell, config.hidden, config.layers, V, config.tied)

    @property
    def total_steps(self) -> int:
        """The updates of its training, if that goes on to its end."""
        training, _, _ = self.config.split_sizes(self.corpus_info.characters)
        return self.config.total_steps(training - 1)


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Description):
    """A trained network with all that describes it."""

    network: Network


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a model to ``path``, whole or not at all.

    Raises:
        OSError: when it cannot be written; what was there before is untouched.
    """
    _write(path, to_torch(checkpoint.network.parameters), _described(checkpoint))


def save_training(checkpoint: Checkpoint, state: TrainingState, path: Path) -> None:
    """Write a model and, besides, the whole state of its training. Raises as `save`."""
    arrays = to_torch(checkpoint.network.parameters)
    arrays["training.m"] = state.m
    arrays["training.v"] = state.v
    state_names = checkpoint.shape.cell_record.states
    for layer, layer_state in enumerate(state.states):
        for name, array in zip(state_names, layer_state, strict=True):
            arrays[f"training.{name}_l{layer}"] = array
    training = describe_training(state, checkpoint.config.seq, checkpoint.total_steps)
    _write(path, arrays, {**_described(checkpoint), "training": training})


def load(path: Path) -> Checkpoint:
    """Read a model.

    Raises:
        InputError: when the file is missing, damaged or no model of ours.
    """
    with _opened(path) as (arrays, document):
        return _checkpoint(arrays, document)


def describe(path: Path) -> tuple[Description, bool]:
    """What a model file says of its model, whose numbers are not looked at, and of its training.

    That is whether nothing is left to do: the steps are made, or patience has run out; false of a
    file that no training can go on from. Raises as `load`.
    """
    with _opened(path) as (arrays, document):
        found = _description(arrays, document)
        training = document.get("training")
        if training is None:
            return found, False
        progress = read_progress(training, found.step)
        total_steps = meta.whole(training, "total_steps")
        return found, progress.is_over(total_steps, found.config.patience)


def load_training(path: Path) -> TrainingState:
    """Read the state of a training that `save_training` wrote.

    Raises:
        InputError: when the file is missing, damaged, or holds no state of a training.
    """
    with _opened(path) as (arrays, document):
        model = _checkpoint(arrays, document)
        shape, parameters = model.shape, model.network.parameters.vector
        m, v = (arrays.numbers(f"training.{name}", parameters.size) for name in "mv")
        if (v < 0).any():
            raise ValueError("training.v has negative values")
        names, size = shape.cell_record.states, (model.config.batch, shape.hidden)
        states = [
            tuple(arrays.numbers(f"training.{name}_l{layer}", *size) for name in names)
            for layer in range(shape.layers)
        ]
        training = document["training"]
        return TrainingState(
            parameters=parameters, m=m, v=v, states=states,
            updates=meta.whole(training, "updates"),
            random=read_random(training["random"]),
            progress=read_progress(training, model.step),
        )  # fmt: skip


@contextmanager
def _opened(path: Path) -> Iterator[tuple[npz.Arrays, dict[str, Any]]]:
    """The arrays of a model file and its JSON; damage that is met inside names the file."""
    if not path.is_file():
        raise InputError(path, "no such model; train one with 'charrnn train'")
    try:
        with npz.opened(path) as arrays:
            yield arrays, meta.read(arrays.document("meta"))
    except KeyError as error:
        raise InputError(path, f"not a whole charrnn model ({meta.missing(error)})") from error
    except (TypeError, AttributeError) as error:
        problem = "not a whole charrnn model (meta is not made as a model's)"
        raise InputError(path, problem) from error
    except (*npz.DAMAGE, CharrnnError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(path, f"not a whole charrnn model ({reason})") from error


def _description(arrays: npz.Arrays, document: dict[str, Any]) -> Description:
    config = meta.settings(document["config"])
    corpus_info = meta.corpus_info(document, Rules(config.newline, config.normalize))
    config.split_sizes(corpus_info.characters)
    if config.layers > len([*arrays]):
        raise ValueError(f"it has no arrays for {config.layers} layers")
    found = Description(
        config=config,
        corpus_info=corpus_info,
        step=meta.whole(document, "step"),
        history=meta.history(document["history"]),
        baselines=meta.baselines(document.get("baselines")),
    )
    declared = found.shape.parameters
    if declared > arrays.size:
        raise ValueError(f"it declares {declared:,} parameters, which it does not have")
    return found


def _checkpoint(arrays: npz.Arrays, document: dict[str, Any]) -> Checkpoint:
    found = _description(arrays, document)
    try:
        arrays.numbers("out.bias", found.shape.V)
    except ValueError as error:
        problem = f"its vocabulary of {found.shape.V:,} does not fit: {error}"
        raise ValueError(problem) from None
    parameters = Parameters(found.shape)
    for name in arrays:
        if (
            name != "meta"
            and not name.startswith("training.")
            and name not in array_names(found.shape)
        ):
            raise ValueError(f"{name} is no array of such a model")
    from_torch(arrays.numbers, parameters)
    return Checkpoint(**vars(found), network=Network(parameters))


def _described(checkpoint: Checkpoint) -> dict[str, Any]:
    return meta.described(
        checkpoint.config, checkpoint.corpus_info, checkpoint.step, checkpoint.history,
        checkpoint.baselines,
    )  # fmt: skip


def _write(path: Path, arrays: Arrays, document: dict[str, Any]) -> None:
    arrays = {**arrays, "meta": np.frombuffer(meta.written(document), np.uint8)}

    def write(file: IO[bytes]) -> None:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its other keyword is no array's name

    write_atomically(path, write)
