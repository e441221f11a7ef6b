"""A model and the file that it was read from: what a report is given, and how it names a model."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charrnn.language import gettext_noop
from charrnn.reports.path_label import PathLabel
from charrnn.storage.diverged_run import find_divergence
from charrnn.storage.model_file import ModelDescription, TrainedModel, load
from charrnn.storage.run_folder import find_model

if TYPE_CHECKING:
    from charrnn.training.state import Diverged


@dataclass(frozen=True)
class ModelFacts:
    """The model that a report is about; these fields come first in the report's JSON."""

    model: str
    cell: str
    hidden: int
    layers: int


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A checkpoint with the ``path`` of its model file, None for a model that is in no file.

    ``run`` is the run folder, if that is what the user named; its log then has the losses.
    """

    checkpoint: TrainedModel
    path: Path | None = None
    run: Path | None = None

    @property
    def label(self) -> str:
        """The model's name in reports and errors."""
        if self.path is None:
            return gettext_noop("model in memory")
        return PathLabel(str(self.path))

    @property
    def diverged(self) -> "Diverged | None":
        """Where the training in this model's run folder diverged; None if it did not."""
        return find_divergence(self.path)

    @property
    def facts(self) -> ModelFacts:
        """The first fields of this model's reports."""
        return model_facts(self.checkpoint, self.label)


def load_model(path: Path) -> LoadedModel:
    """Read a model file, the best model of a run folder, or that of the run of this name.

    Raises:
        InputError: when it is missing, damaged or not a model.
    """
    file = find_model(path)
    return LoadedModel(load(file), file, None if path == file else file.parent)


def model_facts(description: ModelDescription, label: str) -> ModelFacts:
    """Return the first fields of the reports on a model that is called ``label``."""
    config = description.config
    return ModelFacts(label, config.cell, config.hidden, config.layers)
