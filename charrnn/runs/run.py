"""One training, from text files to a run folder, as a generator of events.

Nothing is written before the whole corpus was read and can be learned from.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from charrnn.arrays import Ids
from charrnn.config import Settings, TrainConfig
from charrnn.errors import DivergedError, MachineError
from charrnn.generators import flat_map
from charrnn.language import gettext as _
from charrnn.network.model import Network
from charrnn.ngram import Baselines, measure_baselines
from charrnn.parallel.machine import measure_free_memory
from charrnn.parallel.ranks import RankTeam
from charrnn.runs.corpus_reader import CorpusReader, set_own_sizes
from charrnn.runs.initial_weights import adopt_shape
from charrnn.runs.job import Job
from charrnn.runs.measured_speed import fit_to_machine
from charrnn.runs.moved_corpus import find_places
from charrnn.runs.rank_job import broadcast_job, create_rank_job, stage_files
from charrnn.runs.resume import read_stopped_run
from charrnn.runs.run_config import RunConfig, write_config
from charrnn.runs.run_events import end_event, judgement_event, resume_note, start_event
from charrnn.runs.saving import Saver
from charrnn.shipped_texts import explain_shipped_texts
from charrnn.storage import model_file
from charrnn.storage.diverged_run import explain_model
from charrnn.storage.model_file import TrainedModel, network_shape
from charrnn.storage.run_folder import RunFolder, RunLocation
from charrnn.text.corpus import split_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.encodings import resolve_encoding
from charrnn.text.line_starts import is_end_unlike
from charrnn.training import memory_check
from charrnn.training.automatic import NOMINAL_SPEED, complete_settings
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    Evaluation,
    Event,
    Note,
    Rollback,
    SaveDue,
    Stopped,
    TrainerEvent,
)
from charrnn.training.outcome import SHORT_TEXT
from charrnn.training.trainer import Trainer

LONG_TEXT = 5_000_000
"""The number of characters above which a note is shown."""


class TrainingRun:
    """A training in its folder.

    ``network``, ``settings``, ``corpus_info`` and ``baselines`` are there from the Start event on.
    """

    network: Network
    settings: Settings
    corpus_info: CorpusInfo
    baselines: Baselines | None

    def __init__(
        self, paths: CorpusPaths, config: TrainConfig, location: RunLocation,
        init_from: Path | None = None, ranks: RankTeam | None = None,
    ) -> None:  # fmt: skip
        self.paths = paths
        self.config = config
        self.location = location
        self.init_from = init_from
        self.ranks = ranks or RankTeam()
        self._is_started = False
        # Set by `resume`: the checkpoint, and the evaluations before it.
        self._checkpoint: TrainedModel | None = None
        self._history: Sequence[Evaluation] = ()
        self._is_moved = False  # a text is not where config.toml says

    def train(self, stop_requested: Callable[[], bool]) -> Generator[Event, None, None]:
        """Train to the end, or until ``stop_requested`` returns true; the work is saved then.

        Raises:
            InputError, FolderError: before anything is written.
            MachineError: when memory is short, before anything is written, or when the folder
                cannot be written.
            OSError: when the folder cannot be written.
            DivergedError: after the End event; the best model so far is in the folder.
        """
        began = time.perf_counter()
        if self.location.out is not None:
            RunFolder(self.location.out).check_free(overwrite=self.location.overwrite)
        config = replace(self.config, encoding=resolve_encoding(self.config.encoding))
        initial = model_file.load(self.init_from) if self.init_from else None
        if self.init_from and initial:
            config = adopt_shape(config, initial)
            if note := explain_model(self.init_from):
                yield Note(note)
        yield from map(Note, explain_shipped_texts(self.paths.all))
        reader = CorpusReader(self.paths, config, initial)
        self.corpus_info = yield from reader.scan()
        config = set_own_sizes(config, self.corpus_info)
        settings = self._complete_settings(config)
        folder = self.location.lock_folder(self.paths.corpus[0])
        try:
            # Already here, so that a run that is killed before its first checkpoint can be resumed.
            self._write_config(folder, settings)
            yield from self._train_in_folder(
                folder, reader, settings, began, stop_requested, config
            )
        except BaseException:
            # Before the start nothing is lost, so the folder's name becomes free again.
            if not self._is_started:
                folder.config.unlink(missing_ok=True)
            raise
        finally:
            folder.release()
            folder.remove_if_empty()

    def resume(
        self, changes: Mapping[str, Any], stop_requested: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        """Continue the run in the folder ``location.out`` as if it had never been stopped.

        ``changes`` are settings by name. Without a corpus, the run's own is read from where it was.
        Ends and raises as `train` and `read_stopped_run`.
        """
        assert self.location.out is not None
        began = time.perf_counter()
        folder = RunFolder(self.location.out)
        folder.lock_existing()
        try:
            if "encoding" in changes:
                changes = {**changes, "encoding": resolve_encoding(changes["encoding"])}
            stopped = read_stopped_run(folder, changes, self.ranks.size)
            self.paths = find_places(stopped.paths, self.paths, folder.path)
            places = [path.resolve() for path in self.paths.all]
            self._is_moved = places != [path.resolve() for path in stopped.paths.all]
            self._checkpoint, self._history = stopped.checkpoint, stopped.evaluations
            self.init_from = stopped.init_from
            begins = self.init_from is not None and not stopped.checkpoint
            initial = model_file.load(self.init_from) if self.init_from and begins else None
            reader = CorpusReader(self.paths, stopped.settings, initial)
            corpus_info = yield from reader.scan()
            self.corpus_info = stopped.check_corpus(corpus_info, self.paths, folder.path)
            settings = set_own_sizes(stopped.settings, self.corpus_info)
            self._check_memory(settings)
            yield from self._train_in_folder(folder, reader, settings, began, stop_requested)
        finally:
            folder.release()

    def _complete_settings(self, config: TrainConfig, speed: float = NOMINAL_SPEED) -> Settings:
        """Choose the settings that ``config`` leaves open, and check that memory suffices."""
        settings = complete_settings(
            config, self.corpus_info.characters, len(self.corpus_info.vocabulary), self.ranks.cores,
            self.ranks.size, speed,
        )  # fmt: skip
        self._check_memory(settings)
        return settings

    def _check_memory(self, settings: Settings) -> None:
        __, val_characters, __ = settings.split_sizes(self.corpus_info.characters)
        # The number of processes on this machine.
        processes = settings.members * self.ranks.local_size // self.ranks.size
        memory_check.check_memory(
            settings,
            network_shape(settings, self.corpus_info),
            val_characters,
            measure_free_memory(),
            processes,
        )

    def _write_config(self, folder: RunFolder, settings: Settings) -> None:
        write_config(folder.config, RunConfig(self.paths, self.init_from, settings))

    def _train_in_folder(
        self, folder: RunFolder, reader: CorpusReader, settings: Settings, began: float,
        stop_requested: Callable[[], bool], config: TrainConfig | None = None,
    ) -> Generator[Event, None, None]:  # fmt: skip
        """Encode the corpus, then train with all ranks. The folder is locked by this process.

        ``config`` are the settings that the user gave, for a new run.
        """
        ids = yield from reader.encode(self.corpus_info, folder.ids)
        if self._checkpoint:
            self.baselines = self._checkpoint.baselines
        else:
            if len(ids) > LONG_TEXT:
                yield Note(_("counting n-grams for the baselines"))
            yield from self._note_unlike_end(ids, settings)
            self.baselines = self._measure_baselines(ids, settings)
        if settings.minutes:
            yield Note(_("measuring how fast this machine trains"))
        job = Job(
            config=settings,
            shape=network_shape(settings, self.corpus_info),
            ids=folder.ids.resolve(),
            dtype=ids.dtype,
            deadline=began + 60 * (settings.minutes or 0),
            checkpoint=folder.last.resolve() if self._checkpoint else None,
            initial_model=None if self._checkpoint else self.init_from,
            vocabulary=self.corpus_info.vocabulary,
        )
        if settings.minutes and config and self.ranks.size == 1:
            job = fit_to_machine(job, config, self.corpus_info, self._complete_settings)
        rank_job = create_rank_job(job, reader.files, self.corpus_info)
        broadcast_job(rank_job, self.ranks)
        with stage_files(rank_job, self.ranks) as job, job.start(self.ranks) as trainer:
            yield from self._train(folder, trainer, job.open_splits().test, stop_requested)

    def _note_unlike_end(self, ids: Ids, settings: Settings) -> Iterator[Note]:
        """Say if the validation part is unlike the rest of the corpus, as in a sorted list."""
        vocabulary, splits = self.corpus_info.vocabulary, split_corpus(ids, settings)
        newline = int(vocabulary.lookup_ids("\n")[0])
        if self.corpus_info.val_file or self.corpus_info.shuffle or newline < 0:
            return
        if is_end_unlike(splits.train, splits.val, newline, len(vocabulary)):
            note = _(
                "the end of the text, on which the model is validated, is unlike the rest: its"
                " lines begin with other characters, as in a sorted list; `shuffle` lines or"
                " paragraphs mixes them first"
            )
            yield Note(note)

    def _measure_baselines(self, ids: Ids, settings: Settings) -> Baselines | None:
        splits = split_corpus(ids, settings)
        if len(splits.val) < 2:
            return None
        return measure_baselines(splits.train, splits.val, len(self.corpus_info.vocabulary))

    def _train(
        self, folder: RunFolder, trainer: Trainer, test: Ids, stop_requested: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        """Train, save on the way, and evaluate the best model on the ``test`` part at the end."""
        began = time.perf_counter()
        self.network, self.settings = trainer.network, trainer.config
        if not trainer.is_over or self._is_moved:
            # Once more: `minutes` is a number of steps now, and resuming may have changed settings.
            self._write_config(folder, trainer.config)
        self._is_started = True
        yield start_event(folder.path, self.corpus_info, trainer)
        saver = Saver(folder, self.corpus_info, self.baselines, self._history)
        yield from self._prepare(folder, trainer, saver)
        if self.baselines:
            yield self.baselines
        stopped: Stopped = "diverged"
        failure: DivergedError | None = None
        try:
            stopped = yield from flat_map(
                trainer.run(stop_requested, saver.is_due),
                lambda event: self._handle_event(event, trainer, saver),
            )
        except DivergedError as error:
            failure = error
        # All ranks stop training at the same step, so none of them waits for this one any more.
        self.ranks.peers = "released"
        if stopped == "interrupted" or (saver.failures and not failure):
            yield from saver.save(trainer)
        seconds = trainer.seconds_before + time.perf_counter() - began
        test_loss = None
        if len(test) > 1 and trainer.progress.best_step is not None:
            test_loss = mean_loss(saver.load_best().network, test)
        last = saver.history[-1] if saver.history else None
        end = end_event(folder.path, trainer, stopped, last, self.baselines, test_loss, seconds)
        if failure:
            yield from saver.save_diverged(trainer)
            yield end
            raise failure
        characters = self.corpus_info.corpus_characters
        yield from judgement_event(stopped, end, saver.history, characters)
        yield end
        if saver.failures:
            files = _(", ").join(map(str, saver.failures))
            reasons = _(", ").join(dict.fromkeys(saver.failures.values()))
            raise MachineError(files, _("could not be written ({reasons})").format(reasons=reasons))

    def _prepare(
        self, folder: RunFolder, trainer: Trainer, saver: Saver
    ) -> Generator[Event, None, None]:
        """Continue the files and clock of a resumed run; warn if a new run's text is short."""
        if self._checkpoint:
            yield from saver.prepare_resumed(trainer)
            if self._history:
                last = self._history[-1]
                trainer.seconds_before = last.seconds
                if last.chars_per_second:
                    trainer.training_seconds = trainer.characters_seen / last.chars_per_second
            yield resume_note(folder.path, trainer)
        elif self.corpus_info.corpus_characters < SHORT_TEXT:
            note = _(
                "the text is short: with `batch` {batch} and `seq` {seq}, the model will memorize"
                " it and learn little else"
            )
            yield Note(note.format(batch=trainer.config.batch, seq=trainer.config.seq))

    def _handle_event(
        self, event: TrainerEvent, trainer: Trainer, saver: Saver
    ) -> Generator[Event, None, None]:
        """Save what ``event`` asks for, and yield the events that the user is told."""
        if isinstance(event, Evaluation):
            saver.add_evaluation(event, trainer)
        if isinstance(event, Evaluation | SaveDue):
            yield from saver.save(trainer)
        if isinstance(event, Rollback):
            saver.roll_back(trainer)
            note = _(
                "step {step:,}: {reason}; returning to step {good_step:,} with {scale:g} times the"
                " learning rate `lr`"
            ).format(
                step=event.step, reason=event.reason, good_step=trainer.progress.step,
                scale=event.scale,
            )  # fmt: skip
            yield Note(note)
        elif not isinstance(event, SaveDue):
            yield event
