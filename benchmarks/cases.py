"""The cases of compare.py, and the files from which its other sides read a case's model."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.network.cell import get_cell
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.stepper import Stepper
from charrnn.parallel.machine import count_cores
from charrnn.storage.torch_layout import to_torch
from charrnn.training.automatic import NOMINAL_SPEED, PASSES_PER_UPDATE, complete_settings

CORES = count_cores()
CHECKED = 20  # characters of each stream whose logits are compared
INPUTS = ("one-hot", "embedding")


@dataclass(frozen=True)
class Case:
    """One model, and whether it trains or samples."""

    what: str
    cell: str
    hidden: int
    layers: int
    streams: int
    window: int
    V: int = 65
    note: str = ""

    @property
    def name(self) -> str:
        """The name of the case in the table."""
        shape = f"{self.what} {self.cell} {self.hidden}×{self.layers}, {self.streams}"
        window = f" × {self.window}" if self.window else ""
        return f"{shape}{window}, V {self.V:,}{self.note and f', {self.note}'}"

    @property
    def shape(self) -> Shape:
        """The sizes of the network."""
        return Shape(self.cell, self.hidden, self.layers, self.V)

    @property
    def flops(self) -> int:
        """Floating-point operations per character; training has three times those of sampling."""
        forward = self.shape.flops_per_character
        return PASSES_PER_UPDATE * forward if self.what == "train" else forward


SHAPES = ((128, 2, 50, 50), (256, 1, 64, 64), (512, 1, 64, 64), (512, 2, 64, 64))
COMPARABLE = [cell for cell in reversed(CELLS) if get_cell(cell).torch_module]
# A text of a million characters, with the sizes of tinyshakespeare.
CHARACTERS, DISTINCT = 1_115_394, 65
CHOSEN = {"nothing set": TrainConfig(), "--minutes 2": TrainConfig(minutes=2)}


def list_cases(speed: float = NOMINAL_SPEED) -> Iterator[Case]:
    """Yield all cases: first what a text of a million characters gets by charrnn's own rules.

    ``speed`` are this machine's floating-point operations per second, as --minutes measures them.
    """
    for note, config in CHOSEN.items():
        # Without --minutes, the machine decides nothing.
        used = speed if config.minutes else NOMINAL_SPEED
        chosen = complete_settings(config, CHARACTERS, DISTINCT, CORES, speed=used)
        assert not chosen.tied
        yield Case(
            "train", chosen.cell, chosen.hidden, chosen.layers, chosen.batch, chosen.seq,
            DISTINCT, note,
        )  # fmt: skip
    for H, streams in ((256, 16), (256, 32), (320, 32)):
        yield Case("train", "lstm", H, 1, streams, 64)
    for cell in COMPARABLE:
        for shape in SHAPES:
            yield Case("train", cell, *shape)
    yield Case("train", "lstm", 512, 2, 128, 128)
    yield Case("train", "lstm", 256, 1, 64, 64, 3300)
    for samples in (1, 64):
        for H in (128, 512):
            yield Case("sample", "lstm", H, 2, samples, 0)


def write_models(case: Case, folder: Path) -> None:
    """Write a file for each of `INPUTS`: random weights, ids, and charrnn's logits.

    An embedded input is that of a tied network.
    """
    rng = np.random.default_rng(0)
    ids = rng.integers(case.V, size=(CHECKED, case.streams))
    for name in INPUTS:
        shape = Shape(case.cell, case.hidden, case.layers, case.V, tied=name == "embedding")
        parameters = Parameters(shape)
        initialize(parameters, rng)
        biases = parameters.vector[len(parameters.decayed) :]
        biases[:] = rng.uniform(-0.5, 0.5, len(biases))  # zeros would hide a wrong order
        network = Network(parameters)
        states = network.initial_states(case.streams)
        if case.what == "train":
            h, _, _ = network.forward(ids, states)
            W, b = network.output_weights
            logits = h @ W + b
        else:
            step = Stepper(network, states)
            logits = np.stack([step(row).T.copy() for row in ids])
        arrays: dict[str, Any] = {
            "cell": case.cell,
            "ids": ids,
            "logits": logits,
            **to_torch(parameters),
        }
        np.savez(folder / f"{name}.npz", **arrays)
