"""The Python API, which the command line uses too: train, load, a model that samples and scores.

What only one of these needs is imported there: the first character of a sample should not wait for
what trains.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from charrnn.arrays import Array
from charrnn.config import SampleConfig, TrainConfig
from charrnn.errors import ConfigError, InputError
from charrnn.sampling.ongoing import OngoingSample, Prompt, SamplingContext
from charrnn.sampling.sampler import generate_samples, sort_finished
from charrnn.setting_types import LARGEST_SEED, Whole
from charrnn.storage import model_file
from charrnn.storage.model_file import Checkpoint
from charrnn.storage.run_folder import DEFAULT_ROOT, find_model
from charrnn.text.unknown import encode_text

if TYPE_CHECKING:
    from charrnn.parallel.ranks import Ranks
    from charrnn.reports.score import Score
    from charrnn.runs.run import Run
    from charrnn.training.events import Event

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
        return self.checkpoint.corpus_info.vocabulary.characters

    def sample(
        self, prime: str = "", config: SampleConfig = SampleConfig(), *, seed: int | None = None
    ) -> str:
        """Write on where ``prime`` stops; gives the new characters, others each time if unseeded.

        Raises:
            InputError: naming the characters of ``prime`` that the model has never seen.
        """
        return "".join(self.stream(prime, config, seed=seed))

    def stream(
        self, prime: str = "", config: SampleConfig = SampleConfig(), *, seed: int | None = None
    ) -> Iterator[str]:
        """The same, piece by piece as it is drawn: what may be the beginning of a stop waits."""
        opening = self.opening(prime, config.on_unknown)
        steps = self._steps([opening], config, seed, 1, scored=False)
        return filter(None, (one.take_new_text() for (one,) in steps))

    def samples(
        self,
        prime: str = "",
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        number: int,
    ) -> list[Sample]:
        """Several continuations, computed side by side. Sample i is the same for any ``number``.

        With a beam they are the likeliest, best first, and may be fewer.
        """
        return list(self.sample_each([prime], config, seed=seed, number=number))

    def sample_each(
        self,
        primes: Iterable[str],
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        number: int = 1,
    ) -> Iterator[Sample]:
        """The same for many ``primes``, all side by side, in their order and as soon as they end.

        ``primes`` are taken as they are needed, a few thousand ahead of what has ended. A prime has
        the same samples whatever the others are, but for what rounding makes of it
        (docs/sampling.md).

        Raises:
            InputError: as `sample`, when it comes to such a prime.
        """
        if isinstance(primes, str):
            raise ConfigError("primes", "is one text; give a list of texts")
        seed = draw_seed() if seed is None else seed
        prompts = (self.opening(prime, config.on_unknown) for prime in primes)
        ended = sort_finished(self._steps(prompts, config, seed, number))
        return (
            Sample(one.prompt.prime, one.text, seed, one.sample, str(one.stopped), one.logprob)
            for one in ended
        )

    def never_writes(self, text: str) -> str:
        """The characters of ``text`` that cannot come in a sample, as the model does not know them.

        Each once, in their order.
        """
        text = self.checkpoint.corpus_info.normalization.apply(text)
        return "".join(dict.fromkeys(one for one in text if one not in self.vocabulary))

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
        model_file.save(self.checkpoint, Path(path))

    def opening(self, prime: str, on_unknown: str, name: str = "prime") -> Prompt:
        """What is read for ``prime``; without one a newline, else frequencies stand for it.

        Raises:
            InputError: naming the characters of ``name`` that the model has never seen.
        """
        corpus_info = self.checkpoint.corpus_info
        ids = encode_text(
            corpus_info.normalization.apply(prime), corpus_info.vocabulary, on_unknown, name
        )
        read = corpus_info.vocabulary.decode(ids)
        if len(ids):
            return Prompt(prime, read, ids)
        if "\n" in corpus_info.vocabulary.characters:
            return Prompt(prime, read, corpus_info.vocabulary.lookup_ids("\n"))
        counts = np.array(corpus_info.vocabulary.counts)
        with np.errstate(divide="ignore"):  # another model's characters may not be in its corpus
            frequencies: Array = np.log(counts / counts.sum()).astype(np.float32)
        return Prompt(prime, read, ids, frequencies)

    def _steps(
        self,
        prompts: Iterable[Prompt],
        config: SampleConfig,
        seed: int | None,
        number: int,
        *,
        scored: bool = True,
    ) -> Iterator[list[OngoingSample]]:
        if config.stop and not config.length and all(map(self.never_writes, config.stop)):
            raise InputError("stop", "will not come, as the model never writes it; give a length")
        seed = draw_seed() if seed is None else seed
        Whole(1).check("number", number)
        Whole(0, limit=LARGEST_SEED).check("seed", seed)
        if config.beam and number > config.beam:
            raise ConfigError("number", f"{number:,} is more than the beam of {config.beam:,}")
        network, context = (
            self.checkpoint.network,
            SamplingContext(self.checkpoint.corpus_info, config),
        )
        if not config.beam:
            return generate_samples(network, context, prompts, number, seed, scored=scored)
        from charrnn.sampling.beam import search_prompts

        return search_prompts(network, context, prompts, number, seed)


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
    ranks: "Ranks | None" = None,
) -> Model:
    """Learn from text files; gives the best model, which also lies in the run folder.

    It begins with the weights of the model ``init_from``, if there is one, whose characters it
    then knows too. The folder is ``out``, or a new one under ``root`` named after the corpus.
    ``on_event`` is told what happens (training/events.py), with a ``preview`` of so many characters
    after each evaluation; ``stop_requested`` is asked between updates, and ends the run with the
    work saved. With the ``ranks`` of MPI, this is rank 0, and the others `follow`.

    Raises:
        InputError: when the corpus cannot be learned from; nothing was written then.
        FolderError: when the run folder is in use, or holds what would be overwritten.
        DivergedError: when the loss became infinite; the best model before is in the folder.
        MachineError, OSError: when the folder cannot be written.
    """
    from charrnn.runs.run import Run, RunLocation

    place = RunLocation(None if out is None else Path(out), Path(root), overwrite)
    initial = None if init_from is None else find_model(Path(init_from))
    run = Run(_paths(corpus), config, place, initial, ranks)
    return _run_events(run, run.events(stop_requested), preview, on_event)


def resume(
    out: str | Path,
    corpus: Corpus = (),
    changes: Mapping[str, object] = MappingProxyType({}),
    *,
    preview: int = 0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
    ranks: "Ranks | None" = None,
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
    from charrnn.runs.run import Run, RunLocation

    run = Run(_paths(corpus), TrainConfig(), RunLocation(Path(out)), ranks=ranks)
    return _run_events(run, run.resumed(changes, stop_requested), preview, on_event)


def _paths(corpus: Corpus) -> list[str | Path]:
    return [corpus] if isinstance(corpus, str | Path) else list(corpus)


def _run_events(
    run: "Run",
    events: "Generator[Event, None, None]",
    preview: int,
    on_event: Callable[["Event"], object],
) -> Model:
    """Pass each event to ``on_event``; gives the best model of the run.

    The generator is closed in every case. Otherwise an exception in ``on_event`` would leave the
    run's lock, its temporary files and its workers behind as long as the traceback is kept.
    """
    from charrnn.training.events import Evaluation, Preview, Start

    folder = run.place.root
    with closing(events):
        for event in events:
            on_event(event)
            if isinstance(event, Start):
                folder = Path(event.run)
            if preview and isinstance(event, Evaluation):
                now = Checkpoint(
                    network=run.network, config=run.settings, corpus_info=run.corpus_info,
                    step=event.step, history=(),
                )  # fmt: skip
                text = Model(now).sample("", SampleConfig(length=preview), seed=run.settings.seed)
                on_event(Preview(text))
    return load(folder)


def load(path: str | Path) -> Model:
    """Read a model: a .npz file, or a run folder's best.

    Raises:
        InputError: when it is missing, damaged or no model.
    """
    return Model(model_file.load(find_model(Path(path))))


def draw_seed() -> int:
    """A seed for those who named none, short enough to type."""
    return int.from_bytes(os.urandom(4))
