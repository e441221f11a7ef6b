"""Characters that a model has never seen: refused by name, passed over, or replaced."""

import unicodedata
from collections.abc import Iterator
from typing import Literal

from charrnn.arrays import Ids
from charrnn.errors import InputError
from charrnn.text.vocab import NAMED_AT_MOST, Vocabulary, label

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


def known_ids(text: str, vocabulary: Vocabulary, on_unknown: str, name: str) -> Ids:
    """The ids of ``text``, of which ``on_unknown`` says "error", "skip" or "replace".

    Raises:
        InputError: naming each character of ``name`` that is not known, and what is near it; or
            when there is nothing to replace it with.
    """
    ids = vocabulary.lookup(text)
    unknown = ids < 0
    if not unknown.any() or on_unknown == "skip":
        return ids[~unknown]
    if on_unknown == "replace":
        if vocabulary.unknown is None:
            problem = "the model has no unknown character to replace others with; train it with"
            raise InputError(name, f"{problem} --min-count, or use --on-unknown skip")
        ids[unknown] = vocabulary.unknown
        return ids
    first = {text[at]: at for at in reversed(unknown.nonzero()[0].tolist())}
    missing = sorted(first.values())
    named = [f"{label(text[at])}{_hint(text, at, vocabulary)}" for at in missing[:NAMED_AT_MOST]]
    more = len(missing) - NAMED_AT_MOST
    if more > 0:
        named.append(f"and {more:,} more")
    raise InputError(
        name,
        f"{', '.join(named)} {'is' if len(missing) == 1 else 'are'} not in the model's vocabulary;"
        f" --on-unknown skip passes over {'it' if len(missing) == 1 else 'them'}"
        + (", replace takes the unknown character" if vocabulary.unknown is not None else ""),
    )


def default_policy(vocabulary: Vocabulary) -> str:
    """What is done with them where nobody says it: in training, rare ones were replaced."""
    return "skip" if vocabulary.unknown is None else "replace"


def _hint(text: str, at: int, vocabulary: Vocabulary) -> str:
    found = next(_near(text, at, vocabulary), None)
    return f" (it knows {' '.join(map(label, found))})" if found else ""


def _near(text: str, at: int, vocabulary: Vocabulary) -> Iterator[str]:
    """What is known instead: of the same meaning in Unicode, half or full width, or other case."""
    known, character = set(vocabulary.characters), text[at]
    pair = text[max(0, at - 1) : at + 1]  # a mark and what it stands on
    for form in FORMS:
        for written in (character, pair):
            changed = unicodedata.normalize(form, written)
            if changed != written and known.issuperset(changed):
                yield changed
    meaning = unicodedata.normalize("NFKC", character).casefold()
    for other in vocabulary.characters:
        if unicodedata.normalize("NFKC", other).casefold() == meaning:
            yield other
