"""The model file: one .npz without pickle, under PyTorch's names, shapes and gate order.

Beside the arrays stands ``meta``, a JSON document as UTF-8 bytes. The same model makes the same
bytes: no time, host, folder or speed is in it. What a training needs besides to go on is added by
`save_training` under names that start with ``training.``; a reader of models passes over it.
"""

import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from charrnn.config import Settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.network.workspace import Array
from charrnn.text.ngram import Baselines
from charrnn.text.stock import Stock
from charrnn.text.vocab import Vocabulary

if TYPE_CHECKING:
    from charrnn.training.trainer import Trainer

FORMAT = 1
TORCH_GATES = {"rnn": [0], "gru": [0, 1, 2], "lstm": [0, 1, 3, 2]}
"""PyTorch's i, f, g, o are our i, f, o, g; the same exchange leads back."""

Arrays = dict[str, npt.NDArray[Any]]
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, KeyError,
    TypeError, AttributeError, NotImplementedError, RuntimeError, CharrnnError,
)  # fmt: skip
"""What NumPy, zipfile and json raise on a damaged file, and our own checks of its settings."""


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
        "training_seconds": trainer.training_seconds,
        "random": trainer.rng.bit_generator.state,
    }
    _write(path, arrays, {**_meta(checkpoint), "training": training})


def load(path: Path) -> Checkpoint:
    """Read a model.

    Raises:
        InputError: when the file is missing, damaged or no model of ours.
    """
    if not path.is_file():
        raise InputError(path, "no such model; train one with 'charrnn train'")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            meta = json.loads(arrays["meta"].tobytes())
            if meta["format"] != FORMAT:
                raise ValueError(f"format {meta['format']}, where this version reads {FORMAT}")
            return _checkpoint(arrays, meta)
    except DAMAGE as error:
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


def from_torch(arrays: Mapping[str, npt.NDArray[Any]], parameters: Parameters) -> None:
    """Fill ``parameters`` from arrays so named. Two biases that are only ever added become one.

    Raises:
        ValueError: naming an array of the wrong shape or with values that are no numbers.
        KeyError: naming one that is missing.
    """
    shape = parameters.shape
    G, H = shape.recurrence.gates, shape.hidden
    order = TORCH_GATES[shape.cell]

    def array(name: str, *dims: int) -> Array:
        found = arrays[name]
        if found.shape != dims or found.dtype.kind != "f":
            raise ValueError(f"{name} is {found.dtype} {found.shape}, not float {dims}")
        if not np.isfinite(found).all():
            raise ValueError(f"{name} has values that are not finite")
        return found

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
        b[:added] += recurrent_bias[:added]
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
        "unknown": False,
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


def _checkpoint(arrays: Mapping[str, npt.NDArray[Any]], meta: dict[str, Any]) -> Checkpoint:
    config = Settings(**meta["config"])
    corpus = meta["corpus"]
    characters, counts = meta["vocabulary"], tuple(corpus["counts"])
    if not len(set(characters)) == len(characters) == len(counts):
        raise ValueError("its vocabulary and the counts of its characters do not agree")
    if meta["unknown"]:
        raise ValueError("it has an unknown character, which this version does not know")
    if arrays["out.weight"].shape != (len(characters), config.hidden):
        raise ValueError("out.weight does not have the declared size")
    vocabulary = Vocabulary(characters, counts)
    parameters = Parameters(
        Shape(config.cell, config.hidden, config.layers, len(vocabulary), config.tied)
    )
    from_torch(arrays, parameters)
    return Checkpoint(
        network=Network(parameters),
        config=config,
        stock=Stock(
            files=tuple(corpus["files"]),
            characters=corpus["characters"],
            vocabulary=vocabulary,
            encoding=corpus["encoding"],
            newline=config.newline,
            sha256=corpus["sha256"],
        ),
        step=meta["step"],
        history=tuple(meta["history"]),
        baselines=Baselines(**compared) if (compared := meta.get("baselines")) else None,
    )


def _write(path: Path, arrays: Arrays, meta: dict[str, Any]) -> None:
    document = json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()
    arrays = {**arrays, "meta": np.frombuffer(document, np.uint8)}

    def write(file: IO[bytes]) -> None:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its other keyword is no array's name

    write_atomically(path, write)
