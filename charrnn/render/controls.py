"""Text that cannot drive a terminal: what would is shown by its code point."""

from functools import cache

CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
"""C0, DEL and C1: an escape sequence begins with one of these."""
TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates: what follows one of these may be shown in another order."""
DRIVING = CONTROLS + TURNS


def escape_controls(text: str, *, but: str = "") -> str:
    """``text`` with control characters as code points, ``but`` not these."""
    return text.translate(_shown(but))


@cache
def _shown(but: str) -> dict[int, str]:
    return {code: f"U+{code:04X}" for code in DRIVING if chr(code) not in but}
