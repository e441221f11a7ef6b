"""The types and ranges of settings: one check for Python, the command line and model files.

A config declares a setting as ``Annotated[int, Whole(1)]``. The rule ``Whole(1)`` converts a value
to the setting's type (a NumPy integer to an int, an int to a float where a float is expected), or
raises a ConfigError that says which values are allowed. The command line parses its options by the
same rules (cli/option_types.py).

Not here: which settings there are, and how they depend on each other (config.py).
"""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, Protocol, get_args

from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.paths import text_to_path
from charrnn.suggestions import did_you_mean

LARGEST_WHOLE = 2**53  # every whole number up to it is exact as a float64, and so in any JSON
LARGEST_NUMBER = 1e300  # far from overflow, and still larger than any clip that means "never"
LARGEST_SEED = 2**128 - 1
MAX_CHARACTERS_SHOWN = 40
MAX_BITS_SHOWN = 130  # the digits of a longer number would fill the line
EMPTY_PATH = gettext_noop("is an empty text, where the path of a file or folder belongs")
NUMPY_BOOLS = ("bool", "bool_")  # from NumPy 2 on, and before


class Rule(Protocol):
    """The values that a setting may have."""

    def check(self, name: str, value: object) -> object:
        """Return ``value`` converted to the type of the setting ``name``.

        Raises:
            ConfigError: saying which values are allowed.
        """


class Whole(NamedTuple):
    """A whole number from ``low`` to ``high``; without ``high``, up to ``limit``.

    The limit is far above any useful value.
    """

    low: int
    high: int | None = None
    limit: int = LARGEST_WHOLE

    def check(self, name: str, value: object) -> int:
        """Return ``value`` as an int. Bools and floats, even 16.0, are rejected."""
        shown = show_value(value)
        if isinstance(value, float) and value.is_integer():
            problem = _("{value} is a float; write it as a whole number")
            raise ConfigError(name, problem.format(value=shown))
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ConfigError(name, self.describe_problem(shown))
        number = operator.index(value)
        if number < self.low or (self.high is not None and number > self.high):
            raise ConfigError(name, self.describe_problem(shown))
        if number > self.limit:
            problem = _("{value} is above the largest value, {limit}")
            raise ConfigError(name, problem.format(value=shown, limit=f"{self.limit:,}"))
        return number

    def describe_problem(self, value: str) -> str:
        """Return the error text for an invalid value, which is shown as ``value``."""
        if self.high is None:
            problem = _("{value} is not a whole number from {low} on")
        else:
            problem = _("{value} is not a whole number from {low} to {high:,}")
        return problem.format(value=value, low=self.low, high=self.high)


class Number(NamedTuple):
    """A finite number in an interval. Its endpoints are included unless they are marked as open."""

    low: float
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    limit: float = LARGEST_NUMBER

    def check(self, name: str, value: object) -> float:
        """Return ``value`` as a float. Bools are rejected."""
        number = _as_float(value)
        if number is None or not self._contains(number):
            raise ConfigError(name, self.describe_problem(show_value(value)))
        if number > self.limit:
            problem = _("{value} is above the largest value, {limit}")
            shown = problem.format(value=show_value(value), limit=f"{self.limit:g}")
            raise ConfigError(name, shown)
        return number

    def _contains(self, number: float) -> bool:
        """Return whether ``number`` lies in the interval; NaN never does."""
        above = self.low < number if self.low_open else self.low <= number
        if self.high is None:
            return above and number < float("inf")
        return above and (number < self.high if self.high_open else number <= self.high)

    def describe_problem(self, value: str) -> str:
        """Return the error text for an invalid value, which is shown as ``value``."""
        match (self.low_open, self.high is not None, self.high_open):
            case (False, False, __):
                problem = _("{value} is not a finite number from {low:g} on")
            case (True, False, __):
                problem = _("{value} is not a finite number above {low:g}")
            case (False, True, False):
                problem = _("{value} is not a number from {low:g} to {high:g}")
            case (False, True, True):
                problem = _("{value} is not a number of at least {low:g} and below {high:g}")
            case (True, True, False):
                problem = _("{value} is not a number above {low:g} and at most {high:g}")
            case __:
                problem = _("{value} is not a number above {low:g} and below {high:g}")
        return problem.format(value=value, low=self.low, high=self.high)


