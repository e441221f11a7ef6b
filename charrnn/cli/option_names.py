"""Names of settings in a message, written as options: the library's `eval_every` is --eval-every.

The library speaks of settings, each between backquotes and by its Python name, because it is also
used from Python. Only this module knows how the command line writes them. It is applied where
errors and notes are printed (failures.py, console.py, display.py).
"""

import re
from collections.abc import Set
from functools import cache

from charrnn.errors import CharrnnError, ConfigError, SettingName

NOT_IN_CONFIGS = (
    "adapt", "config", "copied", "corpus", "csv", "each_line", "echo", "escapes", "html",
    "init_from", "interactive", "json", "lags", "least", "no_color", "no_mpi", "novel", "out",
    "overwrite", "plot", "preview", "preview_prime", "prime", "prime_file", "property", "quiet",
    "resume", "samples", "seconds", "separator", "test_file", "text", "text_file", "traceback",
    "unit", "untrained", "val_file",
)  # fmt: skip
"""Options that are not fields of a config."""
RENAMED = {"number": "samples"}
"""Parameters of the Python API that have another name on the command line."""
QUOTED = re.compile("`([a-z][a-z0-9_]*)`")


@cache
def list_settings() -> Set[str]:
    """Return the names of all options by which a message may call them."""
    from dataclasses import fields

    from charrnn.config import SampleConfig, TrainConfig  # which most usage errors do not need

    in_configs = (field.name for config in (TrainConfig, SampleConfig) for field in fields(config))
    return {*in_configs, *NOT_IN_CONFIGS, *RENAMED}


def option_name(setting: str) -> str:
    """Return the option of a setting: ``--eval-every`` for ``eval_every``."""
    return "--" + RENAMED.get(setting, setting).replace("_", "-")


def replace_settings_by_options(message: str) -> str:
    """Write every setting between backquotes as its option; other quoted words stay as they are."""
    return QUOTED.sub(
        lambda match: option_name(match[1]) if match[1] in list_settings() else match[0], message
    )


def error_message(error: CharrnnError) -> str:
    """Return an error's line with options for settings.

    The thing of a ConfigError is a setting, and so is a SettingName.
    """
    thing = str(error.thing)
    is_setting = isinstance(error, ConfigError) or isinstance(error.thing, SettingName)
    if is_setting and thing in list_settings():
        thing = option_name(thing)
    return f"{thing}: {replace_settings_by_options(error.problem)}"
