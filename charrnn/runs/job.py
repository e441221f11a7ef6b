"""A training as a job that every worker process of a team runs; also the program of the workers.

Workers are started by parallel/team.py, with a pickled `Job` on standard input. They print nothing.
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
from charrnn.parallel.team import FAILED, SINGLE_PROCESS, Team, join_team, worker_team
from charrnn.runs.initial_weights import copy_weights
from charrnn.storage.checkpoint import load_training, read_description
from charrnn.storage.model_file import load
from charrnn.text.corpus import Splits, split_corpus
from charrnn.text.vocab import Vocabulary
from charrnn.training.budget import convert_minutes
from charrnn.training.trainer import EXTRA_SUMS, Trainer, start_training


@dataclass(frozen=True)
class Job:
    """Everything that a training is made from.

    ``ids`` is the file of the encoded corpus, as numbers of type ``dtype``. Under `minutes`, the
    training ends at ``deadline`` by the clock of rank 0 (``time.perf_counter``). It continues from
    the file ``checkpoint`` if there is one. Otherwise it may begin with the weights that the model
    file ``initial_model`` has for the characters of ``vocabulary``.
    """

    config: Settings
    shape: Shape
    ids: Path
    dtype: npt.DTypeLike
    deadline: float = 0.0
    checkpoint: Path | None = None
    initial_model: Path | None = None
    vocabulary: Vocabulary | None = None

    def open_splits(self) -> Splits:
        """Map the corpus into memory, split into training, validation and test part."""
        return split_corpus(np.memmap(self.ids, self.dtype, "r"), self.config)

    def create_trainer(self, team: Team) -> Trainer:
        """Create the training, or restore it from its checkpoint. Every member must call this."""
        config, splits = self.config, self.open_splits()
        if config.minutes:
            seconds = self.deadline - time.perf_counter()
            config = convert_minutes(config, self.shape, splits, team, seconds)
            if self.checkpoint:
                assert config.steps
                done, _ = read_description(self.checkpoint)
                config = replace(config, steps=config.steps + done.step)
        trainer = start_training(self.shape, splits, config, team)
        if self.checkpoint:
            trainer.load_state(load_training(self.checkpoint))
        elif self.initial_model:
            assert self.vocabulary
            copy_weights(trainer.network.parameters, self.vocabulary, load(self.initial_model))
        return trainer

    @contextmanager
    def start(self, ranks: Team = SINGLE_PROCESS) -> Iterator[Trainer]:
        """Start this rank's workers and yield the trainer; on exit the workers end.

        Every rank of ``ranks`` must call this, each with an equal share of the job's processes.

        Raises:
            MachineError: when the platform cannot run several workers.
        """
        capacity = self.shape.parameter_count + EXTRA_SUMS
        workers = self.config.members // ranks.size
        with (
            threadpool_limits(1, "blas"),
            worker_team(workers, capacity, pickle.dumps(self), ranks) as team,
        ):
            yield self.create_trainer(team)


def main() -> None:
    """Run the job on standard input as a worker, until the leader ends the training or exits."""
    team = join_team(sys.argv[1:])
    try:
        job: Job = pickle.load(sys.stdin.buffer)
        Thread(target=_exit_with_leader, daemon=True).start()
        with threadpool_limits(1, "blas"):
            exhaust(job.create_trainer(team).run(lambda: False))
    except DivergedError:
        pass  # every process of the team raises it at the same step, and the leader reports it
    except Exception as error:
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        team.links[0].sendall(FAILED + problem.encode())


def _exit_with_leader() -> None:
    """Exit when the other end of standard input is closed, as it is when the leader is killed.

    Otherwise a worker would finish its update, and notice at the next barrier.
    """
    sys.stdin.buffer.read()
    os._exit(1)
