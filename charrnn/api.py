"""The Python API, which the command line uses too: train, resume, load, and a model's methods.

Modules that only one function needs are imported in it, so that the first character of a sample
does not wait for the modules of training.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from charrnn.config import LEAST, SampleConfig, TrainConfig
from charrnn.errors import ConfigError
from charrnn.reports.loaded_model import LoadedModel, load_model
from charrnn.reports.methods import ReportMethods
from charrnn.sampling.generation import (
    draw_seed,
    generate,
    generate_novel,
    make_prompt,
    unknown_characters,
)
from charrnn.sampling.ongoing import Prompt
from charrnn.sampling.sampler import sort_finished
from charrnn.setting_types import Flag, check_path, check_paths
from charrnn.storage import model_file
from charrnn.storage.model_file import TrainedModel
from charrnn.storage.run_folder import DEFAULT_ROOT, find_model

if TYPE_CHECKING:
    from charrnn.parallel.ranks import RankTeam
    from charrnn.preview import Previewer
    from charrnn.runs.run import TrainingRun
    from charrnn.training.events import Event

Corpus: TypeAlias = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Sample:
    """A continuation of ``prime``: ``text`` has the new characters only.

    ``sample`` is its index among the samples of the same prime. ``stopped`` is the reason for its
    end: "length", "stop" or "no-repeat". ``logprob`` is the sum of the new
    characters' log-probabilities in nats, at temperature 1 and without filters.
    """

    prime: str
    text: str
    seed: int
    sample: int
    stopped: str
    logprob: float


class Model(ReportMethods):
    """A trained model, which `load`, `train` and `resume` return.

    Reports are methods of its base class.
    """

    def __init__(
        self, checkpoint: TrainedModel, path: Path | None = None, run: Path | None = None
    ) -> None:
        """``path`` is the model's file, and ``run`` is the run folder that contains it."""
        super().__init__(LoadedModel(checkpoint, path, run))
        self.checkpoint = checkpoint

    @property
    def vocabulary(self) -> str:
        """The characters that the model knows, in the order of their ids."""
        return self.checkpoint.corpus_info.vocabulary.characters

    def sample(
        self, prime: str = "", config: SampleConfig = SampleConfig(), *, seed: int | None = None
    ) -> str:
        """Continue ``prime``, and return the new characters.

        The same ``seed`` gives the same text; without one, the text is different each time.

        Raises:
            InputError: when ``prime`` has characters that the model does not know, unless
                ``config.on_unknown`` allows them; or when the text would never end, because
                no length is set and the model cannot produce any of the stop texts.
            ConfigError: when ``seed`` is negative or not a whole number.
        """
        return "".join(self.stream(prime, config, seed=seed))

    def stream(
        self,
        prime: str = "",
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        on_long: Callable[[int], None] | None = None,
    ) -> Iterator[str]:
        """Continue ``prime``, and yield the new characters in pieces while they are generated.

        The pieces add up to what `sample` returns. Characters that may turn out to be the beginning
        of a stop text are held back until that is known. ``on_long`` is called once, with the
        number of characters, when no length is set and no stop has come in the first 10,000.

        Raises:
            InputError, ConfigError: as `sample`, before the first piece.
        """
        prompt = self.make_prompt(prime, config.on_unknown)
        steps = generate(self.checkpoint, [prompt], config, seed, 1, scored=False, on_long=on_long)
        return filter(None, (sample.take_new_text() for (sample,) in steps))

    def samples(
        self,
        prime: str = "",
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        number: int,
        novel: bool = False,
        least: int | None = None,
        corpus: Corpus = (),
    ) -> list[Sample]:
        """Generate ``number`` continuations of ``prime`` in parallel.

        Sample i is the same whatever the ``number``. With beam search the samples are the most
        likely texts, best first, and there may be fewer of them; also with ``novel``, which is
        that of `sample_each`, as are ``least`` and ``corpus``.

        Raises:
            InputError, ConfigError: as `sample_each`.
        """
        return list(
            self.sample_each(
                [prime], config, seed=seed, number=number, novel=novel, least=least, corpus=corpus
            )
        )

    def sample_each(
        self,
        primes: Iterable[str],
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        number: int = 1,
        novel: bool = False,
        least: int | None = None,
        corpus: Corpus = (),
        on_left_out: Callable[[int], None] | None = None,
        on_long: Callable[[int], None] | None = None,
    ) -> Iterator[Sample]:
        """Generate ``number`` continuations of each of the ``primes``, all of them in parallel.

        Samples are yielded in the order of the primes, each as soon as it and those before it are
        complete. ``primes`` may be a generator, even an endless one: it is read at most a few
        thousand primes ahead. A prime has the same samples whatever the other primes are, except in
        rare cases where rounding in float32 changes which character a random number selects
        (docs/sampling.md). ``on_long`` is that of `stream`, for the first long sample.

        With ``novel``, a sample is drawn again if prime and new text are together a line of the
        model's corpus, or of the files and folders in ``corpus``; with ``least``, also if the new
        text has a span of that many characters from there. Samples then come in rounds of up to
        1,000, because the corpus is read once for each round of tries. A sample whose 100 tries are
        all known is left out, and at the end ``on_left_out`` is called with the number of these.

        Raises:
            InputError: as `sample`, for a prime when it is its turn; with ``novel``, also when the
                corpus cannot be found or has changed.
            ConfigError: as `sample`; also when ``number`` is above the beam's width, when ``novel``
                is set for beam search or a temperature of 0, and when ``least`` or ``corpus`` is
                given without ``novel``.
        """
        if isinstance(primes, str):
            raise ConfigError("primes", "this is a single text; give a list of texts")
        seed = draw_seed() if seed is None else seed
        prompts = (self.make_prompt(prime, config.on_unknown) for prime in primes)
        paths = check_paths("corpus", corpus)
        if Flag().check("novel", novel):
            from charrnn.reports.known_samples import make_known_finder

            least = None if least is None else LEAST.check("least", least)
            finished = generate_novel(
                self.checkpoint, prompts, config, seed, number,
                make_known_finder(self.loaded, least, paths),
                on_left_out=on_left_out, on_long=on_long,
            )  # fmt: skip
        else:
            for name, value in (("least", least), ("corpus", paths)):
                if value:
                    raise ConfigError(name, "it needs `novel`; set that, or leave it out")
            finished = sort_finished(
                generate(self.checkpoint, prompts, config, seed, number, on_long=on_long)
            )
        return (
            Sample(
                sample.prompt.prime, sample.text, seed, sample.sample, str(sample.stopped),
                sample.logprob,
            )
            for sample in finished
        )  # fmt: skip

    def unknown_characters(self, text: str) -> str:
        """Return the characters of ``text`` that the model does not know, and so never generates.

        Each is listed once, in the order of the first occurrences. ``text`` is normalized first,
        like the corpus.
        """
        return unknown_characters(text, self.checkpoint.corpus_info)

    def save(self, path: str | Path) -> None:
        """Write the model to the .npz file ``path``, which is replaced if it exists.

        Raises:
            OSError: when the file cannot be written; an existing one is unchanged then.
        """
        model_file.save(self.checkpoint, Path(path))

    def make_prompt(self, prime: str, on_unknown: str, name: str = "prime") -> Prompt:
        """Return what the network reads before it continues ``prime``.

        Without a prime it reads a newline. If its vocabulary has none, the first character is drawn
        by the frequencies in its corpus.

        Raises:
            InputError: when ``prime``, which the error calls ``name``, has characters that the
                model does not know and ``on_unknown`` is "error".
        """
        return make_prompt(self.checkpoint.corpus_info, prime, on_unknown, name)


