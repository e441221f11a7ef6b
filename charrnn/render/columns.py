"""How wide lines of text are. Not here: how they are broken (lines.py)."""

DEFAULT_COLUMNS = 80
"""The width of sentences in a file or a pipe."""
READABLE_COLUMNS = 100
"""The greatest width of sentences: the eye loses its place in longer lines."""
LEAST_COLUMNS = 16
"""The least width of sentences, on a terminal that is even narrower."""


def limit_columns(columns: int | None) -> int:
    """Return the width of sentences on a terminal of ``columns``, or without a terminal."""
    return max(LEAST_COLUMNS, min(columns or DEFAULT_COLUMNS, READABLE_COLUMNS))
