"""What a model is: its sizes, the corpus it learned from, its training and its losses."""

from dataclasses import dataclass

from charrnn.network.workspace import Array
from charrnn.text.ngram import Baselines
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.events import bits

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


def summary(checkpoint: Checkpoint, name: str) -> Summary:
    """Describe the model of the file called ``name``."""
    config, stock = checkpoint.config, checkpoint.stock
    parameters = checkpoint.network.parameters
    train, val, test = config.parts(stock.characters)
    latest = checkpoint.history[-1] if checkpoint.history else {}
    val_loss = latest.get("val_loss")
    return Summary(
        model=name,
        cell=config.cell,
        hidden=config.hidden,
        layers=config.layers,
        parameters=parameters.vector.size,
        parts=_parts(parameters.views),
        corpus=Corpus(
            stock.files, stock.characters, stock.distinct, stock.encoding,
            stock.rules.newline, stock.rules.normalize, stock.sha256, train, val, test,
        ),
        training=Training(
            step=checkpoint.step,
            epoch=checkpoint.step * config.batch * config.seq / (train - 1),
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
        baselines=checkpoint.baselines,
    )  # fmt: skip


def _parts(views: dict[str, Array]) -> dict[str, int]:
    parts: dict[str, int] = {}
    for name, view in views.items():
        if name == "E":
            parts["embedding and output"] = view.size
            continue
        layer = f"layer {int(name[1:]) + 1}" if name[1:].isdigit() else "output"
        kind = PARTS[name[0] if name[1:].isdigit() else name]
        parts[f"{layer} {kind}"] = parts.get(f"{layer} {kind}", 0) + view.size
    return parts
