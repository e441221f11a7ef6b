"""Quotation marks in a text, and which side of a quotation each seems to stand on.

Not here: which marks belong together (quotation.py).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

CLOSING_SIDE, UNCLEAR, OPENING_SIDE = -1, 0, 1
SPACE, PUNCTUATION, LETTER = 0, 1, 2
CORNERS = {"「": "」", "『": "』", "｢": "｣", "﹁": "﹂", "﹃": "﹄", "❝": "❞", "〝": "〟〞"}
GUILLEMETS = {"«": "»", "»": "«", "‹": "›", "›": "‹"}
SINGLE = {"‘": "’", "‛": "’", "’": "’", "'": "'", "＇": "＇", "‚": "‘’'"}
"""Single marks that open, each with those that close it."""
STRAIGHT = '"＂'
DOUBLED = {"‘‘": "“", "’’": "”"}
SIGNS = "".join([*CORNERS, *CORNERS.values(), *GUILLEMETS, *SINGLE, STRAIGHT, "“”„‟"])
DIRECTIONS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # invisible: whether text runs leftwards
RUN = re.compile(f"[{SIGNS}`{DIRECTIONS}]+")
MARK = re.compile(f"``|‘‘|’’|[{SIGNS}]")
LATEX_MARK = re.compile(f"''|{MARK.pattern}")
WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U0003ffff]"
)
"""Letters of Thai, Chinese, Korean and others, between which a mark stands without a space."""
UNKNOWN = "\ufffd"  # most often a letter


@dataclass(frozen=True)
class Mark:
    """A quotation mark; its ``side`` is what ``before`` and ``after`` suggest that it does.

    These are the nearest characters that are no marks; they are empty at the ends of the text.
    """

    sign: str
    at: int
    side: int
    before: str
    after: str

    @property
    def is_in_word(self) -> bool:
        """Whether letters of a script with spaces between words are on both sides."""
        beside = (self.before, self.after)
        return {*map(_kind, beside)} == {LETTER} and not any(map(WITHOUT_SPACES.match, beside))


def find_marks(text: str, *, latex: bool) -> Iterator[Mark]:
    """Yield the marks of ``text`` in their order; in ``latex``, '' is one of them."""
    pattern = LATEX_MARK if latex else MARK
    for run in RUN.finditer(text):
        before = text[max(0, run.start() - 1) : run.start()]
        after = text[run.end() : run.end() + 1]
        for match in pattern.finditer(text, run.start(), run.end()):
            sign = DOUBLED.get(match[0], match[0])
            yield Mark(sign, match.start(), _find_side(sign, before, after), before, after)


def _find_side(sign: str, before: str, after: str) -> int:
    """Return the side that ``sign`` seems to stand on: letters are inside, spaces outside."""
    left = SPACE if before in (":", "：") or _category(before) == "Ps" else _kind(before)
    right = SPACE if _category(after) == "Pe" else _kind(after)
    if sign in "«‹" and left == right == SPACE:
        return OPENING_SIDE  # French « a », with spaces inside
    if sign in "»›" and left == SPACE and right < LETTER:
        return CLOSING_SIDE
    if _category(before) == "Po" and left < right == LETTER and left == PUNCTUATION:
        return UNCLEAR  # it closes after the stop of a quotation, and opens after a comma
    return (left < right) - (left > right)


def _category(character: str) -> str:
    return unicodedata.category(character or " ")


def _kind(character: str) -> int:
    group = _category(character)[0]
    if group in "ZC":
        return SPACE
    return PUNCTUATION if group in "PS" and character != UNKNOWN else LETTER
