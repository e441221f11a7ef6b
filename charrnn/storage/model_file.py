"""The model file: one .npz without pickle, under PyTorch's names, shapes and gate order.

Beside the arrays stands ``meta``, JSON as UTF-8 bytes (meta.py). The same model makes the same
bytes: no time, host, folder or speed is in it. What a training needs besides to go on is added by
`save_training` under names that start with ``training.``; a reader of models passes over it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from charrnn.config import Settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.ngram import Baselines
from charrnn.storage import meta, npz
from charrnn.storage.torch_layout import Arrays, array_names, from_torch, to_torch
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.rules import Rules

if TYPE_CHECKING:
    from charrnn.training.trainer import Trainer


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


def save_training(checkpoint: Checkpoint, trainer: "Trainer", path: Path) -> None:
    """Write a model and, besides, the whole state of its training. Raises as `save`."""
    arrays = to_torch(checkpoint.network.parameters)
    arrays["training.m"] = trainer.optimizer.m
    arrays["training.v"] = trainer.optimizer.v
    for layer, state in enumerate(trainer.states_of_all):
        for name, array in zip("hc", state, strict=False):
            arrays[f"training.{name}_l{layer}"] = array
    training = {
        "updates": trainer.optimizer.updates,
        "total_steps": trainer.total_steps,
        "position": trainer.step * trainer.config.seq,
        "best_loss": trainer.best_loss if math.isfinite(trainer.best_loss) else None,
        "best_step": trainer.best_step,
        "evaluations_since_best": trainer.evaluations_since_best,
        "window_losses": trainer.window_losses,
        "above": trainer.above,
        "setbacks": trainer.rollbacks,
        "random": trainer.rng.bit_generator.state,
    }
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
        return found, training is not None and _is_over(found, training)


def _is_over(model: Description, training: dict[str, Any]) -> bool:
    waited = meta.whole(training, "evaluations_since_best")
    if waited >= (model.config.patience or math.inf):
        return True
    return model.step >= meta.whole(training, "total_steps") and not training["window_losses"]


def restore(trainer: "Trainer", path: Path) -> None:
    """Make a ``trainer`` that has just begun what another of its kind was when it was saved.

    Raises:
        InputError: when the file is missing, damaged, or holds no training of this kind.
    """
    config = trainer.config
    with _opened(path) as (arrays, document):
        training = document["training"]
        from_torch(arrays.numbers, trainer.network.parameters)
        for name, moment in (("m", trainer.optimizer.m), ("v", trainer.optimizer.v)):
            moment[:] = arrays.numbers(f"training.{name}", *moment.shape)
        for layer, state in enumerate(trainer.states):
            for name, array in zip("hc", state, strict=False):
                kept = arrays.numbers(f"training.{name}_l{layer}", config.batch, config.hidden)
                array[:] = kept[trainer.mine]
        if (trainer.optimizer.v < 0).any():
            raise ValueError("training.v has negative values")
        trainer.optimizer.updates = meta.whole(training, "updates")
        trainer.step = meta.whole(document, "step")
        best, best_step = training["best_loss"], training["best_step"]
        trainer.best_loss = math.inf if best is None else meta.number(training, "best_loss")
        trainer.best_step = None if best_step is None else meta.whole(training, "best_step")
        trainer.evaluations_since_best = meta.whole(training, "evaluations_since_best")
        losses = dict(enumerate(training["window_losses"]))
        trainer.window_losses = [meta.number(losses, at) for at in losses]
        trainer.above = meta.whole(training, "above")
        trainer.rollbacks = meta.whole(training, "setbacks")
        trainer.rng.bit_generator.state = training["random"]


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
