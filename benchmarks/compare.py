"""charrnn and other libraries on this machine: the same models, measured in turns.

The first command measures everything, in about an hour; the second only the cases whose name
contains gru.

    python benchmarks/compare.py
    python benchmarks/compare.py --only gru
    python benchmarks/compare.py --rounds 9 --json figures.json

charrnn runs as its users run it: `charrnn train` on all cores, and `charrnn sample`. PyTorch is
measured with one-hot and embedded input, with and without oneDNN, on one thread and on all: the
best of these eight settings counts, once in float32 and once with autocast to bfloat16. Samples are
also measured in JAX and in ONNX Runtime, on one thread and on all. JAX's loop is compiled, with the
draw; 100 or 2,000 characters per call are its third setting. A program of another library ends with
an error when its logits are not charrnn's.

The table has medians over the rounds. GFLOP/s count the products of the recurrence, of the inputs
of all layers except the first, and of the output; in training forward and, twice as many, backward.
"""

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cases import CORES, INPUTS, Case, list_cases, write_models
from conditions import start_benchmark

THREADS = sorted({1, CORES})
CALL_LENGTHS = (100, 2000)  # characters of each sample that a compiled loop of JAX draws
SECONDS, SEARCH_SECONDS = 2.0, 0.5
LONGEST_SEARCH = 15.0  # seconds for a setting: bfloat16 without oneDNN can take a minute
PEAK = """
import numpy, time
a, b = numpy.random.rand(2, 2048, 2048).astype("f"); c = a @ b; best = 9.9
for _ in range(4):
    start = time.perf_counter(); numpy.matmul(a, b, out=c)
    best = min(best, time.perf_counter() - start)
print(2 * 2048**3 / best / 1e9)
"""


@dataclass(frozen=True)
class Side:
    """Another library: its program, and the settings of which the best counts."""

    name: str
    program: str
    settings: tuple[tuple[object, ...], ...]
    """The input of the model, and arguments of the program."""
    precision: tuple[str, ...] = ()
    trains: bool = True


TORCH_SETTINGS = tuple(itertools.product(INPUTS, THREADS, ("onednn", "plain")))
JAX_SETTINGS = tuple(itertools.product(INPUTS[:1], THREADS, CALL_LENGTHS))
ONNX_SETTINGS = tuple(itertools.product(INPUTS[:1], THREADS))
SIDES = (
    Side("PyTorch", "torch_side.py", TORCH_SETTINGS, ("float32",)),
    Side("PyTorch bf16", "torch_side.py", TORCH_SETTINGS, ("bfloat16",)),
    Side("JAX", "jax_side.py", JAX_SETTINGS, trains=False),
    Side("ONNX Runtime", "onnx_side.py", ONNX_SETTINGS, trains=False),
)


@dataclass(frozen=True)
class Speed:
    """The median of another side's characters per second, and the setting, which was the best."""

    speed: float
    setting: str


@dataclass(frozen=True)
class Row:
    """Medians of characters per second, of GFLOP/s, and of their share of the peak of BLAS.

    ``ratio`` is that of charrnn's speed to the first of ``others``, PyTorch's in float32.
    """

    case: str
    charrnn: float
    others: dict[str, Speed]
    ratio: float
    gflops: float
    share_of_peak: float


def run_command(*command: object, limit: float | None = None, **environment: str) -> str:
    """Run a command and return its output; exit with what it printed when it fails.

    Raises:
        subprocess.TimeoutExpired: when it takes longer than ``limit`` seconds.
    """
    words, variables = list(map(str, command)), {**os.environ, **environment}
    completed = subprocess.run(words, capture_output=True, text=True, timeout=limit, env=variables)
    if completed.returncode:
        sys.exit(f"{' '.join(words)}\n{completed.stderr}")
    return completed.stdout


def measure_training(case: Case, folder: Path, steps: int) -> tuple[float, float]:
    """Train for ``2 * steps`` steps; return characters per second and seconds of the second half.

    The first half includes starting the processes and filling the caches. The learning rate is that
    of PyTorch: with a higher one, a short training may diverge and begin again.
    """
    text = folder / f"{case.V}.txt"
    if not text.exists():
        characters = [chr(0x4E00 + index) for index in range(case.V)]
        draw = random.Random(0)
        text.write_text("".join(characters + draw.choices(characters, k=1_000_000)))
    lines = run_command(
        sys.executable, "-m", "charrnn", "train", text, "--json", "--val", 0,
        "--dropout", 0, "--recurrent-dropout", 0, "--no-tied", "--lr", 0.001,
        "--cell", case.cell, "--hidden", case.hidden, "--layers", case.layers,
        "--batch", case.streams, "--seq", case.window, "--steps", 2 * steps,
        "--eval-every", steps, "--out", folder / "run", "--overwrite",
    ).splitlines()  # fmt: skip
    first, second = (json.loads(line) for line in lines if '"eval"' in line)
    seen = steps * case.streams * case.window
    seconds = 2 * seen / second["chars_per_second"] - seen / first["chars_per_second"]
    return seen / seconds, seconds