def train(
    corpus: Corpus,
    config: TrainConfig = TrainConfig(),
    *,
    out: str | Path | None = None,
    root: str | Path = DEFAULT_ROOT,
    suffix: str = "",
    overwrite: bool = False,
    init_from: str | Path | None = None,
    preview: int = 0,
    preview_prime: str = "",
    preview_pause: float = 0.0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
    ranks: "RankTeam | None" = None,
) -> Model:
    """Train a model on text files, and return the one with the lowest validation loss.

    ``corpus`` is a file, a folder, or a list of them. The run folder, which keeps the model, is
    ``out``, or a new folder under ``root`` named after the corpus, with ``suffix``; ``overwrite``
    empties an existing one first. With ``init_from``, a run folder or .npz file, training starts
    from that model's weights, and its characters are added to those of the corpus.

    ``on_event`` is called with every event (training/events.py). With ``preview``, a sample of that
    length follows each evaluation, except within ``preview_pause`` seconds after the one before;
    it continues ``preview_prime``. ``stop_requested`` is called after every step; once it returns
    True, the run is saved and ends. With MPI ``ranks``, `train` is called on rank 0, while the
    other ranks run ``run_as_follower`` (runs/rank_job.py).

    Raises:
        ConfigError: when a setting contradicts another one, the corpus or the model ``init_from``.
        InputError: when the corpus cannot be read or is too small, or ``init_from`` is not a model;
            nothing has been written then.
        FolderError: when the run folder is in use, or has files that would be overwritten.
        DivergedError: when the loss stays infinite or NaN; the best model so far is kept.
        MachineError, OSError: when memory, the disk or a worker process fails.
    """
    from charrnn.preview import Previewer
    from charrnn.runs.run import TrainingRun
    from charrnn.storage.run_folder import RunLocation

    previewer = Previewer(preview, preview_prime, preview_pause)
    files = check_paths("corpus", corpus)
    if not files:
        raise ConfigError("corpus", "the list is empty; name at least one file or folder")
    folder = None if out is None else check_path("out", out)
    location = RunLocation(folder, check_path("root", root), overwrite, suffix)
    initial = None if init_from is None else find_model(check_path("init_from", init_from))
    run = TrainingRun(files, config, location, initial, ranks)
    return _run_events(run, run.train(stop_requested), previewer, on_event)


