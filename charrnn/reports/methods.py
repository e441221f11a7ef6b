"""The reports as methods of a model. Each method imports the module of its report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.config import (
    AUTO,
    DEFAULT_CONTINUATION_LENGTH,
    DEFAULT_CONTINUATIONS,
    DEFAULT_LAGS,
    DEFAULT_LEAST,
    DEFAULT_SECONDS,
    LAGS,
    LEAST,
    REPORT_SETTINGS,
    SECONDS,
)
from charrnn.errors import ConfigError, InputError
from charrnn.language import gettext as _
from charrnn.report_registry import REPORTS, Report, Takes
from charrnn.reports import load_function
from charrnn.reports.loaded_model import LoadedModel
from charrnn.setting_types import Flag, check_path, shorten, show_value
from charrnn.shipped_texts import check_corpus
from charrnn.suggestions import did_you_mean

if TYPE_CHECKING:
    from charrnn.reports.compare import Comparison
    from charrnn.reports.copied import Copied
    from charrnn.reports.gradients import Gradients
    from charrnn.reports.live import Live
    from charrnn.reports.loss import Losses
    from charrnn.reports.memory import Memory
    from charrnn.reports.neurons import Neurons
    from charrnn.reports.report_text import ReportText
    from charrnn.reports.score import Score
    from charrnn.reports.score_lines import LineScore
    from charrnn.reports.speed import Speed
    from charrnn.reports.summary import Summary
    from charrnn.reports.unroll import Unrolled
    from charrnn.reports.vocab import Characters


class ReportMethods:
    """The part of `Model` that makes reports. Each method returns a dataclass with numbers.

    Where a report reads a ``text`` and none is given, it reads the validation part of the corpus
    that the model was trained on; this raises an InputError when the corpus cannot be found,
    as for a model that was made in memory.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded

    def report(self, name: str, *inputs: Any, **options: Any) -> Any:
        """Make any report of the registry that takes a model, by its name.

        ``inputs`` are what it reads: a file, or a text from `prepare_text`; a report that reads one
        uses the validation part if no text is given. Untyped, because it looks up the report by
        name; use the typed methods below for the reports of charrnn.

        Raises:
            ConfigError: when there is no such report of a model, or an option or input is wrong.
        """
        report = _find_report(name)
        for option in options.keys() & REPORT_SETTINGS.keys():
            options[option] = _check_option(option, options[option])
        if "corpus" in options:
            options["corpus"] = check_corpus("corpus", options["corpus"])
        _check_inputs(report, inputs)
        report = _choose_variant(report, options)
        if report.takes is Takes.RUNS:
            return self._report_on_run(report, options)
        if report.takes is Takes.FILE:
            inputs = (check_path("file", inputs[0]),)
        if report.reads_text:
            text = inputs[0] if inputs else None
            inputs = (self._prepare_if_found(text) if report.page else self._prepare(text),)
        if report.takes is Takes.MODELS:
            return compare([self], name, inputs, **options)
        return load_function(report)(self.loaded, *inputs, **options)

    if not TYPE_CHECKING:  # type checkers know the methods below, and refuse all other names

        def __getattr__(self, name: str) -> Any:
            """Return the report ``name`` if it has no method below, such as another package's."""
            if name in REPORTS and REPORTS[name].takes is not Takes.FOLDER:
                return partial(self.report, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def prepare_text(
        self,
        text: str | None = None,
        *,
        text_file: str | Path | None = None,
        encoding: str = AUTO,
    ) -> "ReportText":
        """Prepare the text for reports that read one, so that several can share it.

        It is ``text``, or that of a file, or else the validation part of the model's corpus.

        Raises:
            InputError: when there is no such text, or the model knows fewer than two of its
                characters.
        """
        from charrnn.reports.report_text import (
            encode_report_text,
            find_validation_part,
            read_report_text,
        )

        if text is not None:
            return encode_report_text(self.loaded, _check_text("text", text), "text")
        if text_file is not None:
            file = check_path("text_file", text_file)
            return read_report_text(self.loaded, file, encoding)
        return find_validation_part(self.loaded)

    def summary(self) -> "Summary":
        """Describe the model: its sizes, its corpus, its training and its losses."""
        from charrnn.reports.summary import summarize

        return summarize(self.loaded)

    def loss(self) -> "Losses":
        """Return training and validation loss by step: of the whole run, if a run was loaded.

        Raises:
            InputError: when the run's log is damaged.
        """
        from charrnn.reports.loss import model_losses, read_losses

        run = self.loaded.run
        return model_losses(self.loaded) if run is None else read_losses(run)

    def vocab(self) -> "Characters":
        """List the characters that the model knows, with their counts."""
        from charrnn.reports.vocab import list_characters

        return list_characters(self.loaded)

    def score(self, text: str, *, on_unknown: str | None = None, adapt: bool = False) -> "Score":
        """Measure how well the model predicts each character of ``text``.

        ``on_unknown`` says what to do about characters that the model does not know: "error",
        "skip", or "replace" by the unknown character. None means "replace" for a model that has an
        unknown character, and "skip" for others. With ``adapt``, the result also has the loss of a
        copy of the model that goes on learning from ``text`` while it reads it; the model itself
        never changes.

        Raises:
            InputError: when ``text`` has fewer than two characters that the model knows, or has
                unknown ones and ``on_unknown`` is "error".
        """
        from charrnn.reports.score import score_text

        _check_option("on_unknown", on_unknown)
        adapt = Flag().check("adapt", adapt)
        text = _check_text("text", text)
        return score_text(self.loaded, text, on_unknown=on_unknown, adapt=adapt)

    def score_lines(
        self, lines: Iterable[str], *, on_unknown: str | None = None
    ) -> "Iterator[LineScore]":
        """Measure how well the model predicts each of ``lines`` for itself, many side by side.

        Each is read from a newline, as a sample without a prime is begun; where the model knows no
        newline, its first character is not predicted. A newline at its end is predicted too. So
        ``lines`` may be an open file, or any texts, with or without newlines. The scores come in
        the order of the lines, and the lines are read some thousand ahead.

        ``on_unknown`` is that of `score`. A line of which nothing was predicted has 0
        ``characters``, ``nats`` of None and ``total_nats`` of 0.

        Raises:
            ConfigError: when ``lines`` is a single text.
            InputError: when a line has unknown characters and ``on_unknown`` is "error"; as soon as
                it is read.
        """
        from charrnn.reports.each_line import score_batches

        _check_option("on_unknown", on_unknown)
        if isinstance(lines, str):
            raise ConfigError("lines", _("this is a single text; give a list of texts"))
        normalization = self.loaded.checkpoint.corpus_info.normalization
        texts = (normalization.apply(_check_text("lines", line)) for line in lines)
        batches = score_batches(self.loaded, texts, "lines", on_unknown)
        return (score for batch in batches for score in batch.scores)

    def copied(
        self,
        text: str,
        *,
        least: int = DEFAULT_LEAST,
        corpus: str | Path | Sequence[str | Path] = (),
    ) -> "Copied":
        """Find what ``text`` copies from the model's corpus, or from the files in ``corpus``.

        Spans of ``least`` characters or more count as copied.

        Raises:
            ConfigError: when ``least`` is not a whole number from 1 on.
            InputError: when the corpus cannot be found or has changed.
        """
        from charrnn.reports.copied import CopiedFromText, find_copied
        from charrnn.reports.searched_corpus import open_corpus

        text, paths = _check_text("text", text), check_corpus("corpus", corpus)
        least = LEAST.check("least", least)
        (copied,) = find_copied(open_corpus(self.loaded, paths), [text], least)
        return CopiedFromText(**vars(copied), text=text)

    def compare(
        self,
        text: Sequence[str],
        *,
        samples: int = DEFAULT_CONTINUATIONS,
        length: int = DEFAULT_CONTINUATION_LENGTH,
        stop: Sequence[str] = (),
        seed: int | None = None,
        on_unknown: str | None = None,
    ) -> "Comparison":
        """Compare how the model reads and continues two texts that end alike.

        ``on_unknown`` is that of `score`. Use `charrnn.reports.compare.compare_texts` for several
        models at once.

        Raises:
            ConfigError: when ``text`` does not have two texts.
            InputError: when the model knows no character of a text, or one is unknown and
                ``on_unknown`` is "error".
        """
        from charrnn.reports.compare import compare_texts

        _check_option("on_unknown", on_unknown)
        return compare_texts(
            [self.loaded], text=[_check_text("text", each) for each in text], samples=samples,
            length=length, stop=stop, seed=seed, on_unknown=on_unknown,
        )  # fmt: skip

    def unroll(self, text: str) -> "Unrolled":
        """Follow the network over ``text``: its input, state and prediction at each step.

        Raises:
            InputError: when the model knows fewer than two of its characters.
        """
        from charrnn.reports.unroll import unroll

        return unroll(self.loaded, _check_text("text", text))

    def gradients(
        self,
        text: "str | ReportText | None" = None,
        *,
        lags: int = DEFAULT_LAGS,
        untrained: bool = False,
    ) -> "Gradients":
        """Measure how much of a loss's gradient reaches the state up to ``lags`` steps back.

        With ``untrained``, it is measured with the weights before the training.

        Raises:
            InputError: when the text is too short for ``lags``.
        """
        from charrnn.reports.gradients import measure_gradients

        lags = LAGS.check("lags", lags)
        untrained = Flag().check("untrained", untrained)
        return measure_gradients(self.loaded, self._prepare(text), lags=lags, untrained=untrained)

    def memory(self, text: "str | ReportText | None" = None) -> "Memory":
        """Measure how the loss depends on the number of characters that the model is given."""
        from charrnn.reports.memory import measure_memory

        return measure_memory(self.loaded, self._prepare(text))

    def neurons(
        self,
        text: "str | ReportText | None" = None,
        *,
        shown: str | None = None,
        unit: Sequence[str] = (),
        property: Sequence[str] = (),  # noqa: A002  # the name of the option
    ) -> "Neurons":
        """Find the units that follow properties of ``text``; show activations over ``shown``.

        ``unit`` are units to show, each "N" or "LAYER:N", and ``property`` properties of one's own,
        each "NAME=REGEX".

        Raises:
            ConfigError: when there is no such unit, or a property has another form.
            InputError: when the model knows fewer than two characters of ``shown``.
        """
        from charrnn.reports.neurons import analyze_neurons

        if shown is not None:
            _check_text("shown", shown)
        prepared = self._prepare(text)
        return analyze_neurons(self.loaded, prepared, text=shown, unit=unit, property=property)

    def live(self, text: "str | ReportText | None" = None) -> "Live":
        """Choose what a page with the network inside shows; `charrnn.render.live` makes the page.

        Where no ``text`` is given and the corpus cannot be found, there is less to show.
        """
        from charrnn.reports.live import prepare_live

        return prepare_live([self.loaded], [self._prepare_if_found(text)])

    def speed(self, *, seconds: float = DEFAULT_SECONDS) -> "Speed":
        """Measure how fast the model trains and samples here, for ``seconds`` at each point.

        Raises:
            MachineError: when there is not enough memory.
        """
        from charrnn.reports.speed import measure_speed

        return measure_speed(self.loaded, seconds=SECONDS.check("seconds", seconds))

    def _prepare(self, text: "str | ReportText | None") -> "ReportText":
        from charrnn.reports.report_text import ReportText

        return text if isinstance(text, ReportText) else self.prepare_text(text)

    def _prepare_if_found(self, text: "str | ReportText | None") -> "ReportText | None":
        """Return the text, or None if it is that of the corpus, which cannot be found."""
        if text is not None:
            return self._prepare(text)
        with suppress(InputError):
            return self._prepare(None)
        return None

    def _report_on_run(self, report: Report, options: Mapping[str, Any]) -> Any:
        if report.name == "loss":  # which knows the losses of a model in memory, too
            return self.loss(**options)
        path = self.loaded.run or self.loaded.path
        if path is None:
            problem = _("this report needs a run, and the model is in no file")
            raise ConfigError(report.name, problem)
        return load_function(report)(path, **options)


def _find_report(name: str) -> Report:
    report = REPORTS.get(name)
    if report is None:
        question = did_you_mean(str(name), REPORTS, quote="'")
        problem = _("there is no such report")
        if question:
            problem = _("there is no such report; {question}").format(question=question)
        raise ConfigError(shorten(repr(name)), problem)
    if report.takes is Takes.FOLDER:
        problem = _("this report takes a folder of runs, not a model; type 'charrnn inspect runs'")
        raise ConfigError(name, problem)
    return report


def _choose_variant(report: Report, options: dict[str, Any]) -> Report:
    """Return the variant that a flag in ``options`` chooses, and remove the flags."""
    for flag in [flag for flag, __ in report.variants if flag in options]:
        Flag().check(flag, options[flag])
    chosen = report.choose(options)
    for flag, __ in report.variants:
        options.pop(flag, None)
    return chosen


def _check_option(name: str, value: object) -> object:
    if name == "on_unknown" and value is None:  # chosen from the model's vocabulary
        return value
    return REPORT_SETTINGS[name].check(name, value)


def _check_inputs(report: Report, inputs: Sequence[object]) -> None:
    """Refuse too many inputs, or a missing one; those of a report by name have no types."""
    if report.takes is Takes.FILE and len(inputs) != 1:
        problem = _("this report reads one file, not {number}").format(number=len(inputs))
        raise ConfigError(report.name, problem)
    if report.reads_text and len(inputs) > 1:
        problem = _("this report reads one text, not {number}").format(number=len(inputs))
        raise ConfigError(report.name, problem)
    if report.takes is Takes.RUNS and inputs:
        raise ConfigError(report.name, _("this report reads no text and no file"))


def _check_text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise ConfigError(name, _("{value} is not a text").format(value=show_value(text)))
    return text


def compare(
    models: Sequence[ReportMethods],
    name: str,
    texts: "Sequence[ReportText | None]" = (),
    **options: Any,
) -> Any:
    """Make a report of the registry that compares several models; ``texts`` has one for each."""
    report = REPORTS[name]
    texts_of_models = [texts] if report.reads_text else []
    loaded = [model.loaded for model in models]
    return load_function(report)(loaded, *texts_of_models, **options)
