"""charrnn: a character-level recurrent language model.

    >>> import charrnn
    >>> model = charrnn.train("tenki", charrnn.TrainConfig(hidden=128, epochs=5))
    >>> model.sample("今日は", charrnn.SampleConfig(length=100), seed=1)
    >>> charrnn.load("runs/tenki").score("今日は風が強い。").nats

A name is imported when it is first used, so that ``import charrnn`` does not import NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from charrnn._version import __version__

if TYPE_CHECKING:
    from charrnn.api import Model, Sample, load, resume, train
    from charrnn.config import SampleConfig, TrainConfig
    from charrnn.errors import CharrnnError
    from charrnn.reports.score import Score

_MODULES = {
    "Model": "api",
    "Sample": "api",
    "load": "api",
    "resume": "api",
    "train": "api",
    "SampleConfig": "config",
    "TrainConfig": "config",
    "CharrnnError": "errors",
    "Score": "reports.score",
}

__all__ = [
    "CharrnnError",
    "Model",
    "Sample",
    "SampleConfig",
    "Score",
    "TrainConfig",
    "__version__",
    "load",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'charrnn' has no attribute {name!r}")
    return getattr(import_module(f"charrnn.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
