"""The catalogues have all messages of the package, and each message is one text."""

import ast
import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from tests.conftest import ROOT
from tests.messages import PROSE, iterate_unmarked

PACKAGE = ROOT / "charrnn"
MODULES = sorted(PACKAGE.rglob("*.py"))
DEFINITIONS = PACKAGE / "language.py"  # of the functions that mark messages
CATALOGUES = sorted(PACKAGE.glob("locale/*/LC_MESSAGES/charrnn.po"))
TERMS_AT_LEAST = 40
PIECES = (ast.JoinedStr, ast.BinOp)
MAKE_TEXT = {"format", "format_map", "join"}
LABEL = re.compile(r'\b(?:aria-label|title|alt|placeholder)="([^"]*)"')
TAG = re.compile(r"<[^<>]*>")
VALUE = re.compile(r"\{[^{}]*\}")

Placeholder = tuple[str, str | None, str]


class NoMessage(NamedTuple):
    """A text of a module, or of a folder, that is not shown, or the same in every language."""

    module: str
    text: str  # a regular expression that its source contains
    reason: str


NO_MESSAGES = [
    NoMessage("__init__.py", "has no attribute", "Python's own error about a wrong name"),
    NoMessage("cli/interactive.py", r"^'set \S+ o(n|ff)'$", "settings of readline"),
    NoMessage("cli/", "^f?['\"](charrnn|pip) [a-z]+ ", "commands"),
    NoMessage("cli/shells.py", r"%\(complete_func\)s", "programs for shells"),
    NoMessage("network/softmax.py", "^'part of dW'$", "the name of an array"),
    NoMessage("parallel/worker_processes.py", r"^'(import sys;|from charrnn\.)", "a program"),
    NoMessage("render/fonts.py", r"^'[A-Z]\w+ (Sans|Gothic)'$", "fonts"),
    NoMessage("render/live/page.py", "use strict", "a word of JavaScript"),
    NoMessage("render/plot.py", "^'(upper left|(offset|axes) .*)'$", "words of Matplotlib"),
    NoMessage("reports/methods.py", "object has no attribute", "Python's own error"),
    NoMessage("reports/text_properties.py", "^'(HALF|FULL)WIDTH", "names of Unicode"),
    NoMessage("text/file_types.py", r"(\||&&) charrnn train", "commands"),
    NoMessage("text/folders.py", "^'system volume information'$", "a folder of Windows"),
]


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def expect_none(problem: str, found: Iterable[str]) -> None:
    """Fail with all texts that have a problem."""
    lines = sorted(found)
    assert not lines, "\n".join([f"{problem}:", *lines])


def list_messages(catalogue: Catalog) -> list[Message]:
    """All messages of a catalogue except its head."""
    return [message for message in catalogue if message.id]


def list_texts(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """The forms of a message or of its translation."""
    return [*text] if isinstance(text, tuple | list) else [text or ""]


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """The messages that `make messages` collects."""
    marks = re.search(r"^MARKS := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert marks
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(marks[1].split())}
    catalogue = Catalog()
    for _, _, message, _, context in extract_from_dir(PACKAGE, keywords=keywords):
        catalogue.add(message, context=context)
    return catalogue


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parts[-3])
def path(request: pytest.FixtureRequest) -> Path:
    """The catalogue of a language."""
    return Path(request.param)


def test_a_catalogue_has_the_messages_of_the_package_and_no_others(
    path: Path, extracted: Catalog
) -> None:
    catalogue = read_catalogue(path)
    here = {str(message.id) for message in list_messages(catalogue)}
    there = {str(message.id) for message in list_messages(extracted)}
    assert len(there) > 50
    expect_none("missing; run `make messages`", there - here)
    expect_none("no longer in the package; run `make messages`", here - there)
    expect_none("obsolete; run `make messages`", map(str, catalogue.obsolete))


def test_every_message_is_translated(path: Path) -> None:
    catalogue = read_catalogue(path)
    assert not catalogue.fuzzy
    messages = list_messages(catalogue)
    expect_none("no translation", (str(each.id) for each in messages if not is_complete(each)))
    expect_none("marked as fuzzy", (str(each.id) for each in messages if each.fuzzy))
    for message in messages:
        expected = 1 if isinstance(message.id, str) else catalogue.num_plurals
        assert len(list_texts(message.string)) == expected, message.id


def is_complete(message: Message) -> bool:
    return all(list_texts(message.string))


