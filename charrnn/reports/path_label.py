"""Paths in reports: what a report calls a model, a run or a file.

Not here: how a terminal and a page show them (render/names.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any


class PathLabel(str):
    """A text of a report that is a path, or begins with one and goes on.

    JSON has it as it is. Because it remembers its ``path``, a terminal and a page can name the
    model, run or file in their own way. They show ``rest`` after it, in the user's language.
    """

    path: Path
    rest: str

    def __new__(cls, text: str, path: Path | None = None, rest: str = "") -> "PathLabel":
        """Return ``text``, which shows ``path`` (by default, the text is the path)."""
        label = super().__new__(cls, text)
        label.path = Path(text) if path is None else path
        label.rest = rest
        return label


def iterate_labels(report: Any) -> Iterator[PathLabel]:
    """Yield all path labels in a report, which is a dataclass, or several reports in a list."""
    match report:
        case PathLabel():
            yield report
        case list() | tuple():
            for item in report:
                yield from iterate_labels(item)
        case _ if is_dataclass(report):
            for field in fields(report):
                yield from iterate_labels(getattr(report, field.name))


def replace_labels(report: Any, name: Callable[[PathLabel], str]) -> Any:
    """Return ``report`` with ``name(label)`` in the place of each path label in it."""
    match report:
        case PathLabel():
            return name(report)
        case list() | tuple():
            return type(report)(replace_labels(item, name) for item in report)
        case _ if is_dataclass(report) and not isinstance(report, type):
            values = {field.name: getattr(report, field.name) for field in fields(report)}
            renamed = {key: replace_labels(value, name) for key, value in values.items()}
            changed = {key: value for key, value in renamed.items() if value is not values[key]}
            return replace(report, **changed) if changed else report
        case _:
            return report
