"""Generators that yield progress and return a value."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


def exhaust(generator: Generator[object, None, T]) -> T:
    """Run ``generator`` to its end, ignore what it yields, and return what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def flat_map(
    generator: Generator[A, None, T], function: Callable[[A], Iterable[B]]
) -> Generator[B, None, T]:
    """Yield from ``function(value)`` for each value; return what ``generator`` returns.

    Closes ``generator`` in every case.
    """
    with closing(generator):
        while True:
            try:
                value = next(generator)
            except StopIteration as end:
                return end.value
            yield from function(value)
