"""What a model is: its sizes, the corpus it learned from, its training and its losses."""

import math
from dataclasses import dataclass

from charrnn.network.parameters import Shape
from charrnn.ngram import Baselines
from charrnn.storage.model_file import ModelDescription
from charrnn.units import bits

PARTS = {
    "W": "input weights", "U": "recurrent weights", "b": "biases", "r": "biases",
    "out.W": "weights", "out.b": "biases",
}  # fmt: skip


@dataclass(frozen=True)
class Corpus:
    """The text that was learned. ``sha256`` is over its characters as UTF-8."""

    files: tuple[str, ...]
    characters: int
    distinct: int
    encoding: str
    newline: str
    normalize: str
    sha256: str
    training_characters: int
    validation_characters: int
    test_characters: int


@dataclass(frozen=True)
class Training:
    """How far it was trained. Losses in nats a character, at this step."""

    step: int
    epoch: float
    seed: int
    batch: int
    seq: int
    lr: float
    dropout: float
    recurrent_dropout: float
    train_loss: float | None
    val_loss: float | None
    val_bpc: float | None


@dataclass(frozen=True)
class Summary:
    """One model. ``parts`` are the parameters by part; ``baselines`` those of its val part."""

    model: str
    cell: str
    hidden: int
    layers: int
    parameters: int
    parts: dict[str, int]
    corpus: Corpus
    training: Training
    baselines: Baselines | None


def summary(model: ModelDescription, name: str) -> Summary:
    """Describe the model of the file called ``name``."""
    config, corpus_info = model.config, model.corpus_info
    train, val, test = config.split_sizes(corpus_info.characters)
    latest = model.history[-1] if model.history else {}
    val_loss = latest.get("val_loss")
    return Summary(
        model=name,
        cell=config.cell,
        hidden=config.hidden,
        layers=config.layers,
        parameters=model.shape.parameter_count,
        parts=_parts(model.shape),
        corpus=Corpus(
            corpus_info.files, corpus_info.characters, corpus_info.distinct, corpus_info.encoding,
            corpus_info.normalization.newline, corpus_info.normalization.normalize,
            corpus_info.sha256, train, val, test,
        ),
        training=Training(
            step=model.step,
            epoch=model.step * config.batch * config.seq / (train - 1),
            seed=config.seed,
            batch=config.batch,
            seq=config.seq,
            lr=config.lr,
            dropout=config.dropout,
            recurrent_dropout=config.recurrent_dropout,
            train_loss=latest.get("train_loss"),
            val_loss=val_loss,
            val_bpc=None if val_loss is None else bits(val_loss),
        ),
        baselines=model.baselines,
    )  # fmt: skip


def _parts(shape: Shape) -> dict[str, int]:
    parts: dict[str, int] = {}
    for name, dims in {**shape.matrices(), **shape.biases()}.items():
        size = math.prod(dims)
        if name == "E":
            parts["embedding and output"] = size
            continue
        layer = f"layer {int(name[1:]) + 1}" if name[1:].isdigit() else "output"
        kind = PARTS[name[0] if name[1:].isdigit() else name]
        parts[f"{layer} {kind}"] = parts.get(f"{layer} {kind}", 0) + size
    return parts
