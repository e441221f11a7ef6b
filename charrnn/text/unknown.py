"""Characters that are not in a model's vocabulary: they are skipped, replaced, or an error."""

import unicodedata
from collections.abc import Iterator
from typing import Literal

from charrnn.arrays import Ids
from charrnn.errors import InputError
from charrnn.text.vocab import Vocabulary, describe_character

MAX_LISTED = 40
"""Unknown characters that an error lists."""
NORMALIZATION_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = (
    "NFC", "NFD", "NFKC", "NFKD",
)  # fmt: skip


def encode_text(text: str, vocabulary: Vocabulary, on_unknown: str, name: str) -> Ids:
    """Encode ``text``; handle unknown characters as ``on_unknown`` says.

    "error" raises, "skip" leaves them out, "replace" encodes them as the unknown character.

    Raises:
        InputError: about ``name``, listing the unknown characters, with similar ones that the model
            knows; or when they are to be replaced and the model has no unknown character.
    """
    ids = vocabulary.lookup_ids(text)
    unknown = ids < 0
    if not unknown.any() or on_unknown == "skip":
        return ids[~unknown]
    if on_unknown == "replace":
        if vocabulary.unknown is None:
            raise InputError(
                name,
                "the model has no unknown character that could replace others; train it with"
                " `min_count`, or use `on_unknown` skip",
            )
        ids[unknown] = vocabulary.unknown
        return ids
    # In reverse order, so that the first position of each character is the one that stays.
    first_positions = {
        text[position]: position for position in reversed(unknown.nonzero()[0].tolist())
    }
    positions = sorted(first_positions.values())
    listed = ", ".join(
        _describe_unknown(text, position, vocabulary) for position in positions[:MAX_LISTED]
    )
    raise _unknown_error(name, listed, len(positions), vocabulary)


def default_on_unknown(vocabulary: Vocabulary) -> str:
    """Return the `on_unknown` of reports, unless it is set.

    "replace" where the model has an unknown character, as rare characters were replaced in training
    too; else "skip".
    """
    return "skip" if vocabulary.unknown is None else "replace"


def _unknown_error(name: str, listed: str, total: int, vocabulary: Vocabulary) -> InputError:
    """Return the error about ``total`` unknown characters; ``listed`` describes the first ones."""
    if vocabulary.unknown is None and total <= MAX_LISTED:
        return InputError(
            name,
            f"the model does not know {listed}; use `on_unknown` skip to leave out what it does"
            " not know",
        )
    if vocabulary.unknown is None:
        return InputError(
            name,
            f"the model does not know {total:,} of the characters, such as {listed};"
            " use `on_unknown` skip to leave out what it does not know",
        )
    if total <= MAX_LISTED:
        return InputError(
            name,
            f"the model does not know {listed}; use `on_unknown` skip to leave out what it does"
            " not know, or `on_unknown` replace to read its unknown character instead",
        )
    return InputError(
        name,
        f"the model does not know {total:,} of the characters, such as {listed};"
        " use `on_unknown` skip to leave out what it does not know, or `on_unknown` replace to"
        " read its unknown character instead",
    )


def _describe_unknown(text: str, position: int, vocabulary: Vocabulary) -> str:
    described = describe_character(text[position])
    similar = next(_find_similar(text, position, vocabulary), None)
    if similar is None:
        return described
    return f"{described} (but it knows {' '.join(map(describe_character, similar))})"


def _find_similar(text: str, position: int, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield known characters that are equivalent to the one at ``position``, the closest first.

    First those of another normalization form, then those of another width or case.
    """
    known, character = set(vocabulary.characters), text[position]
    # A combining mark may be known only as composed with the character before it.
    pair = text[max(0, position - 1) : position + 1]
    for form in NORMALIZATION_FORMS:
        for written in (character, pair):
            changed = unicodedata.normalize(form, written)
            if changed != written and known.issuperset(changed):
                yield changed
    folded = unicodedata.normalize("NFKC", character).casefold()
    for candidate in vocabulary.characters:
        if unicodedata.normalize("NFKC", candidate).casefold() == folded:
            yield candidate
