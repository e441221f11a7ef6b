"""Control characters made harmless: shown by their code points, so that no terminal obeys them.

Bytes of a file name that are no UTF-8 are surrogates in Python, which no output can encode. They
are shown as bytes.
"""

from functools import cache

CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
"""C0, DEL and C1, of which escape sequences are made."""
BIDI_CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Embeddings, overrides and isolates, which change the order in which text is shown."""
SURROGATES = range(0xD800, 0xE000)
ESCAPED_BYTES = range(0xDC80, 0xDD00)
"""The surrogates that stand for bytes in file names (PEP 383)."""
ESCAPED = CONTROLS + BIDI_CONTROLS


def escape_controls(text: str, *, but: str = "") -> str:
    r"""Replace control characters by their code points, except those in ``but``.

    Bytes that are no UTF-8 become ``\xe9``, other surrogates their code points.
    """
    return text.translate(_replacements(but))


@cache
def _replacements(but: str) -> dict[int, str]:
    codes = (*ESCAPED, *SURROGATES)
    points = {code: f"U+{code:04X}" for code in codes if chr(code) not in but}
    return points | {code: f"\\x{code - 0xDC00:02x}" for code in ESCAPED_BYTES}