def resume(
    out: str | Path,
    corpus: Corpus = (),
    changes: Mapping[str, object] = MappingProxyType({}),
    *,
    preview: int = 0,
    preview_prime: str = "",
    preview_pause: float = 0.0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
    ranks: "RankTeam | None" = None,
) -> Model:
    """Continue the run in the folder ``out`` where it stopped, and return its best model.

    The result is the same as if the run had never stopped. The corpus is read from where it was;
    if it has been moved, ``corpus`` says where it is now. ``changes`` are settings by name:
    ``epochs`` or ``steps`` count from the beginning of the run, ``minutes`` from now; ``patience``
    can be changed too. The other parameters are those of `train`.

    Raises:
        ConfigError: when ``changes`` has any other setting with a value that is not the run's.
        InputError: when the corpus is missing or different, or a file of the run is damaged.
        FolderError: when there is no run in ``out``, or another process is training in it.
        DivergedError, MachineError, OSError: as `train`.
    """
    from charrnn.preview import Previewer
    from charrnn.runs.run import TrainingRun
    from charrnn.storage.run_folder import RunLocation

    previewer = Previewer(preview, preview_prime, preview_pause)
    files, location = check_paths("corpus", corpus), RunLocation(check_path("out", out))
    run = TrainingRun(files, TrainConfig(), location, ranks=ranks)
    return _run_events(run, run.resume(changes, stop_requested), previewer, on_event)


def _run_events(
    run: "TrainingRun",
    events: "Generator[Event, None, None]",
    previewer: "Previewer",
    on_event: Callable[["Event"], object],
) -> Model:
    """Pass each event to ``on_event``, and return the best model of the run.

    The generator is closed in every case. Otherwise an exception in ``on_event`` would leave the
    run's lock, its temporary files and its workers behind as long as the traceback is kept.
    """
    from charrnn.training.events import Evaluation, Start

    folder = run.location.root
    with closing(events):
        for event in events:
            on_event(event)
            if isinstance(event, Start):
                folder = Path(event.run)
            if isinstance(event, Evaluation):
                for shown in previewer.follow(event, run):
                    on_event(shown)
    return load(folder)


def load(path: str | Path) -> Model:
    """Load a model from a .npz file, or the best one from a run folder.

    Raises:
        InputError: when there is no model, or the file is damaged.
    """
    loaded = load_model(check_path("path", path))
    return Model(loaded.checkpoint, loaded.path, loaded.run)
