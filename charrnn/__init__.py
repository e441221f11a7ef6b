"""charrnn: a character-level recurrent language model.

    >>> import charrnn
    >>> model = charrnn.train("tenki", hidden=128, epochs=5, progress=True)
    >>> model.sample("今日は", length=100, seed=1)
    >>> charrnn.load("runs/tenki").score("今日は風が強い。").nats

A name is imported when it is first used, so that ``import charrnn`` does not import NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from charrnn._version import __version__

if TYPE_CHECKING:
    from charrnn.api import Corpus, Model, load, resume, train
    from charrnn.config import SampleConfig, TrainConfig
    from charrnn.errors import (
        CharrnnError,
        ConfigError,
        DivergedError,
        FolderError,
        InputError,
        MachineError,
    )
    from charrnn.language import set_language
    from charrnn.reports.compare import Comparison
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
    from charrnn.sampling.sample import Sample
    from charrnn.training.events import Event

_MODULES = {
    "Characters": "reports.vocab",
    "CharrnnError": "errors",
    "Comparison": "reports.compare",
    "ConfigError": "errors",
    "Copied": "reports.copied",
    "Corpus": "api",
    "DivergedError": "errors",
    "Event": "training.events",
    "FolderError": "errors",
    "Gradients": "reports.gradients",
    "InputError": "errors",
    "Losses": "reports.loss",
    "MachineError": "errors",
    "Memory": "reports.memory",
    "Model": "api",
    "Neurons": "reports.neurons",
    "ReportText": "reports.report_text",
    "Sample": "sampling.sample",
    "SampleConfig": "config",
    "Score": "reports.score",
    "Speed": "reports.speed",
    "Summary": "reports.summary",
    "TrainConfig": "config",
    "Unrolled": "reports.unroll",
    "load": "api",
    "resume": "api",
    "set_language": "language",
    "train": "api",
}

__all__ = [
    "Characters",
    "CharrnnError",
    "Comparison",
    "ConfigError",
    "Copied",
    "Corpus",
    "DivergedError",
    "Event",
    "FolderError",
    "Gradients",
    "InputError",
    "Losses",
    "MachineError",
    "Memory",
    "Model",
    "Neurons",
    "ReportText",
    "Sample",
    "SampleConfig",
    "Score",
    "Speed",
    "Summary",
    "TrainConfig",
    "Unrolled",
    "__version__",
    "load",
    "resume",
    "set_language",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'charrnn' has no attribute {name!r}")
    return getattr(import_module(f"charrnn.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
