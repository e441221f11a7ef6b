"""Everything that training changes and that resuming needs.

Not here: what changes it (trainer.py), the file that keeps it (storage/model_file.py).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from charrnn.arrays import Array
from charrnn.network.model import States
from charrnn.training.events import UpdateRatio


@dataclass(frozen=True)
class Diverged:
    """The ``step`` at which a training diverged once too often, and the ``reason``.

    The reason is a key of `REASONS` in divergence.py.
    """

    step: int
    reason: str


@dataclass
class TrainingProgress:
    """How far a training has come: the part of its state that is plain numbers."""

    step: int = 0
    """The number of updates made; the position in the text follows from it."""

    best_loss: float = math.inf
    """The validation loss of the best model; infinite without one, or without validation."""

    best_step: int | None = None
    """The step of the best model; None without one."""

    evaluations_since_best: int = 0

    window_losses: list[float] = field(default_factory=list)
    """The training loss of each window since the last evaluation."""

    gradient_norms: list[float] = field(default_factory=list)
    """The norm of the gradient of each window since the last evaluation, before clipping."""

    update_ratio: UpdateRatio | None = None
    """That of the latest update, if an evaluation follows it."""

    bad_windows: int = 0
    """The number of most recent windows, in a row, whose loss was worse than guessing."""

    rollbacks: int = 0

    diverged: Diverged | None = None
    """Where the training ended because it diverged; None while it can go on."""

    def is_out_of_patience(self, patience: int | None) -> bool:
        """Whether the last ``patience`` evaluations found no better model; 0, None: no limit."""
        return self.evaluations_since_best >= (patience or math.inf)

    def is_over(self, total_steps: int, patience: int | None) -> bool:
        """Whether neither an update nor an evaluation remains."""
        is_complete = self.step >= total_steps and not self.window_losses
        return is_complete or self.is_out_of_patience(patience) or self.diverged is not None

    def copy(self) -> "TrainingProgress":
        """Return the same numbers, independent of further training."""
        return replace(
            self,
            window_losses=[*self.window_losses],
            gradient_norms=[*self.gradient_norms],
        )

    def summarize_gradients(self, clip: float) -> dict[str, Any]:
        """Return the fields of an evaluation that are about the updates since the one before.

        ``clip`` is the norm above which gradients are clipped.
        """
        norms = self.gradient_norms
        if not norms:  # version 0.1.0 was stopped just before this evaluation
            return {}
        return {
            "grad_norm": math.fsum(norms) / len(norms),
            "grad_norm_max": max(norms),
            "clipped": sum(norm > clip > 0 for norm in norms) / len(norms),
            "update_ratio": self.update_ratio,
        }

    def restart(self) -> None:
        """Forget what was recorded since the last evaluation."""
        self.window_losses, self.gradient_norms, self.update_ratio = [], [], None


@dataclass(frozen=True)
class TrainingState:
    """A training between two updates.

    It has the states of all streams of the batch, even when the members of a team share them. So
    every member can load the same TrainingState, and so can a team of another layout.
    """

    parameters: Array
    """All weights of the network, (P,)."""

    m: Array
    """AdamW's running mean of the gradient, (P,)."""

    v: Array
    """AdamW's running mean of the squared gradient, (P,)."""

    updates: int
    """AdamW's number of updates."""

    states: States
    """The network's states after the last window, each array (B, H)."""

    random: Mapping[str, Any]
    """The state of the random generator: the ``state`` of NumPy's bit generator."""

    progress: TrainingProgress

    @property
    def is_finite(self) -> bool:
        """Whether no array holds an infinity or NaN."""
        return all(bool(np.isfinite(array).all()) for array in self._arrays())

    def copy(self) -> "TrainingState":
        """Return a snapshot: the same state, independent of further training."""
        return replace(
            self,
            parameters=self.parameters.copy(), m=self.m.copy(), v=self.v.copy(),
            states=[tuple(array.copy() for array in state) for state in self.states],
            progress=self.progress.copy(),
        )  # fmt: skip

    def _arrays(self) -> Iterator[Array]:
        yield from (self.parameters, self.m, self.v)
        for state in self.states:
            yield from state
