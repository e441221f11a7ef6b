"""The speed-up by MPI ranks: measured for a few, predicted by a fitted cost model for many.

The first command takes 10 minutes on an idle machine; the second prints predictions beside
measurements.

    python benchmarks/scaling.py measure > scaling.json
    python benchmarks/scaling.py fit scaling.json
    python benchmarks/scaling.py draw scaling.json --out docs/scaling.svg

A step with b streams per rank, N ranks and P parameters takes

    T (L s + 3 F b / R) + u P + 2 (N - 1) a + 8 P (N - 1) / N / w

seconds. Each of T time steps takes s seconds per layer, and for the matrix products 3 F operations
per character (forward has F) at R operations per second. Every rank spends u seconds on each
parameter. A message has the latency a, and the network carries w bytes per second: 4 P bytes are
sent twice, except for a rank's own part. See docs/scaling.md.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from charrnn.config import Settings
from charrnn.network.parameters import Shape
from charrnn.parallel.ranks import MPIRankTeam, RankTeam
from charrnn.text.corpus import Splits
from charrnn.training.events import Progress
from charrnn.training.trainer import start_training

WINDOW, V = 64, 100
SHAPES = {f"lstm {H} × {L}": Shape("lstm", H, L, V) for H, L in ((128, 1), (256, 1), (512, 2))}
STREAMS = (4, 8, 16, 32)  # per rank
RANKS = (1, 2, 3, 4)
SUMS = (1_000, 30_000, 100_000, 350_000, 1_300_000, 5_000_000)  # array elements
ROUNDS, SECONDS = 5, 0.6
NEVER = 10**9
ETHERNET = {"latency": 30e-6, "bandwidth": 1.1e9}  # 10 Gbit/s, assumed and not measured
MAX_RANKS = 1000
PRINTED_RANKS = (2, 4, 8, 16, 32, 64, 256, 1000)


Measurements: TypeAlias = Sequence[dict[str, Any]]
"""The results of `measure` for each number of ranks."""


@dataclass(frozen=True)
class Model:
    """The cost model's constants, in seconds, operations, bytes and parameters."""

    step: float
    rate: float
    parameter: float
    latency: float
    bandwidth: float

    def update(self, shape: Shape, streams: float, ranks: int, cores: float = math.inf) -> float:
        """Return the seconds of a step. More ``ranks`` than ``cores`` take turns on the cores."""
        turns = max(1, math.ceil(ranks / cores))
        computing = WINDOW * (self.step * shape.layers + self.products(shape, streams))
        return turns * (computing + self.parameter * shape.parameter_count) + self.sum(
            shape.parameter_count, ranks, turns
        )

    def products(self, shape: Shape, streams: float) -> float:
        """Return the seconds of the matrix products of one time step."""
        return 3 * shape.flops_per_character * streams / self.rate

    def sum(self, numbers: int, ranks: int, turns: float = 1.0) -> float:
        """Return the seconds of an all-reduce of an array of ``numbers`` elements."""
        if ranks == 1:
            return 0.0
        bytes_ = 8 * numbers * (ranks - 1) / ranks
        return turns * (2 * (ranks - 1) * self.latency + bytes_ / self.bandwidth)


def measure(ranks: RankTeam) -> dict[str, object]:
    """Return the seconds of steps and sums with these ranks: medians over rounds."""
    shapes = list(SHAPES.items())
    updates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, shape in shapes:
            for streams in STREAMS:
                seconds = measure_step(shape, streams, ranks)
                updates.setdefault(f"{name}, {streams}", []).append(seconds)
    sums: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for numbers in SUMS if ranks.size > 1 else ():
            sums.setdefault(str(numbers), []).append(measure_sum(numbers, ranks))
    return {
        "ranks": ranks.size,
        "updates": {name: statistics.median(times) for name, times in updates.items()},
        "sums": {name: statistics.median(times) for name, times in sums.items()},
    }


