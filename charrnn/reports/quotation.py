"""Which characters of a text stand inside quotes, in any language.

The same mark opens a quotation in one language and closes it in another: German „a“, English “a”,
Swedish ”a”, French « a », German »a«. What a mark does follows from the mark, from the characters
on its two sides, and from the quotations that are open. The whole text is known, so marks that
come later are looked up.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from charrnn.reports.quotation_marks import (
    CLOSING_SIDE,
    CORNERS,
    GUILLEMETS,
    OPENING_SIDE,
    SINGLE,
    STRAIGHT,
    UNCLEAR,
    Mark,
    find_marks,
)

Span = tuple[int, int]  # the places of an opening mark and of the closing one

BLANK_LINE = re.compile(r"\n\s*\n")
CLOSES = {"''": "``"} | {end: first for first, closing in CORNERS.items() for end in closing}
HEBREW = re.compile("[\u05d0-\u05ea]")
PREFIX = re.compile(r"\W?[ובלמשהכ]$")  # Hebrew words that are written together with the next word
ELISION = re.compile(
    r"(tis|twas|twere|twill|em|til|till|cause|bout|round|[nstmkd]|\d\ds?)\b(?!['’])|n['’]",
    re.IGNORECASE,
)
"""What follows an apostrophe at the beginning of a word: ’tis, ’em, ’90s, Dutch ’s and ’t."""
APOSTROPHE_AT_END = re.compile(r"[sxznSXZN0-9]['’]\s")  # boys’, goin’, 6'
DEEPEST = 8  # quotations inside one another


@dataclass(frozen=True)
class Quotation:
    """A quotation that is open. An ``unsure`` one counts only if a mark closes it."""

    sign: str
    at: int
    line_end: int
    unsure: bool


def find_quoted(text: str) -> list[int]:
    """Return 1 for each character inside quotes, for the opening mark too, and 0 for others."""
    quoted = [0] * len(text)
    blank_lines = [*BLANK_LINE.finditer(text.rstrip())]
    starts = [0, *(line.end() for line in blank_lines)]
    ends = [*(line.start() for line in blank_lines), len(text)]
    for start, end in zip(starts, ends, strict=True):
        block = text[start:end]
        marks = [*find_marks(block, latex="``" in text)]
        # Without blank lines each line may be a paragraph, as in dialogues and messages.
        spans = _Block(block, by_line=not blank_lines).pair(marks)
        spans += _pair_singles(block, marks, spans, by_line=not blank_lines, curly="‘" in text)
        for first, last in spans:
            quoted[start + first : start + last] = [1] * (last - first)
    return quoted


class _Block:
    """A paragraph, or a text without blank lines, in which all marks but the single ones pair."""

    def __init__(self, text: str, *, by_line: bool) -> None:
        self._text = text
        self._by_line = by_line  # what is not closed ends with its line, not with the block
        self._open = deque[Quotation](maxlen=DEEPEST)
        self._spans: list[Span] = []

    def pair(self, marks: Iterable[Mark]) -> list[Span]:
        """Return the quotations, each from its opening mark to its closing one."""
        for mark in marks:
            if mark.sign in STRAIGHT:
                self._read_straight(mark)
            elif mark.sign in GUILLEMETS:
                self._read_guillemet(mark)
            elif mark.sign not in SINGLE:
                self._read_directed(mark)
        for quotation in self._open:
            if not quotation.unsure:
                end = quotation.line_end if self._by_line else len(self._text)
                self._spans.append((quotation.at, end))
        return self._spans

    def _read_directed(self, mark: Mark) -> None:
        sign, begins = mark.sign, mark.side == OPENING_SIDE
        if sign == "“":
            if begins or not self._close(mark, "„”"):
                self._begin(mark, unsure=mark.side == CLOSING_SIDE)
        elif sign == "”":
            if not self._close(mark, "“„‟" if begins else "“„‟”") and begins:
                self._drop(mark)
                self._begin(mark)
        elif sign in CLOSES:
            self._close(mark, CLOSES[sign])
        else:
            if sign == "``":  # in Markdown, ``a`` is no quotation
                self._drop(mark)
            if sign != "``" or mark.side != CLOSING_SIDE:
                self._begin(mark, unsure=sign == "``")

    def _read_straight(self, mark: Mark) -> None:
        after_digit = mark.before.isdigit()
        if HEBREW.match(mark.before) and HEBREW.match(mark.after):
            # Gershayim, a mark inside an acronym; or it opens, after a prefix, as in ב"הארץ".
            is_open = any(opened.sign in STRAIGHT for opened in self._open)
            if PREFIX.match(self._text, max(0, mark.at - 2), mark.at) and not is_open:
                self._begin(mark, unsure=True)
            return
        # "" of a program is closed at once, though what is beside both marks looks like an opening.
        is_second = any(
            (opened.sign, opened.at) == (mark.sign, mark.at - 1) for opened in self._open
        )
        if mark.side == OPENING_SIDE and not is_second:
            self._drop(mark)
            self._begin(mark)
        elif self._close(mark, mark.sign if after_digit else [mark.sign, "„", "“", "``"]):
            return
        elif mark.side == UNCLEAR and not after_digit:  # after a digit: inches
            self._begin(mark, unsure=True)

    def _read_guillemet(self, mark: Mark) -> None:
        sign, other = mark.sign, GUILLEMETS[mark.sign]
        is_open = any(quotation.sign == other for quotation in self._open)
        if sign in "«‹":
            if mark.side == OPENING_SIDE or not self._close(mark, other):
                self._begin(mark, unsure=mark.side != OPENING_SIDE)
        elif is_open:
            # At the beginning of a line » continues a Spanish quotation.
            if self._text[: mark.at].rstrip(" \t")[-1:] != "\n" or mark.side != OPENING_SIDE:
                self._close(mark, other)
        elif mark.side == OPENING_SIDE:
            self._drop(mark)
            self._begin(mark)
        elif not self._close(mark, sign) and mark.side == UNCLEAR:
            self._begin(mark, unsure=True)

    def _begin(self, mark: Mark, *, unsure: bool = False) -> None:
        """Open a quotation; one that the same mark opened in an earlier line is not closed."""
        self._drop(mark, earlier_lines=True)
        line_end = self._text.find("\n", mark.at)
        line_end = len(self._text) if line_end < 0 else line_end
        self._open.append(Quotation(mark.sign, mark.at, line_end, unsure))

    def _close(self, mark: Mark, signs: Sequence[str]) -> bool:
        """Close the innermost quotation that one of ``signs`` opened, with all inside it."""
        for inner, quotation in enumerate(reversed(self._open)):
            too_far = self._by_line and quotation.unsure and quotation.line_end < mark.at
            if quotation.sign in signs and not too_far:
                self._spans.append((quotation.at, mark.at))
                for _ in range(inner + 1):
                    self._open.pop()
                return True
        return False

    def _drop(self, mark: Mark, *, earlier_lines: bool = False) -> None:
        """Forget what the same mark opened and nothing closed; it may end with its line."""
        for quotation in [*self._open]:
            in_earlier_line = quotation.line_end < mark.at
            if quotation.sign == mark.sign and (in_earlier_line or not earlier_lines):
                self._open.remove(quotation)
                if in_earlier_line and not quotation.unsure:
                    self._spans.append((quotation.at, quotation.line_end))


def _pair_singles(
    block: str, marks: Iterable[Mark], spans: Iterable[Span], *, by_line: bool, curly: bool
) -> Iterator[Span]:
    """Yield the quotations in single marks; marks that do not pair are apostrophes.

    Each ends inside the innermost of ``spans`` that it begins in. ``curly``: the text has ‘.
    """
    ends = [len(block)] * (len(block) + 1)
    for first, last in sorted(spans):
        ends[first:last] = [last] * (last - first)
    singles = [mark for mark in marks if mark.sign in SINGLE and not mark.is_in_word]
    at = 0
    while at < len(singles):
        opening = singles[at]
        at += 1
        if _can_open(block, opening, curly=curly):
            end = ends[opening.at]
            line_end = block.find("\n", opening.at, end) if by_line else -1
            closing = _find_closing(block, singles, at, end if line_end < 0 else line_end)
            if closing:
                yield opening.at, singles[closing].at
                at = closing + 1


def _can_open(block: str, mark: Mark, *, curly: bool) -> bool:
    if ELISION.match(block, mark.at + 1):
        return False
    if mark.sign == "’":
        return mark.side == OPENING_SIDE and not curly  # Swedish ’a’
    return mark.side != CLOSING_SIDE and not mark.after.isspace()


def _find_closing(block: str, singles: Sequence[Mark], start: int, end: int) -> int | None:
    """Return the index of the mark that closes what the mark before ``start`` opened.

    One that is likely an apostrophe, as in boys’, is taken only if no better one follows.
    """
    opening, likely_apostrophe = singles[start - 1].sign, None
    for at in range(start, len(singles)):
        mark = singles[at]
        if mark.at >= end:
            break
        if mark.sign in SINGLE[opening] and mark.side != OPENING_SIDE and mark.before.strip():
            if not APOSTROPHE_AT_END.match(block, mark.at - 1):
                return at
            likely_apostrophe = likely_apostrophe or at
        elif mark.sign == opening and _can_open(block, mark, curly=False):
            break
    return None if opening == "’" else likely_apostrophe
