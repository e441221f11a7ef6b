"""A training as a job for a team, and what all but the first of its workers run, without a word.

These are started by team.py in processes of their own, with a pickled `Job` on standard input.
"""

import os
import pickle
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from charrnn.config import Settings
from charrnn.errors import DivergedError
from charrnn.generators import exhaust
from charrnn.network.parameters import Shape
from charrnn.parallel.team import ALONE, FAILED, Team, join_team, worker_team
from charrnn.runs.initial_weights import copy_weights
from charrnn.storage.model_file import load, load_training
from charrnn.text.corpus import Splits, split_corpus
from charrnn.text.vocab import Vocabulary
from charrnn.training.budget import convert_minutes
from charrnn.training.trainer import EXTRA_SUMS, Trainer, start_training


@dataclass(frozen=True)
class Job:
    """What a training is made from: complete settings, a network's shape, the ids on disk.

    By minutes it is to be over at ``ends``, by rank 0's clock. It goes on from the training in the
    file ``stopped``, if there is one, or begins with the weights that the model file ``initial``
    has for the characters of ``vocabulary``.
    """

    config: Settings
    shape: Shape
    ids: Path
    dtype: npt.DTypeLike
    ends: float = 0.0
    stopped: Path | None = None
    initial: Path | None = None
    vocabulary: Vocabulary | None = None

    @property
    def parts(self) -> Splits:
        """The corpus, cut in three."""
        return split_corpus(np.memmap(self.ids, self.dtype, "r"), self.config)

    def trainer(self, team: Team) -> Trainer:
        """The training as it begins, or where it goes on."""
        config, parts = self.config, self.parts
        if config.minutes:
            config = convert_minutes(
                config, self.shape, parts, team, self.ends - time.perf_counter()
            )
            if self.stopped:
                assert config.steps
                config = replace(config, steps=config.steps + load(self.stopped).step)
        trainer = start_training(self.shape, parts, config, team)
        if self.stopped:
            trainer.load_state(load_training(self.stopped))
        elif self.initial:
            assert self.vocabulary
            copy_weights(trainer.network.parameters, self.vocabulary, load(self.initial))
        return trainer

    @contextmanager
    def begun(self, ranks: Team = ALONE) -> Iterator[Trainer]:
        """The training with this process as the first of a rank's workers, which end with it.

        The config's members are shared evenly among the ``ranks``, and all of these begin.

        Raises:
            MachineError: when this system has no teams.
        """
        capacity = self.shape.parameter_count + EXTRA_SUMS
        workers = self.config.members // ranks.size
        with (
            threadpool_limits(1, "blas"),
            worker_team(workers, capacity, pickle.dumps(self), ranks) as team,
        ):
            yield self.trainer(team)


def main() -> None:
    """Train until the first worker ends the training, or is gone."""
    team = join_team(sys.argv[1:])
    try:
        job: Job = pickle.load(sys.stdin.buffer)
        Thread(target=_end_with_the_first, daemon=True).start()
        with threadpool_limits(1, "blas"):
            exhaust(job.trainer(team).run(lambda: False))
    except DivergedError:
        pass  # as all find at the same step
    except Exception as error:
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        team.links[0].sendall(FAILED + problem.encode())


def _end_with_the_first() -> None:
    """End this process when the other end of its standard input is closed, as by a kill."""
    sys.stdin.buffer.read()
    os._exit(1)