def list_placeholders(text: str) -> set[Placeholder]:
    parts = Formatter().parse(text)
    return {(field, conversion, spec or "") for _, field, spec, conversion in parts if field}


def is_number(placeholder: Placeholder) -> bool:
    """Whether it may be the number that a plural goes by, which a form may leave out."""
    field, _, spec = placeholder
    return field in ("n", "number", "count") or spec == ","


def find_wrong_placeholders(message: Message) -> list[str]:
    """The forms of a translation that do not have the placeholders of the message."""
    wanted = set[Placeholder]().union(*map(list_placeholders, list_texts(message.id)))
    has_plural = not isinstance(message.id, str)
    needed = {each for each in wanted if not (has_plural and is_number(each))}
    return [
        form
        for form in list_texts(message.string)
        if form and not needed <= list_placeholders(form) <= wanted
    ]


def test_a_translation_has_the_placeholders_of_its_message(path: Path) -> None:
    for message in list_messages(read_catalogue(path)):
        expect_none(f"not the placeholders of {message.id!r}", find_wrong_placeholders(message))


@pytest.mark.parametrize(
    ("english", "translation", "is_right"),
    [
        ("{a:,} of {b!r}", "{b!r} の {a:,}", True),
        ("{a:,} of {b!r}", "{b!r} の {a}", False),
        ("{a:,} of {b!r}", "{b} の {a:,}", False),
        ("{a:,} of {b!r}", "{b!r}", False),
        ("no value", "{a}", False),
        (("{n:,} line of {a}", "{n:,} lines of {a}"), ("{a} の行", "{a} の {n:,} 行"), True),
        (("one line", "{number} lines"), ("{number} 行",), True),
        (("{n:,} line of {a}", "{n:,} lines of {a}"), ("{n:,} 行", "{a} の {n:,} 行"), False),
    ],
)
def test_wrong_placeholders_are_found(
    english: str | tuple[str, str], translation: str | tuple[str, ...], is_right: bool
) -> None:
    assert (find_wrong_placeholders(Message(english, translation)) == []) is is_right


def test_the_compiled_catalogue_is_that_of_the_source(path: Path) -> None:
    advice = "run `make messages`"
    compiled = path.with_suffix(".mo")
    assert compiled.is_file(), advice
    expected = BytesIO()
    write_mo(expected, read_catalogue(path))
    expected.seek(0)
    with compiled.open("rb") as file:
        found = read_mo(file)
    assert list_translations(found) == list_translations(read_mo(expected)), advice


def list_translations(catalogue: Catalog) -> dict[str, object]:
    """The translations of a catalogue by message, and how it counts."""
    translations = {str(message.id): message.string for message in list_messages(catalogue)}
    return {"": catalogue.plural_forms, **translations}


def test_a_catalogue_begins_with_a_glossary(path: Path) -> None:
    terms = re.findall(r"^# \S.*?  +\S", read_catalogue(path).header_comment, re.MULTILINE)
    assert len(terms) >= TERMS_AT_LEAST


def find_pieces(tree: ast.AST) -> Iterator[str]:
    """Yield each message that is not one constant text, with its line."""
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Name(id="_" | "gettext"), args=[message, *_]):
                is_whole = is_text(message) or is_marked_elsewhere(message)
            case ast.Call(func=ast.Name(id="gettext_noop"), args=[message]):
                is_whole = is_text(message)
            case ast.Call(func=ast.Name(id="Phrase"), args=[message]):
                is_whole = is_text(message) or isinstance(message, ast.Subscript)  # of a table
            case ast.Call(func=ast.Name(id="ngettext"), args=[one, many, _]):
                is_whole = is_text(one) and is_text(many)
            case ast.Call(func=ast.Name(id="_" | "gettext_noop" | "ngettext" | "Phrase")):
                is_whole = False
            case _:
                continue
        if not is_whole:
            yield f"line {call.lineno}: {ast.unparse(call)}"


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_marked_elsewhere(node: ast.expr) -> bool:
    """Whether it is data, such as a constant or a field of a report, and not made here."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            return all(is_text(each) or is_marked_elsewhere(each) for each in (one, other))
        case ast.Call(func=ast.Attribute(attr=method)):
            return method not in MAKE_TEXT
        case _:
            return not isinstance(node, (*PIECES, ast.Constant))


def find_bindings(tree: ast.AST) -> Iterator[str]:
    """Yield each place where a scope that calls `_` also binds it to something else."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    inside = {id(part) for function in functions for part in ast.walk(function)}
    scopes = [[node for node in ast.walk(tree) if id(node) not in inside]]
    if not any(map(is_translation, ast.walk(tree))):
        return
    scopes += [nodes for nodes in map(list, map(ast.walk, functions))
               if any(map(is_translation, nodes))]  # fmt: skip
    for node in {id(node): node for nodes in scopes for node in nodes}.values():
        match node:
            case (
                ast.Name(id="_", ctx=ast.Store())
                | ast.arg(arg="_")
                | ast.MatchAs(name="_")
                | ast.MatchStar(name="_")
                | ast.ExceptHandler(name="_")
            ):
                yield f"line {getattr(node, 'lineno', '?')} binds _"


