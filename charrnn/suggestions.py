"""The names that a user may have meant by an unknown one."""

from collections.abc import Iterable

from charrnn.language import gettext as _


def similar_names(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that begin with ``name``, else the one with the closest spelling."""
    names = list(known)
    longer = [candidate for candidate in names if candidate.startswith(name)]
    if name and longer:
        return longer
    import difflib  # which only a mistake needs

    # without their dashes, which would make any two options alike
    by_word = {candidate.lstrip("-"): candidate for candidate in names}
    return [by_word[word] for word in difflib.get_close_matches(name.lstrip("-"), by_word, 1)]


def did_you_mean(name: str, known: Iterable[str], quote: str = "") -> str:
    """Return a question about similar names, each enclosed in ``quote``; "" if none is similar.

    The question is the advice at the end of an error.
    """
    names = [f"{quote}{similar}{quote}" for similar in similar_names(name, known)]
    if not names:
        return ""
    if len(names) == 1:
        return _("did you mean {name}?").format(name=names[0])
    return _("did you mean one of {names}?").format(names=_(", ").join(names))
