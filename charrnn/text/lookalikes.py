"""What a vocabulary has instead of an unknown character: another form of it, or a similar sign.

Unicode's own data tell which characters are forms of another: composed and decomposed, half and
full width, ligatures, upper and lower case. Signs that only look alike are in a table here.
"""

import unicodedata
from collections.abc import Callable, Iterator

from charrnn.text.vocab import Vocabulary

SIGNS = (
    "'’‘‚‛′‵ʼʻʹʽ`´‹›",
    '"“”„‟″‶ˮ〃〝〞〟«»',
    "-ー−─━⁃˗",  # and all of the category of dashes
    "~〜～∼˜〰",
    ",、،",
    ".。",
    "·・•‧∙⋅",
    "?؟",
    ";؛",
    ":∶",
    "/⁄∕",
    "|│¦",
    "*∗",
    "\\¥₩",
    "x×✕",
    "°º˚",
    "\n\r\x0b\x0c\x85\u2028\u2029",
    " \t",  # and all of the category of spaces
    "يی",
    "كک",
    # Letters of other alphabets that look like Latin ones.
    *zip("aceopxyijsABCEHIKMOPTXYSJ", "асеорхуіјѕАВСЕНІКМОРТХУЅЈ", strict=True),
    *zip("ABEZHIKMNOPTYXov", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧον", strict=True),
)
"""Characters that are typed for each other. The first one stands for its group."""
WRITTEN_OUT = {"⋯": "...", "ß": "ss", "æ": "ae", "œ": "oe"}
REPLACEMENTS = {sign: group[0] for group in SIGNS for sign in group} | WRITTEN_OUT
CATEGORIES = {"Pd": "-", "Zs": " "}
LONGEST_SPELLING = 4
"""Characters that may be written as one: a letter with three marks, or three dots."""
MAX_ALTERNATIVES = 3


class Lookalikes:
    """Finds what a vocabulary has instead of unknown characters."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known_by_form: dict[Callable[[str], str], dict[str, list[str]]] = {}

    def find(self, text: str, position: int) -> list[str]:
        """Return what the vocabulary has for the character at ``position``, the closest first.

        Each is one character or several. There are several alternatives only where the same
        difference leads to them, as from " to “ and ”: these are ordered by their frequency.
        """
        for fold in FOLDS:
            known = self._index(fold)
            for written in _spellings(text, position):
                folded = fold(written)
                if found := known.get(folded):
                    return found[:MAX_ALTERNATIVES]
                if len(written) == 1 and (spelled := _spell(folded, known)):
                    return [spelled]
        return []

    def _index(self, fold: Callable[[str], str]) -> dict[str, list[str]]:
        """Return the known characters by what ``fold`` makes of them, frequent ones first."""
        if fold not in self._known_by_form:
            index: dict[str, list[str]] = {}
            counted = zip(self._vocabulary.characters, self._vocabulary.counts, strict=False)
            for character, _ in sorted(counted, key=lambda pair: -pair[1]):
                index.setdefault(fold(character), []).append(character)
            self._known_by_form[fold] = index
        return self._known_by_form[fold]


def _spellings(text: str, position: int) -> Iterator[str]:
    """Yield the parts of ``text`` with ``position`` that may be written as one, longest first."""
    for length in range(LONGEST_SPELLING, 0, -1):
        for start in range(max(0, position - length + 1), position + 1):
            if start + length <= len(text):
                yield text[start : start + length]


def _spell(folded: str, known: dict[str, list[str]]) -> str:
    """Spell ``folded`` with known characters, as few as possible at a time; "" if that fails."""
    spelled = ""
    while folded:
        for length in range(len(folded), 0, -1):
            if found := known.get(folded[:length]):
                spelled, folded = spelled + found[0], folded[length:]
                break
        else:
            return ""
    return spelled


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _unify_forms(text: str) -> str:
    """Unify half and full width, ligatures and other compatibility forms."""
    return unicodedata.normalize("NFD", "".join(map(_compatible, text)))


def _compatible(character: str) -> str:
    changed = unicodedata.normalize("NFKD", character)
    # A spacing accent such as ´ is not meant as a space and a combining accent.
    return character if changed[0] == " " and len(changed) > 1 else changed


def _unify_signs(text: str) -> str:
    """Unify also what looks alike, and the digits of all scripts."""
    return "".join(map(_simplest_sign, _unify_forms("".join(map(_simplest_sign, text)))))


def _simplest_sign(character: str) -> str:
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return CATEGORIES.get(unicodedata.category(character), character)


def _unify_case(text: str) -> str:
    return "".join(map(_lower, _unify_forms(text)))


def _lower(character: str) -> str:
    folded = character.casefold()
    return folded if len(folded) == 1 else character.lower()


def _unify_all(text: str) -> str:
    """Unify also signs and case, and hiragana with katakana."""
    lowered = "".join(map(_lower, _unify_signs(text)))
    return "".join(chr(ord(kana) - 0x60) if "ァ" <= kana <= "ヶ" else kana for kana in lowered)


FOLDS = (_decompose, _unify_forms, _unify_signs, _unify_case, _unify_all)
"""Each makes more characters equal than the one before."""
