"""Characters that would complete a span which the text contains already.

Unlike the repetition penalty of word-level samplers, this does not make characters that occurred
before less likely: every frequent letter has occurred before.
"""


def find_repeating(prime: str, text: str, span: int) -> set[str]:
    """Return the characters that, after ``text``, would complete a repeat of ``span`` characters.

    The earlier occurrence may lie in ``prime``, in the ``text`` that follows it, or across both.
    It takes as long as searching both.
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
    """Return the characters that follow ``piece`` somewhere in ``text``."""
    successors: set[str] = set()
    start = text.find(piece)
    while 0 <= start < len(text) - len(piece):
        successors.add(text[start + len(piece)])
        start = text.find(piece, start + 1)
    return successors
