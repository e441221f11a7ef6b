"""How well a text is learned: the rows of docs/learning.md.

    python benchmarks/learning.py row FILE... [--seeds 3] [-- OPTIONS of charrnn train]

trains on FILE with each seed, one after the other, and prints a row in Markdown: what was chosen,
the validation loss (median, and the range), the n-gram's on the same part, the time of the whole
command. Everything goes to a folder that is removed again.

    python benchmarks/learning.py cells corpora/kakko.txt [--seeds 3] [-- OPTIONS]

trains an rnn, a gru and an lstm of as many parameters, and prints how often each is right by the
distance of what decides it, on a text of the same kind that none has seen.

It wants the machine for itself, as a run by minutes learns less on a busy one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

KAKKO = Path(__file__).resolve().parent.parent / "corpora" / "kakko.py"
UNSEEN_SEED = 1001  # of the text that none has seen
EQUAL = {"rnn": 304, "gru": 176, "lstm": 152}  # units for 109,000 to 113,000 parameters


def charrnn(*arguments: str | Path) -> bytes:
    """What the program prints."""
    command = [sys.executable, "-m", "charrnn", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def train(files: list[str], options: list[str], folder: Path) -> tuple[dict[str, Any], ...]:
    """The first and the last event of a training, and the seconds of the whole command."""
    began = time.perf_counter()
    out = charrnn("train", *files, "--json", "--quiet", "--out", folder, *options)
    seconds = time.perf_counter() - began
    start, *_, end = map(json.loads, out.splitlines())
    return start, {**end, "seconds": seconds}


def row(files: list[str], options: list[str], seeds: int, root: Path) -> str:
    """A row of the table."""
    runs = [train(files, [*options, "--seed", str(n)], root / str(n)) for n in range(seeds)]
    start, end = runs[0]
    chosen, baselines = start["config"], end["baselines"]
    losses = sorted(run["val_loss"] for _, run in runs)
    epochs = statistics.median(run["epoch"] for _, run in runs)
    seconds = statistics.median(run["seconds"] for _, run in runs)
    cells = (
        " ".join(Path(file).name for file in files),
        f"`{' '.join(options)}`" if options else "nothing else",
        f"{chosen['cell']} {chosen['layers']} × {chosen['hidden']}",
        f"{epochs:.1f}",
        f"**{statistics.median(losses):.4f}** ({losses[0]:.4f} to {losses[-1]:.4f})",
        f"{baselines['ngram']:.4f}",
        f"{seconds:,.0f} s",
    )
    return f"| {' | '.join(cells)} |"


def distances(files: list[str], options: list[str], seeds: int, root: Path) -> str:
    """A table of accuracy by distance, the median over seeds, a column a cell."""
    make = [sys.executable, str(KAKKO), "make", "--seed", str(UNSEEN_SEED), "--characters", "50000"]
    unseen = root / "unseen.txt"
    unseen.write_bytes(subprocess.run(make, stdout=subprocess.PIPE, check=True).stdout)
    found: dict[str, dict[str, list[float]]] = {}
    sizes: dict[str, int] = {}
    for cell, hidden in EQUAL.items():
        for seed in range(seeds):
            run = root / f"{cell}{seed}"
            sized = ["--cell", cell, "--hidden", str(hidden), "--seed", str(seed)]
            start, end = train(files, [*sized, *options], run)
            sizes[cell] = start["model"]["parameters"]
            found.setdefault("validation loss", {}).setdefault(cell, []).append(end["val_loss"])
            scored = charrnn("inspect", "score", unseen, run, "--json", "--quiet")
            check = [sys.executable, str(KAKKO), "check", "--predictions", "--json", "-"]
            judged = subprocess.run(check, input=scored, stdout=subprocess.PIPE, check=True).stdout
            for place in json.loads(judged):
                name = "{kind}, {from} to {to}".format_map(place)
                found.setdefault(name, {}).setdefault(cell, []).append(place["accuracy"])
    heads = [f"{cell}, {EQUAL[cell]} units, {sizes[cell]:,} parameters" for cell in EQUAL]
    lines = [f"| | {' | '.join(heads)} |", f"|{' --- |' * 4}"]
    for name, by_cell in found.items():
        shape = "{:.4f}" if "loss" in name else "{:.1%}"
        medians = [shape.format(statistics.median(by_cell[cell])) for cell in EQUAL]
        lines.append(f"| {name} | {' | '.join(medians)} |")
    return "\n".join(lines)


def main() -> None:
    """Train, and print."""
    arguments, options = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, options = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["row", "cells"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as root:
        made = distances if asked.what == "cells" else row
        print(made(asked.files, options, asked.seeds, Path(root)), flush=True)


if __name__ == "__main__":
    main()
