"""Properties of a text that a unit may follow: a number for every character.

The number is the property after the character has been read. The whole text is known, so what a
character means may depend on later ones: a bracket counts only if it is closed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.reports.quotation import find_quoted

Values = npt.NDArray[np.float64]

BRACKETS = dict(
    zip("([{<（［｛＜【〈《「『〔〖｢⟨⟦｟", ")]}>）］｝＞】〉》」』〕〗｣⟩⟧｠", strict=True)
)
NO_BRACKET = re.compile(r"[:;]-?\((?!\S)|<(?![^\s=-])|(?<=[\s=-])>")  # :( and a < b and ->
STOP = re.compile(
    "[!?。｡！？‼⁇⁈⁉‽।॥؟۔܀܁܂։።፧፨။។៕᠃᠉᭟᱾᱿෴߹꧉༎\u037e]"
    "|(?<=[\u0370-\u03ff\u1f00-\u1fff]);|(?<=[\u0561-\u0587]):"
)
"""Marks that always end a sentence; also the ; after Greek and the : after Armenian letters."""
DOTS = ".．…‥"  # no end of a sentence before a digit or a lowercase word, or at a beginning
BEGIN_SENTENCES = "¿¡"
GEORGIAN = range(0x10D0, 0x1100)  # lowercase in Unicode, though sentences begin with it
KANA = ("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")
LONG_VOWELS = "ーｰ"


def compute_properties(
    text: str, patterns: Mapping[str, re.Pattern[str]] = MappingProxyType({})
) -> dict[str, Values]:
    """Compute those of `PROPERTIES` and of ``patterns`` that vary over ``text``, each (N,).

    A pattern's property is 1 at each character of a match, and 0 elsewhere.
    """
    measured = {name: compute(text) for name, compute in PROPERTIES.items()}
    measured |= {name: find_matches(text, pattern) for name, pattern in patterns.items()}
    properties = {name: np.array(values, np.float64) for name, values in measured.items()}
    return {name: values for name, values in properties.items() if np.ptp(values) > 0}


def find_matches(text: str, pattern: re.Pattern[str]) -> list[int]:
    """Return 1 for each character that is part of a match of ``pattern``, and 0 for the others."""
    marks = [0] * len(text)
    for match in pattern.finditer(text):
        marks[match.start() : match.end()] = [1] * (match.end() - match.start())
    return marks


def parse_patterns(given: Sequence[str]) -> dict[str, re.Pattern[str]]:
    """Parse properties of the user's own, each ``NAME=REGEX``.

    Raises:
        ConfigError: when one has another form, or is no regular expression, or has the name of
        another property.
    """
    patterns: dict[str, re.Pattern[str]] = {}
    for each in given:
        name, sign, pattern = each.partition("=")
        if not (name and sign and pattern):
            problem = _("{value!r} is not NAME=REGEX, such as vowel=[aeiou]").format(value=each)
            raise ConfigError("property", problem)
        if name in PROPERTIES or name in patterns:
            problem = _("there are two properties called {name!r}").format(name=name)
            raise ConfigError("property", problem)
        try:
            patterns[name] = re.compile(pattern)
        except re.error as error:
            problem = _("{pattern!r} is not a regular expression ({reason})")
            raise ConfigError("property", problem.format(pattern=pattern, reason=error)) from None
    return patterns


def measure_positions(text: str) -> list[int]:
    """Return each character's position in its line; 0 everywhere in a text without a newline."""
    position, positions = 0, list[int]()
    for character in text:
        position = 0 if character == "\n" else position + 1
        positions.append(position)
    return positions if "\n" in text else [0] * len(text)


def measure_depths(text: str) -> list[int]:
    """Return the number of open brackets; only the innermost can be closed.

    A bracket that is never closed does not count.
    """
    steps = [0] * len(text)
    for opened, closed in find_bracket_pairs(text):
        steps[opened], steps[closed] = 1, -1
    return list(accumulate(steps))


