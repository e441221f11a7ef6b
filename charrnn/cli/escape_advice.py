r"""Advice on escape sequences such as '\n', which a shell passes on as they are typed."""

import re

from charrnn.api import Model
from charrnn.sampling.escapes import decode_escapes, find_escapes, find_unexpected
from charrnn.shell_words import quote_controls, quote_word
from charrnn.text.vocab import describe_character

NAMES = {"\n": "a newline", "\t": "a tab", "\r": "a carriage return"}
GIVEN = {
    "n": "a backslash and an n",
    "t": "a backslash and a t",
    "r": "a backslash and an r",
}
MAX_REPEATED = 40
"""Characters up to which a text is repeated in advice; a longer one is replaced by an example."""


def advise_on_escapes(model: Model, option: str, text: str) -> str:
    """Return how to type what the escapes in ``text`` stand for; "" if they may be meant.

    They may be meant where the model knows backslashes, and is used to these escapes.
    """
    text = model.checkpoint.corpus_info.normalization.apply(text)
    escapes, unknown = find_escapes(text), model.unknown_characters(text)
    if escapes and "\\" not in unknown:
        escapes = [] if unknown else find_unexpected(model.checkpoint, text)
    if not escapes:
        return ""
    decoded = decode_escapes(text, escapes)
    letters, character = escapes[0][1:], decode_escapes(escapes[0], escapes)
    given = GIVEN.get(letters) or f"a backslash and {letters}"
    name = NAMES.get(character) or describe_character(character)
    if model.unknown_characters(character):
        return f"{given} were given, and not {name}, which the model does not know either"
    if len(text) > MAX_REPEATED:
        decoded = f"a{character}b"
    if not re.search(r"[\n\t\r]", decoded):
        return f"{given} were given, and not {name}; for that, write {option} {quote_word(decoded)}"
    in_bash, in_fish = quote_controls(decoded)
    if option == "--prime":
        return (
            f"{given} were given, and not {name}; for that, write {option} {in_bash} in bash and"
            f" zsh, {option} {in_fish} in fish, or put the text into a file and use --prime-file"
        )
    return (
        f"{given} were given, and not {name}; for that, write {option} {in_bash} in bash and zsh,"
        f" or {option} {in_fish} in fish"
    )
