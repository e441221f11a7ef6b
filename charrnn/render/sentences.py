"""The sentences of a paragraph, joined as the language that is set joins them."""

from collections.abc import Iterable

from charrnn.language import gettext as _


def join_sentences(sentences: Iterable[str]) -> str:
    """Join those of ``sentences`` that are not empty: with spaces, but in Japanese with nothing."""
    between = _("{sentence} {next}").format(sentence="", next="")
    return between.join(filter(None, sentences))
