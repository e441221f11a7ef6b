"""The fonts of a picture, and its strings as these fonts can draw them.

matplotlib draws a character that no font has as a box. Here it becomes its code point, U+5B57.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.font_manager import (
    FontEntry,
    FontProperties,
    findSystemFonts,
    fontManager,
    get_font,
    weight_dict,
)
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path

from charrnn.language import ngettext
from charrnn.render.controls import escape_controls
from charrnn.render.words import LEFT_TO_RIGHT_MARK

DEFAULT_FONT = "DejaVu Sans"
REGULAR = 400  # the weight of letters that are neither light nor bold
JAPANESE_FONTS = ("JP", "Hiragino Sans", "Yu Gothic", "Meiryo", "IPAexGothic", "MS Gothic")
"""Parts of the names of fonts for Japanese. Those for Chinese and Korean draw some of its
characters in another way."""
NONCHARACTERS = (0xFDD0, 0x5FFFE)
"""Unicode never gives these a meaning. A font that has them draws one sign for many characters,
such as the last-resort fonts of matplotlib and of macOS."""


@dataclass(frozen=True)
class Lettering:
    """The font ``families`` for some strings, and their characters that no installed font has."""

    families: tuple[str, ...]
    missing: frozenset[str]

    def draw(self, text: str) -> str:
        """Return ``text`` with code points for control characters and for what is missing."""
        return "".join(
            f"U+{ord(character):04X}" if character in self.missing else character
            for character in escape_controls(text)
        )

    def measure(self, text: str, size: float) -> float:
        """Return the width of ``text`` as it is drawn, in points."""
        return _measure(self.draw(text), self.families) * size

    def wrap(self, text: str, size: float, points: float) -> str:
        """Return ``text`` as it is drawn, in lines that are hardly wider than ``points``."""
        lines, used = [""], 0.0
        for character in text:
            if used > points:
                lines.append("")
                used = 0.0
            lines[-1] += self.draw(character)
            used += self.measure(character, size)
        return "\n".join(lines)

    @property
    def notes(self) -> list[str]:
        """What to tell the user about missing characters: nothing, or one note."""
        if not self.missing:
            return []
        if _is_list_complete():
            note = ngettext(
                "{count:,} character is in no installed font and is shown as a code point",
                "{count:,} characters are in no installed font and are shown as code points",
                len(self.missing),
            )
        else:
            note = ngettext(
                "{count:,} character is in no installed font and is shown as a code point; if you"
                " have just installed fonts, remove {lists} so that they are found",
                "{count:,} characters are in no installed font and are shown as code points; if you"
                " have just installed fonts, remove {lists} so that they are found",
                len(self.missing),
            )
        lists = Path(matplotlib.get_cachedir(), "fontlist-*")
        return [note.format(count=len(self.missing), lists=lists)]


def choose_lettering(texts: Iterable[str]) -> Lettering:
    """Choose a few font families that together have all characters of ``texts``, where they can."""
    missing = set("".join(map(escape_controls, texts))) - {LEFT_TO_RIGHT_MARK}
    families = [DEFAULT_FONT]
    for family, file in _font_files().items():
        if not missing:
            break
        font = _load_font(file)
        if font is None:
            continue
        covered = {character for character in missing if _has_glyph(font, character)}
        missing -= covered
        if covered and family != DEFAULT_FONT:
            families.append(family)
    return Lettering(tuple(families), frozenset(missing))


def _font_files() -> dict[str, str]:
    """Return a file for each family: the default one, then those for Japanese, then all others.

    Other fonts that come with matplotlib are left out: most are for formulas, and have other signs
    where letters should be.
    """
    own_fonts = Path(matplotlib.get_data_path())
    regular = [
        entry
        for entry in fontManager.ttflist
        if entry.style == "normal"
        and (entry.name == DEFAULT_FONT or own_fonts not in Path(entry.fname).parents)
    ]
    heaviest_first = sorted(regular, key=lambda entry: -abs(_weight(entry) - REGULAR))
    files = {entry.name: str(entry.fname) for entry in heaviest_first}  # the last of each name
    return dict(sorted(files.items(), key=lambda item: _preference(item[0])))


def _weight(entry: FontEntry) -> int:
    return weight_dict.get(entry.weight, REGULAR) if isinstance(entry.weight, str) else entry.weight


def _preference(family: str) -> tuple[bool, bool, bool, str]:
    """Return what families are sorted by: the most wanted one is the smallest."""
    is_japanese = any(part in family for part in JAPANESE_FONTS)
    return family != DEFAULT_FONT, "CJK" not in family, not is_japanese, family


def _load_font(file: str) -> FT2Font | None:
    """Load a font; return None for a placeholder, or for a file that FreeType cannot read."""
    try:
        font = get_font(file)
    except (OSError, RuntimeError):
        return None
    return None if any(map(font.get_char_index, NONCHARACTERS)) else font


def _has_glyph(font: FT2Font, character: str) -> bool:
    """Tell whether ``font`` draws something for ``character``, unless that is a space."""
    if not font.get_char_index(ord(character)):
        return False
    if unicodedata.category(character) == "Zs":
        return True
    try:
        font.load_char(ord(character))
        points, _ = font.get_path()
    except RuntimeError:  # a picture such as an emoji, which matplotlib does not draw
        return False
    return len(points) > 0


@cache
def _measure(drawn: str, families: tuple[str, ...]) -> float:
    """Return the width of a string, relative to the size of the font."""
    size = 100.0
    properties = FontProperties(family=list(families), size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(drawn, properties, ismath=False)
    return float(width) / size


def _is_list_complete() -> bool:
    """Tell whether matplotlib's list of fonts, which may be old, has all installed font files."""
    listed = {str(entry.fname) for entry in fontManager.ttflist}
    return listed.issuperset(map(str, findSystemFonts()))
