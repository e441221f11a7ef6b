"""A language made by a machine, in which every message stands in brackets.

What has none in its output was not translated.
"""

import html
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import charrnn
from charrnn.cells import CELLS
from charrnn.report_registry import REPORTS

CODE = "xx"
PACKAGE = Path(charrnn.__file__).parent
SOURCE = PACKAGE / "locale/ja/LC_MESSAGES/charrnn.po"  # any one; its messages are those of all
PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
WORD = re.compile(r"[A-Za-z]{2,}")
NAMES = {
    *CELLS, *REPORTS, "charrnn", "train", "sample", "inspect", "tenki", "hidden",
    "pdftotext", "unzip", "curl",
    "TOML", "JSON", "MPI", "BLAS", "KL", "GFLOP", "SHA", "sha", "U", "ms", "MB", "GB", "kB",
    "lf", "keep", "nfc", "nfkc", "none", "off", "auto", "lines", "paragraphs", "cosine",
    "constant", "error", "skip", "replace", "echo",
}  # fmt: skip
"""Names and units, which no language translates."""
NOT_WORDS = (
    re.compile(r"(?<![\w-])--?[a-z][\w-]*"),  # options
    re.compile(r"\[[^\[\]«»]*\|[^\[\]«»]*\]"),  # choices, and metavars of several options
    re.compile(r"\[[a-zA-Z0-9<>=.]*\]"),  # ranges
    re.compile(r"[^\s«»]*[/.\\_][^\s«»]*\w"),  # paths, settings and versions
    re.compile(r"[A-Z][A-Z_]+"),  # metavars
    re.compile(r"U\+[0-9A-F]+"),  # code points
    re.compile(r"\b(n-gram|utf-8)\b"),
    re.compile(r"\b([ox*+]{2,}|[0-9a-f]{12,})\b"),  # points of a chart, a fingerprint
)


def bracket(message: str) -> str:
    """Put the words of a message in brackets, but not its placeholders."""
    parts = PLACEHOLDER.split(message)
    return "".join(
        f"«{part}»" if WORD.search(part) and not PLACEHOLDER.fullmatch(part) else part
        for part in parts
    )


def write_catalogue(path: Path) -> None:
    """Write a compiled catalogue with all messages of the package."""
    with SOURCE.open("rb") as file:
        source = read_po(file)
    catalogue = Catalog(CODE, fuzzy=False)
    for message in source:
        if isinstance(message.id, tuple):
            catalogue.add(message.id, tuple(map(bracket, message.id)))
        elif message.id:
            catalogue.add(message.id, bracket(str(message.id)))
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalogue)


def make_package(folder: Path) -> None:
    """Put the package into ``folder``, with no other language than this one."""
    package = folder / "charrnn"
    package.mkdir()
    for part in PACKAGE.iterdir():
        if part.name not in ("locale", "__pycache__"):
            (package / part.name).symlink_to(part)
    write_catalogue(package / f"locale/{CODE}/LC_MESSAGES/charrnn.mo")


def find_unbracketed(text: str) -> list[str]:
    """Return the words of an output that are no message, no name and no number."""
    rest = re.sub(r"«[^«»]*»", " ", text)
    for pattern in NOT_WORDS:
        rest = pattern.sub(" ", rest)
    return [word for word in WORD.findall(rest) if word not in NAMES]


def read_page(page: str) -> str:
    """Return what a page shows: its text, and what a screen reader says."""
    shown = re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", page)
    said = re.findall(r'\b(?:aria-label|title|alt|placeholder|data-(?!word)\w+)="([^"]*)"', shown)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", shown), *said]))


def read_picture(picture: str) -> str:
    """Return the texts of a chart: matplotlib writes each in a comment before its outlines."""
    return html.unescape(" ".join(re.findall(r"(?s)<!--(.*?)-->", picture)))
