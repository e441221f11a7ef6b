"""One training from text files to a run folder, told as events.

Nothing is written before the corpus was read and found good.
"""

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.arrays import Ids
from charrnn.config import Settings, TrainConfig
from charrnn.errors import DivergedError, InputError, MachineError
from charrnn.files import write_atomically
from charrnn.generators import flat_map
from charrnn.network.model import Network
from charrnn.network.parameters import Shape
from charrnn.ngram import Baselines, measure_baselines
from charrnn.parallel.machine import measure_free_memory
from charrnn.parallel.ranks import Ranks
from charrnn.runs import resume
from charrnn.runs.corpus_reader import CorpusReader
from charrnn.runs.initial_weights import adopt_shape
from charrnn.runs.job import Job
from charrnn.runs.rank_job import broadcast_job, create_job, stage_files
from charrnn.runs.saving import Saving
from charrnn.storage import model_file
from charrnn.storage.model_file import Checkpoint
from charrnn.storage.run_folder import DEFAULT_ROOT, RunFolder, name_run, new_folder
from charrnn.storage.toml import to_toml
from charrnn.text import sources
from charrnn.text.corpus import split_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.encodings import resolve_encoding
from charrnn.training import memory
from charrnn.training.automatic import complete_settings
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    CorpusFacts,
    End,
    Evaluation,
    Event,
    ModelFacts,
    Note,
    Rollback,
    SaveDue,
    Start,
    Stopped,
    TrainerEvent,
)
from charrnn.training.trainer import Trainer
from charrnn.units import bits

FEW, MANY = 10_000, 5_000_000  # characters of a text that deserves a word


@dataclass(frozen=True)
class RunLocation:
    """Where a run goes: ``out``, or a new folder under ``root`` named after the corpus."""

    out: Path | None = None
    root: Path = DEFAULT_ROOT
    overwrite: bool = False


