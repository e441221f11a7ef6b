r"""Escape sequences in a text, such as a backslash and an n, and the characters they stand for.

A shell passes '\n' on as two characters, where a newline was probably meant. With ``escapes`` it is
read as a newline; without, there is advice on it (cli/escape_advice.py).
"""

import re
import sys
from collections.abc import Collection

from charrnn.errors import ConfigError
from charrnn.language import gettext as _

SIMPLE = {"n": "\n", "t": "\t", "r": "\r"}
ESCAPE = re.compile(
    r"\\(?:\\|[ntr]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U00[01][0-9a-fA-F]{5}|u\{[0-9a-fA-F]{1,6}\})"
)
ANY_BACKSLASH = re.compile(rf"{ESCAPE.pattern}|\\.?", re.DOTALL)


def find_escapes(text: str) -> list[str]:
    """Return the distinct escape sequences in ``text``; an escaped backslash is none of them."""
    return [escape for escape in dict.fromkeys(ESCAPE.findall(text)) if _decode(escape) != escape]


def decode_escapes(text: str, escapes: Collection[str]) -> str:
    """Replace those of the ``escapes`` in ``text`` by the characters that they stand for."""
    return ESCAPE.sub(lambda match: _decode(match[0]) if match[0] in escapes else match[0], text)


def parse_escapes(name: str, text: str) -> str:
    """Replace all escape sequences in ``text``, the value of the setting ``name``.

    Raises:
        ConfigError: naming a sequence that stands for no character, and those that do.
    """

    def parse(match: re.Match[str]) -> str:
        escape = match[0]
        if escape == r"\\":
            return "\\"
        if not ESCAPE.fullmatch(escape):
            problem = _(
                r"{escape} is no escape sequence; there are \n, \t, \r, \\, \xHH, \uHHHH and"
                r" \UHHHHHHHH, where H is a hexadecimal digit"
            )
            raise ConfigError(name, problem.format(escape=escape))
        if (character := _decode(escape)) == escape:
            problem = _(r"{escape} is no character; those above U+FFFF are written \UHHHHHHHH")
            raise ConfigError(name, problem.format(escape=escape))
        return character

    return ANY_BACKSLASH.sub(parse, text)


def _decode(escape: str) -> str:
    """Return the character of an escape; an escaped backslash, and half a pair, as they are."""
    letter = escape[1]
    if letter == "\\":
        return escape
    if letter in SIMPLE:
        return SIMPLE[letter]
    code_point = int(escape[2:].strip("{}"), 16)
    is_character = code_point <= sys.maxunicode and not 0xD800 <= code_point < 0xE000
    return chr(code_point) if is_character else escape
