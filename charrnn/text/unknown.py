"""Characters that are not in a model's vocabulary: they are skipped, replaced, or an error."""

from collections.abc import Iterable, Iterator

import numpy as np

from charrnn.arrays import Ids
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.text.character_kinds import describe_character
from charrnn.text.lookalikes import Lookalikes
from charrnn.text.vocab import Vocabulary, code_points

MAX_LISTED = 40
"""Unknown characters that an error lists."""
FEW = 5
"""Unknown characters that a note lists."""
MAX_HINTS = 8
"""Unknown characters for which a similar one is named."""


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
            problem = _(
                "the model has no unknown character that could replace others; train it with"
                " `min_count`, or use `on_unknown` skip"
            )
            raise InputError(name, problem)
        ids[unknown] = vocabulary.unknown
        return ids
    found = UnknownCharacters(vocabulary, MAX_LISTED)
    found.add(text)
    raise _unknown_error(name, found, vocabulary)


class UnknownCharacters:
    """The distinct characters of a text, which may come in pieces, that a model does not know.

    ``number`` counts their occurrences. Only the first ``limit`` distinct ones are described.
    """

    def __init__(self, vocabulary: Vocabulary, limit: int = FEW) -> None:
        self.number = 0
        self.distinct: set[str] = set()
        self.limit = limit
        self._vocabulary = vocabulary
        self._lookalikes = Lookalikes(vocabulary)
        self._described: list[str] = []
        self._hints = 0

    def add(self, text: str) -> None:
        """Add the unknown characters of a piece of the text, which is normalized."""
        positions = (self._vocabulary.lookup_ids(text) < 0).nonzero()[0]
        self.number += len(positions)
        __, first = np.unique(code_points(text)[positions], return_index=True)
        for position in positions[np.sort(first)].tolist():
            if text[position] not in self.distinct:
                self.distinct.add(text[position])
                if len(self._described) < self.limit:
                    self._described.append(self._describe(text, position))

    def watch(self, texts: Iterable[str]) -> Iterator[str]:
        """Pass ``texts`` through, the pieces of a normalized text, and add each."""
        for text in texts:
            self.add(text)
            yield text

    @property
    def listed(self) -> str:
        """The first ones, each with what the model knows instead."""
        return _(", ").join(self._described)

    @property
    def summary(self) -> str:
        """The first ones, and how many more there are."""
        more = len(self.distinct) - len(self._described)
        if not more:
            return self.listed
        return _("{characters} and {more:,} more").format(characters=self.listed, more=more)

    def _describe(self, text: str, position: int) -> str:
        described = describe_character(text[position])
        if self._hints == MAX_HINTS:
            return described
        alternatives = self._lookalikes.find(text, position)
        if not alternatives:
            return described
        self._hints += 1
        hint = _(" or ").join(
            " ".join(map(describe_character, characters)) for characters in alternatives
        )
        return _("{character} (but it knows {known})").format(character=described, known=hint)


def default_on_unknown(vocabulary: Vocabulary) -> str:
    """Return the `on_unknown` of reports, unless it is set.

    "replace" where the model has an unknown character, as rare characters were replaced in training
    too; else "skip".
    """
    return "skip" if vocabulary.unknown is None else "replace"


def _unknown_error(name: str, found: UnknownCharacters, vocabulary: Vocabulary) -> InputError:
    """Return the error about unknown characters, whose advice depends on the ``vocabulary``."""
    listed, total = found.listed, len(found.distinct)
    if vocabulary.unknown is None and total <= MAX_LISTED:
        problem = _(
            "the model does not know {characters}; use `on_unknown` skip to leave out what it does"
            " not know"
        )
    elif vocabulary.unknown is None:
        problem = _(
            "the model does not know {total:,} of the characters, such as {characters};"
            " use `on_unknown` skip to leave out what it does not know"
        )
    elif total <= MAX_LISTED:
        problem = _(
            "the model does not know {characters}; use `on_unknown` skip to leave out what it does"
            " not know, or `on_unknown` replace to read its unknown character instead"
        )
    else:
        problem = _(
            "the model does not know {total:,} of the characters, such as {characters};"
            " use `on_unknown` skip to leave out what it does not know, or `on_unknown` replace to"
            " read its unknown character instead"
        )
    return InputError(name, problem.format(characters=listed, total=total))
