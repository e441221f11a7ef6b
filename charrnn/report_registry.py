"""The reports on models and runs: the inputs, function, options and help of each.

A report is two modules of one name: in reports/ with its numbers, and in render/sections/ with a
function ``build_section`` that shows them. The command line, its help, the overview and the API
find reports here. Modules are named by strings, so that ``--help`` imports none of them.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.language import gettext_noop


class Takes(Enum):
    """What a report is made from, which decides how its function is called.

    A report that reads a text gets it, or one text per model, after the model or models.
    """

    MODEL = auto()
    """One model: ``function(model, **options)``."""
    MODELS = auto()
    """One or several models, which it compares: ``function(models, **options)``."""
    FILE = auto()
    """A model and a text file: ``function(model, file, **options)``."""
    RUNS = auto()
    """One or several run folders or model files, whose weights it does not need: each is
    ``function(path)``."""
    FOLDER = auto()
    """A folder with runs: ``function(folder)``."""


class Report(NamedTuple):
    """One report. ``function`` is "MODULE.NAME", with MODULE in reports/ and render/sections/.

    ``options`` are keyword arguments of the function, which cli/report_options.py declares.
    ``to_json`` and ``to_csv`` are functions of render/document.py; a report without ``to_csv`` has
    no option for it; ``csv_help`` is the help of that option. ``streams`` says that the result is
    iterated over while it is computed, with a line of JSON or CSV for each item. ``note`` is
    printed before long work. ``progress`` is what a bar calls the reading of a file that goes on
    while the result is iterated over. ``page`` is "MODULE.NAME" in render/, of a report that is a
    page and nothing else, and that does without a text which cannot be found. ``variants`` are
    reports of the same command, each chosen by a flag, which is an option of its own.
    """

    name: str
    takes: Takes
    function: str
    help: str
    details: str = ""
    options: tuple[str, ...] = ()
    reads_text: bool = False
    draws: bool = False
    uses_all_cores: bool = False
    note: str = ""
    to_json: str = "to_json"
    to_csv: str = ""
    csv_help: str = ""
    streams: bool = False
    progress: str = ""
    page: str = ""
    variants: "tuple[tuple[str, Report], ...]" = ()

    @property
    def module(self) -> str:
        """The name of its two modules."""
        return self.function.rpartition(".")[0]

    def choose(self, options: Mapping[str, object]) -> "Report":
        """Return the variant whose flag is set in ``options``, else this report.

        Raises:
            ConfigError: when an option is given that the variant does not have.
        """
        for flag, variant in self.variants:
            if options.get(flag):
                for option in self.options:
                    if options.get(option) and option not in variant.options:
                        problem = _("does not go with `{setting}`; leave out one")
                        raise ConfigError(option, problem.format(setting=flag))
                return variant
        return self


_ALL = (
    Report(
        "summary", Takes.MODEL, "summary.summarize",
        gettext_noop("Cell, sizes, corpus, training and losses of a model."),
    ),
    Report(
        "runs", Takes.FOLDER, "runs.list_runs",
        gettext_noop("All runs in FOLDER (default: runs/) by corpus, best first."),
        gettext_noop("Runs on the same corpus, split in the same way, are in one table."),
        to_csv="runs_to_csv", csv_help=gettext_noop("Print CSV, with one row per run."),
    ),
    Report(
        "loss", Takes.RUNS, "loss.read_losses",
        gettext_noop("Training and validation loss by step; several runs side by side."),
        gettext_noop("Losses are in nats per character."),
        draws=True,
    ),
    Report(
        "vocab", Takes.MODEL, "vocab.list_characters",
        gettext_noop("The characters that a model knows, with counts and code points."),
    ),
    Report(
        "score", Takes.FILE, "score.score_file",
        gettext_noop("How well a model predicts FILE: the surprise at each character."),
        gettext_noop(
            "FILE may be - for standard input. The state begins at zero; the first character has"
            " no predecessor and is not predicted."
        ),
        options=("on_unknown", "encoding", "adapt"), draws=True, to_json="score_to_json",
        progress=gettext_noop("scoring"),
        variants=(
            (
                "each_line",
                Report(
                    "score", Takes.FILE, "each_line.score_each_line",
                    gettext_noop("How well a model predicts each line of FILE for itself."),
                    options=("on_unknown", "encoding"), draws=True, to_csv="lines_to_csv",
                    csv_help=gettext_noop(
                        "With `each_line`: print CSV, with one row per line of FILE."
                    ),
                    streams=True, progress=gettext_noop("scoring"),
                ),
            ),
        ),
    ),
    Report(
        "copied", Takes.FILE, "copied.find_copied_in_file",
        gettext_noop("How much of FILE is copied verbatim from the model's corpus."),
        gettext_noop(
            "FILE may be - for standard input. The report has the longest span, the share in long"
            " spans, where in the corpus these are, and how many lines of FILE are lines of the"
            " corpus."
        ),
        options=("least", "corpus", "encoding"), draws=True, to_json="copied_to_json",
    ),
    Report(
        "compare", Takes.MODELS, "compare.compare_texts",
        gettext_noop("What a difference in the past changes: two texts that end alike."),
        gettext_noop(
            "For each model: how far apart its predictions and states still are along the common"
            " end of the texts, what it expects then, and how it continues each text."
        ),
        options=("text", "samples", "length", "stop", "seed", "on_unknown"), draws=True,
    ),
    Report(
        "unroll", Takes.MODEL, "unroll.unroll",
        gettext_noop("The network unrolled over a text: input, state and prediction."),
        options=("text",), draws=True,
    ),
    Report(
        "gradients", Takes.MODELS, "gradients.compare_gradients",
        gettext_noop("The vanishing gradient: how much of it reaches k steps back."),
        gettext_noop(
            "Measured by backpropagation through exactly k steps, at many positions of a text."
        ),
        options=("lags", "untrained"), reads_text=True, draws=True,
    ),
    Report(
        "memory", Takes.MODELS, "memory.compare_memory",
        gettext_noop("Long-term dependency: the loss by number of preceding characters."),
        gettext_noop(
            "The model may read only this number of characters before the one that it predicts."
        ),
        reads_text=True, draws=True,
    ),
    Report(
        "neurons", Takes.MODEL, "neurons.analyze_neurons",
        gettext_noop("Which units follow quotes, lines, brackets, sentences, scripts."),
        options=("text", "unit", "property"), reads_text=True, draws=True,
    ),
    Report(
        "speed", Takes.MODEL, "speed.measure_speed",
        gettext_noop("Training and sampling speed by streams, window and workers."),
        gettext_noop(
            "Speeds are in characters per second and GFLOP/s, also relative to large matrix"
            " products. Run it on an otherwise idle machine. The networks trained for it are"
            " discarded."
        ),
        options=("seconds",), draws=True, uses_all_cores=True,
        note=gettext_noop(
            "measuring for about a minute; the result is valid only on an otherwise idle machine"
        ),
    ),
    Report(
        "report", Takes.MODELS, "overview.make_overview",
        gettext_noop("All of these reports except copied and speed, on one page."),
        gettext_noop("It finds two parts of the text that end alike, for the report compare."),
        reads_text=True, to_json="overview_to_json",
    ),
    Report(
        "live", Takes.MODELS, "live.prepare_live",
        gettext_noop("A page with the networks inside, at work; it has no other form."),
        gettext_noop(
            "Up to four models read and write in it, side by side. It needs no network"
            " connection. A text is read only to choose what is shown first."
        ),
        reads_text=True, page="live.page.render_live",
    ),
)  # fmt: skip

REPORTS = {report.name: report for report in _ALL}
"""All reports by name, in the order in which a newcomer needs them."""
