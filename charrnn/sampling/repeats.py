"""Characters that would complete a span which the text contains already.

This is no penalty for characters that occurred before, as samplers of words have one: every
frequent letter occurred before.
"""


def find_repeating(prime: str, text: str, span: int) -> set[str]:
    """The characters that would complete a repeated span of ``span`` characters after ``text``.

    The earlier occurrence may lie in ``prime``, in the ``text`` that follows it, or across both.
    The time is that of searching both.
    """
    length = span - 1
    # Only the end of the prime can be part of a span that lies across both.
    joined = prime[max(0, len(prime) - length) :] + text
    start = len(joined) - length
    if start < 0:
        return set()
    suffix = joined[start:]
    return _find_successors(prime, suffix) | _find_successors(joined, suffix)


def _find_successors(text: str, piece: str) -> set[str]:
    """The characters that follow ``piece`` somewhere in ``text``."""
    successors: set[str] = set()
    at = text.find(piece)
    while 0 <= at < len(text) - len(piece):
        successors.add(text[at + len(piece)])
        at = text.find(piece, at + 1)
    return successors
