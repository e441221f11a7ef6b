"""Which characters are marks and which are visible, and how one is named in a message.

Not here: the characters that a model knows (vocab.py). NumPy is not needed here, nor for help.
"""

import unicodedata

from charrnn.language import gettext as _

DOTTED_CIRCLE = "\u25cc"
SHAPELESS_MARKS = frozenset(
    map(chr, (0x34F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
              *range(0xE0100, 0xE01F0)))
)  # fmt: skip
"""Marks that only change how other characters are drawn, such as variation selectors."""


def describe_character(character: str) -> str:
    """Return ``'猫' (U+732B)``, or only the code point of a character that is not visible."""
    code_point = f"U+{ord(character):04X}"
    shown = show_mark(character) if is_mark(character) else character
    if not is_visible(shown[0]):
        return code_point
    return _("'{character}' ({code_point})").format(character=shown, code_point=code_point)


def is_visible(character: str) -> bool:
    """Return whether ``character`` has its own glyph: it is not a control, separator or mark."""
    return unicodedata.category(character)[0] not in "CZM"


def is_mark(character: str) -> bool:
    """Return whether ``character`` is drawn on or beside the one before it."""
    return unicodedata.category(character)[0] == "M"


def show_mark(mark: str) -> str:
    """Draw a mark on a dotted circle, as Unicode's charts do; one without a shape stays alone."""
    return mark if mark in SHAPELESS_MARKS else f"{DOTTED_CIRCLE}{mark}"
