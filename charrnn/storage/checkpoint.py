"""The checkpoint: a model file that also has the state of its training, from which it resumes.

Not here: the rest of the file (model_file.py), and when it is written (runs/saving.py).
"""

from dataclasses import dataclass
from pathlib import Path

from charrnn.language import gettext as _
from charrnn.storage import meta
from charrnn.storage.model_file import (
    ModelDescription,
    TrainedModel,
    open_model,
    parse_description,
    parse_model,
    write,
)
from charrnn.storage.torch_layout import NamedArrays
from charrnn.storage.training_meta import describe_training, read_progress, read_random
from charrnn.training.state import Diverged, TrainingState


def save_training(model: TrainedModel, state: TrainingState, path: Path) -> None:
    """Write a model together with the state of its training. Raises as `model_file.save`."""
    arrays: NamedArrays = {"training.m": state.m, "training.v": state.v}
    state_names = model.shape.cell_record.states
    for layer, layer_state in enumerate(state.states):
        for name, array in zip(state_names, layer_state, strict=True):
            arrays[f"training.{name}_l{layer}"] = array
    training = describe_training(state, model.config.seq, model.total_steps)
    write(model, path, arrays, {"training": training})


@dataclass(frozen=True)
class TrainingStatus:
    """Whether a training is over: all steps are made, patience has run out, or it ``diverged``."""

    is_over: bool = False
    diverged: Diverged | None = None


def read_description(path: Path) -> tuple[ModelDescription, TrainingStatus]:
    """Return the description of a model, without its weights, and the status of its training.

    A file without the state of a training counts as not over. Raises as `model_file.load`.
    """
    with open_model(path) as (arrays, document):
        description = parse_description(arrays, document)
        training = document.get("training")
        if training is None:
            return description, TrainingStatus()
        progress = read_progress(training, description.step)
        total_steps = meta.read_count(training, "total_steps")
        is_over = progress.is_over(total_steps, description.config.patience)
        diverged = progress.diverged
        if is_over and progress.best_step is None and diverged is None:
            # Version 0.1.0 did not write it, but only such a training ends without a best model.
            diverged = Diverged(description.step, "evaluations")
        return description, TrainingStatus(is_over, diverged)


def load_training(path: Path) -> TrainingState:
    """Read the state of a training that `save_training` wrote.

    Raises:
        InputError: when the file is missing or damaged, or has no state of a training.
    """
    with open_model(path) as (arrays, document):
        model = parse_model(arrays, document)
        shape, parameters = model.shape, model.network.parameters.vector
        m, v = (arrays.read_floats(f"training.{name}", parameters.size) for name in "mv")
        if (v < 0).any():
            raise ValueError(_("training.v has negative values"))
        names, size = shape.cell_record.states, (model.config.batch, shape.hidden)
        states = [
            tuple(arrays.read_floats(f"training.{name}_l{layer}", *size) for name in names)
            for layer in range(shape.layers)
        ]
        training = document["training"]
        return TrainingState(
            parameters=parameters, m=m, v=v, states=states,
            updates=meta.read_count(training, "updates"),
            random=read_random(training["random"]),
            progress=read_progress(training, model.step),
        )  # fmt: skip
