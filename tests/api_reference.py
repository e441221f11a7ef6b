"""The reference in docs/api.md, made from signatures and docstrings.

`python -m tests.api_reference` writes it; tests/test_api_document.py compares it.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, get_args

import charrnn
from charrnn import _MODULES, config
from charrnn.config import SampleConfig, TrainConfig
from charrnn.errors import CharrnnError
from charrnn.reports.methods import ReportMethods
from charrnn.setting_types import Choice, Flag, Number, Rule, Text, Texts, Whole, rules
from charrnn.storage.run_folder import DEFAULT_ROOT
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "api.md"
BEGIN = "## Reference\n"
CONFIGS = (TrainConfig, SampleConfig)
FUNCTIONS = ("train", "resume", "load", "set_language")
CONSTANTS = {  # and what stands in their place in signatures
    "DEFAULT_ROOT": repr(str(DEFAULT_ROOT)),
    "MappingProxyType({})": "{}",
    **{name: repr(value) for name, value in vars(config).items() if name.isupper()},
}
GROUPS = {
    "Settings": [kind.__name__ for kind in CONFIGS],
    "Samples, texts and reports": [
        "Sample", "ReportText", "Summary", "Losses", "Characters", "Score", "Copied", "Comparison",
        "Unrolled", "Gradients", "Memory", "Neurons", "Speed",
    ],
    "Errors": [
        "CharrnnError", "ConfigError", "InputError", "DivergedError", "FolderError", "MachineError",
    ],
    "Types": ["Corpus", "Event"],
}  # fmt: skip


def describe_api() -> str:
    """Return the reference as Markdown."""
    parts = [BEGIN, *map(_describe_function, FUNCTIONS), *_describe_model()]
    for title, names in GROUPS.items():
        parts += [f"### {title}\n", *map(_describe_name, names)]
    return "\n".join(parts)


def list_methods() -> Iterator[tuple[str, Any]]:
    """Yield the public members of a model: its own, then its reports."""
    for kind in (charrnn.Model, ReportMethods):
        for name, member in vars(kind).items():
            if not name.startswith("_"):
                yield name, member


def _describe_function(name: str) -> str:
    function = getattr(charrnn, name)
    signature = _signature(function, f"charrnn.{name}")
    return f"### charrnn.{name}\n\n{_code(signature)}{_text(function)}"


def _describe_model() -> Iterator[str]:
    yield f"### charrnn.Model\n\n{_text(charrnn.Model)}"
    for name, member in list_methods():
        if isinstance(member, property):
            assert member.fget
            shown = f"model.{name}: {_annotation(_node(member.fget).returns)}"
            yield f"#### {name}\n\n{_code(shown)}{_text(member)}"
        else:
            yield f"#### {name}\n\n{_code(_signature(member, f'model.{name}'))}{_text(member)}"


def _describe_name(name: str) -> str:
    value = getattr(charrnn, name)
    head = f"#### {name}\n\n"
    if value in CONFIGS:
        return f"{head}{_text(value)}\n{_describe_settings(value)}"
    if isinstance(value, type) and issubclass(value, CharrnnError):
        return f"{head}{_text(value)}"
    if isinstance(value, type) and is_dataclass(value):
        return f"{head}{_code(_fields(value))}{_text(value)}{_list_parts(value)}"
    return f"{head}{_describe_alias(name)}"


def _describe_alias(name: str) -> str:
    """Describe a type alias: its definition, its docstring, and the dataclasses in it."""
    module = import_module(f"charrnn.{_MODULES[name]}")
    statements = ast.parse(inspect.getsource(module)).body
    for node, after in pairwise(statements):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            assert isinstance(after, ast.Expr)
            code = _code(f"{name} = {_annotation(node.value)}")
            members = get_args(getattr(charrnn, name))
            return f"{code}{_to_markdown(ast.literal_eval(after.value))}{_list_classes(members)}"
    raise AssertionError(name)


def _list_classes(classes: Iterable[object]) -> str:
    """List dataclasses, each with its fields and the beginning of its docstring."""
    lines = []
    for kind in classes:
        if isinstance(kind, type) and is_dataclass(kind):
            first = _to_markdown(inspect.getdoc(kind) or "").partition("\n\n")[0]
            names = ", ".join(f"`{field.name}`" for field in fields(kind))
            lines.append(f"- `{kind.__name__}` ({names}): {' '.join(first.split())}\n")
    return "".join(["\n", *lines] if lines else [])


def _list_parts(kind: type) -> str:
    """List the dataclasses that are in the fields of ``kind``, and in theirs."""
    found: dict[str, type] = {}
    waiting = [kind]
    for each in waiting:
        names = vars(sys.modules[each.__module__])
        for word in re.findall(r"[A-Z]\w+", _fields(each)):
            part = names.get(word)
            if isinstance(part, type) and is_dataclass(part) and word not in found:
                found[word] = part
                waiting.append(part)
    return _list_classes(found.values())


def _describe_settings(kind: type) -> str:
    rows = ["| setting | values | default |", "| --- | --- | --- |"]
    for field in fields(kind):
        rule, is_optional = rules(kind)[field.name]
        values = _describe_rule(rule) + (", or None" if is_optional else "")
        rows.append(f"| `{field.name}` | {values} | `{field.default!r}` |")
    return "\n".join(rows) + "\n"


def _describe_rule(rule: Rule) -> str:
    match rule:
        case Whole() | Number():
            return rule.describe_problem("x").removeprefix("x is not ")
        case Choice():
            return ", ".join(f"`{word!r}`" for word in rule.words)
        case Flag():
            return "`True`, `False`"
        case Text():
            return "a text"
        case Texts():
            return "a list of texts"
    return type(rule).__name__


def _code(text: str) -> str:
    return f"```\n{text}\n```\n\n"


def _node(function: Callable[..., Any]) -> ast.FunctionDef:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    return node


def _annotation(node: ast.expr | None) -> str:
    assert node
    text = ast.unparse(node).replace("npt.NDArray[np.float32]", "float32 array")
    return text.replace("'", "")


def _signature(function: Callable[..., Any], name: str) -> str:
    """Return the signature as it is written in the source, with a parameter in each line."""
    node = _node(function)
    arguments, lines = node.args, list[str]()
    required = len(arguments.args) - len(arguments.defaults)
    for at, argument in enumerate(arguments.args):
        if argument.arg != "self":
            default = arguments.defaults[at - required] if at >= required else None
            lines.append(_parameter(argument, default))
    if arguments.vararg:
        lines.append(f"*{_parameter(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        lines.append("*")
    lines += map(_parameter, arguments.kwonlyargs, arguments.kw_defaults)
    if arguments.kwarg:
        lines.append(f"**{_parameter(arguments.kwarg, None)}")
    returns = _annotation(node.returns)
    short = f"{name}({', '.join(lines)}) -> {returns}"
    if len(short) <= 100:
        return short
    return "\n".join([f"{name}(", *(f"    {line}," for line in lines), f") -> {returns}"])


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    text = f"{argument.arg}: {_annotation(argument.annotation)}"
    if default is None:
        return text
    shown = ast.unparse(default)
    return f"{text} = {CONSTANTS.get(shown, shown)}".replace("'", '"')


def _fields(kind: type) -> str:
    """Return the fields of a dataclass, those of its bases first, with types as in the source."""
    types: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if is_dataclass(base):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            assert isinstance(node, ast.ClassDef)
            for part in node.body:
                if isinstance(part, ast.AnnAssign):
                    types[ast.unparse(part.target)] = _annotation(part.annotation)
    return "\n".join(f"{field.name}: {types[field.name]}" for field in fields(kind))


def _text(thing: object) -> str:
    docstring = inspect.getdoc(thing)
    assert docstring, thing
    return _to_markdown(docstring)


def _to_markdown(docstring: str) -> str:
    """Write a docstring as Markdown, with its errors as a list."""
    text, _, errors = inspect.cleandoc(docstring).partition("\n\nRaises:\n")
    raised = [
        f"- raises {', '.join(f'`{name}`' for name in names.split(', '))}: {' '.join(why.split())}"
        for names, why in re.findall(
            r"^    ([A-Z][\w, ]+): (.*(?:\n        .*)*)", errors, re.MULTILINE
        )
    ]
    return "\n".join([text, *([""] if raised else []), *raised]).replace("``", "`") + "\n"


def main() -> None:
    """Write the reference into the document."""
    text = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[0]
    DOCUMENT.write_text(text + describe_api(), encoding="utf-8")


if __name__ == "__main__":
    main()
