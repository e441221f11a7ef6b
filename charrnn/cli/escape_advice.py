r"""Advice on escape sequences such as '\n', which a shell passes on as they are typed."""

from charrnn.api import Model
from charrnn.escapes import decode_escapes, find_escapes
from charrnn.language import gettext as _
from charrnn.sampling.unexpected_escapes import find_unexpected
from charrnn.text.character_kinds import describe_character

NAMES = {"\n": _("a newline"), "\t": _("a tab"), "\r": _("a carriage return")}
GIVEN = {
    "n": _("a backslash and an n"),
    "t": _("a backslash and a t"),
    "r": _("a backslash and an r"),
}


def advise_on_escapes(model: Model, text: str) -> str:
    """Return how to get what the escapes in ``text`` stand for; "" if the text may be meant.

    They may be meant where the model knows backslashes, and is used to these escapes.
    """
    text = model.checkpoint.corpus_info.normalization.apply(text)
    escapes, unknown = find_escapes(text), model.unknown_characters(text)
    if escapes and "\\" not in unknown:
        escapes = [] if unknown else find_unexpected(model.checkpoint, text)
    if not escapes:
        return ""
    letters, character = escapes[0][1:], decode_escapes(escapes[0], escapes)
    given = GIVEN.get(letters) or _("a backslash and {letters}").format(letters=letters)
    name = NAMES.get(character) or describe_character(character)
    if model.unknown_characters(character):
        advice = _("{given} were given, and not {name}, which the model does not know either")
    else:
        advice = _("{given} were given, and not {name}; for that, add -e")
    return advice.format(given=given, name=name)
