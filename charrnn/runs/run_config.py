"""`config.toml`: the settings of a run, its corpus, and the model that it began with.

It is written before the training begins. From this file a run restarts that was killed before its
first checkpoint, and `charrnn train --config` repeats a run.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.config import Settings, parse_settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.paths import path_to_text, text_to_path
from charrnn.shipped_texts import find_shipped_text, name_shipped_text
from charrnn.storage.toml import to_toml
from charrnn.text.sources import STDIN


@dataclass(frozen=True)
class RunConfig:
    """The files and folders of the corpus, the model of `init_from`, and complete settings."""

    corpus: Sequence[Path]
    init_from: Path | None
    settings: Settings


def write_config(path: Path, config: RunConfig) -> None:
    """Write ``config`` with absolute paths, and with the names of texts that come with charrnn.

    Raises:
        OSError: when it cannot be written.
    """
    corpus = [
        name_shipped_text(source)
        or path_to_text(source if source == Path(STDIN) else source.resolve())
        for source in config.corpus
    ]
    init_from = config.init_from and path_to_text(config.init_from.resolve())
    table = {"corpus": corpus, "init_from": init_from, **asdict(config.settings)}
    text = to_toml("train", table)
    write_atomically(path, lambda file: file.write(text.encode()))


def read_config(path: Path) -> RunConfig:
    """Read what `write_config` has written.

    Raises:
        InputError: when the file is damaged.
    """
    try:
        table = _read_table(path)
        corpus = _parse_corpus(table.pop("corpus"))
        init_from = table.pop("init_from", None)
        settings = parse_settings(table)
        if settings.minutes is None and (missing := ", ".join(settings.unresolved)):
            raise ValueError(f"it does not set {missing}")
        return RunConfig(corpus, init_from and text_to_path(init_from), settings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CharrnnError) as error:
        raise InputError(path, f"does not hold the settings of a run ({error})") from None


def read_corpus_paths(path: Path) -> tuple[Path, ...]:
    """Read only the files and folders of the corpus.

    Raises:
        InputError: when the file is missing or damaged.
    """
    try:
        return _parse_corpus(_read_table(path)["corpus"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, f"does not hold the corpus of a run ({error})") from None


def _read_table(path: Path) -> Any:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))["train"]
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _parse_corpus(paths: object) -> tuple[Path, ...]:
    # The type is checked, since a string would pass as a sequence of paths of one letter each.
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise ValueError("its `corpus` is not a list of files and folders")
    return tuple(find_shipped_text(path) or text_to_path(path) for path in paths)
