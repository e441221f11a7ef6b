"""Finds the stop texts that end a sample, as its characters arrive one by one."""

from collections.abc import Iterator, Sequence


class Stops:
    """Finds the first of several stop texts.

    The only thing to remember from one character to the next is the longest suffix of the text that
    is a prefix of a stop, because it may grow into that stop: the state of the automaton of Aho and
    Corasick (1975).
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(dict.fromkeys(stops))

    def __len__(self) -> int:
        return len(self._stops)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stops)

    def advance(self, partial: str, character: str) -> tuple[str, bool]:
        """Return the partial stop after one more character, and whether it is a whole stop now.

        ``partial`` is the partial stop before, "" at the start. Where several stops are complete,
        it is the longest, which began first.
        """
        # No table of transitions is built: stops have a few characters, and trying all suffixes of
        # those costs far less than the network's step for this character.
        end = partial + character
        suffixes = [end[start:] for start in range(len(end) + 1)]
        stop = next((suffix for suffix in suffixes if suffix in self._stops), None)
        if stop:
            return stop, True
        partials = (
            suffix for suffix in suffixes if any(stop.startswith(suffix) for stop in self._stops)
        )
        return next(partials, ""), False
