"""Truncated backpropagation through time, as a generator of events.

Not here: files (run.py) and anything that prints.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.arrays import Array
from charrnn.config import Settings
from charrnn.errors import DivergedError
from charrnn.network.model import Network, States
from charrnn.network.parameters import Parameters, Shape, initialise
from charrnn.network.workspace import Workspace
from charrnn.parallel.team import ALONE, Team
from charrnn.text.corpus import Splits, Streams
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import Evaluation, Progress, Rollback, SaveDue, Stopped
from charrnn.training.optimizer import AdamW, clip_coefficient, learning_rate
from charrnn.training.regularization import Regularization

SETBACKS = 3  # before a training is given up
WORSE, LONG = 0.5, 200  # nats above a guess among all characters, for so many updates in a row
SUMMED_BESIDES = 3  # with the gradient: the loss, whether to stop, whether to save


@dataclass(frozen=True)
class Moment:
    """A training between two updates: weights and the optimiser's means, states, randomness."""

    arrays: Sequence[Array]
    states: States
    updates: int
    step: int
    random: Mapping[str, Any]
    evaluations_since_best: int


class Trainer:
    """A network, what it learns from, and everything that changes while it does.

    ``config`` is complete. The attributes after any step are all it takes to go on from there. All
    members of a ``team`` make the same trainer, each with its share of the streams; they differ in
    the ``states`` of these alone.
    """

    def __init__(
        self,
        network: Network,
        parts: Splits,
        config: Settings,
        rng: np.random.Generator,
        team: Team = ALONE,
    ) -> None:
        self.config = config
        self.rng = rng
        self.team = team
        self.mine = team.shard(config.batch)
        self.network = network
        self.regularization = Regularization(config, network.parameters, self.mine, rng)
        self.streams = Streams(parts.train, config.batch, self.mine)
        self.val = parts.val
        self.optimizer = AdamW(network.parameters, config.weight_decay)
        size = network.parameters.vector.size
        self.summed = team.vector(size + SUMMED_BESIDES)
        self.gradients = Parameters(network.shape, vector=self.summed[:size])
        self.workspace = Workspace()
        self.states = network.initial_states(self.mine.stop - self.mine.start)
        self.states_of_all = network.initial_states(config.batch)  # as they were when last told
        self.total_steps = config.total_steps(self.streams.predictions)
        self.step = 0
        self.best_loss = math.inf
        self.best_step: int | None = None
        self.evaluations_since_best = 0
        self.window_losses: list[float] = []  # since the last evaluation
        self.above = 0  # windows in a row whose loss was worse than a guess
        self.rollbacks = 0
        self.seconds_before = 0.0  # that a run took until it was stopped, and went on here
        self.training_seconds = 0.0

    @property
    def characters_seen(self) -> int:
        """Predictions that were learned from so far."""
        return self.step * self.config.batch * self.config.seq

    @property
    def epoch(self) -> float:
        """How often the training part was read, on average."""
        return self.characters_seen / self.streams.predictions

    @property
    def chars_per_second(self) -> float:
        """Over the time of the updates, evaluations and saves excluded."""
        return self.characters_seen / self.training_seconds if self.training_seconds else 0.0

    def run(
        self, stop_requested: Callable[[], bool], save_due: Callable[[], bool] = lambda: False
    ) -> Iterator[Progress | Evaluation | SaveDue | Rollback | Stopped]:
        """Train to the end; last comes why it ended.

        ``stop_requested`` is asked once an update, and after that one the training ends; so is
        ``save_due``, after which all can be saved (`SaveDue`). When the loss or the gradient is not
        finite, or the loss is worse than a guess for long or in every evaluation, it goes back to
        the last good evaluation and on with half the learning rate.

        Raises:
            DivergedError: when that has happened too often.
            MachineError: when another member of the team is gone.
        """
        started = time.perf_counter()
        while True:
            good = self._moment()
            try:
                for event in self._attempt(stop_requested, save_due, started):
                    yield event
                    if isinstance(event, str):
                        return
                    if isinstance(event, Evaluation) and not self._is_ruin(event):
                        good = self._moment()
            except DivergedError as error:
                if self.rollbacks == SETBACKS:
                    raise
                failed_at = self.step
                self._roll_back(good)
                yield Rollback(failed_at, error.problem.split(";")[0], self.scale)

    def _attempt(
        self, stop_requested: Callable[[], bool], save_due: Callable[[], bool], started: float
    ) -> Iterator[Progress | Evaluation | SaveDue | Stopped]:
        """As `run`, until the training ends or goes astray."""
        mark = time.perf_counter()
        while True:
            if self._evaluation_due:
                yield self._evaluate(started)
                mark = time.perf_counter()
            if self._out_of_patience or self.step >= self.total_steps:
                if self.best_step is None:
                    raise DivergedError(
                        f"step {self.step}",
                        f"the loss was above {self._worse_than_a_guess:.2f}, more than a guess has,"
                        " in every evaluation; lower --lr",
                    )
                yield "patience" if self._out_of_patience else "finished"
                return
            loss, stop, save = self._update(stop_requested(), save_due())
            before, mark = mark, time.perf_counter()
            self.training_seconds += mark - before
            yield Progress(self.step, self.total_steps, loss)
            if stop:
                self._gather()
                yield "interrupted"
                return
            if save and not self._evaluation_due:
                self._gather()
                yield SaveDue()
                mark = time.perf_counter()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self._out_of_patience or (self.step >= self.total_steps and not self._evaluation_due)

    @property
    def is_finite(self) -> bool:
        """Whether all that a checkpoint has of it are numbers."""
        optimizer = self.optimizer
        arrays = (self.network.parameters.vector, optimizer.m, optimizer.v)
        states = (array for state in self.states_of_all for array in state)
        return all(bool(np.isfinite(array).all()) for array in (*arrays, *states))

    @property
    def scale(self) -> float:
        """What setbacks have left of the learning rate."""
        return float(0.5**self.rollbacks)

    @property
    def _worse_than_a_guess(self) -> float:
        """A loss that no network has that has learned anything."""
        return math.log(self.network.shape.V) + WORSE

    def _is_ruin(self, evaluation: Evaluation) -> bool:
        val_loss, train_loss = evaluation.val_loss, evaluation.train_loss
        return (train_loss if val_loss is None else val_loss) > self._worse_than_a_guess

    @property
    def _out_of_patience(self) -> bool:
        patience = self.config.patience or math.inf
        return self.evaluations_since_best >= patience

    @property
    def _evaluation_due(self) -> bool:
        """At the end of a round of updates; in a training that goes on, perhaps at once."""
        assert self.config.eval_every
        at_its_end = self.step % self.config.eval_every == 0 or self.step >= self.total_steps
        return at_its_end and len(self.window_losses) > 0

    @np.errstate(over="ignore", invalid="ignore")  # what comes of it is looked at
    def _update(self, stop: bool, save: bool) -> tuple[float, bool, bool]:
        """Learn from the next window; gives its loss, and whether a member wants these things."""
        config = self.config
        ids, targets = self.streams.window(self.step * config.seq, config.seq)
        self.summed[-3], states = self.regularization.drop_weights().loss_and_gradients(
            ids, targets, self.regularization.reset_states(self.states), self.gradients,
            self.regularization.draw_masks(), self.workspace, characters=config.batch * config.seq,
        )  # fmt: skip
        self.summed[-2:] = stop, save
        self.team.sum(self.summed)
        self.regularization.mask_gradients(self.gradients)
        loss, stop, save = float(self.summed[-3]), bool(self.summed[-2]), bool(self.summed[-1])
        scale = clip_coefficient(self.gradients.vector, config.clip)
        if not (math.isfinite(loss) and math.isfinite(scale)):
            what = "loss" if math.isfinite(scale) else "gradient"
            raise DivergedError(
                f"step {self.step + 1}", f"the {what} is no longer a number; lower --lr"
            )
        guess = self._worse_than_a_guess
        self.above = self.above + 1 if loss > guess else 0
        if self.above == LONG:
            raise DivergedError(
                f"step {self.step + 1}",
                f"the loss is above {guess:.2f}, more than a guess has, for {LONG} updates;"
                " lower --lr",
            )
        lr = self.scale * learning_rate(config, self.step, self.total_steps)
        self.optimizer.update(self.gradients.vector, lr, scale)
        self.states = states
        self.window_losses.append(loss)
        self.step += 1
        return loss, stop, save

    def _moment(self) -> Moment:
        """All that changes in training, but for the best evaluation: a copy."""
        optimizer = self.optimizer
        return Moment(
            [array.copy() for array in (self.network.parameters.vector, optimizer.m, optimizer.v)],
            [tuple(array.copy() for array in state) for state in self.states],
            optimizer.updates, self.step, self.rng.bit_generator.state,
            self.evaluations_since_best,
        )  # fmt: skip

    def _roll_back(self, moment: Moment) -> None:
        """Be as at that moment, but with half the learning rate."""
        optimizer = self.optimizer
        arrays = (self.network.parameters.vector, optimizer.m, optimizer.v)
        for array, kept in zip(arrays, moment.arrays, strict=True):
            array[:] = kept
        self.states = moment.states
        optimizer.updates, self.step = moment.updates, moment.step
        self.rng.bit_generator.state = moment.random
        self.evaluations_since_best = moment.evaluations_since_best
        self.window_losses.clear()
        self.above = 0
        self.rollbacks += 1
        self.workspace = Workspace()

    def _gather(self) -> None:
        """Have the states of the whole batch at hand, to be saved."""
        self.states_of_all = self.network.initial_states(self.config.batch)
        for state, mine in zip(self.states_of_all, self.states, strict=True):
            for array, part in zip(state, mine, strict=True):
                array[self.mine] = part
                self.team.sum(array)  # the others have zeros where this member has its states

    @np.errstate(over="ignore", invalid="ignore")
    def _evaluate(self, started: float) -> Evaluation:
        """The loss over the whole validation part, and whether it is the best so far."""
        self.workspace = (
            Workspace()
        )  # a window of training and one of evaluation are never held at once
        self._gather()
        val_loss = mean_loss(self.network, self.val, self.team) if len(self.val) > 1 else None
        if val_loss is not None and not math.isfinite(val_loss):
            raise DivergedError(f"step {self.step}", f"validation loss {val_loss}; lower --lr")
        train_loss = math.fsum(self.window_losses) / len(self.window_losses)
        self.window_losses.clear()
        evaluation = Evaluation(
            step=self.step,
            epoch=self.epoch,
            seconds=self.seconds_before + time.perf_counter() - started,
            train_loss=train_loss,
            val_loss=val_loss,
            lr=self.scale * learning_rate(self.config, self.step - 1, self.total_steps),
            chars_per_second=self.chars_per_second,
        )
        better = val_loss is None or val_loss < self.best_loss
        if better and not self._is_ruin(evaluation):
            self.best_loss = math.inf if val_loss is None else val_loss
            self.best_step = self.step
            self.evaluations_since_best = 0
        else:
            self.evaluations_since_best += 1
        return evaluation


def start_training(shape: Shape, parts: Splits, config: Settings, team: Team = ALONE) -> Trainer:
    """A new training: the same network for every member of a team, drawn with the seed."""
    rng = np.random.Generator(np.random.PCG64(config.seed))
    network = Network(Parameters(shape))
    initialise(network.parameters, rng)
    return Trainer(network, parts, config, rng, team)
