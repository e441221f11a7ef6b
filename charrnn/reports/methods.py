"""The reports as methods of a model. Each method imports the module of its report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charrnn.config import AUTO, DEFAULT_LAGS, DEFAULT_SECONDS
from charrnn.report_registry import REPORTS, Takes
from charrnn.reports import load_function
from charrnn.reports.loaded_model import LoadedModel

if TYPE_CHECKING:
    from charrnn.reports.copied import Copied
    from charrnn.reports.gradients import Gradients
    from charrnn.reports.loss import Losses
    from charrnn.reports.memory import Memory
    from charrnn.reports.neurons import Neurons
    from charrnn.reports.report_text import ReportText
    from charrnn.reports.score import Score
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

        ``inputs`` are what it reads: a file, or a text from `prepare_text`. Untyped, because it
        looks up the report by name; use the typed methods below for the reports of charrnn.
        """
        if REPORTS[name].takes is Takes.MODELS:
            return compare([self], name, inputs, **options)
        return load_function(REPORTS[name])(self.loaded, *inputs, **options)

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
            return encode_report_text(self.loaded, text, "text")
        if text_file is not None:
            return read_report_text(self.loaded, Path(text_file), encoding)
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

    def score(self, text: str, *, on_unknown: str | None = None) -> "Score":
        """Measure how well the model predicts each character of ``text``.

        ``on_unknown`` says what to do about characters that the model does not know: "error",
        "skip", or "replace" by the unknown character. None means "replace" for a model that has an
        unknown character, and "skip" for others.

        Raises:
            InputError: when ``text`` has fewer than two characters that the model knows, or has
                unknown ones and ``on_unknown`` is "error".
        """
        from charrnn.reports.score import score_text

        return score_text(self.loaded, text, on_unknown=on_unknown)

    def copied(self, text: str, *, corpus: Sequence[str | Path] = ()) -> "Copied":
        """Find what ``text`` copies from the model's corpus, or from the files in ``corpus``.

        Raises:
            InputError: when the corpus cannot be found or has changed.
        """
        from charrnn.reports.copied import index_corpus

        return index_corpus(self.loaded, [Path(path) for path in corpus]).find_copied(text)

    def unroll(self, text: str) -> "Unrolled":
        """Follow the network over ``text``: its input, state and prediction at each step.

        Raises:
            InputError: when the model knows fewer than two of its characters.
        """
        from charrnn.reports.unroll import unroll

        return unroll(self.loaded, text)

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

        return measure_gradients(self.loaded, self._read(text), lags=lags, untrained=untrained)

    def memory(self, text: "str | ReportText | None" = None) -> "Memory":
        """Measure how the loss depends on the number of characters that the model is given."""
        from charrnn.reports.memory import measure_memory

        return measure_memory(self.loaded, self._read(text))

    def neurons(
        self, text: "str | ReportText | None" = None, *, shown: str | None = None
    ) -> "Neurons":
        """Find the units that follow properties of ``text``; show activations over ``shown``.

        Raises:
            InputError: when the model knows fewer than two characters of ``shown``.
        """
        from charrnn.reports.neurons import analyze_neurons

        return analyze_neurons(self.loaded, self._read(text), text=shown)

    def speed(self, *, seconds: float = DEFAULT_SECONDS) -> "Speed":
        """Measure how fast the model trains and samples here, for ``seconds`` at each point.

        Raises:
            MachineError: when there is not enough memory.
        """
        from charrnn.reports.speed import measure_speed

        return measure_speed(self.loaded, seconds=seconds)

    def _read(self, text: "str | ReportText | None") -> "ReportText":
        return self.prepare_text(text) if text is None or isinstance(text, str) else text


def compare(
    models: Sequence[ReportMethods], name: str, texts: "Sequence[ReportText]" = (), **options: Any
) -> Any:
    """Make a report of the registry that compares several models; ``texts`` has one for each."""
    report = REPORTS[name]
    texts_of_models = [texts] if report.reads_text else []
    loaded = [model.loaded for model in models]
    return load_function(report)(loaded, *texts_of_models, **options)
