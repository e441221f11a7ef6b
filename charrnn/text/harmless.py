"""Text that cannot drive a terminal: what would is shown by its code point."""

CONTROLS = {code: f"U+{code:04X}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""C0, DEL and C1: an escape sequence begins with one of these."""
BESIDES_NEWLINES = {code: shown for code, shown in CONTROLS.items() if code != ord("\n")}


def harmless(text: str, *, lines: bool = False) -> str:
    """``text`` with control characters as code points, newlines too unless it has ``lines``."""
    return text.translate(BESIDES_NEWLINES if lines else CONTROLS)
