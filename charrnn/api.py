"""The Python API, which the command line uses too: train, resume, load, and a model's methods.

Modules that only one function needs are imported in it, so that the first character of a sample
does not wait for the modules of training.
"""

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, Unpack

from charrnn.config import LEAST, SampleConfig, TrainConfig
from charrnn.errors import ConfigError, InputError
from charrnn.keywords import (
    ResumeKeywords,
    SampleKeywords,
    TrainKeywords,
    change_config,
    check_names,
    without_budget,
)
from charrnn.language import gettext as _
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
from charrnn.sampling.sample import Sample
from charrnn.sampling.sampler import sort_finished
from charrnn.setting_types import Flag, check_path, show_value
from charrnn.shipped_texts import check_corpus
from charrnn.storage import model_file
from charrnn.storage.model_file import TrainedModel
from charrnn.storage.run_folder import DEFAULT_ROOT, RunFolder, RunLocation, find_model
from charrnn.text.corpus_paths import CorpusPaths

if TYPE_CHECKING:
    from charrnn.parallel.ranks import RankTeam
    from charrnn.preview import Previewer
    from charrnn.runs.run import TrainingRun
    from charrnn.training.events import Event

Corpus: TypeAlias = str | Path | Sequence[str | Path]
"""A file, a folder, or a list of them; "-" is standard input."""


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

    def __repr__(self) -> str:
        """Return one line: the cell, sizes, vocabulary and losses of the model, and its file."""
        from charrnn.render.model_line import describe_model

        return f"<charrnn.Model: {describe_model(self.summary())}>"

    def _repr_html_(self) -> str:
        """Return the model as HTML, which a notebook shows: its summary and its losses."""
        from charrnn.render.notebook import render_model

        try:
            losses = self.loss()
        except InputError:  # the log of its run is damaged
            losses = None
        return render_model(self.summary(), losses)

    @property
    def vocabulary(self) -> str:
        """The characters that the model knows, in the order of their ids."""
        return self.checkpoint.corpus_info.vocabulary.characters

    def sample(
        self,
        prime: str = "",
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        **settings: Unpack[SampleKeywords],
    ) -> str:
        """Continue ``prime``, and return the new characters.

        ``settings`` are those of `SampleConfig`, which change ``config``:
        ``model.sample("It", length=100, temperature=0.7)``. The same ``seed`` gives the same text;
        without one, the text is different each time.

        Raises:
            InputError: when ``prime`` has characters that the model does not know, unless
                ``on_unknown`` allows them; or when the text would never end, because
                no length is set and the model cannot produce any of the stop texts.
            ConfigError: when a setting does not exist or has a wrong value.
        """
        config = change_config(SampleConfig, config, settings, self.sample)
        return "".join(self.stream(prime, config, seed=seed))

    def stream(
        self,
        prime: str = "",
        config: SampleConfig = SampleConfig(),
        *,
        seed: int | None = None,
        on_long: Callable[[int], None] | None = None,
        **settings: Unpack[SampleKeywords],
    ) -> Iterator[str]:
        """Continue ``prime``, and yield the new characters in pieces while they are generated.

        The pieces add up to what `sample` returns. Characters that may turn out to be the beginning
        of a stop text are held back until that is known. ``on_long`` is called once, with the
        number of characters, when no length is set and no stop has come in the first 10,000.

        Raises:
            InputError, ConfigError: as `sample`, before the first piece.
        """
        config = change_config(SampleConfig, config, settings, self.stream)
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
        **settings: Unpack[SampleKeywords],
    ) -> list[Sample]:
        """Generate ``number`` continuations of ``prime`` in parallel.

        Sample i is the same whatever the ``number``. With beam search the samples are the most
        likely texts, best first, and there may be fewer of them; also with ``novel``, which is
        that of `sample_each`, as are ``least`` and ``corpus``.

        Raises:
            InputError, ConfigError: as `sample_each`.
        """
        config = change_config(SampleConfig, config, settings, self.samples)
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
        **settings: Unpack[SampleKeywords],
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
        config = change_config(SampleConfig, config, settings, self.sample_each)
        if isinstance(primes, str):
            raise ConfigError("primes", _("this is a single text; give a list of texts"))
        seed = draw_seed() if seed is None else seed
        prompts = (self.make_prompt(prime, config.on_unknown) for prime in primes)
        paths = check_corpus("corpus", corpus)
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
                    raise ConfigError(name, _("it needs `novel`; set that, or leave it out"))
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
            ConfigError: when it is not a text.
        """
        if not isinstance(prime, str):
            problem = _("{value} is not a text")
            raise ConfigError(name, problem.format(value=show_value(prime)))
        return make_prompt(self.checkpoint.corpus_info, prime, on_unknown, name)


def train(
    corpus: Corpus,
    config: TrainConfig = TrainConfig(),
    *,
    out: str | Path | None = None,
    root: str | Path = DEFAULT_ROOT,
    suffix: str = "",
    overwrite: bool = False,
    resume: bool = False,
    init_from: str | Path | None = None,
    val_file: Corpus = (),
    test_file: Corpus = (),
    progress: bool = False,
    preview: int = 0,
    preview_prime: str = "",
    preview_pause: float = 0.0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
    team: "RankTeam | None" = None,
    **settings: Unpack[TrainKeywords],
) -> Model:
    """Train a model on text files, and return the one with the lowest validation loss.

    ``corpus`` is a file, a folder, or a list of them. Where there is no such path, the texts
    "tenki", "kakko" and "harbour" name those that come with charrnn. ``settings`` are those of
    `TrainConfig`, which change ``config``: ``train("novel.txt", hidden=128, minutes=5)``. The texts
    in ``val_file`` and ``test_file`` are validated and tested on in place of the end of the corpus.

    The run folder, which keeps the model, is ``out``, or a new folder under ``root`` named after
    the corpus, with ``suffix``; ``overwrite`` empties an existing one first. With ``resume``, a run
    that is already in ``out`` is continued to its end; where there is none, one begins. So the same
    call can be made again after it was interrupted, and returns the model once the run is finished.
    The settings have to be those of the run; larger ``steps`` or ``epochs`` train it further,
    ``minutes`` count from its beginning only. With ``init_from``, a run folder or .npz file,
    training starts from that model's weights, and its characters are added to those of the corpus.

    Nothing is printed unless ``progress`` is True: then there is a bar, on a terminal or in a
    notebook, and a summary at the end. ``on_event`` is called with every event
    (training/events.py). With ``preview``, a sample of that length follows each evaluation, except
    within ``preview_pause`` seconds after the one before; it continues ``preview_prime``.

    Ctrl-C, or the interrupt of a notebook, stops the training after the step that it is making,
    saves the run and raises KeyboardInterrupt; a second one stops it at once, as of the last save.
    ``stop_requested`` is called after every step; once it returns True, the run is saved and ends.
    With a ``team`` of MPI ranks, `train` is called on rank 0, while the other ranks run
    ``run_as_follower`` (runs/rank_job.py).

    Raises:
        ConfigError: when a setting does not exist, has a wrong value, or contradicts another one,
            the corpus, the model ``init_from`` or the run that is continued.
        InputError: when the corpus cannot be read or is too small, or ``init_from`` is not a model;
            nothing has been written then.
        FolderError: when the run folder is in use, or has files that would be overwritten.
        DivergedError: when the loss stays infinite or NaN; the best model so far is kept.
        MachineError, OSError: when memory, the disk or a worker process fails.
        KeyboardInterrupt: when it was interrupted; the run can be resumed.
    """
    from charrnn.preview import Previewer
    from charrnn.runs.run import TrainingRun

    config = change_config(TrainConfig, config, settings, train)
    follower = _Follower(
        Previewer(preview, preview_prime, preview_pause),
        on_event,
        stop_requested,
        progress=progress,
    )
    paths = _check_texts(corpus, val_file, test_file)
    if not paths.corpus:
        raise ConfigError("corpus", _("the list is empty; name at least one file or folder"))
    folder = None if out is None else check_path("out", out)
    if Flag().check("resume", resume) and _has_run(folder, overwrite=overwrite):
        return _resume(paths, folder, _explicit(config, settings), follower, team)
    location = RunLocation(folder, check_path("root", root), overwrite, suffix)
    _check_split(paths, config)
    initial = None
    if init_from is not None:
        initial = find_model(check_path("init_from", init_from), location.root)
    run = TrainingRun(paths, config, location, initial, team)
    return follower.follow(run, run.train)


def resume(
    out: str | Path,
    corpus: Corpus = (),
    changes: Mapping[str, object] = MappingProxyType({}),
    *,
    val_file: Corpus = (),
    test_file: Corpus = (),
    progress: bool = False,
    preview: int = 0,
    preview_prime: str = "",
    preview_pause: float = 0.0,
    on_event: Callable[["Event"], object] = lambda event: None,
    stop_requested: Callable[[], bool] = lambda: False,
    team: "RankTeam | None" = None,
    **settings: Unpack[ResumeKeywords],
) -> Model:
    """Continue the run in the folder ``out`` where it stopped, and return its best model.

    The result is the same as if the run had never stopped. The corpus is read from where it was;
    if it has been moved, ``corpus`` says where it is now, as ``val_file`` and ``test_file`` do for
    the other texts. ``settings`` can change the run:
    ``epochs`` or ``steps`` count from the beginning of the run, ``minutes`` from now; ``patience``
    can be changed too. ``changes`` are settings by name, which ``settings`` replace. The other
    parameters are those of `train`, and so is what happens when it is interrupted.

    Raises:
        ConfigError: when any other setting is given a value that is not the run's.
        InputError: when the corpus is missing or different, or a file of the run is damaged.
        FolderError: when there is no run in ``out``, or another process is training in it.
        DivergedError, MachineError, OSError, KeyboardInterrupt: as `train`.
    """
    from charrnn.preview import Previewer

    check_names([field.name for field in fields(TrainConfig)], settings, resume)
    follower = _Follower(
        Previewer(preview, preview_prime, preview_pause),
        on_event,
        stop_requested,
        progress=progress,
    )
    paths, folder = _check_texts(corpus, val_file, test_file), check_path("out", out)
    both = {**changes, **without_budget(settings), **settings}
    return _resume(paths, folder, both, follower, team)


def _check_texts(corpus: Corpus, val_file: Corpus, test_file: Corpus) -> CorpusPaths:
    return CorpusPaths(
        check_corpus("corpus", corpus),
        check_corpus("val_file", val_file),
        check_corpus("test_file", test_file),
    )


def _check_split(paths: CorpusPaths, config: TrainConfig) -> None:
    """Refuse a share of the corpus where there are texts of their own.

    Raises:
        ConfigError: naming both.
    """
    for name, share in itertools.product(("val_file", "test_file"), ("val", "test")):
        if getattr(paths, name) and getattr(config, share) != getattr(TrainConfig, share):
            problem = _("cannot be combined with `{setting}`; set one of them")
            raise ConfigError(name, problem.format(setting=share))


def _resume(
    paths: CorpusPaths,
    folder: Path,
    changes: Mapping[str, object],
    follower: "_Follower",
    team: "RankTeam | None",
) -> Model:
    from charrnn.runs.run import TrainingRun

    run = TrainingRun(paths, TrainConfig(), RunLocation(folder), ranks=team)
    return follower.follow(run, partial(run.resume, changes))


def _has_run(folder: Path | None, *, overwrite: bool) -> TypeGuard[Path]:
    """Return whether there is a run in ``folder`` to be continued.

    Raises:
        ConfigError: when there is no folder, or the run would be overwritten.
    """
    if folder is None:
        raise ConfigError("resume", _("it needs the run folder; give `out`"))
    if overwrite:
        problem = _("cannot be combined with `{setting}`; set one of them")
        raise ConfigError("resume", problem.format(setting="overwrite"))
    return RunFolder(folder).config.is_file()


def _explicit(config: TrainConfig, settings: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that a call names, as keywords or by a config, for a run that goes on.

    Without ``minutes``, which have become a number of steps when the run began.
    """
    values = {field.name: (getattr(config, field.name), field.default) for field in fields(config)}
    return {
        name: value
        for name, (value, default) in values.items()
        if value is not None and name != "minutes" and (value != default or name in settings)
    }


