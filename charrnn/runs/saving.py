"""Writes the log, the best model and the checkpoint of a training while it runs.

Not here: how a model becomes a file (storage/model_file.py), and how files are read (resume.py).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters
from charrnn.ngram import Baselines
from charrnn.storage import meta, model_file
from charrnn.storage.checkpoint import load_training, save_training
from charrnn.storage.model_file import TrainedModel
from charrnn.storage.run_folder import RunFolder
from charrnn.storage.run_log import append_to_log, write_log
from charrnn.system_errors import describe_system_error
from charrnn.text.corpus_info import CorpusInfo
from charrnn.training.events import Evaluation, Note
from charrnn.training.trainer import Trainer

MIN_SECONDS_BETWEEN_SAVES = 60.0
MAX_SHARE_OF_TIME = 0.02
"""The share of the time that saves between evaluations may take."""


class Saver:
    """Keeps the evaluations of a training so far, its ``history``, and writes its files.

    When a file cannot be written, its old version stays, and the training continues: the next save
    tries again. Until then ``failures`` has the file and the reason.
    """

    def __init__(
        self,
        folder: RunFolder,
        corpus_info: CorpusInfo,
        baselines: Baselines | None,
        history: Sequence[Evaluation],
    ) -> None:
        self.history = list(history)
        self.failures: dict[Path, str] = {}
        self._folder, self._corpus_info, self._baselines = folder, corpus_info, baselines
        # How many evaluations of the history the log has; None when the log must be rewritten.
        self._logged: int | None = None
        self._unsaved_best: TrainedModel | None = None
        self._next_save = time.monotonic() + MIN_SECONDS_BETWEEN_SAVES

    def is_due(self) -> bool:
        """Return whether it is time to save between two evaluations."""
        return time.monotonic() > self._next_save

    def add_evaluation(self, evaluation: Evaluation, trainer: Trainer) -> None:
        """Add to the history; the next save writes it, and the model if it is the best so far."""
        self.history.append(evaluation)
        if trainer.progress.best_step == trainer.progress.step:
            parameters = trainer.network.parameters
            copy = Parameters(parameters.shape, vector=parameters.vector.copy())
            self._unsaved_best = replace(self._current_model(trainer), network=Network(copy))

    def load_best(self) -> TrainedModel:
        """Return the best model so far, which must exist, whether it could be written or not."""
        return self._unsaved_best or model_file.load(self._folder.best)

    def prepare_resumed(self, trainer: Trainer) -> Iterator[Note]:
        """Make the files of a resumed run agree with its checkpoint.

        The log can have evaluations that came after the checkpoint, and a torn line.

        Raises:
            InputError: when the best model is missing.
        """
        yield from self._try_write(self._folder.log, lambda: self._write_log(self._folder.log))
        best, best_step = self._folder.best, trainer.progress.best_step
        if best_step is not None and model_file.load(best).step < best_step:
            problem = _("is not the best model of this run, which was made at step {step:,}")
            raise InputError(best, problem.format(step=best_step))

    def roll_back(self, trainer: Trainer) -> None:
        """Drop the evaluations that came after the step to which the trainer has returned."""
        kept = [
            evaluation for evaluation in self.history if evaluation.step <= trainer.progress.step
        ]
        if len(kept) < len(self.history):
            self.history = kept
            self._logged = None

    def save(self, trainer: Trainer) -> Iterator[Note]:
        """Write everything new; yields a note when a file cannot be written for the first time.

        The best model is written before the checkpoint: a run that resumed from a later state would
        never make it again. The checkpoint is not written either when the state is no longer
        finite, which the next update will detect.
        """
        began = time.monotonic()
        folder = self._folder
        yield from self._try_write(folder.log, lambda: self._write_log(folder.log))
        if self._unsaved_best is not None:
            best = self._unsaved_best
            yield from self._try_write(folder.best, lambda: model_file.save(best, folder.best))
            if folder.best not in self.failures:
                self._unsaved_best = None
        state = trainer.state()
        if state.is_finite and self._unsaved_best is None:
            model = self._current_model(trainer)
            yield from self._try_write(
                folder.last, lambda: save_training(model, state, folder.last)
            )
        ended = time.monotonic()
        pause = max(MIN_SECONDS_BETWEEN_SAVES, (ended - began) / MAX_SHARE_OF_TIME)
        self._next_save = ended + pause

    def save_diverged(self, trainer: Trainer) -> Iterator[Note]:
        """Save that the training diverged, without the weights that diverged.

        The checkpoint of the last save stays and is only marked. Without one, or when a file could
        not be written, everything is saved as of the last good evaluation, or as of the start.
        """
        last = self._folder.last
        if self.failures or not last.is_file():
            trainer.end_at_snapshot()
            self.roll_back(trainer)
            yield from self.save(trainer)
            return
        model, state = model_file.load(last), load_training(last)
        state = replace(state, progress=replace(state.progress, diverged=trainer.diverged))
        yield from self._try_write(last, lambda: save_training(model, state, last))

    def _try_write(self, file: Path, write: Callable[[], object]) -> Iterator[Note]:
        try:
            write()
            self.failures.pop(file, None)
        except OSError as error:
            reason = describe_system_error(error)
            if file not in self.failures and file.exists():
                note = _(
                    "{file} cannot be written ({reason}); the old file is kept, and training"
                    " continues"
                )
                yield Note(note.format(file=file, reason=reason))
            elif file not in self.failures:
                note = _("{file} cannot be written ({reason}); training continues without it")
                yield Note(note.format(file=file, reason=reason))
            self.failures[file] = reason

    def _write_log(self, log: Path) -> None:
        """Append the new evaluations, or rewrite the log when it may differ from the history."""
        # None until the write has succeeded, so that a failed one is followed by a rewrite.
        logged, self._logged = self._logged, None
        if logged is None:
            write_log(log, self.history)
        else:
            append_to_log(log, self.history[logged:])
        self._logged = len(self.history)

    def _current_model(self, trainer: Trainer) -> TrainedModel:
        history = tuple(
            {
                key: value
                for key, value in asdict(evaluation).items()
                if key in meta.EVALUATION_KEYS
                or (key in meta.LATER_EVALUATION_KEYS and value is not None)
            }
            for evaluation in self.history
        )
        return TrainedModel(
            network=trainer.network, config=trainer.config, corpus_info=self._corpus_info,
            step=trainer.progress.step, history=history, baselines=self._baselines,
        )  # fmt: skip
