"""What a model is: its sizes, its corpus, its training and its losses."""

import math
from dataclasses import dataclass

from charrnn.language import Phrase, gettext_noop
from charrnn.network.parameters import Shape
from charrnn.ngram import Baselines
from charrnn.reports.loaded_model import LoadedModel, ModelFacts, model_facts
from charrnn.reports.notebook import NotebookReport
from charrnn.storage.model_file import ModelDescription
from charrnn.text.corpus_info import TextInfo
from charrnn.training.state import Diverged
from charrnn.units import bits

PARTS = {
    "W": gettext_noop("layer {layer} input weights"),
    "U": gettext_noop("layer {layer} recurrent weights"),
    "b": gettext_noop("layer {layer} biases"),
    "r": gettext_noop("layer {layer} biases"),
    "out.W": gettext_noop("output weights"),
    "out.b": gettext_noop("output biases"),
    "E": gettext_noop("embedding and output"),
}
"""The parts of a network by the names of their arrays; those of a layer have its number too."""


@dataclass(frozen=True)
class CorpusSummary:
    """The text that the model learned from. ``sha256`` is of its characters in UTF-8.

    ``shuffle`` says what was put into another order before the text was cut. ``val_file`` and
    ``test_file`` are texts that the model was validated and tested on, if they are no part of it.
    """

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
    shuffle: str | None = None
    val_file: TextInfo | None = None
    test_file: TextInfo | None = None


@dataclass(frozen=True)
class TrainingSummary:
    """The settings of a training, and where it was at ``step``. Losses are nats per character."""

    step: int
    epoch: float
    seed: int
    batch: int
    seq: int
    lr: float
    dropout: float
    recurrent_dropout: float
    temporal_regularization: float
    train_loss: float | None
    val_loss: float | None
    val_bpc: float | None


@dataclass(frozen=True)
class Summary(ModelFacts, NotebookReport, report="summary"):
    """One model. ``parts`` has its number of parameters by part of the network.

    ``diverged`` says where its training ended if it diverged. ``baselines`` are the losses of
    models without a memory on its validation part.
    """

    parameters: int
    parts: dict[str, int]
    corpus: CorpusSummary
    training: TrainingSummary
    diverged: Diverged | None
    baselines: Baselines | None


def summarize(model: LoadedModel) -> Summary:
    """Describe a model."""
    return summarize_description(model.checkpoint, model.label, model.diverged)


def summarize_description(
    model: ModelDescription, label: str, diverged: Diverged | None
) -> Summary:
    """Describe the model that is called ``label`` from its metadata; needs no weights."""
    config, corpus_info = model.config, model.corpus_info
    train, val, test = config.split_sizes(corpus_info.characters)
    latest = model.history[-1] if model.history else {}
    val_loss = latest.get("val_loss")
    return Summary(
        **vars(model_facts(model, label)),
        parameters=model.shape.parameter_count,
        parts=_count_parameters(model.shape),
        corpus=CorpusSummary(
            corpus_info.files, corpus_info.characters, corpus_info.distinct, corpus_info.encoding,
            corpus_info.normalization.newline, corpus_info.normalization.normalize,
            corpus_info.sha256, train, val, test, corpus_info.shuffle, corpus_info.val_file,
            corpus_info.test_file,
        ),
        training=TrainingSummary(
            step=model.step,
            epoch=config.count_epochs(model.step, train - 1),
            seed=config.seed,
            batch=config.batch,
            seq=config.seq,
            lr=config.lr,
            dropout=config.dropout,
            recurrent_dropout=config.recurrent_dropout,
            temporal_regularization=config.temporal_regularization,
            train_loss=latest.get("train_loss"),
            val_loss=val_loss,
            val_bpc=None if val_loss is None else bits(val_loss),
        ),
        diverged=diverged,
        baselines=model.baselines,
    )  # fmt: skip


def _count_parameters(shape: Shape) -> dict[str, int]:
    """Count the parameters by part, such as "layer 1 recurrent weights"."""
    parts: dict[str, int] = {}
    for name, dims in {**shape.matrices(), **shape.biases()}.items():
        if name[1:].isdigit():
            part: str = Phrase(PARTS[name[0]], layer=int(name[1:]) + 1)
        else:
            part = PARTS[name]
        parts[part] = parts.get(part, 0) + math.prod(dims)
    return parts