class Choice(NamedTuple):
    """One of several words."""

    words: tuple[str, ...]

    def check(self, name: str, value: object) -> str:
        """Return the word ``value``."""
        if not isinstance(value, str) or value not in self.words:
            problem = _("{value} is not one of {words}")
            words = _(", ").join(self.words)
            raise ConfigError(name, problem.format(value=show_value(value), words=words))
        return value


class Flag:
    """True or False, but not 1 or 0."""

    def check(self, name: str, value: object) -> bool:
        """Return the bool ``value``."""
        # NumPy's bool is recognized by its name, as nothing here imports NumPy.
        if not isinstance(value, bool) and type(value).__name__ not in NUMPY_BOOLS:
            problem = _("{value} is neither True nor False")
            raise ConfigError(name, problem.format(value=show_value(value)))
        return bool(value)


class Text:
    """A text that is not empty."""

    def check(self, name: str, value: object) -> str:
        """Return the str ``value``."""
        if not isinstance(value, str) or not value:
            problem = _("{value} is not a text of at least one character")
            raise ConfigError(name, problem.format(value=show_value(value)))
        return value


class Texts:
    """Any number of texts, none of them empty."""

    def check(self, name: str, value: object) -> tuple[str, ...]:
        """Return the texts of a list or another iterable as a tuple."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            problem = _("{value} is not a list of texts")
            raise ConfigError(name, problem.format(value=show_value(value)))
        return tuple(Text().check(name, text) for text in value)


def check_path(name: str, value: object) -> Path:
    """Return the path ``value`` of the argument ``name``.

    An empty text is not one: it would be the current folder, which nobody means by it.

    Raises:
        ConfigError: when it is neither a Path nor a text of at least one character.
        InputError: when it is a URL.
    """
    if value == "":
        raise ConfigError(name, _(EMPTY_PATH))
    if not isinstance(value, str | Path):
        problem = _("{value} is not the path of a file or folder")
        raise ConfigError(name, problem.format(value=show_value(value)))
    return text_to_path(str(value))


def check_paths(name: str, value: object) -> list[Path]:
    """Return the paths in ``value``, which is a path or a list of them. Raises as `check_path`."""
    if isinstance(value, str | Path) or not isinstance(value, Iterable):
        return [check_path(name, value)]
    return [check_path(name, path) for path in value]


@cache
def rules(config: type) -> Mapping[str, tuple[Rule, bool]]:
    """Return, for each field of a config class, its rule and whether it may be None."""
    by_name = {}
    for field in fields(config):
        optional = type(None) in get_args(field.type)
        annotated: Any = get_args(field.type)[0] if optional else field.type
        by_name[field.name] = (annotated.__metadata__[0], optional)
    return by_name


def check_setting(config: type, name: str, value: object) -> object:
    """Return ``value`` in the type that the field ``name`` of ``config`` has.

    Raises:
        ConfigError: when there is no such field, or it does not allow the value.
    """
    if name not in rules(config):
        thing = shorten(str(name) if str(name).strip() else repr(name))
        # In a call or a file, a name can be anything that a dictionary has as a key.
        if question := did_you_mean(str(name), rules(config), "`"):
            problem = _("there is no such setting; {question}")
            raise ConfigError(thing, problem.format(question=question))
        raise ConfigError(thing, _("there is no such setting"))
    rule, optional = rules(config)[name]
    return None if value is None and optional else rule.check(name, value)


def check_settings(config: Any) -> None:
    """Check every field of a frozen dataclass, and replace its value by the converted one.

    Raises:
        ConfigError: for the first field whose value is not allowed.
    """
    for name in rules(config.__class__):
        value = check_setting(config.__class__, name, getattr(config, name))
        object.__setattr__(config, name, value)


def show_value(value: object) -> str:
    """Return a wrong value as an error shows it: shortened, and numbers without a NumPy type."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS_SHOWN:
        return _("a number of {bits:,} bits").format(bits=value.bit_length())
    return shorten(str(value) if isinstance(value, Real) else repr(value))


def shorten(text: str) -> str:
    """Return ``text`` as an error shows it, with an ellipsis for the rest of a long one."""
    return text if len(text) <= MAX_CHARACTERS_SHOWN else text[: MAX_CHARACTERS_SHOWN - 1] + "…"


def _as_float(value: object) -> float | None:
    """Return a real number as a float, infinite if it is too large, and None for anything else."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf")