def is_translation(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "_"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_message_is_one_text(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    found = [*find_pieces(tree), *find_bindings(tree)]
    expect_none("not one text", found if module != DEFINITIONS else [])


@pytest.mark.parametrize(
    "source",
    [
        "_(f'{a} lines')", "_('a ' + b)", "_('%s' % b)", "_('{a}'.format(a=a))", "_(' '.join(a))",
        "_(a if b else 'c' + d)", "_()", "gettext_noop(a)", "gettext_noop(f'{a}')",
        "Phrase(a, b=b)", "Phrase(f'{a}')", "ngettext(a, 'b', n)", "ngettext('a', f'{b}', n)",
        "ngettext('a', 'b')",
    ],
)  # fmt: skip
def test_messages_of_pieces_are_found(source: str) -> None:
    assert [*find_pieces(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    ["_('a' ' b')", "_(a)", "_(a.b)", "_(A[b])", "_(A.get(b, c))", "_(a if b else 'c')",
     "gettext_noop('a')", "Phrase('{a}', a=f'{b}')", "Phrase(A[b], c=c)",
     "ngettext('a', 'b', n + 1)", "f(a + b)"],
)  # fmt: skip
def test_whole_messages_and_marked_data_are_allowed(source: str) -> None:
    assert not [*find_pieces(ast.parse(source))]


@pytest.mark.parametrize(
    ("source", "is_wrong"),
    [
        ("def f():\n _('a')\n for _ in b: pass", True),
        ("def f():\n _('a')\n return [a for a, _ in b]", True),
        ("def f(_):\n def g(): _('a')", True),
        ("_ = 1\ndef f(): _('a')", True),
        ("def f():\n _('a')\n match b:\n  case [_, *_]: pass", False),
        ("def f():\n for _ in b: pass\ndef g(): _('a')", False),
        ("_ = 1", False),
    ],
)
def test_other_meanings_of_the_underscore_are_found(source: str, is_wrong: bool) -> None:
    assert bool([*find_bindings(ast.parse(source))]) is is_wrong


def strip_markup(source: str) -> str:
    """The words of a text that is HTML: what stands between its tags, and its labels."""
    labels = " | ".join(LABEL.findall(source))
    return TAG.sub(" | ", VALUE.sub("…", source)) + " | " + VALUE.sub("…", labels)


def list_unmarked(module: Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the source of each text that reads like a message and is not marked."""
    for line, source in iterate_unmarked(module):
        if "<" not in source or PROSE.search(strip_markup(source)):
            yield f"{module}:{line}", source


def find_exception(module: Path, source: str) -> NoMessage | None:
    return next(
        (each for each in NO_MESSAGES
         if name(module).startswith(each.module) and re.search(each.text, source)), None
    )  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_text_that_reads_like_a_message_is_one(module: Path) -> None:
    found = [
        f"{place}: {source}"
        for place, source in list_unmarked(module)
        if not find_exception(module, source)
    ]
    expect_none("not marked", found)


def test_every_exception_is_needed() -> None:
    used = {
        find_exception(module, source) for module in MODULES for _, source in list_unmarked(module)
    }
    expect_none("needless", (str(each) for each in NO_MESSAGES if each not in used))


@pytest.mark.parametrize(
    ("source", "is_unmarked"),
    [
        ("a = 'a text of words'", True),
        ("a = f'{b} of it all'", True),
        ("a = f'<p title=\"{b} of it all\">{c}</p>'", True),
        ("a = f'<p class=\"all of it\">{b.c} is</p>'", False),
        ("a = _('a text of words')", False),
    ],
)
def test_texts_that_are_not_marked_are_found(
    source: str, is_unmarked: bool, tmp_path: Path
) -> None:
    (tmp_path / "new.py").write_text(source, encoding="utf-8")
    assert bool([*list_unmarked(tmp_path / "new.py")]) is is_unmarked
