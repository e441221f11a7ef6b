"""Commands as a user can paste them into a shell: every command that is printed is made here.

The quoting is understood alike by bash, zsh and fish. Letters and digits of any script need none.
"""

import re
import unicodedata
from pathlib import Path

PROGRAM = "charrnn"
PLAIN = frozenset("@%+=:,./-_")
"""Signs that no shell interprets inside a word. At its beginning, some interpret % and =."""
PLAIN_CATEGORIES = ("L", "M", "N")  # letters, their marks, and digits
UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control and formatting characters, halves of bytes that are not UTF-8, and line separators."""
STDIN = "-"


def write_command(*words: str | Path) -> str:
    """Return the command ``charrnn WORDS``. A path that begins with a dash becomes ``./-x``."""
    return " ".join([PROGRAM, *(quote_word(word) for word in words)])


def quote_word(word: str | Path) -> str:
    """Return a word as it is typed in a shell, so that the program gets it unchanged."""
    text = str(word)
    if isinstance(word, Path) and text.startswith("-") and text != STDIN:
        text = f"./{text}"
    if any(unicodedata.category(character) in UNPRINTABLE for character in text):
        return _print_bytes(text)
    if text and text[0] not in "%=" and all(map(_is_plain, text)):
        return text
    # Inside single quotes, fish reads a backslash as an escape, unlike bash and zsh. Inside double
    # quotes, all read two backslashes as one.
    pieces = re.findall(r"'+|\\|[^'\\]+", text)
    return "".join(map(_quote_piece, pieces)) or "''"


def _is_plain(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in PLAIN
    return unicodedata.category(character)[0] in PLAIN_CATEGORIES


def _quote_piece(piece: str) -> str:
    """Quote a piece that has only quotes, a single backslash, or neither."""
    if piece == "\\":
        return r'"\\"'
    return f'"{piece}"' if piece[0] == "'" else f"'{piece}'"


def _print_bytes(text: str) -> str:
    """Return a word whose characters cannot be shown, as the output of printf."""
    escaped = "".join(
        character if character.isascii() and (character.isalnum() or character in "./-_")
        else "".join(f"\\{byte:03o}" for byte in character.encode(errors="surrogateescape"))
        for character in text
    )  # fmt: skip
    return f"\"$(printf '{escaped}')\""