def find_bracket_pairs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of each opening bracket and of the one that closes it, by the latter."""
    text = NO_BRACKET.sub(lambda match: " " * len(match[0]), text)
    closable = _find_closable(text)
    opened: list[int] = []
    for at, character in enumerate(text):
        if at in closable:
            opened.append(at)
        elif opened and character == BRACKETS[text[opened[-1]]]:
            yield opened.pop(), at


def _find_closable(text: str) -> set[int]:
    """Return the places of brackets that are closed when other kinds are left out of account."""
    kind_of = {closing: opening for opening, closing in BRACKETS.items()}
    opened: dict[str, list[int]] = {opening: [] for opening in BRACKETS}
    closable: set[int] = set()
    for at, character in enumerate(text):
        if character in BRACKETS:
            opened[character].append(at)
        elif character in kind_of and opened[kind_of[character]]:
            closable.add(opened[kind_of[character]].pop())
        elif character == "\n":
            opened["<"].clear()  # a<b, too, is never closed
    return closable


def find_ended(text: str) -> list[int]:
    """Return 1 from a full stop to the next sentence, also at spaces and quotes between.

    Full stops are those of Unicode Standard Annex 29, and dots that a sentence does not continue.
    """
    next_letters = _find_next_letters(text)
    has_capitals = any(map(str.isupper, text))  # else no letter tells whether a sentence begins
    stops = {match.start() for match in STOP.finditer(text)}
    ended, before, values = False, "\n", list[int]()
    for at, character in enumerate(text):
        if at in stops:
            ended = True
        elif character in DOTS:
            after = text[at + 1 : at + 2]
            continues = (
                before == "\n"
                or unicodedata.category(before) in ("Ps", "Pi")
                or after.isdigit()
                or (character == "." and (after.isupper() or _is_lower(after)))
                or (has_capitals and _is_lower(next_letters[at]))
            )
            ended = ended or not continues
        elif character in BEGIN_SENTENCES or _is_in_sentence(character):
            ended = False
        if character not in DOTS:
            before = character
        values.append(int(ended))
    return values


def _find_next_letters(text: str) -> list[str]:
    """Return the next letter after each character, empty where a blank line comes first."""
    letter, letters = "", list[str]()
    for at in range(len(text) - 1, -1, -1):
        letters.append(letter)
        if text[at].isalpha():
            letter = text[at]
        elif text[at : at + 2] == "\n\n":
            letter = ""
    return letters[::-1]


def _is_in_sentence(character: str) -> bool:
    """Return whether it belongs to a sentence, unlike the space and the quotes between two."""
    return character != "`" and unicodedata.category(character)[0] in "LNS"


def _is_lower(character: str) -> bool:
    return character.islower() and ord(character) not in GEORGIAN


def _find_script(*names: str) -> Callable[[str], list[int]]:
    """Return a property that is 1 for letters whose Unicode names begin with one of ``names``.

    Combining marks, and a long vowel after kana, belong to the letter before them.
    """

    def compute(text: str) -> list[int]:
        values: list[int] = []
        known: dict[str, int] = {}
        before = "\n"
        for character in text:
            follows = character in LONG_VOWELS and unicodedata.name(before, "").startswith(KANA)
            if values and (follows or unicodedata.category(character)[0] == "M"):
                values.append(values[-1])
                continue
            if character not in known:
                is_letter = character == "〇" or character.isalpha()
                name = unicodedata.name(character, "")
                known[character] = int(is_letter and name.startswith(names))
            values.append(known[character])
            before = character
        return values

    return compute


PROPERTIES: dict[str, Callable[[str], list[int]]] = {
    gettext_noop("inside quotes"): find_quoted,
    gettext_noop("position in the line"): measure_positions,
    gettext_noop("depth of brackets"): measure_depths,
    gettext_noop("after a full stop"): find_ended,
    gettext_noop("hiragana"): _find_script("HIRAGANA"),
    gettext_noop("katakana"): _find_script("KATAKANA", "HALFWIDTH KATAKANA"),
    gettext_noop("kanji"): _find_script("CJK", "KANGXI", "IDEOGRAPHIC"),
    gettext_noop("Latin letter"): _find_script("LATIN", "FULLWIDTH LATIN"),
}
"""Properties of a text: each function returns a number for every character."""