def measure_nominal_speed() -> float:
    """Return the operations per second at the sizes that --minutes measures first."""
    case = next(case for case in list_cases() if case.note.startswith("--minutes"))
    with tempfile.TemporaryDirectory() as folder:
        return case.flops * measure_training(case, Path(folder), 100)[0]


def measure_sampling(case: Case, folder: Path, length: int) -> tuple[float, float]:
    """Return characters per second and seconds of sampling, without starting and loading.

    That is the time of a sample of ``length`` characters minus the time of a sample of one.
    """
    if not (folder / "run/best.npz").exists():
        measure_training(
            Case("train", case.cell, case.hidden, case.layers, 8, 8, case.V), folder, 1
        )
    times = []
    for characters in (1, length + 1):
        start = time.perf_counter()
        run_command(
            sys.executable, "-m", "charrnn", "sample", folder / "run", "-n", case.streams,
            "--length", characters, "--seed", 1,
        )  # fmt: skip
        times.append(time.perf_counter() - start)
    seconds = times[1] - times[0]
    return case.streams * length / seconds, seconds


def measure_other(
    side: Side,
    case: Case,
    folder: Path,
    setting: tuple[object, ...],
    seconds: float = SECONDS,
    limit: float | None = None,
) -> float:
    """Return the characters per second of another side with a ``setting``."""
    input_kind, *arguments = setting
    output = run_command(
        sys.executable, Path(__file__).with_name(side.program), case.what,
        folder / f"{input_kind}.npz", case.window, seconds, *arguments, *side.precision,
        limit=limit,
    )  # fmt: skip
    return float(output)


def find_setting(side: Side, case: Case, folder: Path) -> tuple[object, ...]:
    """Return the fastest setting of another side."""
    speeds = {}
    for setting in side.settings:
        with suppress(subprocess.TimeoutExpired):
            speeds[setting] = measure_other(
                side, case, folder, setting, SEARCH_SECONDS, LONGEST_SEARCH
            )
    return max(speeds, key=speeds.__getitem__)


def measure_peak(threads: int) -> float:
    """Return the GFLOP/s of NumPy's product of large matrices."""
    return float(run_command(sys.executable, "-c", PEAK, OPENBLAS_NUM_THREADS=str(threads)))


def compare(case: Case, rounds: int, folder: Path) -> Row:
    """Measure all in turns, so that other load on the machine affects all alike."""
    write_models(case, folder)
    sides = [side for side in SIDES if side.trains or case.what != "train"]
    settings = {side: find_setting(side, case, folder) for side in sides}
    measure_own = measure_training if case.what == "train" else measure_sampling
    amount = choose_amount(lambda amount: measure_own(case, folder, amount)[1])
    own, peaks, speeds = list[float](), list[float](), {side: list[float]() for side in sides}
    for _ in range(rounds):
        own.append(measure_own(case, folder, amount)[0])
        for side, setting in settings.items():
            speeds[side].append(measure_other(side, case, folder, setting))
        peaks.append(measure_peak(CORES if case.what == "train" else 1))
    others = {
        side.name: Speed(statistics.median(speeds[side]), ", ".join(map(str, setting)))
        for side, setting in settings.items()
    }
    speed = statistics.median(own)
    gflops = speed * case.flops / 1e9
    return Row(
        case.name, speed, others, speed / others[sides[0].name].speed, gflops,
        gflops / statistics.median(peaks),
    )  # fmt: skip


def choose_amount(measure_seconds: Callable[[int], float]) -> int:
    """Return the number of steps or characters that takes about `SECONDS`."""
    amount = 4
    while (seconds := measure_seconds(amount)) <= SECONDS / 4:
        amount *= 4
    return max(2, round(amount * SECONDS / seconds))


def format_row(row: Row) -> str:
    """Return the line of a table; the settings stand in parentheses."""
    others = [f"{other.speed:,.0f} ({other.setting})" for other in row.others.values()]
    cells = [row.case, f"{row.charrnn:,.0f}", others[0], f"{row.ratio:.2f}", *others[1:]]
    return f"| {' | '.join([*cells, f'{row.gflops:.0f}', f'{row.share_of_peak:.0%}'])} |"


def format_head(row: Row) -> str:
    """Return the head of the table to which a row belongs."""
    first, *others = row.others
    cells = ["case", "charrnn", first, "ratio", *others, "GFLOP/s", "share of peak"]
    return f"| {' | '.join(cells)} |\n|{' --- |' * len(cells)}"


def main() -> None:
    """Print each row of the table when it is measured, and write all rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="file to write")
    options = parser.parse_args()
    conditions, rows = start_benchmark(), list[Row]()
    for case in list_cases(measure_nominal_speed()):
        if options.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = compare(case, options.rounds, Path(folder))
        if not rows or list(rows[-1].others) != list(row.others):
            print(format_head(row))
        print(format_row(row), flush=True)
        rows.append(row)
        document = {"conditions": conditions, "rows": [asdict(each) for each in rows]}
        options.json.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
