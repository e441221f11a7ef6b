"""Where a text is to end: stop texts, found as characters come one by one."""

from collections.abc import Iterator, Sequence


class Stops:
    """What of a text's end may be the beginning of a stop, and so has to wait.

    That is the longest suffix of the text that begins a stop: the state of the automaton of Aho and
    Corasick (1975), which for stops of a few characters is found by trying all.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(dict.fromkeys(stops))

    def __len__(self) -> int:
        return len(self._stops)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stops)

    def after(self, held: str, character: str) -> tuple[str, bool]:
        """What is held after another character, and whether it is a stop: the one that began first.

        ``held`` is what was given for the character before, at first nothing.
        """
        end = held + character
        suffixes = [end[start:] for start in range(len(end) + 1)]
        found = next((suffix for suffix in suffixes if suffix in self._stops), None)
        if found:
            return found, True
        begun = (one for one in suffixes if any(stop.startswith(one) for stop in self._stops))
        return next(begun, ""), False
