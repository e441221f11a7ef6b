"""The messages of the package, and texts that are no messages but look like one.

`python -m tests.messages FILE...` lists the latter.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MARKS = {"_", "gettext", "gettext_noop", "ngettext", "Phrase"}
PROSE = re.compile(r"[A-Za-z]{2,},? [A-Za-z]{2,}")
"""Two words, as no name of a file, option or module has them."""


def iterate_unmarked(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the source of each text in a module that reads like a message."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {id(part) for node in ast.walk(tree) for part in _list_skipped(node)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) in skipped or not (is_text or isinstance(node, ast.JoinedStr)):
            continue
        if PROSE.search(_read_words(node)):
            assert isinstance(node, ast.expr)
            yield node.lineno, ast.unparse(node)


def _list_skipped(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the texts below ``node`` that are docstrings, annotations, messages or parts."""
    match node:
        case ast.Expr(value=ast.Constant() as docstring):
            yield docstring
        case ast.Call(func=ast.Name(id=name)) if name in MARKS:
            yield from node.args
        case ast.Assert():
            yield from ast.walk(node)
        case ast.JoinedStr():
            yield from node.values
        case ast.arg(annotation=ast.AST() as annotation):
            yield from ast.walk(annotation)
        case ast.AnnAssign():
            yield from ast.walk(node.annotation)
        case ast.FunctionDef(returns=ast.AST() as returns):
            yield from ast.walk(returns)
        case ast.Subscript():
            yield from ast.walk(node.slice)


def _read_words(node: ast.AST) -> str:
    """Return the text of a string, with a word in place of each value in it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return str(node.value) if isinstance(node, ast.Constant) else ""


def main() -> None:
    """List the texts of the files on the command line."""
    for name in sys.argv[1:]:
        for line, text in iterate_unmarked(Path(name)):
            sys.stdout.write(f"{name}:{line}: {text}\n")


if __name__ == "__main__":
    main()
