"""The language in which charrnn speaks: English until `set_language` is called.

A message stands in English where it is used, in a call of `gettext` or `ngettext`, and its
translation in the catalogue of each language, locale/LANGUAGE/LC_MESSAGES/charrnn.po. The build
compiles the catalogues. Where English is spoken, none is read. Not here: which language a user
wants (cli/user_language.py).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, SupportsIndex

from charrnn.errors import ConfigError

if TYPE_CHECKING:
    from gettext import NullTranslations

DOMAIN = "charrnn"
ENGLISH = "en"
LOCALE = os.path.join(os.path.dirname(__file__), "locale")

_language = ENGLISH


class Phrase(str):
    """An English text in the data of a report, with values in it, that `gettext` can translate.

    JSON has it as it is. A text without values is a plain string, marked by `gettext_noop`.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> "Phrase":
        """Return ``template`` with its placeholders replaced by ``values``."""
        phrase = super().__new__(cls, template.format(**values))
        phrase.template, phrase.values = template, values
        return phrase

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Callable[..., "Phrase"], Any]:
        """Copy and pickle the template and the values."""
        return _make_phrase, (self.template, self.values)


def set_language(language: str) -> None:
    """Let messages, errors and reports be in ``language``, such as "ja", from now on.

    It applies to the whole process. JSON and files are always in English.

    Raises:
        ConfigError: when charrnn has no catalogue of this language.
    """
    if language not in list_languages():
        problem = gettext("there is no language {language!r}; choose from {choices}")
        choices = ", ".join(list_languages())
        raise ConfigError("language", problem.format(language=language, choices=choices))
    global _language
    _language = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let messages be in ``language``, which charrnn has, inside of the ``with`` block."""
    global _language
    before, _language = _language, language
    try:
        yield
    finally:
        _language = before


def get_language() -> str:
    """Return the code of the language in which charrnn speaks."""
    return _language


@cache
def list_languages() -> Sequence[str]:
    """Return the codes of all languages: English, and those with a compiled catalogue."""
    folders = os.listdir(LOCALE) if os.path.isdir(LOCALE) else ()
    return [ENGLISH, *sorted(name for name in folders if os.path.isfile(_find_catalogue(name)))]


def gettext(message: str, language: str | None = None) -> str:
    """Return ``message`` in the language that is set, or in ``language``.

    A message that the catalogue does not have is returned as it is, and so is a string of another
    class, such as the label of a path. The values of a `Phrase` that are phrases are translated
    too.
    """
    chosen = language or _language
    if chosen == ENGLISH or type(message) not in (str, Phrase):
        return message
    if isinstance(message, Phrase):
        values = {
            name: gettext(value, chosen) if isinstance(value, Phrase) else value
            for name, value in message.values.items()
        }
        return _read_catalogue(chosen).gettext(message.template).format(**values)
    return _read_catalogue(chosen).gettext(message) if message else message


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a message that goes with ``number``: in English ``one`` or ``many``."""
    if _language == ENGLISH:
        return one if number == 1 else many
    return _read_catalogue(_language).ngettext(one, many, number)


def gettext_noop(message: str) -> str:
    """Return ``message``: it is marked for the catalogues, and translated where it is shown."""
    return message


def _make_phrase(template: str, values: dict[str, Any]) -> Phrase:
    return Phrase(template, **values)


def _find_catalogue(language: str) -> str:
    return os.path.join(LOCALE, language, "LC_MESSAGES", f"{DOMAIN}.mo")


@cache
def _read_catalogue(language: str) -> "NullTranslations":
    from gettext import GNUTranslations  # which English does not need

    with open(_find_catalogue(language), "rb") as file:
        return GNUTranslations(file)
