"""Nested brackets and sums: to continue them correctly takes memory (括弧 kakko, "brackets").

    <ca[7+dbb2=9b,]adc,>

A line is a group: an opening bracket, a body, a comma that announces the end of the innermost
group, and the closing bracket, which must be of the same kind. A body consists of letters without a
meaning, smaller groups, and sums `a+…b=c` with letters between the two digits, over which the first
digit has to be remembered. So exactly one character is correct after a comma or an equals sign, and
the distance back to the character that determines it is known.

The first command makes a text, the second checks what a model wrote, and the third checks the
characters that it holds for the likeliest.

    python corpora/kakko.py make --characters 200000 --depth 3 --distance 16 --seed 1 > brackets.txt
    python corpora/kakko.py check sample.txt
    charrnn inspect score test.txt MODEL --json | python corpora/kakko.py check --predictions -
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
MAX_ITEMS = 3


@dataclass(frozen=True)
class Answer:
    """A position with one correct character, ``wanted``, and the character that is ``given`` there.

    ``distance`` is the distance back to the character that determines the answer.
    """

    kind: str
    distance: int
    wanted: str
    given: str


def generate(characters: int, depth: int, distance: int, seed: int) -> str:
    """Generate whole lines, at least ``characters`` long together; the same for the same ``seed``.

    Brackets are nested at most ``depth`` deep, and at most ``distance`` letters stand in a row.
    """
    rng = random.Random(seed)
    lines: list[str] = []
    length = 0
    while length < characters:
        lines.append("".join(_make_group(depth, distance, rng)) + "\n")
        length += len(lines[-1])
    return "".join(lines)


def find_answers(text: str, guesses: Sequence[str] | None = None) -> Iterator[Answer]:
    """Yield an answer for each position of ``text`` that has one correct character.

    What is given there is the character of ``guesses``, or else of the text itself. The text need
    not be well formed: after a mistake, a line is checked against the brackets that it has opened.
    """
    given_text = text if guesses is None else guesses
    open_brackets: list[tuple[str, int]] = []
    sum_start: int | None = None
    for at, character in enumerate(text):
        before = text[at - 1] if at else "\n"
        if before == "," and open_brackets:
            bracket, opened_at = open_brackets.pop()
            wanted = CLOSING[OPENING.index(bracket)]
            yield Answer("bracket", at - opened_at, wanted, given_text[at])
        elif before == "=" and sum_start is not None and text[at - 2].isdigit():
            total = int(text[sum_start]) + int(text[at - 2])
            yield Answer("sum", at - sum_start, str(total % 10), given_text[at])
            sum_start = None
        if character == "+" and before.isdigit():
            sum_start = at - 1
        elif character in OPENING:
            open_brackets.append((character, at))
        elif character == "\n":
            open_brackets, sum_start = [], None


def accuracy(answers: Iterator[Answer]) -> list[dict[str, object]]:
    """The share of correct answers by kind and by distance, in ranges between powers of two."""
    tally: dict[tuple[str, int], list[bool]] = {}
    for answer in answers:
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


def _make_group(depth: int, distance: int, rng: random.Random) -> Iterator[str]:
    kind = _draw_below(len(OPENING), rng)
    yield OPENING[kind]
    for _ in range(1 + _draw_below(MAX_ITEMS, rng)):
        yield from _draw_letters(distance, rng)
        item = _draw_below(3, rng)
        if item == 0:
            yield from _make_sum(distance, rng)
        elif item == 1 and depth > 1:
            yield from _make_group(depth - 1, distance, rng)
    yield ","
    yield CLOSING[kind]


def _make_sum(distance: int, rng: random.Random) -> Iterator[str]:
    first = _draw_below(10, rng)
    second = _draw_below(10 - first, rng)
    yield f"{first}+"
    yield from _draw_letters(distance, rng)
    yield f"{second}={first + second}"


def _draw_letters(distance: int, rng: random.Random) -> Iterator[str]:
    return (LETTERS[_draw_below(len(LETTERS), rng)] for _ in range(_draw_below(distance + 1, rng)))


def _draw_below(limit: int, rng: random.Random) -> int:
    """A random integer from 0 to ``limit`` - 1.

    random() is the only method that gives the same numbers in every version of Python.
    """
    return int(rng.random() * limit)


def _read_predictions(document: bytes) -> tuple[str, list[str]]:
    """Read an `inspect score --json` document; gives its text and the likeliest characters."""
    each = json.loads(document)["each"]
    text = "".join(entry["character"] for entry in each)
    return text, [entry["likeliest"][0][0] for entry in each]


def main() -> None:
    """Generate or check a text."""
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
    rows = accuracy(
        find_answers(*_read_predictions(data))
        if options.predictions
        else find_answers(data.decode())
    )
    if options.json:
        print(json.dumps(rows))
        return
    print("kind     distance   count  accuracy")
    for row in rows:
        print("{kind:8} {from:>3}-{to:<5} {count:6}  {accuracy:8.1%}".format_map(row))


if __name__ == "__main__":
    main()
