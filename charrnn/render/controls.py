"""Control characters made harmless: shown by their code points, so that no terminal obeys them."""

from functools import cache

CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
"""C0, DEL and C1, of which escape sequences are made."""
BIDI_CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates, which change the order in which text is shown."""
ESCAPED = CONTROLS + BIDI_CONTROLS


def escape_controls(text: str, *, but: str = "") -> str:
    """Replace control characters by their code points, except those in ``but``."""
    return text.translate(_replacements(but))


@cache
def _replacements(but: str) -> dict[int, str]:
    return {code: f"U+{code:04X}" for code in ESCAPED if chr(code) not in but}