def measure_step(shape: Shape, streams: int, ranks: RankTeam) -> float:
    """Return the seconds of a training step with ``streams`` streams per rank."""
    batch = streams * ranks.size
    config = Settings(
        cell=shape.cell, hidden=shape.hidden, layers=shape.layers, dropout=0, batch=batch,
        seq=WINDOW, steps=NEVER, eval_every=NEVER, lr=1e-4, val=0, workers=1, ranks=ranks.size,
    )  # fmt: skip
    ids = np.random.Generator(np.random.PCG64(0)).integers(0, shape.V, 100_000, np.uint8)
    trainer = start_training(shape, Splits(ids, ids[:0], ids[:0]), config, ranks)
    times: list[float] = []
    warm = 3  # the number of first steps that are not counted
    for event in trainer.run(lambda: len(times) > warm + 5 and times[-1] - times[warm] > SECONDS):
        if isinstance(event, Progress):
            times.append(time.perf_counter())
    return float(np.median(np.diff(times[warm:])))


def measure_sum(numbers: int, ranks: RankTeam) -> float:
    """Return the seconds of an all-reduce of an array of ``numbers`` elements."""
    array = np.zeros(numbers, np.float32)
    times = []
    for _ in range(max(5, min(200, 20_000_000 // numbers))):
        start = time.perf_counter()
        ranks.sum(array)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fit_model(runs: Measurements, cores: int) -> Model:
    """Fit the model by least relative squares: first to the steps of one rank, then to all sums."""
    alone = {run["ranks"]: run for run in runs}[1]
    rows, ones = [], []
    for name, shape in SHAPES.items():
        for streams in STREAMS:
            seconds = alone["updates"][f"{name}, {streams}"]
            terms = (
                WINDOW * shape.layers, WINDOW * 3 * shape.flops_per_character * streams,
                shape.parameter_count,
            )  # fmt: skip
            rows.append([term / seconds for term in terms])
            ones.append(1.0)
    step, inverse, parameter = np.linalg.lstsq(np.array(rows), np.array(ones), rcond=None)[0]
    rows, ones = [], []
    for run in runs:
        N = int(run["ranks"])
        for numbers, seconds in run["sums"].items():
            turns = max(1, math.ceil(N / cores))
            costs = (2 * (N - 1) * turns, 8 * int(numbers) * (N - 1) / N * turns)
            rows.append([term / seconds for term in costs])
            ones.append(1.0)
    latency, byte = np.linalg.lstsq(np.array(rows), np.array(ones), rcond=None)[0]
    return Model(float(step), float(1 / inverse), float(parameter), float(latency), float(1 / byte))


def compare_predictions(runs: Measurements, model: Model, cores: int) -> Iterator[str]:
    """Yield a line for each measurement: measured and predicted milliseconds, and their ratio."""
    for run in runs:
        N = int(run["ranks"])
        for what, seconds in run["updates"].items():
            name, _, streams = what.rpartition(", ")
            predicted = model.update(SHAPES[name], int(streams), N, cores)
            yield format_row(f"ranks {N}, {name}, streams per rank {streams}", seconds, predicted)
        for numbers, seconds in run["sums"].items():
            predicted = model.sum(int(numbers), N, max(1, math.ceil(N / cores)))
            yield format_row(f"ranks {N}, sum of {int(numbers):,}", seconds, predicted)


def format_row(what: str, seconds: float, predicted: float) -> str:
    """Return a line with a measurement and its prediction."""
    return f"{what:45} {1e3 * seconds:9.2f} ms {1e3 * predicted:9.2f} ms {predicted / seconds:5.2f}"


def draw_chart(networks: Mapping[str, Model], path: Path) -> None:
    """Draw the speed-up of three models by ranks: with a shared batch, and with a growing one."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams["svg.hashsalt"] = "charrnn"
    ranks = np.unique(np.geomspace(1, MAX_RANKS, 200).astype(int))
    figure, axes = pyplot.subplots(2, 1, figsize=(8, 9), sharex=True)
    for axis, title, streams in zip(axes, TITLES, (None, STREAMS[-1]), strict=True):
        axis.plot(ranks, ranks, color="0.7", linewidth=1, label="linear speed-up")
        for style, (network, model) in zip(("-", "--"), networks.items(), strict=True):
            for color, (name, shape) in enumerate(SHAPES.items()):
                line = [speedup(model, shape, int(N), streams) for N in ranks]
                label = f"{name}, {shape.parameter_count / 1e6:.2g} million parameters, {network}"
                axis.plot(ranks, line, style, color=f"C{color}", label=label)
                efficient = largest_efficient_number(model, shape, streams)
                if efficient < (MAX_RANKS if streams else SHARED):
                    axis.plot(
                        efficient, speedup(model, shape, efficient, streams), "o", color=f"C{color}"
                    )
        axis.set(xscale="log", yscale="log", title=title)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.set_ylabel("speed relative to one rank")
        axis.grid(alpha=0.3)
    axes[0].set_ylim(0.5, SHARED)
    axes[0].legend(fontsize="small")
    axes[1].set_xlabel("ranks (at the dot the efficiency falls below one half)")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def largest_efficient_number(model: Model, shape: Shape, streams: int | None) -> int:
    """Return the largest number of ranks whose parallel efficiency is at least one half."""
    most = MAX_RANKS if streams else SHARED
    return max(N for N in range(1, most + 1) if speedup(model, shape, N, streams) >= N / 2)


TITLES = ("a batch of 64 streams, shared by all ranks", "32 streams per rank: a growing batch")
SHARED = 64


def speedup(model: Model, shape: Shape, ranks: int, streams: int | None) -> float:
    """Return the speed relative to one rank: with ``streams`` per rank, or with a shared batch."""
    if streams:
        return ranks * model.update(shape, streams, 1) / model.update(shape, streams, ranks)
    if ranks > SHARED:
        return math.nan
    largest_share = math.ceil(SHARED / ranks)  # all ranks wait for the one with the most
    return model.update(shape, SHARED, 1) / model.update(shape, largest_share, ranks)


def main() -> None:
    """Measure, fit or draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["measure", "rank", "fit", "draw"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--out", type=Path, default=Path("scaling.svg"))
    parser.add_argument("--launched", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.what == "rank":  # one of the processes that `measure` starts
        ranks = MPIRankTeam(arguments.launched) if arguments.launched > 1 else RankTeam()
        results = measure(ranks)
        if ranks.rank == 0:
            print(json.dumps(results))
        return
    cores = len(os.sched_getaffinity(0))
    if arguments.what == "measure":
        runs = []
        for N in RANKS:
            mpiexec = (
                [str(Path(sys.executable).with_name("mpiexec")), "-n", str(N)] if N > 1 else []
            )
            command = [*mpiexec, sys.executable, __file__, "rank", "--launched", str(N)]
            completed = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(completed.stdout))
        print(json.dumps({"cores": cores, "runs": runs}, indent=1))
        return
    document = json.loads(arguments.file.read_text(encoding="utf-8"))
    model = fit_model(document["runs"], document["cores"])
    print(json.dumps(asdict(model)))
    if arguments.what == "fit":
        print("\n".join(compare_predictions(document["runs"], model, document["cores"])))
        return
    far = {**asdict(model), **ETHERNET}
    networks = {"as measured": model, "10 Gbit/s Ethernet": Model(**far)}
    draw_chart(networks, arguments.out)
    for network, model in networks.items():
        for name, shape in SHAPES.items():
            for streams in (None, *STREAMS):
                speeds = [f"{N}: {speedup(model, shape, N, streams):.3g}" for N in PRINTED_RANKS]
                each = f"{streams} streams per rank" if streams else "a shared batch"
                efficient = largest_efficient_number(model, shape, streams)
                print(
                    f"{network}, {name}, {each}: efficient up to {efficient}; {', '.join(speeds)}"
                )


if __name__ == "__main__":
    main()
