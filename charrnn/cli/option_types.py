"""The types of options and arguments: how each value is parsed, and what a shell offers for it.

The range of a setting is not written here: its rule in config.py is used.
"""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from charrnn.config import DEFAULT_RUNS
from charrnn.errors import ConfigError, InputError
from charrnn.escapes import parse_escapes
from charrnn.language import gettext as _
from charrnn.paths import text_to_path
from charrnn.render.controls import escape_controls
from charrnn.setting_types import EMPTY_PATH, Choice, Flag, Number, Rule, Whole, show_value
from charrnn.shipped_texts import NAMES, find_shipped_text, find_unless_path, is_path

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ENCODINGS = (
    "auto", "utf-8", "utf-16", "cp932", "euc_jp", "iso2022_jp",
    "gb18030", "big5", "euc_kr", "cp1252", "cp1250", "cp1251", "koi8-r",
    "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
)  # fmt: skip
"""The encodings that a shell offers. All others that Python knows are accepted too."""


class NumberType(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A number that a rule of a setting allows."""

    def __init__(self, rule: Whole | Number) -> None:
        self.rule = rule
        self.name = "N" if isinstance(rule, Whole) else "X"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """Parse a text, or check a default; the message of an error is the rule's."""
        try:
            number = self._parse(value) if isinstance(value, str) else value
            return self.rule.check(self.name, number)
        except ConfigError as error:
            self.fail(error.problem, param, ctx)
        except ValueError:  # not a number, or more digits than Python parses
            self.fail(self.rule.describe_problem(show_value(value)), param, ctx)

    def _parse(self, text: str) -> int | float:
        """Return whole numbers as int, so that an error shows 1 if 1 was typed."""
        try:
            return int(text)
        except ValueError:
            if isinstance(self.rule, Whole):
                raise
            number = float(text)
            if math.isinf(number) and "inf" not in text.lower():
                raise  # too large a number, such as 1e400, which an error shows as it was typed
            return number


class ChoiceType(click.Choice[str]):
    """One of the words that a rule allows."""

    def __init__(self, rule: Choice) -> None:
        super().__init__(rule.words)
        self.rule = rule

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the word; the message of an error is the rule's."""
        try:
            return self.rule.check(self.name, value)
        except ConfigError as error:
            self.fail(error.problem, param, ctx)


class NewFileType(click.Path):
    """The path of a file that is written."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse a URL, and an empty text, such as the value of a variable that is not set."""
        if value == "":
            self.fail(_(EMPTY_PATH), param, ctx)
        path = text_to_path(value, is_new=True) if isinstance(value, str) else value
        return Path(os.fsdecode(super().convert(path, param, ctx)))


class PathType(click.Path):
    """A path that the library reads or refuses, with what a shell offers for it (shells.py)."""

    def __init__(
        self, kind: str, offers_runs: Callable[[click.Context], bool], *, takes_names: bool = False
    ) -> None:
        super().__init__(path_type=Path, readable=False)
        self.kind = kind
        self.offers_runs = offers_runs
        self.takes_names = takes_names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Refuse a URL, and an empty text, such as the value of a variable that is not set."""
        if value == "":
            self.fail(_(EMPTY_PATH), param, ctx)
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        is_typed_path = isinstance(value, str) and "/" in value
        if self.takes_names and is_typed_path and len(path.parts) == 1 and not path.exists():
            # Without its /, it would be the name of a run.
            raise InputError(value, _("no such model or run; check the name"))
        return text_to_path(value) if isinstance(value, str) else path

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter | None, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Return the run folders, if ``offers_runs`` allows, and the files that the shell finds.

        Where the name of a run is enough, as for a model, it is offered until a / is typed.
        """
        from click.shell_completion import CompletionItem

        folders = _list_run_folders() if self.offers_runs(ctx) else []
        if self.takes_names and "/" not in incomplete:
            folders = [Path(folder).name for folder in folders]
        items = [CompletionItem(folder) for folder in folders if folder.startswith(incomplete)]
        return [*items, CompletionItem(incomplete, type=self.kind)]


class TextWithEscapes(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A text whose escape sequences are replaced if the command was given ``--escapes``."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Replace the escapes; the message of an error names one that stands for nothing."""
        if ctx is None or not ctx.params.get("escapes"):
            return str(value)
        try:
            return parse_escapes(self.name, value)
        except ConfigError as error:
            self.fail(error.problem, param, ctx)


class CorpusType(PathType):
    """A file or folder, or the name of a text that comes with charrnn where no path has this name.

    In a file of options such a name is always that of a text: config.toml of a run has no others.
    """

    def __init__(self) -> None:
        super().__init__("file", lambda ctx: False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path of the file or folder, or that of the text."""
        source = ctx.get_parameter_source(str(param.name)) if ctx and param else None
        find = find_shipped_text if source is ParameterSource.DEFAULT_MAP else find_unless_path
        return find(value) or super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter | None, incomplete: str
    ) -> "list[CompletionItem[str]]":
        """Return the names of texts, and what the shell finds."""
        from click.shell_completion import CompletionItem

        names = [name for name in NAMES if name.startswith(incomplete) and not is_path(name)]
        return [*map(CompletionItem, names), *super().shell_complete(ctx, param, incomplete)]


def type_of(rule: Rule) -> "click.ParamType[Any]":
    """Return the option type that parses the values of a setting with this ``rule``."""
    if isinstance(rule, Whole | Number):
        return NumberType(rule)
    if isinstance(rule, Choice):
        return ChoiceType(rule)
    return click.BOOL if isinstance(rule, Flag) else click.STRING


def runs_root() -> Path:
    """Return the default parent folder of runs: CHARRNN_RUNS, else runs/."""
    return Path(os.environ.get("CHARRNN_RUNS") or DEFAULT_RUNS)


def _list_run_folders() -> list[str]:
    """Return the run folders whose names can be written as one line of UTF-8."""
    from charrnn.storage.run_folder import list_models

    try:
        folders = [str(model.parent) for model in list_models(runs_root())]
    except OSError:
        return []
    return [
        name for name in folders if name.encode(errors="ignore").decode() == escape_controls(name)
    ]


PATH = PathType("file", lambda ctx: False)
CORPUS = CorpusType()
FOLDER = PathType("dir", lambda ctx: False)
MODEL = PathType("npz", lambda ctx: True, takes_names=True)
RUN = PathType("dir", lambda ctx: bool(ctx.params.get("resume") or ctx.params.get("overwrite")))
TEXT_WITH_ESCAPES = TextWithEscapes()
POSITIVE_INT = NumberType(Whole(1))
NON_NEGATIVE_INT = NumberType(Whole(0))
