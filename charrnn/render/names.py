"""What reports call models, runs and files: paths on a terminal, names on pages and in pictures.

A terminal shows a path that can be typed again. A page or a picture is made to be shared, so it
has the name of the run or of the file, and of its path only what tells equal names apart.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.reports.path_label import PathLabel, iterate_labels, replace_labels
from charrnn.storage.run_folder import RunFolder
from charrnn.text.sources import STDIN, is_descriptor

STANDARD_INPUT, PIPE = gettext_noop("standard input"), gettext_noop("a pipe")


def name_for_terminal(report: Any) -> Any:
    """Return ``report`` with the best model of a run called by the path of the run folder."""
    return replace_labels(report, _terminal_name)


def name_for_page(report: Any) -> Any:
    """Return ``report`` with names for all paths, which differ wherever the files do."""
    names = _distinct_names([label.path for label in iterate_labels(report)])
    return replace_labels(report, lambda label: names[label.path] + label.rest)


def _terminal_name(label: PathLabel) -> str:
    if label.rest:
        return f"{label.path}{label.rest}"
    folder = label.path.parent
    is_best = label.path == RunFolder(folder).best and folder != Path()
    return str(folder) if is_best else str(label)


def _distinct_names(paths: Iterable[Path]) -> dict[Path, str]:
    """Give each path the end of it that no other file's path has, as short as possible."""
    parts = {path: _name_parts(path) for path in paths}
    files = {path: os.path.realpath(_run_or_file(path)) for path in parts}
    first_parts = dict[str, Sequence[str]]()  # the same file is called the same everywhere
    for path, file in files.items():
        first_parts.setdefault(file, parts[path])
    names = {
        file: _distinct_end(own, [other for other in first_parts.values() if other != own])
        for file, own in first_parts.items()
    }
    return {path: names[file] for path, file in files.items()}


def _distinct_end(parts: Sequence[str], others: Iterable[Sequence[str]]) -> str:
    """Join as many of the last ``parts`` as none of ``others`` ends with."""
    others = list(others)
    least = 2 if parts[-1] == RunFolder(Path()).last.name else 1
    for count in range(least, len(parts)):
        end = parts[-count:]
        if all(other[-count:] != end for other in others):
            return "/".join(end)
    return "/".join(parts)


def _name_parts(path: Path) -> Sequence[str]:
    """Return the parts of the absolute path without its root; those of a run end with its folder.

    A part that is itself an absolute path of Windows, as an archive may leave it in the name of a
    file, is cut into its parts.
    """
    if path == Path(STDIN):
        return [_(STANDARD_INPUT)]
    if path.is_absolute() and is_descriptor(path):
        return [_(PIPE)]
    named = _run_or_file(path)
    try:
        absolute = Path(os.path.abspath(named))  # noqa: PTH100  # links keep their names
    except FileNotFoundError:  # the working directory was removed
        absolute = named
    parts = [part for part in absolute.parts if part != absolute.anchor]
    return [piece for part in parts for piece in _split_windows_path(part)] or [str(path)]


def _run_or_file(path: Path) -> Path:
    """Return the run folder if ``path`` is the best model of a run, else ``path``."""
    run = RunFolder(path.parent)
    is_run = any(file.exists() for file in (run.config, run.log, run.last))
    return run.path if path == run.best and is_run else path


def _split_windows_path(part: str) -> Sequence[str]:
    windows = PureWindowsPath(part)
    return windows.parts[1:] if windows.is_absolute() else [part]
