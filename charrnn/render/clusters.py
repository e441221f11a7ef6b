"""Grapheme clusters: characters that are drawn as one, such as a letter with its marks.

The rules are those of Unicode's annex 29, shortened: a mark joins the character before it, unless
that is a space or a control character, where it would be drawn on nothing.
"""

import unicodedata
from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate

from charrnn.text.character_kinds import SHAPELESS_MARKS, is_mark

ZWNJ, ZWJ, EMOJI_STYLE = "\u200c", "\u200d", "\ufe0f"
SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
EMOJI_PARTS = SKIN_TONES | FLAG_LETTERS | {ZWJ}
JOINED_JAMO = frozenset(map(chr, (*range(0x1160, 0x1200), *range(0xD7B0, 0xD800))))
"""Hangul vowels and final consonants, which have no width of their own."""
AM_VOWELS = frozenset("\u0e33\u0eb3")
"""A Thai and a Lao vowel of which a part is drawn on the letter before."""
JOINING_VIRAMAS = frozenset(
    "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u17d2\u1039"  # from Devanagari to Myanmar
)
"""Signs that make one shape of the consonants around them."""


def split_clusters(text: str) -> list[str]:
    """Split ``text`` into the strings that are drawn as one."""
    if text.isascii():
        return list(text)
    starts = [0]
    for at in range(1, len(text)):
        if not _is_joined(text, starts[-1], at):
            starts.append(at)
    ends = [*starts[1:], len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


@lru_cache(4096)
def count_columns(cluster: str) -> int:
    """Return the number of columns that a cluster takes on a terminal.

    A mark that stands beside its letter (category Mc) has a column; an emoji has two, of however
    many it is made.
    """
    columns = sum(map(_count_columns, cluster))
    if EMOJI_STYLE in cluster[1:]:
        return 2
    is_emoji = unicodedata.category(cluster[0]) == "So" and not EMOJI_PARTS.isdisjoint(cluster[1:])
    return min(2, columns) if is_emoji else columns


def display_width(text: str) -> int:
    """Return the number of columns that ``text`` takes on a terminal."""
    return sum(map(count_columns, split_clusters(text)))


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Pad ``text`` with spaces to ``columns``; with ``right``, the spaces come first."""
    space = " " * (columns - display_width(text))
    return space + text if right else text + space


def cut(text: str, columns: int) -> str:
    """Cut ``text`` to at most ``columns``, with an ellipsis in place of what is left out."""
    clusters = split_clusters(text)
    ends = list(accumulate(map(count_columns, clusters)))
    if not ends or ends[-1] <= columns:
        return text
    return "".join(clusters[: bisect_left(ends, columns)]) + "…"


def is_joining(character: str) -> bool:
    """Return whether ``character`` is meant to be drawn with another one before it."""
    return is_mark(character) or is_shapeless(character) or character in JOINED_JAMO


def is_shapeless(character: str) -> bool:
    """Return whether ``character`` only says how its cluster is drawn."""
    return character in SHAPELESS_MARKS or character in (ZWNJ, ZWJ) or _is_tag(character)


def _count_columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or character in JOINED_JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_joined(text: str, start: int, at: int) -> bool:
    """Return whether the character ``at`` belongs to the cluster that begins at ``start``."""
    before, character = text[at - 1], text[at]
    kind = unicodedata.category(character)
    if _is_extender(character):
        return _is_extender(before) or unicodedata.category(before)[0] not in "CZ"
    if character in SKIN_TONES or (before == ZWJ and kind[0] == "S"):
        return unicodedata.category(text[start]) == "So"
    if character in FLAG_LETTERS:
        return before in FLAG_LETTERS and at - start == 1
    if character in JOINED_JAMO:
        return "\u1100" <= before < "\u1200" or "\ua960" <= before < "\ua980" or _is_hangul(before)
    linker = text[at - 2] if before == ZWJ and at - start > 1 else before
    return kind == "Lo" and linker in JOINING_VIRAMAS


def _is_extender(character: str) -> bool:
    """Return whether ``character`` joins all but spaces and controls: a mark, or a joiner."""
    return is_mark(character) or is_shapeless(character) or character in AM_VOWELS


def _is_tag(character: str) -> bool:
    """Return whether ``character`` is a part of a flag such as that of Scotland."""
    return "\U000e0020" <= character <= "\U000e007f"


def _is_hangul(character: str) -> bool:
    return "\uac00" <= character < "\ud800"
