"""The names that a user may have meant by an unknown one."""

from collections.abc import Iterable


def similar_names(name: str, known: Iterable[str]) -> list[str]:
    """The known names that begin with ``name``, else the one that is spelled most like it."""
    names = list(known)
    if longer := [other for other in names if other.startswith(name)]:
        return longer
    import difflib  # which only a mistake needs

    # without their dashes, which would make any two options alike
    by_word = {other.lstrip("-"): other for other in names}
    return [by_word[word] for word in difflib.get_close_matches(name.lstrip("-"), by_word, 1)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question about similar names, which ends a message, or nothing."""
    names = similar_names(name, known)
    if not names:
        return ""
    if len(names) == 1:
        return f"; did you mean {names[0]}?"
    return f"; did you mean one of {', '.join(names)}?"
