"""Paths as texts, in config.toml and as URLs.

Not here: writing files (files.py), and finding those of a corpus (text/sources.py).
"""

import os
import re
from pathlib import Path

from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.shell_words import quote_word

FILE_URI = re.compile(r"file:(//(localhost)?)?(?=/)", re.IGNORECASE)
URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
URLS_FOR_CURL = ("http", "https", "ftp", "ftps")


def path_to_text(path: Path) -> str:
    """Return ``path`` as a text that `text_to_path` reads back, in characters that UTF-8 has.

    A path with other bytes, which Python keeps as lone surrogates, becomes an absolute file URI.
    """
    text = str(path)
    return text if _is_utf8(text) else path.absolute().as_uri()


def text_to_path(text: str, *, is_new: bool = False) -> Path:
    """Return the path that ``text`` is, or means as a file URI such as file:///tmp/a%20b.txt.

    ``is_new`` says that the file is written, so that there is nothing to download.

    Raises:
        InputError: when it is the URL of something else.
    """
    if match := FILE_URI.match(text):
        from urllib.parse import unquote_to_bytes

        return Path(os.fsdecode(unquote_to_bytes(text[match.end() :])))
    if not (match := URL.match(text)) or Path(text).exists():
        return Path(text)
    if is_new:
        raise InputError(text, _("is a URL, and only files can be written; name a file"))
    if match[1].lower() not in URLS_FOR_CURL:
        raise InputError(text, _("is a URL, and only files can be read; download it first"))
    problem = _("is a URL, and only files can be read; download it first: {command}")
    command = f"curl -fsSL {quote_word(text)} > FILE"
    raise InputError(text, problem.format(command=command))


def _is_utf8(text: str) -> bool:
    """Return whether ``text`` has no lone surrogates, which stand for other bytes in names."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
