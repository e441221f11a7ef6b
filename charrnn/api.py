"""The Python API, which the command line uses too: train, load, a model that samples and scores.

What only one of these needs is imported there: the first character of a sample should not wait for
what trains.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from charrnn.config import SampleConfig, TrainConfig
from charrnn.network.workspace import Array
from charrnn.sampling.sampler import continuations, log_probability
from charrnn.text.unknown import known_ids
from charrnn.text.vocab import Ids
from charrnn.training import checkpoint
from charrnn.training.checkpoint import Checkpoint
from charrnn.training.folder import DEFAULT_ROOT, find_model

if TYPE_CHECKING:
    from charrnn.reports.score import Score
    from charrnn.training.events import Event
    from charrnn.training.run import Run

Corpus: TypeAlias = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Sample:
    """A continuation of ``prime``: ``text`` is the new characters only.

    ``logprob`` is their total in nats by the model as it is (temperature 1, no filter).
    """

    prime: str
    text: str
    seed: int
    sample: int
    stopped: str
    logprob: float


class Model:
    """A trained model."""

    def __init__(self, trained: Checkpoint) -> None:
        self.checkpoint = trained

    @property
    def vocabulary(self) -> str:
        """The characters that it knows, in the order of their ids."""
        return self.checkpoint.stock.vocabulary.characters

    def sample(
        self, prime: str = "", config: SampleConfig = SampleConfig(), *, seed: int | None = None
    ) -> str:
        """Write on where ``prime`` stops; gives the new characters, others each time if unseeded.

        Raises:
            InputError: naming the characters of ``prime`` that the model has never seen.
        """
        return "".join(self.stream(prime, config, seed=drawn_seed() if seed is None else seed))

    def stream(self, prime: str, config: SampleConfig, *, seed: int) -> Iterator[str]:
        """The same, character by character as it is drawn."""
        opening = self._opening(prime, config.on_unknown)
        known = self.vocabulary
        never = self.checkpoint.stock.vocabulary.unknown
        steps = continuations(self.checkpoint.network, opening, 1, config, seed, never)
        return (known[drawn] for (drawn,), _ in steps)

    def samples(self, prime: str, config: SampleConfig, *, seed: int, number: int) -> list[Sample]:
        """Several continuations, computed side by side. Sample i is the same for any ``number``."""
        opening, vocabulary = (
            self._opening(prime, config.on_unknown),
            self.checkpoint.stock.vocabulary,
        )
        steps = [
            (drawn, log_probability(logits, drawn))
            for drawn, logits in continuations(
                self.checkpoint.network, opening, number, config, seed, vocabulary.unknown
            )
        ]
        ids = np.array([drawn for drawn, _ in steps], np.intp).reshape(len(steps), number)
        logs = np.array([log for _, log in steps], np.float64).reshape(len(steps), number)
        return [
            Sample(prime, vocabulary.decode(ids[:, i]), seed, i, "length", float(logs[:, i].sum()))
            for i in range(number)
        ]

    def score(self, text: str, *, on_unknown: str | None = None) -> "Score":
        """How well it predicts ``text``.

        Characters that it has never seen are an "error", or it is to "skip" or "replace" them; left
        open, they are replaced by the unknown character where the model has one, else passed over.

        Raises:
            InputError: when the model knows fewer than two of its characters.
        """
        from charrnn.reports.score import score

        return score(self.checkpoint, text, on_unknown=on_unknown)

    def save(self, path: str | Path) -> None:
        """Write it to a .npz file."""
        checkpoint.save(self.checkpoint, Path(path))

    def _opening(self, prime: str, on_unknown: str) -> Ids | Array:
        """The ids of ``prime``; without one a newline's, else how often each character begins."""
        stock = self.checkpoint.stock
        ids = known_ids(stock.rules.apply(prime), stock.vocabulary, on_unknown, "prime")
        if len(ids):
            return ids.astype(np.intp)
        if "\n" in stock.vocabulary.characters:
            return stock.vocabulary.lookup("\n").astype(np.intp)
        counts = np.array(stock.vocabulary.counts)
        with np.errstate(divide="ignore"):  # another model's characters may not be in its corpus
            frequencies: Array = np.log(counts / counts.sum())
        return frequencies


def train(
    corpus: Corpus,
    config: TrainConfig = TrainConfig(),
    *,
    out: str | Path | None = None,
    root: str | Path = DEFAULT_ROOT,
    overwrite: bool = False,
    init_from: str | Path | None = None,
    preview: int = 0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Model:
    """Learn from text files; gives the best model, which also lies in the run folder.

    It begins with the weights of the model ``init_from``, if there is one, whose characters it
    then knows too. The folder is ``out``, or a new one under ``root`` named after the corpus.
    ``on_event`` is told what happens (training/events.py), with a ``preview`` of so many characters
    after each evaluation; ``stop_requested`` is asked between updates, and ends the run with the
    work saved.

    Raises:
        InputError: when the corpus cannot be learned from; nothing was written then.
        FolderError: when the run folder is in use, or holds what would be overwritten.
        DivergedError: when the loss became infinite; the best model before is in the folder.
        MachineError, OSError: when the folder cannot be written.
    """
    from charrnn.training.run import Place, Run

    place = Place(None if out is None else Path(out), Path(root), overwrite)
    initial = None if init_from is None else find_model(Path(init_from))
    run = Run(_paths(corpus), config, place, initial)
    return _followed(run, run.events(stop_requested), preview, on_event)


def resume(
    out: str | Path,
    corpus: Corpus = (),
    changes: Mapping[str, object] = MappingProxyType({}),
    *,
    preview: int = 0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Model:
    """Go on with the run in the folder ``out``; the model is as if it never had been stopped.

    The text is sought where it was, or is ``corpus``. ``changes`` are settings by name: new totals
    (``epochs``, ``steps``), ``minutes`` from now on, or ``patience``. The rest is as in `train`.

    Raises:
        ConfigError: for another setting that contradicts the run.
        InputError: when the text is not there or another one, or a file of the run is damaged.
        FolderError: when there is no run, or another process is training in it.
        DivergedError, MachineError, OSError: as `train`.
    """
    from charrnn.training.run import Place, Run

    run = Run(_paths(corpus), TrainConfig(), Place(Path(out)))
    return _followed(run, run.resumed(changes, stop_requested), preview, on_event)


def _paths(corpus: Corpus) -> list[str | Path]:
    return [corpus] if isinstance(corpus, str | Path) else list(corpus)


def _followed(
    run: "Run", events: "Iterator[Event]", preview: int, on_event: Callable[["Event"], object]
) -> Model:
    from charrnn.training.events import Evaluation, Preview, Start

    folder = run.place.root
    for event in events:
        on_event(event)
        if isinstance(event, Start):
            folder = Path(event.run)
        if preview and isinstance(event, Evaluation):
            model = Model(Checkpoint(run.network, run.settings, run.stock, event.step, ()))
            seed = run.settings.seed
            on_event(Preview(model.sample("", SampleConfig(length=preview), seed=seed)))
    return load(folder)


def load(path: str | Path) -> Model:
    """Read a model: a .npz file, or a run folder's best.

    Raises:
        InputError: when it is missing, damaged or no model.
    """
    return Model(checkpoint.load(find_model(Path(path))))


def drawn_seed() -> int:
    """A seed for those who named none, short enough to type."""
    return int.from_bytes(os.urandom(4))
