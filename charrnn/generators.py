"""Generators that yield progress and return a value."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def exhaust(generator: Generator[object, None, T]) -> T:
    """Run ``generator`` to its end, ignore what it yields, and give its return value."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value