class Run:
    """A training in its folder. What it is made of is there once Start was told."""

    network: Network
    settings: Settings
    corpus_info: CorpusInfo
    baselines: Baselines | None

    def __init__(
        self, corpus: Sequence[str | Path], config: TrainConfig, place: RunLocation,
        init_from: Path | None = None, ranks: Ranks | None = None,
    ) -> None:  # fmt: skip
        self.corpus = [Path(path) for path in corpus]
        self.asked = config
        self.place = place
        self.init_from = init_from
        self.ranks = ranks or Ranks()
        self._begun = False
        self.reached: Checkpoint | None = None  # where a run that was stopped goes on
        self.history: Sequence[Evaluation] = ()  # before that

    def events(self, stop_requested: Callable[[], bool]) -> Generator[Event, None, None]:
        """Train. Ends soon after ``stop_requested`` says so, with the work saved.

        Raises:
            InputError, FolderError: before anything is written.
            DivergedError: after End; the best model so far is in the folder.
            MachineError: before, when there is not enough memory.
            MachineError, OSError: when the folder cannot be written.
        """
        began = time.perf_counter()
        if self.place.out is not None:
            RunFolder(self.place.out).check_free(overwrite=self.place.overwrite)
        config = replace(self.asked, encoding=resolve_encoding(self.asked.encoding))
        source = model_file.load(self.init_from) if self.init_from else None
        if source:
            config = adopt_shape(config, source)
        reader = CorpusReader(self.corpus, config, source)
        self.corpus_info = yield from reader.scan()
        settings = complete_settings(
            config, self.corpus_info.characters, len(self.corpus_info.vocabulary), self.ranks.cores,
            self.ranks.size,
        )  # fmt: skip
        self._check_memory(settings)
        folder = self._take_folder()
        try:
            self._write_config(folder, settings)
            yield from self._learn(folder, reader, settings, began, stop_requested)
        except BaseException:
            if not self._begun:  # nothing is lost, and the folder's name is free again
                folder.config.unlink(missing_ok=True)
            raise
        finally:
            folder.release()
            folder.remove_if_empty()

    def resumed(
        self, changes: Mapping[str, Any], stop_requested: Callable[[], bool]
    ) -> Generator[Event, None, None]:
        """Go on with the run at `Place.out` as if it never had been stopped.

        ``changes`` are settings that were asked for; without a corpus it is sought where it was.
        Ends and raises as `events`, and as `resume.left`.
        """
        assert self.place.out is not None
        began = time.perf_counter()
        folder = RunFolder(self.place.out)
        folder.take_again()
        try:
            if "encoding" in changes:
                changes = {**changes, "encoding": resolve_encoding(changes["encoding"])}
            left = resume.read_stopped_run(folder, changes, self.ranks.size)
            self.corpus = self.corpus or list(left.corpus)
            self.reached, self.history = left.reached, left.evaluations
            self.init_from = None if left.reached else left.init_from
            source = model_file.load(self.init_from) if self.init_from else None
            reader = CorpusReader(self.corpus, left.settings, source)
            self.corpus_info = yield from reader.scan()
            if left.reached:
                if left.reached.corpus_info.sha256 != self.corpus_info.sha256:
                    raise InputError(
                        self.corpus[0],
                        f"is not the text that the run in {folder.path} learns from; put that back,"
                        " or begin a new run",
                    )
                self.corpus_info = (
                    left.reached.corpus_info
                )  # with the characters of another model, perhaps
            self._check_memory(left.settings)
            yield from self._learn(folder, reader, left.settings, began, stop_requested)
        finally:
            folder.release()

    def _shape(self, config: Settings) -> Shape:
        V = len(self.corpus_info.vocabulary)
        return Shape(config.cell, config.hidden, config.layers, V, config.tied)

    def _check_memory(self, config: Settings) -> None:
        validating = config.split_sizes(self.corpus_info.characters)[1]
        here = config.members * self.ranks.neighbours // self.ranks.size
        memory.check_memory(config, self._shape(config), validating, measure_free_memory(), here)

    def _learn(
        self, folder: RunFolder, reader: CorpusReader, config: Settings, began: float,
        stop_requested: Callable[[], bool],
    ) -> Generator[Event, None, None]:  # fmt: skip
        """From the corpus to the end of the training, in a folder that was taken."""
        ids = yield from reader.ids(self.corpus_info, folder.ids)
        if self.reached:
            self.baselines = self.reached.baselines
        else:
            if len(ids) > MANY:
                yield Note("counting n-grams, to compare with")
            self.baselines = self._baselines(ids, config)
        if config.minutes:
            yield Note("measuring how fast this machine learns")
        ends = began + 60 * (config.minutes or 0)
        stopped = folder.last.resolve() if self.reached else None
        job = Job(
            config, self._shape(config), folder.ids.resolve(), ids.dtype, ends, stopped,
            self.init_from, self.corpus_info.vocabulary,
        )  # fmt: skip
        all_ranks_job = create_job(job, reader.files, self.corpus_info)
        broadcast_job(all_ranks_job, self.ranks)
        with stage_files(all_ranks_job, self.ranks) as job, job.begun(self.ranks) as trainer:
            yield from self._train(folder, trainer, job.parts.test, stop_requested)

    def _baselines(self, ids: Ids, config: Settings) -> Baselines | None:
        parts = split_corpus(ids, config)
        if len(parts.val) < 2:
            return None
        return measure_baselines(parts.train, parts.val, len(self.corpus_info.vocabulary))

    def _take_folder(self) -> RunFolder:
        if self.place.out is None:
            folder = new_folder(self.place.root, name_run(self.corpus[0]))
        else:
            folder = RunFolder(self.place.out)
        folder.take(overwrite=self.place.overwrite)
        return folder

    def _train(
        self,
        folder: RunFolder,
        trainer: Trainer,
        test: Ids,
        stop_requested: Callable[[], bool],
    ) -> Generator[Event, None, None]:
        started = time.perf_counter()
        config = trainer.config
        self.network, self.settings = trainer.network, config
        if not trainer.is_over:
            self._write_config(folder, config)
        self._begun = True
        yield self._start(folder, config)
        saving = Saving(folder, self.corpus_info, self.baselines, self.history)
        if self.reached:
            yield from saving.taken_up(trainer)
            yield self._taken_up(folder, trainer)
        elif self.corpus_info.characters < FEW:
            yield Note(
                f"a short text: {config.batch} streams, {config.seq} characters at a time; expect a"
                " model that knows it by heart and little else"
            )
        if self.baselines:
            yield self.baselines
        stopped: Stopped = "diverged"
        failure: DivergedError | None = None
        try:
            stopped = yield from flat_map(
                trainer.run(stop_requested, saving.due),
                lambda event: self._handle(event, trainer, saving),
            )
        except DivergedError as error:
            failure = error
        self.ranks.others = "free"  # they have come to the same end
        if stopped == "interrupted" or saving.unsaved:
            yield from saving.save(trainer)
        seconds = trainer.seconds_before + time.perf_counter() - started
        yield self._end(folder, trainer, stopped, test, saving, seconds)
        if failure:
            raise failure
        if saving.unsaved:
            problems = ", ".join(dict.fromkeys(saving.unsaved.values()))
            files = " and ".join(map(str, saving.unsaved))
            raise MachineError(files, f"could not be written ({problems})")

    def _handle(
        self, event: TrainerEvent, trainer: Trainer, saving: Saving
    ) -> Generator[Event, None, None]:
        """Save what ``event`` asks for; gives what users see of it."""
        if isinstance(event, Evaluation):
            saving.evaluated(event, trainer)
        if isinstance(event, Evaluation | SaveDue):
            yield from saving.save(trainer)
        if isinstance(event, Rollback):
            saving.roll_back(trainer)
            yield Note(
                f"{event.reason} at step {event.step:,}; going back to step"
                f" {trainer.progress.step:,} with {event.scale:g} times the learning rate"
            )
        elif not isinstance(event, SaveDue):
            yield event

    def _taken_up(self, folder: RunFolder, trainer: Trainer) -> Note:
        """Where it goes on, with the times of what was before; or that there is nothing to do."""
        if self.history:
            before = self.history[-1]
            trainer.seconds_before = before.seconds
            if before.chars_per_second:
                trainer.training_seconds = trainer.characters_seen / before.chars_per_second
        if trainer.is_over:
            return Note(
                f"{folder.path} is finished, at step {trainer.progress.step:,}; more --epochs,"
                " --steps or --minutes, or --patience, take it further"
            )
        return Note(f"going on after step {trainer.progress.step:,} of {trainer.total_steps:,}")

    def _start(self, folder: RunFolder, config: Settings) -> Start:
        corpus_info = self.corpus_info
        return Start(
            run=str(folder.path),
            corpus=CorpusFacts(
                corpus_info.files,
                corpus_info.characters,
                corpus_info.distinct,
                corpus_info.encoding,
                corpus_info.sha256,
            ),
            model=ModelFacts(
                config.cell, config.hidden, config.layers, self.network.parameters.vector.size
            ),
            config=config,
        )

    def _write_config(self, folder: RunFolder, config: Settings) -> None:
        stdin = Path(sources.STDIN)
        corpus = [
            sources.printable_path(path if path == stdin else path.resolve())
            for path in self.corpus
        ]
        initial = self.init_from and str(self.init_from.resolve())
        text = to_toml("train", {"corpus": corpus, "init_from": initial, **asdict(config)})
        write_atomically(folder.config, lambda file: file.write(text.encode()))

    def _end(
        self, folder: RunFolder, trainer: Trainer, stopped: Stopped, test: Ids,
        saving: Saving, seconds: float,
    ) -> End:  # fmt: skip
        progress = trainer.progress
        val_loss = progress.best_loss if math.isfinite(progress.best_loss) else None
        test_loss = None
        if len(test) > 1 and progress.best_step is not None:
            test_loss = mean_loss(saving.best().network, test)
        return End(
            run=str(folder.path),
            stopped=stopped,
            step=progress.step,
            epoch=trainer.epoch,
            seconds=seconds,
            train_loss=saving.history[-1].train_loss if saving.history else None,
            val_loss=val_loss,
            val_bpc=None if val_loss is None else bits(val_loss),
            best_step=progress.best_step,
            test_loss=test_loss,
            baselines=self.baselines,
            chars_per_second=trainer.chars_per_second,
            workers=trainer.team.size,
        )
