"""Spans that may not come twice: which character would complete one.

Not a penalty for what came before: among characters every frequent letter did.
"""


def find_repeating(prime: str, text: str, span: int) -> set[str]:
    """The characters that would make of the end of ``text`` a span that is there already.

    ``span`` is its length in characters; it may stand in ``prime``, in the ``text`` that follows,
    or across. The time is that of searching both.
    """
    before = span - 1
    near = prime[max(0, len(prime) - before) :] + text
    start = len(near) - before
    if start < 0:
        return set()
    end = near[start:]
    return _followers(prime, end) | _followers(near, end)


def _followers(text: str, piece: str) -> set[str]:
    """The characters that come after ``piece`` in ``text``."""
    found: set[str] = set()
    at = text.find(piece)
    while 0 <= at < len(text) - len(piece):
        found.add(text[at + len(piece)])
        at = text.find(piece, at + 1)
    return found
