"""Truncated backpropagation through time, as a generator of events.

Not here: files (runs/saving.py) and anything that prints.
"""

import math
import time
from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np

from charrnn.config import Settings
from charrnn.errors import DivergedError
from charrnn.language import gettext as _
from charrnn.network.model import Network, States
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.workspace import Workspace
from charrnn.parallel.team import SINGLE_PROCESS, Team
from charrnn.text.corpus import Splits, Streams
from charrnn.training.divergence import Divergence, bad_loss_limit, check_update, describe_reason
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    Evaluation,
    Progress,
    Rollback,
    SaveDue,
    Stopped,
    TrainerEvent,
)  # fmt: skip
from charrnn.training.gradient_profile import measure_if_due
from charrnn.training.optimizer import AdamW, clip_coefficient, gradient_norm, learning_rate
from charrnn.training.regularization import Regularization
from charrnn.training.state import Diverged, TrainingProgress, TrainingState
from charrnn.training.update_ratio import measure_update

MAX_ROLLBACKS = 3
EXTRA_SUMS = 3  # numbers that follow the gradient and are summed over the team with it
LOSS, STOP, SAVE = -3, -2, -1  # the indices of these numbers


class Trainer:
    """A network, its corpus, and the state of its training.

    Every member of a ``team`` creates the same trainer from the same ``config``. Members differ
    only in ``states``, because each trains its own shard of the streams.
    """

    def __init__(
        self,
        network: Network,
        parts: Splits,
        config: Settings,
        rng: np.random.Generator,
        team: Team = SINGLE_PROCESS,
    ) -> None:
        self.config = config
        self.rng = rng
        self.team = team
        self.shard = team.shard(config.batch)
        self.network = network
        self.regularization = Regularization(config, network.parameters, self.shard, rng)
        self.streams = Streams(parts.train, config.batch, self.shard)
        self.val = parts.val
        self.total_steps = config.total_steps(self.streams.predictions)
        self.optimizer = AdamW(network.parameters, config.weight_decay)
        # The gradient lies in the team's shared memory, followed by the extra sums, so that adding
        # it to those of the other members needs no copy.
        size = network.parameters.vector.size
        self.summed = team.sum_buffer(size + EXTRA_SUMS)
        self.gradients = Parameters(network.shape, vector=self.summed[:size])
        self.workspace = Workspace()
        self.states = network.initial_states(self.shard.stop - self.shard.start)
        self.progress = TrainingProgress()
        self.seconds_before = 0.0  # of a resumed run: the time that it took until it was stopped
        self.training_seconds = 0.0
        self._batch_states: States | None = network.initial_states(config.batch)
        self._snapshot: TrainingState | None = None  # at the last good evaluation, or the start
        self.diverged: Diverged | None = None  # set before `run` raises DivergedError

    def state(self) -> TrainingState:
        """Return the state of the training. Its arrays are views that the next update changes.

        Call it when `run` has yielded Evaluation or SaveDue, has returned, or has raised
        DivergedError. Only then have the members of the team exchanged the states of their streams.
        """
        assert self._batch_states is not None, "an update was made since states were exchanged"
        return TrainingState(
            parameters=self.network.parameters.vector,
            m=self.optimizer.m,
            v=self.optimizer.v,
            updates=self.optimizer.updates,
            states=self._batch_states,
            random=self.rng.bit_generator.state,
            progress=self.progress.copy(),
        )

    def load_state(self, state: TrainingState) -> None:
        """Continue from ``state``, whose arrays are copied."""
        self.network.parameters.vector[:] = state.parameters
        self.optimizer.m[:] = state.m
        self.optimizer.v[:] = state.v
        self.optimizer.updates = state.updates
        dtype = self.network.parameters.vector.dtype
        self._batch_states = [tuple(a.astype(dtype) for a in layer) for layer in state.states]
        self.states = [tuple(array[self.shard] for array in layer) for layer in self._batch_states]
        self.rng.bit_generator.state = state.random
        self.progress = state.progress.copy()

    def end_at_snapshot(self) -> None:
        """After DivergedError: return to the last good evaluation, or to the start, for good."""
        assert self._snapshot is not None
        progress = replace(self._snapshot.progress.copy(), diverged=self.diverged)
        progress.restart()
        self.load_state(replace(self._snapshot, progress=progress))

    @property
    def characters_seen(self) -> int:
        """The number of characters learned from so far, counting repetitions."""
        return self.progress.step * self.config.batch * self.config.seq

    @property
    def epoch(self) -> float:
        """The number of times that the training part was read, on average."""
        return self.config.count_epochs(self.progress.step, self.streams.predictions)

    @property
    def chars_per_second(self) -> float:
        """The speed of updates, without the time of evaluations and saves."""
        return self.characters_seen / self.training_seconds if self.training_seconds else 0.0

    @property
    def is_over(self) -> bool:
        """Whether neither an update nor an evaluation remains."""
        return self.progress.is_over(self.total_steps, self.config.patience)

    def run(
        self, stop_requested: Callable[[], bool], save_due: Callable[[], bool] = lambda: False
    ) -> Generator[TrainerEvent, None, Stopped]:
        """Train to the end, and return why the training ended.

        Before each update, ``stop_requested`` and ``save_due`` are called. When one returns true,
        training ends or yields `SaveDue` after that update. When training diverges, it returns to
        the last good evaluation and continues with half the learning rate.

        Raises:
            DivergedError: when training diverges after `MAX_ROLLBACKS` rollbacks.
            MachineError: when another member of the team has died.
        """
        started = time.perf_counter()
        self._take_snapshot()
        while True:
            try:
                return (yield from self._train(stop_requested, save_due, started))
            except Divergence as divergence:
                reason = describe_reason(divergence.reason, self.network.shape.V)
                if self.progress.rollbacks >= MAX_ROLLBACKS:
                    self._gather_states()
                    self.diverged = Diverged(divergence.step, divergence.reason)
                    step = _("step {step:,}").format(step=divergence.step)
                    problem = _("{reason}; lower `lr`").format(reason=reason)
                    raise DivergedError(step, problem) from None
                failed_at = self.progress.step
                self._roll_back()
                yield Rollback(failed_at, reason, self._rate_factor)

    def _train(
        self, stop_requested: Callable[[], bool], save_due: Callable[[], bool], started: float
    ) -> Generator[TrainerEvent, None, Stopped]:
        """Train until the training ends or diverges."""
        while True:
            if self._is_evaluation_due:
                evaluation = self._evaluate(started)
                yield evaluation
                if not self._is_bad(evaluation):
                    self._take_snapshot()
            if self.is_over:
                if self.progress.best_step is None:
                    raise Divergence(self.progress.step, "evaluations")
                ran_out = self.progress.is_out_of_patience(self.config.patience)
                return "patience" if ran_out else "finished"
            began = time.perf_counter()
            loss, stop, save = self._update(stop_requested(), save_due())
            yield Progress(self.progress.step, self.total_steps, loss)
            self.training_seconds += time.perf_counter() - began  # wall time, with what shows it
            if stop:
                self._gather_states()
                return "interrupted"
            if save and not self._is_evaluation_due:
                self._gather_states()
                yield SaveDue()

    @property
    def _rate_factor(self) -> float:
        """The factor of the learning rate, which each rollback halves."""
        return float(0.5**self.progress.rollbacks)

    def _is_bad(self, evaluation: Evaluation) -> bool:
        """Whether the model is worse than guessing."""
        return evaluation.loss > bad_loss_limit(self.network.shape.V)

    @property
    def _is_evaluation_due(self) -> bool:
        """Whether all updates before an evaluation were made, but not the evaluation.

        A resumed training may have been stopped just before its evaluation.
        """
        step, eval_every = self.progress.step, self.config.eval_every
        assert eval_every
        is_complete = step % eval_every == 0 or step >= self.total_steps
        return is_complete and bool(self.progress.window_losses)

    # NumPy need not warn of overflow: numbers that are not finite are detected.
    @np.errstate(over="ignore", invalid="ignore")
    def _update(self, stop: bool, save: bool) -> tuple[float, bool, bool]:
        """Learn from the next window.

        Return its loss, and whether any member of the team asked to ``stop`` or to ``save``.
        """
        config, progress = self.config, self.progress
        states = self._compute_gradients()
        self.summed[STOP], self.summed[SAVE] = stop, save
        self.team.sum(self.summed)
        self.regularization.mask_gradients(self.gradients)
        loss = float(self.summed[LOSS])
        norm = gradient_norm(self.gradients.vector)
        check_update(progress, loss, norm, self.network.shape.V)
        lr = self._rate_factor * learning_rate(config, progress.step, self.total_steps)
        coefficient = clip_coefficient(norm, config.clip)
        progress.step += 1
        progress.window_losses.append(loss)
        progress.gradient_norms.append(norm)
        before = self.network.parameters.vector.copy() if self._is_evaluation_due else None
        self.optimizer.update(self.gradients.vector, lr, coefficient)
        if before is not None:
            progress.update_ratio = measure_update(self.network.parameters, before)
        self.states, self._batch_states = states, None
        return loss, bool(self.summed[STOP]), bool(self.summed[SAVE])

    def _compute_gradients(self) -> States:
        """Write this member's part of loss and gradient to ``summed``; return the states after."""
        config, regularization = self.config, self.regularization
        ids, targets = self.streams.window(self.progress.step * config.seq, config.seq)
        self.summed[LOSS], states = regularization.drop_weights().loss_and_gradients(
            ids, targets, regularization.reset_states(self.states), self.gradients,
            regularization.draw_masks(), self.workspace, characters=config.batch * config.seq,
            temporal_regularization=config.temporal_regularization,
        )  # fmt: skip
        return states

    def _take_snapshot(self) -> None:
        """Keep a copy of the state, to which a rollback returns."""
        self._snapshot = None  # frees the previous snapshot before the next one is allocated
        self._snapshot = self.state().copy()

    def _roll_back(self) -> None:
        """Return to the last good evaluation, or to the start, with half the learning rate."""
        snapshot, rollbacks = self._snapshot, self.progress.rollbacks + 1
        assert snapshot is not None
        progress = replace(snapshot.progress.copy(), bad_windows=0, rollbacks=rollbacks)
        progress.restart()
        self.load_state(replace(snapshot, progress=progress))

    def _gather_states(self) -> None:
        """Exchange the states of all members' streams, to be saved. Every member must call this."""
        self._batch_states = self.network.initial_states(self.config.batch)
        for layer, ours in zip(self._batch_states, self.states, strict=True):
            for array, part in zip(layer, ours, strict=True):
                array[self.shard] = part
                self.team.gather(array)

    @np.errstate(over="ignore", invalid="ignore")
    def _evaluate(self, started: float) -> Evaluation:
        """Measure the loss over the whole validation part, and record whether it is the best."""
        # This frees the activations of a window before those of an evaluation are allocated.
        self.workspace = Workspace()
        self._gather_states()
        progress = self.progress
        val_loss = mean_loss(self.network, self.val, self.team) if len(self.val) > 1 else None
        if val_loss is not None and not math.isfinite(val_loss):
            raise Divergence(progress.step, "validation")
        evaluation = Evaluation(
            step=progress.step,
            epoch=self.epoch,
            seconds=self.seconds_before + time.perf_counter() - started,
            train_loss=math.fsum(progress.window_losses) / len(progress.window_losses),
            val_loss=val_loss,
            lr=self._rate_factor * learning_rate(self.config, progress.step - 1, self.total_steps),
            chars_per_second=self.chars_per_second,
            **progress.summarize_gradients(self.config.clip),
            gradient_profile=measure_if_due(
                self.network,
                self.val if len(self.val) else self.streams.ids,
                self.config,
                self.total_steps,
                progress.step,
            ),
        )
        progress.restart()
        self._record_best(evaluation)
        return evaluation

    def _record_best(self, evaluation: Evaluation) -> None:
        """Update the best loss and step; without a validation part the latest model is the best."""
        progress, val_loss = self.progress, evaluation.val_loss
        is_better = val_loss is None or val_loss < progress.best_loss
        if is_better and not self._is_bad(evaluation):
            progress.best_loss = math.inf if val_loss is None else val_loss
            progress.best_step = progress.step
            progress.evaluations_since_best = 0
        else:
            progress.evaluations_since_best += 1


def start_training(
    shape: Shape, parts: Splits, config: Settings, team: Team = SINGLE_PROCESS
) -> Trainer:
    """Return a new training of a network with random weights from `seed`, equal at all members."""
    rng = np.random.Generator(np.random.PCG64(config.seed))
    network = Network(Parameters(shape))
    initialize(network.parameters, rng)
    return Trainer(network, parts, config, rng, team)
