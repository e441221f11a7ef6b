"""One training from text files to a run folder, told as events.

Nothing is written before the corpus was read and found good.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.config import Settings, TrainConfig, to_toml
from charrnn.errors import DivergedError
from charrnn.files import write_atomically
from charrnn.network.model import Network
from charrnn.network.parameters import Shape
from charrnn.text import sources
from charrnn.text.corpus import divide, encode, take_stock
from charrnn.text.ngram import Baselines, baselines
from charrnn.text.stock import Stock
from charrnn.text.vocab import Ids
from charrnn.training import checkpoint, memory
from charrnn.training.automatic import complete
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.evaluation import mean_loss
from charrnn.training.events import (
    CorpusFacts,
    End,
    Evaluation,
    Event,
    ModelFacts,
    Note,
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


@dataclass(frozen=True)
class Place:
    """Where a run goes: ``out``, or a new folder under ``root`` named after the corpus."""

    out: Path | None = None
    root: Path = DEFAULT_ROOT
    overwrite: bool = False


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
        self.history: list[Evaluation] = []

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
        shape = Shape(config.cell, config.hidden, config.layers, V, config.tied)
        memory.check(config, shape, config.parts(self.stock.characters)[1], free_memory())
        folder = self._take_folder()
        try:
            ids = encode(files, self.stock, folder.ids)
            if len(ids) > MANY:
                yield Note("counting n-grams, to compare with")
            self.baselines = self._baselines(ids, config)
            if config.minutes:
                yield Note("measuring how fast this machine learns")
            ends = began + 60 * (config.minutes or 0)
            job = Job(config, shape, folder.ids.resolve(), ids.dtype, ends)
            with job.begun() as trainer:
                yield from self._train(folder, trainer, job.parts.test, stop_requested)
        finally:
            folder.release()
            folder.remove_if_empty()

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
        if self.stock.characters < FEW:
            yield Note(
                f"a short text: {config.batch} streams, {config.seq} characters at a time; expect a"
                " model that knows it by heart and little else"
            )
        if self.baselines:
            yield self.baselines
        stopped: Stopped = "diverged"
        failure: DivergedError | None = None
        try:
            for event in trainer.run(stop_requested):
                if isinstance(event, str):
                    stopped = event
                    break
                if isinstance(event, Evaluation):
                    self._save(folder, trainer, event)
                yield event
        except DivergedError as error:
            failure = error
        if stopped == "interrupted":
            checkpoint.save_training(self._checkpoint(trainer), trainer, folder.last)
        yield self._end(folder, trainer, stopped, test, time.perf_counter() - started)
        if failure:
            raise failure

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

    def _save(self, folder: RunFolder, trainer: Trainer, evaluation: Evaluation) -> None:
        """After an evaluation: the log, all that going on needs, and the model if it is best."""
        self.history.append(evaluation)
        with folder.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(evaluation)) + "\n")
        now = self._checkpoint(trainer)
        if trainer.best_step == trainer.step:
            checkpoint.save(now, folder.best)
        checkpoint.save_training(now, trainer, folder.last)

    def _checkpoint(self, trainer: Trainer) -> Checkpoint:
        kept = ("step", "epoch", "train_loss", "val_loss", "lr")
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
