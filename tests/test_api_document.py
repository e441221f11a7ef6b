"""docs/api.md has every public name, as it is; and every public name has types and a docstring."""

import inspect
import re
from dataclasses import is_dataclass
from typing import Any

import pytest

import charrnn
from charrnn import _MODULES
from tests.api_reference import BEGIN, DOCUMENT, FUNCTIONS, GROUPS, describe_api, list_methods

TEXT = DOCUMENT.read_text(encoding="utf-8")
METHODS = dict(list_methods())


def test_the_reference_is_that_of_the_code() -> None:
    """If it is not, `python -m tests.api_reference` writes it anew."""
    assert BEGIN + TEXT.partition(BEGIN)[2] == describe_api()


def test_the_reference_has_every_public_name() -> None:
    described = {*FUNCTIONS, "Model", *(name for names in GROUPS.values() for name in names)}
    assert described == {*charrnn.__all__} - {"__version__"} == {*_MODULES}
    headings = re.findall(r"^#{3,4} (?:charrnn\.)?(\w+)$", TEXT, re.MULTILINE)
    assert described | {*METHODS} <= {*headings}


@pytest.mark.parametrize("name", sorted(_MODULES))
def test_every_public_name_is_found_and_documented(name: str) -> None:
    assert name in dir(charrnn)
    value = getattr(charrnn, name)
    if isinstance(value, type) or inspect.isfunction(value):
        assert value.__module__ == f"charrnn.{_MODULES[name]}"
        own = value.__doc__
        assert own
        assert not (is_dataclass(value) and own.startswith(f"{name}("))  # made by dataclass


@pytest.mark.parametrize(
    "function",
    [*(getattr(charrnn, name) for name in FUNCTIONS), *METHODS.values()],
    ids=[*FUNCTIONS, *METHODS],
)
def test_every_function_has_types_and_a_docstring(function: Any) -> None:
    if isinstance(function, property):
        function = function.fget
    assert function.__doc__
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for name, parameter in signature.parameters.items():
        assert name == "self" or parameter.annotation is not inspect.Parameter.empty, name
