"""The language that the user wants, as GNU gettext finds it in the environment.

CHARRNN_LANG has precedence. A language that charrnn does not speak is ignored.
"""

import os
from collections.abc import Iterator, Mapping

from charrnn.language import DOMAIN, ENGLISH, LOCALE, list_languages, set_language

PLAIN_LOCALES = ("C", "POSIX")


def choose_language() -> None:
    """Let charrnn, and click with it, speak the language that the user wants."""
    language = find_language(os.environ)
    if language == ENGLISH:
        return
    set_language(language)
    # click asks the standard library's gettext for its own words.
    import gettext

    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


def find_language(environment: Mapping[str, str]) -> str:
    """Return the code of the first language that the user wants and charrnn has, else English."""
    for wanted in _list_wanted(environment):
        name = wanted.partition(".")[0].partition("@")[0]
        for code in (name, name.partition("_")[0]):
            if code == ENGLISH or (code and code in list_languages()):
                return code
    return ENGLISH


def _list_wanted(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the user's languages, best first, as names of locales such as ja_JP.UTF-8."""
    if own := environment.get("CHARRNN_LANG"):
        yield own
        return
    set_locales = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, set_locales), "")
    if locale not in PLAIN_LOCALES:
        yield from environment.get("LANGUAGE", "").split(":")
        yield locale
