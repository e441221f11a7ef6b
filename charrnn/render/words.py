"""How characters, losses and names look in words, whatever they are shown on."""

import unicodedata
from collections.abc import Sequence

from charrnn.ngram import MAX_COUNTED, Baselines
from charrnn.render.controls import escape_controls
from charrnn.text.vocab import is_visible
from charrnn.units import bits

MONSTER = 10_000
JOINED = frozenset(map(chr, range(0x1160, 0x1200)))  # Hangul vowels, final consonants
NAMES = {"\n": "↵", "\t": "⇥", " ": "␣", "\u3000": "□"}
"""Signs for white space that a table would hide."""


def width(text: str) -> int:
    """The columns that ``text`` takes on a terminal."""
    return sum(map(_columns, text))


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled up with spaces to so many ``columns``."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def shorten(text: str, columns: int) -> str:
    """``text`` in one line of at most so many ``columns``, white space and controls as signs."""
    shown = "".join(" " if character == " " else sign(character) for character in text)
    if width(shown) <= columns:
        return shown
    end = next(at for at in range(len(shown)) if width(shown[: at + 1]) >= columns)
    return shown[:end] + "…"


def sign(character: str) -> str:
    """A character as one can see it in a table: white space by a sign, controls by code point."""
    if character in NAMES:
        return NAMES[character]
    shown = is_visible(character) and _columns(character)
    return character if shown else f"U+{ord(character):04X}"


def loss(nats: float | None) -> str:
    """A loss in both units."""
    return (
        "none"
        if nats is None
        else f"{format_loss(nats)} nats, {format_loss(bits(nats))} bits a character"
    )


def format_loss(number: float) -> str:
    """A loss in a line: four places, unless it is a monster."""
    return f"{number:.4f}" if abs(number) < MONSTER else f"{number:.3g}"


def baselines(found: Baselines) -> str:
    """What a model without a memory reaches, the better one first."""
    counted = f", counted on the last {found.characters:,} characters that train"
    return (
        f"{found.ngram:.4f} nats by the best n-gram (n = {found.ngram_order}),"
        f" {found.unigram:.4f} by a unigram" + (counted if found.characters == MAX_COUNTED else "")
    )


def known(V: int, found: Baselines | None) -> str:
    """Which characters a loss is over, as it depends on them."""
    unseen = f", {found.unseen:,} of them only in the val part" if found else ""
    return f"{V:,} distinct characters of the whole corpus{unseen}"


def worse(val_loss: float | None, found: Baselines | None) -> list[tuple[str, str]]:
    """A row for a model that its memory does not help."""
    if val_loss is None or found is None or val_loss < found.ngram:
        return []
    if val_loss > found.unigram:
        advice = "train longer or, if its loss rose, with a lower --lr"
        return [("", f"worse than the frequencies of characters; {advice}")]
    more = "more text may help or, if its loss still fell, more --minutes"
    return [("", f"worse than its n-gram; {more}")]


def duration(seconds: float) -> str:
    """Minutes and seconds, and hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def list_files(files: Sequence[str]) -> str:
    """File names, a long list cut short."""
    shown = ", ".join(map(escape_controls, files[:3]))
    return shown + (f" and {len(files) - 3} more" if len(files) > 3 else "")


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or character in JOINED:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
