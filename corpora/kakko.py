"""Nested brackets and sums whose right continuation is a matter of memory (括弧 kakko, "brackets").

    <ca[7+dbb2=9b,]adc,>

A line is a group: an opening bracket, a body, a comma that says "the innermost group ends here",
and the closing bracket, which must be of the same kind. A body has letters that mean nothing, sums
`a+…b=` whose answer, one digit, needs the first digit to be remembered over the letters between,
and smaller groups. So there is exactly one right character after a comma and after an equals sign,
and the distance back to what decides it is known.

    python corpora/kakko.py make --characters 200000 --depth 3 --distance 16 --seed 1 > brackets.txt
    python corpora/kakko.py check sample.txt                judge what a model wrote
    charrnn inspect score test.txt MODEL --json | python corpora/kakko.py check --predictions -
                                                            judge what it thinks likeliest
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

OPENING = "([{<"
CLOSING = ")]}>"
LETTERS = "abcd"
ITEMS_AT_MOST = 3


@dataclass(frozen=True)
class Answer:
    """A place with one right character: the wanted one, the given, how far back it is decided."""

    kind: str
    distance: int
    wanted: str
    given: str


def generate(characters: int, depth: int, distance: int, seed: int) -> str:
    """Whole lines, at least so many ``characters``; the same for the same ``seed``.

    ``depth``: brackets are nested at most so deep. ``distance``: at most so many letters in a row.
    """
    rng = random.Random(seed)
    lines: list[str] = []
    length = 0
    while length < characters:
        lines.append("".join(_group(depth, distance, rng)) + "\n")
        length += len(lines[-1])
    return "".join(lines)


def answers(text: str, guesses: Sequence[str] | None = None) -> Iterator[Answer]:
    """Every place of ``text`` that has one right character, as ``guesses`` fill it.

    Without guesses the text itself is judged, which need not be well formed. A line that goes wrong
    goes on being judged by the brackets that it did open.
    """
    given = text if guesses is None else guesses
    open_brackets: list[tuple[str, int]] = []
    sum_start: int | None = None
    for at, character in enumerate(text):
        before = text[at - 1] if at else "\n"
        if before == "," and open_brackets:
            opening, since = open_brackets.pop()
            wanted = CLOSING[OPENING.index(opening)]
            yield Answer("bracket", at - since, wanted, given[at])
        elif before == "=" and sum_start is not None and text[at - 2].isdigit():
            total = int(text[sum_start]) + int(text[at - 2])
            yield Answer("sum", at - sum_start, str(total % 10), given[at])
            sum_start = None
        if character == "+" and before.isdigit():
            sum_start = at - 1
        elif character in OPENING:
            open_brackets.append((character, at))
        elif character == "\n":
            open_brackets, sum_start = [], None


def accuracy(found: Iterator[Answer]) -> list[dict[str, object]]:
    """How often the right character was given, by kind and by distance in powers of two."""
    tally: dict[tuple[str, int], list[bool]] = {}
    for answer in found:
        key = answer.kind, (answer.distance - 1).bit_length()
        tally.setdefault(key, []).append(answer.given == answer.wanted)
    return [
        {
            "kind": kind,
            "from": (1 << power) // 2 + 1,
            "to": 1 << power,
            "count": len(right),
            "accuracy": sum(right) / len(right),
        }
        for (kind, power), right in sorted(tally.items())
    ]


def _group(depth: int, distance: int, rng: random.Random) -> Iterator[str]:
    kind = _below(len(OPENING), rng)
    yield OPENING[kind]
    for _ in range(1 + _below(ITEMS_AT_MOST, rng)):
        yield from _letters(distance, rng)
        what = _below(3, rng)
        if what == 0:
            yield from _sum(distance, rng)
        elif what == 1 and depth > 1:
            yield from _group(depth - 1, distance, rng)
    yield ","
    yield CLOSING[kind]


def _sum(distance: int, rng: random.Random) -> Iterator[str]:
    first = _below(10, rng)
    second = _below(10 - first, rng)
    yield f"{first}+"
    yield from _letters(distance, rng)
    yield f"{second}={first + second}"


def _letters(distance: int, rng: random.Random) -> Iterator[str]:
    return (LETTERS[_below(len(LETTERS), rng)] for _ in range(_below(distance + 1, rng)))


def _below(limit: int, rng: random.Random) -> int:
    """A whole number from 0; random() alone is the same in every Python."""
    return int(rng.random() * limit)


def _predicted(document: bytes) -> tuple[str, list[str]]:
    """The text and the likeliest character at each place, of an `inspect score --json`."""
    each = json.loads(document)["each"]
    text = "".join(entry["character"] for entry in each)
    return text, [entry["likeliest"][0][0] for entry in each]


def main() -> None:
    """Make or check a text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write a text to stdout")
    make.add_argument("--characters", type=int, default=200_000)
    make.add_argument("--depth", type=int, default=3)
    make.add_argument("--distance", type=int, default=16)
    make.add_argument("--seed", type=int, default=1)
    check = commands.add_parser("check", help="accuracy by kind and distance")
    check.add_argument("file", help="a text file, or - for stdin")
    check.add_argument("--predictions", action="store_true", help="FILE is `inspect score --json`")
    check.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.command == "make":
        text = generate(options.characters, options.depth, options.distance, options.seed)
        sys.stdout.buffer.write(text.encode())
        return
    data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    rows = accuracy(answers(*_predicted(data)) if options.predictions else answers(data.decode()))
    if options.json:
        print(json.dumps(rows))
        return
    print("kind     distance   count  accuracy")
    for row in rows:
        print("{kind:8} {from:>3}-{to:<5} {count:6}  {accuracy:8.1%}".format_map(row))


if __name__ == "__main__":
    main()
