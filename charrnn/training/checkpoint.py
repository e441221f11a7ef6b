"""The model file: one .npz without pickle, under PyTorch's names, shapes and gate order.

Beside the arrays stands ``meta``, a JSON document as UTF-8 bytes. The same model makes the same
bytes: no time, host, folder or speed is in it. What a training needs besides to go on is added by
`save_training` under names that start with ``training.``; a reader of models passes over it.
"""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from charrnn.config import Settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.network.workspace import Array
from charrnn.text.ngram import Baselines
from charrnn.text.rules import Rules
from charrnn.text.stock import Stock
from charrnn.text.vocab import Vocabulary
from charrnn.training import npz

if TYPE_CHECKING:
    from charrnn.training.trainer import Trainer

FORMAT = 1
EVALUATED = ("step", "epoch", "train_loss", "val_loss", "lr")  # that a model keeps of evaluations
TORCH_GATES = {"rnn": [0], "gru": [0, 1, 2], "lstm": [0, 1, 3, 2]}
"""PyTorch's i, f, g, o are our i, f, o, g; the same exchange leads back."""

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
Numbers: TypeAlias = Callable[..., Array]
"""From an array's name and shape to the array, or a ValueError or KeyError that names it."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network with all that describes it. ``history`` has one entry an evaluation."""

    network: Network
    config: Settings
    stock: Stock
    step: int
    history: tuple[dict[str, Any], ...]
    baselines: Baselines | None = None


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a model to ``path``, whole or not at all.

    Raises:
        OSError: when it cannot be written; what was there before is untouched.
    """
    _write(path, to_torch(checkpoint.network.parameters), _meta(checkpoint))


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
        "setbacks": trainer.setbacks,
        "random": trainer.rng.bit_generator.state,
    }
    _write(path, arrays, {**_meta(checkpoint), "training": training})


def load(path: Path) -> Checkpoint:
    """Read a model.

    Raises:
        InputError: when the file is missing, damaged or no model of ours.
    """
    with _opened(path) as (arrays, meta):
        return _checkpoint(arrays, meta)


def restore(trainer: "Trainer", path: Path) -> None:
    """Make a ``trainer`` that has just begun what another of its kind was when it was saved.

    Raises:
        InputError: when the file is missing, damaged, or holds no training of this kind.
    """
    config = trainer.config
    with _opened(path) as (arrays, meta):
        training = meta["training"]
        from_torch(arrays.numbers, trainer.network.parameters)
        for name, moment in (("m", trainer.optimizer.m), ("v", trainer.optimizer.v)):
            moment[:] = arrays.numbers(f"training.{name}", *moment.shape)
        for layer, state in enumerate(trainer.states):
            for name, array in zip("hc", state, strict=False):
                kept = arrays.numbers(f"training.{name}_l{layer}", config.batch, config.hidden)
                array[:] = kept[trainer.mine]
        trainer.optimizer.updates = training["updates"]
        trainer.step = meta["step"]
        best = training["best_loss"]
        trainer.best_loss = math.inf if best is None else best
        trainer.best_step = training["best_step"]
        trainer.evaluations_since_best = training["evaluations_since_best"]
        trainer.window_losses = list(training["window_losses"])
        trainer.above, trainer.setbacks = training["above"], training["setbacks"]
        trainer.rng.bit_generator.state = training["random"]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[npz.Arrays, dict[str, Any]]]:
    """The arrays of a model file and its JSON; damage that is met inside names the file."""
    if not path.is_file():
        raise InputError(path, "no such model; train one with 'charrnn train'")
    try:
        with npz.opened(path) as arrays:
            meta = json.loads(arrays.document("meta"), parse_constant=_refuse)
            if meta["format"] != FORMAT:
                raise ValueError(f"format {meta['format']}, where this version reads {FORMAT}")
            yield arrays, meta
    except (*npz.DAMAGE, CharrnnError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(path, f"not a whole charrnn model ({reason})") from error


def to_torch(parameters: Parameters) -> Arrays:
    """The arrays as torch.nn.RNN, GRU, LSTM (under ``rnn.``) and Linear (``out.``) name them.

    Where they are tied, ``embedding.`` has the same weight as ``out.``.
    """
    shape, arrays = parameters.shape, dict[str, npt.NDArray[Any]]()
    order = TORCH_GATES[shape.cell]
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        recurrent_bias = np.zeros_like(b)
        recurrent_bias[len(b) - len(r) :] = r  # the gru's is that of its last gate, n
        arrays[f"rnn.weight_ih_l{layer}"] = np.concatenate([W[gate].T for gate in order])
        arrays[f"rnn.weight_hh_l{layer}"] = np.concatenate([U[gate].T for gate in order])
        arrays[f"rnn.bias_ih_l{layer}"] = b[order].ravel()
        arrays[f"rnn.bias_hh_l{layer}"] = recurrent_bias[order].ravel()
    if shape.tied:
        arrays["embedding.weight"] = parameters["E"]
    return {**arrays, "out.weight": parameters["out.W"].T.copy(), "out.bias": parameters["out.b"]}


def names(shape: Shape) -> set[str]:
    """Those of the arrays of such a network."""
    of_layers = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layers = {f"rnn.{name}_l{layer}" for name in of_layers for layer in range(shape.layers)}
    return layers | {"out.weight", "out.bias"} | ({"embedding.weight"} if shape.tied else set())


def from_torch(array: Numbers, parameters: Parameters) -> None:
    """Fill ``parameters`` from arrays so named. Two biases that are only ever added become one.

    Raises:
        ValueError: when two that are tied differ.
    """
    shape = parameters.shape
    G, H = shape.recurrence.gates, shape.hidden
    order = TORCH_GATES[shape.cell]
    for layer in range(shape.layers):
        W, U, b, r = (parameters[f"{name}{layer}"] for name in "WUbr")
        D = W.shape[1]
        weight_ih = array(f"rnn.weight_ih_l{layer}", G * H, D).reshape(G, H, D)
        weight_hh = array(f"rnn.weight_hh_l{layer}", G * H, H).reshape(G, H, H)
        W[:] = weight_ih[order].transpose(0, 2, 1)
        U[:] = weight_hh[order].transpose(0, 2, 1)
        b[:] = array(f"rnn.bias_ih_l{layer}", G * H).reshape(G, H)[order]
        recurrent_bias = array(f"rnn.bias_hh_l{layer}", G * H).reshape(G, H)[order]
        added = len(b) - len(r)
        also = recurrent_bias[:added]  # zeros in our own files, which leave even a -0.0 as it is
        np.add(b[:added], also, out=b[:added], where=also != 0)
        r[:] = recurrent_bias[added:]
    parameters["out.W"][:] = array("out.weight", shape.V, H).T
    if shape.tied and (array("embedding.weight", shape.V, H) != parameters["E"]).any():
        raise ValueError("embedding.weight and out.weight are tied, and differ")
    parameters["out.b"][:] = array("out.bias", shape.V)


def _meta(checkpoint: Checkpoint) -> dict[str, Any]:
    stock = checkpoint.stock
    return {
        "format": FORMAT,
        "config": asdict(checkpoint.config),
        "vocabulary": stock.vocabulary.characters,
        "unknown": stock.vocabulary.unknown is not None,
        "corpus": {
            "sha256": stock.sha256,
            "encoding": stock.encoding,
            "files": stock.files,
            "characters": stock.characters,
            "counts": stock.vocabulary.counts,
        },
        "step": checkpoint.step,
        "history": checkpoint.history,
        "baselines": None if checkpoint.baselines is None else asdict(checkpoint.baselines),
    }


def _checkpoint(arrays: npz.Arrays, meta: dict[str, Any]) -> Checkpoint:
    config = _settings(meta["config"])
    stock = _stock(meta, Rules(config.newline, config.normalize))
    V = len(stock.vocabulary)
    if config.layers > len([*arrays]):
        raise ValueError(f"it has no arrays for {config.layers} layers")
    shape = Shape(config.cell, config.hidden, config.layers, V, config.tied)
    if shape.parameters > arrays.size:
        raise ValueError(f"it declares {shape.parameters:,} parameters, which it does not have")
    parameters = Parameters(shape)
    for name in arrays:
        if name != "meta" and not name.startswith("training.") and name not in names(shape):
            raise ValueError(f"{name} is no array of such a model")
    from_torch(arrays.numbers, parameters)
    history = meta["history"]
    if not all(isinstance(one, dict) and set(one) == set(EVALUATED) for one in history):
        raise ValueError("its history is none")
    return Checkpoint(
        network=Network(parameters),
        config=config,
        stock=stock,
        step=_whole(meta, "step"),
        history=tuple(history),
        baselines=Baselines(**compared) if (compared := meta.get("baselines")) else None,
    )


def _settings(config: dict[str, Any]) -> Settings:
    settings = Settings(**config)
    for field in fields(settings):
        value, kinds = getattr(settings, field.name), get_args(field.type) or (field.type,)
        if float in kinds:
            kinds = (*kinds, int)
        if type(value) not in kinds:
            raise ValueError(f"its {field.name} is {str(value)[:20]!r}")
    return settings


def _stock(meta: dict[str, Any], rules: Rules) -> Stock:
    corpus, characters = meta["corpus"], meta["vocabulary"]
    counts, unknown = corpus["counts"], meta["unknown"]
    if (
        not isinstance(characters, str)
        or type(unknown) is not bool
        or not all(type(count) is int for count in counts)
    ):
        raise ValueError("its vocabulary is none")
    characters.encode()  # half of a surrogate pair is no character
    if not 0 < len(set(characters)) == len(characters) == len(counts) - unknown:
        raise ValueError("its vocabulary and the counts of its characters do not agree")
    for part in (corpus["encoding"], corpus["sha256"], *corpus["files"]):
        if not isinstance(part, str):
            raise ValueError("what it says about its corpus is no text")
        part.encode()
    return Stock(
        files=tuple(corpus["files"]),
        characters=_whole(corpus, "characters"),
        vocabulary=Vocabulary(characters, tuple(counts), unknown=unknown),
        encoding=corpus["encoding"],
        rules=rules,
        sha256=corpus["sha256"],
    )


def _whole(values: dict[str, Any], name: str) -> int:
    value = values[name]
    if type(value) is not int or value < 0:
        raise ValueError(f"its {name} is no number")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} stands in its JSON")


def _write(path: Path, arrays: Arrays, meta: dict[str, Any]) -> None:
    document = json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()
    arrays = {**arrays, "meta": np.frombuffer(document, np.uint8)}

    def write(file: IO[bytes]) -> None:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its other keyword is no array's name

    write_atomically(path, write)
