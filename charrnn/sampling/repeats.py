"""Spans that may not come twice: which character would complete one.

Not a penalty for what came before: among characters every frequent letter did.
"""


def repeating(text: str, span: int) -> set[str]:
    """The characters that would make of the end of ``text`` a span that it has already.

    ``span`` is its length in characters. The time is that of searching ``text``.
    """
    start = len(text) - span + 1
    if start < 0:
        return set()
    end = text[start:]
    found: set[str] = set()
    at = text.find(end)
    while at < start:  # the last is the end itself
        found.add(text[at + span - 1])
        at = text.find(end, at + 1)
    return found
