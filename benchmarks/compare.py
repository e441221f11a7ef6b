"""charrnn and PyTorch on this machine: the same models, measured in turns, with best settings.

The first command measures everything, in about 35 minutes; the second only the cases whose name
contains gru.

    python benchmarks/compare.py
    python benchmarks/compare.py --only gru
    python benchmarks/compare.py --rounds 9 --json figures.json

charrnn runs as its users run it: `charrnn train` on all cores, and `charrnn sample`. PyTorch is
measured with one-hot and embedded input, with and without oneDNN, on one thread and on all: the
best of these eight settings counts. The table has medians over the rounds. GFLOP/s count the
products of the recurrence, of the inputs of all layers except the first, and of the output; in
training forward and, twice as many, backward.
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
from dataclasses import asdict, dataclass
from pathlib import Path

from charrnn.cells import CELLS
from charrnn.network.cell import get_cell

TORCH = Path(__file__).with_name("torch_side.py")
CORES = len(os.sched_getaffinity(0))
SETTINGS = list(itertools.product(("one-hot", "embedding"), (1, CORES), ("onednn", "plain")))
SECONDS = 2.0
PEAK = """
import numpy, time
a, b = numpy.random.rand(2, 2048, 2048).astype("f"); c = a @ b; best = 9.9
for _ in range(4):
    start = time.perf_counter(); numpy.matmul(a, b, out=c)
    best = min(best, time.perf_counter() - start)
print(2 * 2048**3 / best / 1e9)
"""


@dataclass(frozen=True)
class Case:
    """One model, and whether it trains or samples."""

    what: str
    cell: str
    hidden: int
    layers: int
    streams: int
    window: int
    V: int = 65

    @property
    def name(self) -> str:
        """The name of the case in the table."""
        shape = f"{self.what} {self.cell} {self.hidden}×{self.layers}, {self.streams}"
        return f"{shape} × {self.window}, V {self.V:,}" if self.window else f"{shape}, V {self.V:,}"

    @property
    def flops(self) -> int:
        """Floating-point operations per character; training has three times those of sampling."""
        H, inputs = self.hidden, 2 * self.layers - 1
        forward = 2 * (get_cell(self.cell).gate_count * H * H * inputs + H * self.V)
        return 3 * forward if self.what == "train" else forward


@dataclass(frozen=True)
class Row:
    """Medians of characters per second, of GFLOP/s, and of their share of the peak of BLAS."""

    case: str
    ours: float
    torch: float
    torch_setting: str
    ratio: float
    gflops: float
    share_of_peak: float


SHAPES = ((128, 2, 50, 50), (256, 1, 64, 64), (512, 1, 64, 64), (512, 2, 64, 64))
COMPARABLE = [cell for cell in reversed(CELLS) if get_cell(cell).torch_module]
CASES = [
    *(Case("train", cell, *shape) for cell in COMPARABLE for shape in SHAPES),
    Case("train", "lstm", 512, 2, 128, 128),
    Case("train", "lstm", 256, 1, 64, 64, 3300),
    *(Case("sample", "lstm", H, 2, n, 0) for n in (1, 64) for H in (128, 512)),
]


def run_command(*command: object, **environment: str) -> str:
    """Run a command and return its output."""
    completed = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return completed.stdout


def measure_training(case: Case, folder: Path, steps: int) -> tuple[float, float]:
    """Train for ``2 * steps`` steps; return characters per second and seconds of the second half.

    The first half includes starting the processes and filling the caches.
    """
    text = folder / f"{case.V}.txt"
    if not text.exists():
        characters = [chr(0x4E00 + index) for index in range(case.V)]
        draw = random.Random(0)
        text.write_text("".join(characters + draw.choices(characters, k=1_000_000)))
    lines = run_command(
        sys.executable, "-m", "charrnn", "train", text, "--json", "--val", 0, "--dropout", 0,
        "--cell", case.cell, "--hidden", case.hidden, "--layers", case.layers,
        "--batch", case.streams, "--seq", case.window, "--steps", 2 * steps,
        "--eval-every", steps, "--out", folder / "run", "--overwrite",
    ).splitlines()  # fmt: skip
    first, second = (json.loads(line) for line in lines if '"eval"' in line)
    seen = steps * case.streams * case.window
    seconds = 2 * seen / second["chars_per_second"] - seen / first["chars_per_second"]
    return seen / seconds, seconds


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


def measure_torch(case: Case, setting: tuple[str, int, str]) -> float:
    """Return PyTorch's characters per second with a ``setting``."""
    input_kind, threads, kernels = setting
    shape = (case.hidden, case.layers, case.streams, case.window, case.V)
    return float(
        run_command(
            sys.executable, TORCH, case.what, case.cell, *shape, input_kind, threads, kernels
        )
    )


def compare(case: Case, rounds: int) -> Row:
    """Measure both in turns, so that other load on the machine affects both alike."""
    setting = max(SETTINGS, key=lambda each: measure_torch(case, each))
    measure = measure_training if case.what == "train" else measure_sampling
    with tempfile.TemporaryDirectory() as folder:
        # Search for the number of steps or characters that takes about SECONDS.
        amount = 4
        while True:
            _, seconds = measure(case, Path(folder), amount)
            if seconds > SECONDS / 4:
                break
            amount *= 4
        amount = max(2, round(amount * SECONDS / seconds))
        ours, theirs, peaks = [], [], []
        for _ in range(rounds):
            ours.append(measure(case, Path(folder), amount)[0])
            theirs.append(measure_torch(case, setting))
            threads = str(CORES if case.what == "train" else 1)
            peaks.append(
                float(run_command(sys.executable, "-c", PEAK, OPENBLAS_NUM_THREADS=threads))
            )
    speed, torch_speed = statistics.median(ours), statistics.median(theirs)
    gflops = speed * case.flops / 1e9
    return Row(
        case.name, speed, torch_speed, ", ".join(map(str, setting)), speed / torch_speed, gflops,
        gflops / statistics.median(peaks),
    )  # fmt: skip


def main() -> None:
    """Print each row of the table when it is measured, and write all rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="file to write")
    options = parser.parse_args()
    print("| case | charrnn | PyTorch | its setting | ratio | GFLOP/s | share of peak |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for case in CASES:
        if options.only in case.name:
            rows.append(compare(case, options.rounds))
            r = rows[-1]
            print(
                f"| {r.case} | {r.ours:,.0f} | {r.torch:,.0f} | {r.torch_setting} | {r.ratio:.2f}"
                f" | {r.gflops:.0f} | {r.share_of_peak:.0%} |",
                flush=True,
            )
            options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))


if __name__ == "__main__":
    main()
