"""What a training writes as it goes: its log, the best model, and all that going on needs.

Not here: how a model becomes a file (model_file.py), what is read back (resume.py).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from charrnn.errors import InputError
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters
from charrnn.ngram import Baselines
from charrnn.storage import meta, model_file
from charrnn.storage.model_file import Checkpoint
from charrnn.storage.run_folder import RunFolder
from charrnn.storage.run_log import append_to_log, write_log
from charrnn.text.corpus_info import CorpusInfo
from charrnn.training.events import Evaluation, Note
from charrnn.training.trainer import Trainer

SAVE_EVERY, SAVING = 60.0, 0.02  # seconds between saves at least, and of the time at most


class Saving:
    """The ``history`` of a training so far, and its files.

    What cannot be written now may find room the next time: the training goes on, the file is as it
    was, and ``unsaved`` has its name and the problem.
    """

    def __init__(
        self,
        folder: RunFolder,
        corpus_info: CorpusInfo,
        baselines: Baselines | None,
        history: Sequence[Evaluation],
    ) -> None:
        self.history = list(history)
        self.unsaved: dict[Path, str] = {}
        self._folder, self._stock, self._baselines = folder, corpus_info, baselines
        self._logged: int | None = None  # of the history, in the log; None if that is unknown
        self._best: Checkpoint | None = None  # that is still to be written
        self._next = time.monotonic() + SAVE_EVERY

    def due(self) -> bool:
        """Whether to save between evaluations: now and then, seldom where it takes long."""
        return time.monotonic() > self._next

    def evaluated(self, evaluation: Evaluation, trainer: Trainer) -> None:
        """Note what is to be saved: a line of the log, and the model if it is the best so far."""
        self.history.append(evaluation)
        if trainer.progress.best_step == trainer.progress.step:
            parameters = trainer.network.parameters
            kept = Parameters(parameters.shape, vector=parameters.vector.copy())
            self._best = replace(self._checkpoint(trainer), network=Network(kept))

    def best(self) -> Checkpoint:
        """The best model so far, on disk or not; there must be one."""
        return self._best or model_file.load(self._folder.best)

    def taken_up(self, trainer: Trainer) -> Iterator[Note]:
        """Mend the log of a run that goes on.

        Raises:
            InputError: when the model that was the best is not there.
        """
        yield from self._written(self._folder.log, lambda: self._write_log(self._folder.log))
        best, best_step = self._folder.best, trainer.progress.best_step
        if best_step is not None and model_file.load(best).step < best_step:
            raise InputError(
                best, f"is not the best model of this run, which was that of {best_step:,}"
            )

    def roll_back(self, trainer: Trainer) -> None:
        """Forget the evaluations of what turned out to be a way into nowhere."""
        kept = [one for one in self.history if one.step <= trainer.progress.step]
        if len(kept) < len(self.history):
            self.history = kept
            self._logged = None

    def save(self, trainer: Trainer) -> Iterator[Note]:
        """Write what is new, and tell of a file that for the first time cannot be written.

        The model that was best is held until it is on disk, and so long the state that leads there
        is left as it is, as going on from a later one would lose that model. A training whose
        numbers are no longer finite, which the next update will find, leaves it too.
        """
        began = time.monotonic()
        folder = self._folder
        yield from self._written(folder.log, lambda: self._write_log(folder.log))
        if self._best is not None:
            best = self._best
            yield from self._written(folder.best, lambda: model_file.save(best, folder.best))
            if folder.best not in self.unsaved:
                self._best = None
        state = trainer.state()
        if state.is_finite and self._best is None:
            now = self._checkpoint(trainer)
            yield from self._written(
                folder.last, lambda: model_file.save_training(now, state, folder.last)
            )
        ended = time.monotonic()
        self._next = ended + max(SAVE_EVERY, (ended - began) / SAVING)

    def _written(self, file: Path, write: Callable[[], object]) -> Iterator[Note]:
        try:
            write()
            self.unsaved.pop(file, None)
        except OSError as error:
            if file not in self.unsaved:
                left = "it stays as it was" if file.exists() else "there is none yet"
                yield Note(
                    f"{file} cannot be written ({error.strerror}); {left}, and the training goes on"
                )
            self.unsaved[file] = error.strerror or "?"

    def _write_log(self, log: Path) -> None:
        """Add what is new; all of it, where the file may have more or less than that."""
        logged, self._logged = self._logged, None  # as long as it is not sure that this works
        if logged is None:
            write_log(log, self.history)
        else:
            append_to_log(log, self.history[logged:])
        self._logged = len(self.history)

    def _checkpoint(self, trainer: Trainer) -> Checkpoint:
        kept = meta.EVALUATION_KEYS
        history = tuple({key: asdict(event)[key] for key in kept} for event in self.history)
        return Checkpoint(
            network=trainer.network, config=trainer.config, corpus_info=self._stock,
            step=trainer.progress.step, history=history, baselines=self._baselines,
        )  # fmt: skip