class _Follower:
    """Shows a training, and ends it when it is to stop."""

    def __init__(
        self,
        previewer: "Previewer",
        on_event: Callable[["Event"], object],
        stop_requested: Callable[[], bool],
        *,
        progress: bool,
    ) -> None:
        self.previewer, self.on_event, self.stop_requested = previewer, on_event, stop_requested
        self.progress = Flag().check("progress", progress)

    def follow(
        self,
        run: "TrainingRun",
        begin: "Callable[[Callable[[], bool]], Generator[Event, None, None]]",
    ) -> Model:
        """Call ``begin`` with a function that says when to stop; return the run's best model.

        The generator of events is closed in every case. Otherwise an exception in ``on_event``
        would leave the run's lock, its temporary files and its workers behind as long as the
        traceback is kept.

        Raises:
            KeyboardInterrupt: when the training was interrupted, after the run has been saved.
        """
        from charrnn.interrupts import Interrupt
        from charrnn.training.events import End, Evaluation, Start

        interrupt = Interrupt()
        events = begin(lambda: interrupt.is_requested or self.stop_requested())
        folder = run.location.root
        with self._open_display() as show, interrupt, closing(events):
            for event in events:
                interrupt.go_on()
                if isinstance(event, Start):
                    folder, interrupt.can_save = Path(event.run), True
                if isinstance(event, End):
                    interrupt.can_save = False
                show(event)
                if isinstance(event, Evaluation):
                    for shown in self.previewer.follow(event, run):
                        show(shown)
        if interrupt.is_requested:
            message = _("the run is saved; charrnn.resume({folder!r}) goes on")
            raise KeyboardInterrupt(message.format(folder=str(folder)))
        return load(folder)

    @contextmanager
    def _open_display(self) -> Iterator[Callable[["Event"], object]]:
        """Yield the function that shows an event."""
        if not self.progress:
            yield self.on_event
            return
        from charrnn.progress_bar import ProgressDisplay

        display = ProgressDisplay()

        def show(event: "Event") -> None:
            display.show(event)
            self.on_event(event)

        with closing(display):
            yield show


def load(path: str | Path) -> Model:
    """Load a model from a .npz file, or the best one from a run folder.

    Where no such path exists, ``path`` is the name of a run in the folder runs/.

    Raises:
        InputError: when there is no model, or the file is damaged.
    """
    loaded = load_model(check_path("path", path))
    return Model(loaded.checkpoint, loaded.path, loaded.run)
