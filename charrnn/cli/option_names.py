"""Names of settings in a message, written as options: the library's `eval_every` is --eval-every.

The library speaks of settings, each between backquotes and by its Python name, as it is called from
Python too. This is the one place that knows how the command line writes them. It is applied where
errors and notes are printed (failures.py, console.py, display.py).
"""

import re
from dataclasses import fields

from charrnn.config import SampleConfig, TrainConfig
from charrnn.errors import CharrnnError, ConfigError

NOT_IN_CONFIGS = (
    "config", "copied", "corpus", "csv", "each_line", "echo", "html", "init_from", "json", "lags",
    "no_color", "no_mpi", "out", "overwrite", "plot", "preview", "prime", "prime_file", "quiet",
    "resume", "samples", "seconds", "separator", "text", "text_file", "traceback", "untrained",
)  # fmt: skip
"""Options that are no field of a config."""
RENAMED = {"number": "samples"}
"""Parameters of the Python API that the command line calls otherwise."""
SETTINGS = {
    *(field.name for config in (TrainConfig, SampleConfig) for field in fields(config)),
    *NOT_IN_CONFIGS,
    *RENAMED,
}
QUOTED = re.compile("`([a-z][a-z0-9_]*)`")


def option_name(setting: str) -> str:
    """``--eval-every`` for ``eval_every``."""
    return "--" + RENAMED.get(setting, setting).replace("_", "-")


def name_options(message: str) -> str:
    """Write every setting between backquotes as its option; other quoted words stay as they are."""
    return QUOTED.sub(
        lambda match: option_name(match[1]) if match[1] in SETTINGS else match[0], message
    )


def error_message(error: CharrnnError) -> str:
    """The line of an error, with options for settings; a ConfigError's thing is one itself."""
    thing = str(error.thing)
    if isinstance(error, ConfigError) and thing in SETTINGS:
        thing = option_name(thing)
    return f"{thing}: {name_options(error.problem)}"
