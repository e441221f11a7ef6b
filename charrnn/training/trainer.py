"""Truncated backpropagation through time, as a generator of events.

Not here: files (run.py) and anything that prints.
"""

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from charrnn.config import Settings
from charrnn.errors import DivergedError
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialise
from charrnn.network.workspace import Workspace
from charrnn.text.corpus import Parts, Streams
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import Evaluation, Progress, Stopped
from charrnn.training.noise import Noise
from charrnn.training.optimizer import AdamW, clipping, learning_rate
from charrnn.training.team import Team

ALONE = Team()
SUMMED_BESIDES = 2  # with the gradient: the loss, and whether to stop


class Trainer:
    """A network, what it learns from, and everything that changes while it does.

    ``config`` is complete. The attributes after any step are all it takes to go on from there. All
    members of a ``team`` make the same trainer, each with its share of the streams; they differ in
    the ``states`` of these alone.
    """

    def __init__(
        self,
        network: Network,
        parts: Parts,
        config: Settings,
        rng: np.random.Generator,
        team: Team = ALONE,
    ) -> None:
        self.config = config
        self.rng = rng
        self.team = team
        self.mine = team.share(config.batch)
        self.network = network
        self.noise = Noise(config, network.parameters, self.mine, rng)
        self.streams = Streams(parts.train, config.batch, self.mine)
        self.val = parts.val
        self.optimizer = AdamW(network.parameters, config.weight_decay)
        size = network.parameters.vector.size
        self.summed = team.vector(size + SUMMED_BESIDES)
        self.gradients = Parameters(network.shape, vector=self.summed[:size])
        self.room = Workspace()
        self.states = network.initial_states(self.mine.stop - self.mine.start)
        self.states_of_all = network.initial_states(config.batch)  # as they were when last told
        self.total_steps = config.total_steps(self.streams.predictions)
        self.step = 0
        self.best_loss = math.inf
        self.best_step: int | None = None
        self.evaluations_since_best = 0
        self.window_losses: list[float] = []  # since the last evaluation
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

    def run(self, stop_requested: Callable[[], bool]) -> Iterator[Progress | Evaluation | Stopped]:
        """Train to the end; last comes why it ended.

        ``stop_requested`` is asked once an update, and after that one the training ends.

        Raises:
            DivergedError: when the loss or the gradient is not finite; that update is not made.
            MachineError: when another member of the team is gone.
        """
        assert self.config.eval_every
        started = resumed = time.perf_counter()
        while self.step < self.total_steps:
            loss, stop = self._update(stop_requested)
            yield Progress(self.step, self.total_steps, loss)
            if stop:
                self.training_seconds += time.perf_counter() - resumed
                self._gather()
                yield "interrupted"
                return
            if self.step % self.config.eval_every and self.step < self.total_steps:
                continue
            self.training_seconds += time.perf_counter() - resumed
            yield self._evaluate(started)
            if self.config.patience and self.evaluations_since_best >= self.config.patience:
                yield "patience"
                return
            resumed = time.perf_counter()
        yield "finished"

    def _update(self, stop_requested: Callable[[], bool]) -> tuple[float, bool]:
        """Learn from the next window; gives its loss, and whether a member wants to stop."""
        config = self.config
        ids, targets = self.streams.window(self.step * config.seq, config.seq)
        self.summed[-2], states = self.noise.thinned().loss_and_gradients(
            ids, targets, self.noise.begun(self.states), self.gradients, self.noise.masks(),
            self.room, characters=config.batch * config.seq,
        )  # fmt: skip
        self.summed[-1] = stop_requested()
        self.team.sum(self.summed)
        self.noise.thin(self.gradients)
        loss, stop = float(self.summed[-2]), bool(self.summed[-1])
        scale = clipping(self.gradients.vector, config.clip)
        if not (math.isfinite(loss) and math.isfinite(scale)):
            raise DivergedError(
                f"step {self.step + 1}", f"the loss is {loss:.3g} and no longer of use; lower --lr"
            )
        self.optimizer.update(
            self.gradients.vector, learning_rate(config, self.step, self.total_steps), scale
        )
        self.states = states
        self.window_losses.append(loss)
        self.step += 1
        return loss, stop

    def _gather(self) -> None:
        """Have the states of the whole batch at hand, to be saved."""
        self.states_of_all = self.network.initial_states(self.config.batch)
        for state, mine in zip(self.states_of_all, self.states, strict=True):
            for array, part in zip(state, mine, strict=True):
                array[self.mine] = part
                self.team.sum(array)  # the others have zeros where this member has its states

    def _evaluate(self, started: float) -> Evaluation:
        """The loss over the whole validation part, and whether it is the best so far."""
        self.room = Workspace()  # a window of training and one of evaluation are never held at once
        self._gather()
        val_loss = mean_loss(self.network, self.val, self.team) if len(self.val) > 1 else None
        if val_loss is not None and not math.isfinite(val_loss):
            raise DivergedError(f"step {self.step}", f"validation loss {val_loss}; lower --lr")
        if val_loss is None or val_loss < self.best_loss:
            self.best_loss = math.inf if val_loss is None else val_loss
            self.best_step = self.step
            self.evaluations_since_best = 0
        else:
            self.evaluations_since_best += 1
        train_loss = math.fsum(self.window_losses) / len(self.window_losses)
        self.window_losses.clear()
        return Evaluation(
            step=self.step,
            epoch=self.epoch,
            seconds=time.perf_counter() - started,
            train_loss=train_loss,
            val_loss=val_loss,
            lr=learning_rate(self.config, self.step - 1, self.total_steps),
            chars_per_second=self.chars_per_second,
        )


def start(shape: Shape, parts: Parts, config: Settings, team: Team = ALONE) -> Trainer:
    """A new training: the same network for every member of a team, drawn with the seed."""
    rng = np.random.Generator(np.random.PCG64(config.seed))
    network = Network(Parameters(shape))
    initialise(network.parameters, rng)
    return Trainer(network, parts, config, rng, team)
