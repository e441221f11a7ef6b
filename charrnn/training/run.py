"""One training from text files to a run folder, told as events.

Nothing is written before the corpus was read and found good.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.config import Settings, TrainConfig, to_toml
from charrnn.errors import DivergedError, InputError, MachineError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.text import sources
from charrnn.text.corpus import divide, encode, take_stock
from charrnn.text.ngram import Baselines, baselines
from charrnn.text.sources import Source
from charrnn.text.stock import Stock
from charrnn.text.vocab import Ids
from charrnn.training import checkpoint, memory, resume
from charrnn.training.automatic import complete
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    CorpusFacts,
    End,
    Evaluation,
    Event,
    Midway,
    ModelFacts,
    Note,
    Setback,
    Start,
    Stopped,
    bits,
)
from charrnn.training.folder import DEFAULT_ROOT, RunFolder, new_folder
from charrnn.training.machine import cores, free_memory
from charrnn.training.team import POSSIBLE
from charrnn.training.trainer import Trainer
from charrnn.training.worker import Job

FEW, MANY = 10_000, 5_000_000  # characters of a text that deserves a word
SAVE_EVERY, SAVING = 60.0, 0.02  # seconds between saves at least, and of the time at most


@dataclass(frozen=True)
class Place:
    """Where a run goes: ``out``, or a new folder under ``root`` named after the corpus."""

    out: Path | None = None
    root: Path = DEFAULT_ROOT
    overwrite: bool = False


class Saves:
    """When to save between evaluations: now and then, and seldom where it takes long."""

    def __init__(self) -> None:
        self._next = time.monotonic() + SAVE_EVERY

    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() > self._next

    @contextmanager
    def made(self) -> Iterator[None]:
        """Around a save, whose time it takes."""
        began = time.monotonic()
        yield
        now = time.monotonic()
        self._next = now + max(SAVE_EVERY, (now - began) / SAVING)


class Run:
    """A training in its folder. What it is made of is there once Start was told."""

    network: Network
    settings: Settings
    stock: Stock
    baselines: Baselines | None

    def __init__(self, corpus: Sequence[str | Path], config: TrainConfig, place: Place) -> None:
        self.corpus = [Path(path) for path in corpus]
        self.asked = config
        self.place = place
        self.reached: Checkpoint | None = None  # where a run that was stopped goes on
        self.history: list[Evaluation] = []
        self._logged: int | None = None  # of these, that are in the log; None if that is unknown
        self._best: Checkpoint | None = None  # that is still to be written
        self._unsaved: dict[Path, str] = {}  # files that could not be written, and why

    def events(self, stop_requested: Callable[[], bool]) -> Iterator[Event]:
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
        files = sources.find(self.corpus)
        self.stock = take_stock(files, self.asked.newline)
        V = len(self.stock.vocabulary)
        config = complete(self.asked, self.stock.characters, V, cores() if POSSIBLE else 1)
        self._check_memory(config)
        folder = self._take_folder()
        try:
            self._write_config(folder, config)
            yield from self._learn(folder, files, config, began, stop_requested)
        finally:
            folder.release()
            folder.remove_if_empty()

    def resumed(
        self, changes: Mapping[str, Any], stop_requested: Callable[[], bool]
    ) -> Iterator[Event]:
        """Go on with the run at `Place.out` as if it never had been stopped.

        ``changes`` are settings that were asked for; without a corpus it is sought where it was.
        Ends and raises as `events`, and as `resume.left`.
        """
        assert self.place.out is not None
        began = time.perf_counter()
        folder = RunFolder(self.place.out)
        folder.take_again()
        try:
            left = resume.left(folder, changes)
            self.corpus = self.corpus or list(left.corpus)
            self.reached, self.history = left.reached, list(left.evaluations)
            files = sources.find(self.corpus)
            self.stock = take_stock(files, left.settings.newline)
            if left.reached and left.reached.stock.sha256 != self.stock.sha256:
                raise InputError(
                    self.corpus[0],
                    f"is no longer the text that the run in {folder.path} learns from; put that"
                    " back, or begin a new run",
                )
            self._check_memory(left.settings)
            yield from self._learn(folder, files, left.settings, began, stop_requested)
        finally:
            folder.release()

    def _shape(self, config: Settings) -> Shape:
        V = len(self.stock.vocabulary)
        return Shape(config.cell, config.hidden, config.layers, V, config.tied)

    def _check_memory(self, config: Settings) -> None:
        validating = config.parts(self.stock.characters)[1]
        memory.check(config, self._shape(config), validating, free_memory())

    def _learn(
        self, folder: RunFolder, files: Sequence[Source], config: Settings, began: float,
        stop_requested: Callable[[], bool],
    ) -> Iterator[Event]:  # fmt: skip
        """From the corpus to the end of the training, in a folder that was taken."""
        ids = encode(files, self.stock, folder.ids)
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
        job = Job(config, self._shape(config), folder.ids.resolve(), ids.dtype, ends, stopped)
        with job.begun() as trainer:
            yield from self._train(folder, trainer, job.parts.test, stop_requested)

    def _baselines(self, ids: Ids, config: Settings) -> Baselines | None:
        parts = divide(ids, config)
        if len(parts.val) < 2:
            return None
        return baselines(parts.train, parts.val, len(self.stock.vocabulary))

    def _take_folder(self) -> RunFolder:
        if self.place.out is None:
            name = self.corpus[0].name.removesuffix(".gz").removesuffix(".txt")
            folder = new_folder(self.place.root, "stdin" if name in ("", "-") else name)
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
    ) -> Iterator[Event]:
        started = time.perf_counter()
        config = trainer.config
        self.network, self.settings = trainer.network, config
        self._write_config(folder, config)
        yield self._start(folder, config)
        if self.reached:
            yield self._taken_up(folder, trainer)
        elif self.stock.characters < FEW:
            yield Note(
                f"a short text: {config.batch} streams, {config.seq} characters at a time; expect a"
                " model that knows it by heart and little else"
            )
        if self.baselines:
            yield self.baselines
        stopped: Stopped = "diverged"
        failure: DivergedError | None = None
        saves = Saves()
        try:
            for event in trainer.run(stop_requested, saves.due):
                if isinstance(event, str):
                    stopped = event
                    break
                if isinstance(event, Evaluation):
                    self._evaluated(event, trainer)
                if isinstance(event, Evaluation | Midway):
                    with saves.made():
                        yield from self._save(folder, trainer)
                if isinstance(event, Setback):
                    self._gone_back(trainer)
                    yield Note(
                        f"{event.reason} at step {event.step:,}; going back to step"
                        f" {trainer.step:,} with {event.scale:g} times the learning rate"
                    )
                elif not isinstance(event, Midway):
                    yield event
        except DivergedError as error:
            failure = error
        if stopped == "interrupted" or self._unsaved:
            yield from self._save(folder, trainer)
        seconds = trainer.seconds_before + time.perf_counter() - started
        yield self._end(folder, trainer, stopped, test, seconds)
        if failure:
            raise failure
        for file, problem in self._unsaved.items():
            raise MachineError(file, f"could not be written ({problem}); it is as it was before")

    def _taken_up(self, folder: RunFolder, trainer: Trainer) -> Note:
        """Where it goes on, with the times of what was before; or that there is nothing to do."""
        if self.history:
            before = self.history[-1]
            trainer.seconds_before = before.seconds
            if before.chars_per_second:
                trainer.training_seconds = trainer.characters_seen / before.chars_per_second
        if trainer.is_over:
            return Note(
                f"{folder.path} is finished, at step {trainer.step:,}; more --epochs, --steps or"
                " --minutes, or --patience, take it further"
            )
        return Note(f"going on after step {trainer.step:,} of {trainer.total_steps:,}")

    def _start(self, folder: RunFolder, config: Settings) -> Start:
        stock = self.stock
        return Start(
            run=str(folder.path),
            corpus=CorpusFacts(
                stock.files, stock.characters, len(stock.vocabulary), stock.encoding, stock.sha256
            ),
            model=ModelFacts(
                config.cell, config.hidden, config.layers, self.network.parameters.vector.size
            ),
            config=config,
        )

    def _write_config(self, folder: RunFolder, config: Settings) -> None:
        stdin = Path(sources.STDIN)
        corpus = [str(path if path == stdin else path.resolve()) for path in self.corpus]
        text = to_toml("train", {"corpus": corpus, **asdict(config)})
        write_atomically(folder.config, lambda file: file.write(text.encode()))

    def _evaluated(self, evaluation: Evaluation, trainer: Trainer) -> None:
        """Note what is to be saved: a line of the log, and the model if it is the best so far."""
        self.history.append(evaluation)
        if trainer.best_step == trainer.step:
            parameters = trainer.network.parameters
            kept = Parameters(parameters.shape, vector=parameters.vector.copy())
            self._best = replace(self._checkpoint(trainer), network=Network(kept))

    def _gone_back(self, trainer: Trainer) -> None:
        """Forget the evaluations of what turned out to be a way into nowhere."""
        kept = [one for one in self.history if one.step <= trainer.step]
        if len(kept) < len(self.history):
            self.history = kept
            self._logged = None

    def _save(self, folder: RunFolder, trainer: Trainer) -> Iterator[Note]:
        """Write the log, the best model and all that going on needs, as far as they are new.

        What cannot be written now may find room the next time: the training goes on, the file is as
        it was. The model that was best is held until it is on disk. A training whose numbers are no
        longer finite, which the next update will find, leaves the state that it can go on from.
        """
        yield from self._written(folder.log, lambda: self._write_log(folder.log))
        if self._best is not None:
            best = self._best
            yield from self._written(folder.best, lambda: checkpoint.save(best, folder.best))
            if folder.best not in self._unsaved:
                self._best = None
        if not trainer.is_finite:
            return
        now = self._checkpoint(trainer)
        yield from self._written(
            folder.last, lambda: checkpoint.save_training(now, trainer, folder.last)
        )

    def _written(self, file: Path, write: Callable[[], object]) -> Iterator[Note]:
        try:
            write()
            self._unsaved.pop(file, None)
        except OSError as error:
            if file not in self._unsaved:
                yield Note(
                    f"{file} cannot be written ({error.strerror}); it stays as it was, and the"
                    " training goes on"
                )
            self._unsaved[file] = error.strerror or "?"

    def _write_log(self, log: Path) -> None:
        """Add what is new; all of it, where the file may have more or less than that."""
        logged, self._logged = self._logged, None  # as long as it is not sure that this works
        if logged is None:
            resume.write_log(log, self.history)
        else:
            resume.add_to_log(log, self.history[logged:])
        self._logged = len(self.history)

    def _checkpoint(self, trainer: Trainer) -> Checkpoint:
        kept = checkpoint.EVALUATED
        history = tuple({key: asdict(event)[key] for key in kept} for event in self.history)
        return Checkpoint(
            self.network, trainer.config, self.stock, trainer.step, history, self.baselines
        )

    def _end(
        self, folder: RunFolder, trainer: Trainer, stopped: Stopped, test: Ids, seconds: float
    ) -> End:
        val_loss = trainer.best_loss if math.isfinite(trainer.best_loss) else None
        test_loss = None
        if len(test) > 1 and trainer.best_step is not None:
            test_loss = mean_loss(checkpoint.load(folder.best).network, test)
        return End(
            run=str(folder.path),
            stopped=stopped,
            step=trainer.step,
            epoch=trainer.epoch,
            seconds=seconds,
            train_loss=self.history[-1].train_loss if self.history else None,
            val_loss=val_loss,
            val_bpc=None if val_loss is None else bits(val_loss),
            best_step=trainer.best_step,
            test_loss=test_loss,
            baselines=self.baselines,
            chars_per_second=trainer.chars_per_second,
            workers=trainer.team.size,
        )
