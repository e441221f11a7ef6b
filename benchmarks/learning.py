"""How well charrnn learns a text: the tables of docs/learning.md.

    python benchmarks/learning.py row FILE... [--seeds 3] [-- OPTIONS of charrnn train]

trains on FILE with each seed, one after the other, and prints a table row in Markdown: the chosen
sizes, the validation loss (median and range), the loss of the n-gram on the same part, and the time
of the whole command. Everything is written to a temporary folder.

    python benchmarks/learning.py cells corpora/kakko.txt [--seeds 3] [-- OPTIONS]

trains an rnn, a gru and an lstm with equally many parameters, and prints a table of how often each
predicts the right character, by its distance from the character that determines it. The text is of
the same kind as FILE, and no model has seen it.

Run it on an idle machine: on a busy one, trainings with --minutes learn less.
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

from conditions import start_benchmark

KAKKO = Path(__file__).resolve().parent.parent / "corpora" / "kakko.py"
UNSEEN_SEED = 1001  # the seed of the text that no model has seen
UNITS = {"rnn": 304, "gru": 176, "lstm": 152}  # for 109,000 to 113,000 parameters


def run_charrnn(*arguments: str | Path) -> bytes:
    """Run charrnn and return its output."""
    command = [sys.executable, "-m", "charrnn", *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def train(files: list[str], options: list[str], folder: Path) -> tuple[dict[str, Any], ...]:
    """Train; return the first event and the last, to which the command's ``seconds`` are added."""
    began = time.perf_counter()
    out = run_charrnn("train", *files, "--json", "--quiet", "--out", folder, *options)
    seconds = time.perf_counter() - began
    start, *_, end = map(json.loads, out.splitlines())
    return start, {**end, "seconds": seconds}


def make_row(files: list[str], options: list[str], seeds: int, root: Path) -> str:
    """Train with each seed; return a row of the table."""
    trainings = [train(files, [*options, "--seed", str(n)], root / str(n)) for n in range(seeds)]
    start, end = trainings[0]
    chosen, baselines = start["config"], end["baselines"]
    losses = sorted(last["val_loss"] for _, last in trainings)
    epochs = statistics.median(last["epoch"] for _, last in trainings)
    seconds = statistics.median(last["seconds"] for _, last in trainings)
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


def make_distance_table(files: list[str], options: list[str], seeds: int, root: Path) -> str:
    """Return a table of accuracies by distance: the median over seeds, with a column per cell."""
    make = [sys.executable, str(KAKKO), "make", "--seed", str(UNSEEN_SEED), "--characters", "50000"]
    unseen = root / "unseen.txt"
    unseen.write_bytes(subprocess.run(make, stdout=subprocess.PIPE, check=True).stdout)
    by_row: dict[str, dict[str, list[float]]] = {}
    sizes: dict[str, int] = {}
    for cell, hidden in UNITS.items():
        for seed in range(seeds):
            run = root / f"{cell}{seed}"
            sized = ["--cell", cell, "--hidden", str(hidden), "--seed", str(seed)]
            start, end = train(files, [*sized, *options], run)
            sizes[cell] = start["model"]["parameters"]
            by_row.setdefault("validation loss", {}).setdefault(cell, []).append(end["val_loss"])
            scored = run_charrnn("inspect", "score", unseen, run, "--json", "--quiet")
            check = [sys.executable, str(KAKKO), "check", "--predictions", "--json", "-"]
            checked = subprocess.run(check, input=scored, stdout=subprocess.PIPE, check=True).stdout
            for accuracy in json.loads(checked):
                name = "{kind}, {from} to {to}".format_map(accuracy)
                by_row.setdefault(name, {}).setdefault(cell, []).append(accuracy["accuracy"])
    heads = [f"{cell}, {UNITS[cell]} units, {sizes[cell]:,} parameters" for cell in UNITS]
    lines = [f"| | {' | '.join(heads)} |", f"|{' --- |' * 4}"]
    for name, by_cell in by_row.items():
        shape = "{:.4f}" if "loss" in name else "{:.1%}"
        medians = [shape.format(statistics.median(by_cell[cell])) for cell in UNITS]
        lines.append(f"| {name} | {' | '.join(medians)} |")
    return "\n".join(lines)


def main() -> None:
    """Print a row or a table."""
    argv, options = sys.argv[1:], []
    if "--" in argv:
        dashes = argv.index("--")
        argv, options = argv[:dashes], argv[dashes + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["row", "cells"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args(argv)
    start_benchmark()
    with tempfile.TemporaryDirectory() as root:
        make_table = make_distance_table if arguments.what == "cells" else make_row
        print(make_table(arguments.files, options, arguments.seeds, Path(root)), flush=True)


if __name__ == "__main__":
    main()
