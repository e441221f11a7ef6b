"""`config.toml`: the settings of a run, its corpus, and the model that it began with.

It is written before the training begins. From this file a run restarts that was killed before its
first checkpoint, and `charrnn train --config` repeats a run.
"""

import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from charrnn.config import Settings, parse_settings
from charrnn.errors import CharrnnError, InputError
from charrnn.files import write_atomically
from charrnn.language import gettext as _
from charrnn.paths import path_to_text, text_to_path
from charrnn.shipped_texts import find_shipped_text, name_shipped_text
from charrnn.storage.toml import to_toml
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.sources import STDIN


@dataclass(frozen=True)
class RunConfig:
    """Where the texts and the model of `init_from` are, and complete settings.

    With texts of their own to validate or test on, `val` and `test` of the settings are the
    lengths of these. They are not in the file, but counted again.
    """

    paths: CorpusPaths
    init_from: Path | None
    settings: Settings


def write_config(path: Path, config: RunConfig) -> None:
    """Write ``config`` with absolute paths, and with the names of texts that come with charrnn.

    Raises:
        OSError: when it cannot be written.
    """
    paths = {name: list(map(_write_path, of_text)) for name, of_text in config.paths.items()}
    init_from = config.init_from and path_to_text(config.init_from.resolve())
    settings = asdict(config.settings)
    if config.paths.has_own_texts:
        del settings["val"], settings["test"]
    paths = {name: of_text for name, of_text in paths.items() if of_text}
    table = {**paths, "init_from": init_from, **settings}
    text = to_toml("train", table)
    write_atomically(path, lambda file: file.write(text.encode()))


def read_config(path: Path) -> RunConfig:
    """Read what `write_config` has written.

    Raises:
        InputError: when the file is damaged.
    """
    try:
        table = _read_table(path)
        paths = _parse_paths(table)
        init_from = table.pop("init_from", None)
        if paths.has_own_texts:
            table["val"] = table["test"] = 0.0  # until these texts have been read
        settings = parse_settings(table)
        if settings.minutes is None and (missing := _(", ").join(settings.unresolved)):
            raise ValueError(_("it does not set {settings}").format(settings=missing))
        return RunConfig(paths, init_from and text_to_path(init_from), settings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CharrnnError) as error:
        problem = _("does not hold the settings of a run ({reason})").format(reason=error)
        raise InputError(path, problem) from None


def read_corpus_paths(path: Path) -> CorpusPaths:
    """Read only where the texts are.

    Raises:
        InputError: when the file is missing or damaged.
    """
    try:
        return _parse_paths(_read_table(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = _("does not hold the corpus of a run ({reason})").format(reason=error)
        raise InputError(path, problem) from None


def _read_table(path: Path) -> Any:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))["train"]
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None


def _write_path(path: Path) -> str:
    return name_shipped_text(path) or path_to_text(path if path == Path(STDIN) else path.resolve())


def _parse_paths(table: dict[str, Any]) -> CorpusPaths:
    """Remove the paths of the texts from ``table`` and return them."""
    corpus = _parse_list("corpus", table.pop("corpus"))
    if not corpus:
        problem = _("its `{setting}` is not a list of files and folders")
        raise ValueError(problem.format(setting="corpus"))
    own_texts = {name: _parse_list(name, table.pop(name, [])) for name in ("val_file", "test_file")}
    return CorpusPaths(corpus, **own_texts)


def _parse_list(name: str, paths: object) -> tuple[Path, ...]:
    # The type is checked, since a string would pass as a sequence of paths of one letter each.
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        problem = _("its `{setting}` is not a list of files and folders")
        raise ValueError(problem.format(setting=name))
    return tuple(find_shipped_text(path) or text_to_path(path) for path in paths)
