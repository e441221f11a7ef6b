"""How long charrnn takes to start, compared with importing what it needs. See docs/performance.md.

    python benchmarks/startup.py [--times 28]

Run it by the Python of an environment in which charrnn is installed from a wheel, as `make bench`
does: an editable installation makes every program of its environment start later.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conditions import start_benchmark

PROGRAM = Path(sys.executable).with_name("charrnn")
DISTINCT = 65
UNITS = 256


def measure(command: list[str]) -> float:
    """Return the seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=PROGRAM.parent)
    return time.perf_counter() - began


def train_model(folder: Path) -> str:
    """Return a run folder with an lstm of one layer, trained for one step."""
    text, run = folder / "text.txt", str(folder / "run")
    characters = [chr(0x41 + index) for index in range(DISTINCT)]
    text.write_text("".join(characters + random.Random(0).choices(characters, k=100_000)))
    options = ["--hidden", str(UNITS), "--layers", "1", "--steps", "1", "--out", run, "--quiet"]
    command = [str(PROGRAM), "train", str(text), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return run


def describe_installation() -> str:
    """Return how charrnn is installed.

    Exits with an error if its byte code is not beside it, as it is where Python may not write.
    """
    found = importlib.util.find_spec("charrnn.cli.main")
    assert found
    if not found.cached or not Path(found.cached).exists():
        sys.exit(f"{found.origin} has no byte code; run python -m compileall on its folder")
    origin = importlib.metadata.distribution("charrnn-numpy").read_text("direct_url.json")
    editable = origin and json.loads(origin).get("dir_info", {}).get("editable")
    return f"{PROGRAM}, {'editable, which delays both sides' if editable else 'not editable'}"


def main() -> None:
    """Measure in turns and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=28)
    times = parser.parse_args().times
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} does not exist; install charrnn in the environment of this Python")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the first run of a program writes byte code
    start_benchmark()
    with tempfile.TemporaryDirectory() as folder:
        sample = ["sample", train_model(Path(folder)), "--length", "1", "--seed", "1"]
        pairs = {
            "`charrnn --help`": (["--help"], "import click"),
            "the first character": (sample, "import click, numpy"),
        }
        for arguments, _ in pairs.values():
            measure([str(PROGRAM), *arguments])
        print(f"program: {describe_installation()}", end="\n\n")
        print("| what | seconds | compared with | seconds | ratio |")
        print("| --- | --- | --- | --- | --- |")
        for name, (arguments, imports) in pairs.items():
            commands = ([str(PROGRAM), *arguments], [sys.executable, "-c", imports])
            rounds = [[measure(command) for command in commands] for _ in range(times)]
            own, other = map(statistics.median, zip(*rounds, strict=True))
            print(f"| {name} | {own:.3f} | `{imports}` | {other:.3f} | {own / other:.2f} |")


if __name__ == "__main__":
    main()
