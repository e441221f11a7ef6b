"""What ranks gain: measured here for a few, by a cost model fitted to that for many.

    python benchmarks/scaling.py measure > scaling.json     # 10 minutes, a machine that is idle
    python benchmarks/scaling.py fit scaling.json           # the model, beside what was measured
    python benchmarks/scaling.py draw scaling.json --out docs/scaling.svg

An update with b streams a rank, N ranks and P parameters takes

    T (L s + 3 F b / R) + u P + 2 (N - 1) a + 8 P (N - 1) / N / w

seconds: T time steps, of s seconds a layer besides the products, whose F operations a character
(three times as many as forward) are made at R a second; u for what every rank does with each
parameter; a message's latency a, and w bytes a second, through which 4 P bytes go twice, less a
rank's own part.
See docs/scaling.md.
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
from charrnn.parallel.ranks import MPIRanks, Ranks
from charrnn.text.corpus import Splits
from charrnn.training.events import Progress
from charrnn.training.trainer import start_training

WINDOW, V = 64, 100
SHAPES = {f"lstm {H} × {L}": Shape("lstm", H, L, V) for H, L in ((128, 1), (256, 1), (512, 2))}
STREAMS = (4, 8, 16, 32)  # a rank
RANKS = (1, 2, 3, 4)
SUMS = (1_000, 30_000, 100_000, 350_000, 1_300_000, 5_000_000)  # numbers
ROUNDS, SECONDS = 5, 0.6
NEVER = 10**9
ETHERNET = {"latency": 30e-6, "bandwidth": 1.1e9}  # 10 Gbit/s, assumed and not measured
DRAWN_TO = 1000
TOLD = (2, 4, 8, 16, 32, 64, 256, 1000)


Measured: TypeAlias = Sequence[dict[str, Any]]
"""What `measured` gave for each number of ranks."""


@dataclass(frozen=True)
class Model:
    """The cost model's constants, in seconds, operations, bytes and parameters."""

    step: float
    rate: float
    parameter: float
    latency: float
    bandwidth: float

    def update(self, shape: Shape, streams: float, ranks: int, cores: float = math.inf) -> float:
        """Seconds; where ``ranks`` outnumber the ``cores`` they take turns."""
        turns = max(1, math.ceil(ranks / cores))
        computing = WINDOW * (self.step * shape.layers + self.products(shape, streams))
        return turns * (computing + self.parameter * shape.parameter_count) + self.sum(
            shape.parameter_count, ranks, turns
        )

    def products(self, shape: Shape, streams: float) -> float:
        """Seconds of a time step's products."""
        return 3 * shape.flops_per_character * streams / self.rate

    def sum(self, numbers: int, ranks: int, turns: float = 1.0) -> float:
        """Seconds until every rank has the sum."""
        if ranks == 1:
            return 0.0
        bytes_ = 8 * numbers * (ranks - 1) / ranks
        return turns * (2 * (ranks - 1) * self.latency + bytes_ / self.bandwidth)


def measured(ranks: Ranks) -> dict[str, object]:
    """What an update and a sum take with these ranks, the median of rounds that take turns."""
    shapes = list(SHAPES.items())
    updates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, shape in shapes:
            for streams in STREAMS:
                seconds = an_update(shape, streams, ranks)
                updates.setdefault(f"{name}, {streams}", []).append(seconds)
    sums: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for numbers in SUMS if ranks.size > 1 else ():
            sums.setdefault(str(numbers), []).append(a_sum(numbers, ranks))
    return {
        "ranks": ranks.size,
        "updates": {name: statistics.median(found) for name, found in updates.items()},
        "sums": {name: statistics.median(found) for name, found in sums.items()},
    }


def an_update(shape: Shape, streams: int, ranks: Ranks) -> float:
    """Seconds of an update, of so many streams a rank."""
    batch = streams * ranks.size
    config = Settings(
        cell=shape.cell, hidden=shape.hidden, layers=shape.layers, dropout=0, batch=batch,
        seq=WINDOW, steps=NEVER, eval_every=NEVER, lr=1e-4, val=0, workers=1, ranks=ranks.size,
    )  # fmt: skip
    ids = np.random.Generator(np.random.PCG64(0)).integers(0, shape.V, 100_000, np.uint8)
    trainer = start_training(shape, Splits(ids, ids[:0], ids[:0]), config, ranks)
    took: list[float] = []
    warm = 3  # updates that are not counted
    for event in trainer.run(lambda: len(took) > warm + 5 and took[-1] - took[warm] > SECONDS):
        if isinstance(event, Progress):
            took.append(time.perf_counter())
    return float(np.median(np.diff(took[warm:])))


def a_sum(numbers: int, ranks: Ranks) -> float:
    """Seconds until all have the sum of so many."""
    array = np.zeros(numbers, np.float32)
    took = []
    for _ in range(max(5, min(200, 20_000_000 // numbers))):
        began = time.perf_counter()
        ranks.sum(array)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def fitted(runs: Measured, cores: int) -> Model:
    """The model of least relative squares: of one rank's updates, then of as many ranks' sums."""
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


def compared(runs: Measured, model: Model, cores: int) -> Iterator[str]:
    """A line for each measurement: milliseconds measured, predicted, and their ratio."""
    for run in runs:
        N = int(run["ranks"])
        for what, seconds in run["updates"].items():
            name, _, streams = what.rpartition(", ")
            predicted = model.update(SHAPES[name], int(streams), N, cores)
            yield row(f"{N} ranks, {name}, {streams} streams each", seconds, predicted)
        for numbers, seconds in run["sums"].items():
            predicted = model.sum(int(numbers), N, max(1, math.ceil(N / cores)))
            yield row(f"{N} ranks, sum of {int(numbers):,}", seconds, predicted)


def row(what: str, seconds: float, predicted: float) -> str:
    """A measurement beside its prediction."""
    return f"{what:45} {1e3 * seconds:9.2f} ms {1e3 * predicted:9.2f} ms {predicted / seconds:5.2f}"


def drawn(networks: Mapping[str, Model], path: Path) -> None:
    """Three models' speed by ranks, for one batch shared and for one batch each, on a page."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams["svg.hashsalt"] = "charrnn"
    ranks = np.unique(np.geomspace(1, DRAWN_TO, 200).astype(int))
    figure, axes = pyplot.subplots(2, 1, figsize=(8, 9), sharex=True)
    for axis, title, streams in zip(axes, TITLES, (None, STREAMS[-1]), strict=True):
        axis.plot(ranks, ranks, color="0.7", linewidth=1, label="as fast as there are ranks")
        for style, (network, model) in zip(("-", "--"), networks.items(), strict=True):
            for color, (name, shape) in enumerate(SHAPES.items()):
                line = [faster(model, shape, int(N), streams) for N in ranks]
                label = f"{name}, {shape.parameter_count / 1e6:.2g} million parameters, {network}"
                axis.plot(ranks, line, style, color=f"C{color}", label=label)
                pays = last_that_pays(model, shape, streams)
                if pays < (DRAWN_TO if streams else SHARED):
                    axis.plot(pays, faster(model, shape, pays, streams), "o", color=f"C{color}")
        axis.set(xscale="log", yscale="log", title=title)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.set_ylabel("times the characters a second of one")
        axis.grid(alpha=0.3)
    axes[0].set_ylim(0.5, SHARED)
    axes[0].legend(fontsize="small")
    axes[1].set_xlabel("ranks; a dot: from there on they are used by less than half")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def last_that_pays(model: Model, shape: Shape, streams: int | None) -> int:
    """The most ranks that are at least half as much faster as there are ranks."""
    most = DRAWN_TO if streams else SHARED
    return max(N for N in range(1, most + 1) if faster(model, shape, N, streams) >= N / 2)


TITLES = ("a batch of 64 streams, shared by all ranks", "32 streams a rank: a batch that grows")
SHARED = 64


def faster(model: Model, shape: Shape, ranks: int, streams: int | None) -> float:
    """Times the characters a second of one rank: so many ``streams`` each, or a shared batch."""
    if streams:
        return ranks * model.update(shape, streams, 1) / model.update(shape, streams, ranks)
    if ranks > SHARED:
        return math.nan
    most = math.ceil(SHARED / ranks)  # all wait for whoever has the most
    return model.update(shape, SHARED, 1) / model.update(shape, most, ranks)


def main() -> None:
    """Measure, fit or draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["measure", "rank", "fit", "draw"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--out", type=Path, default=Path("scaling.svg"))
    parser.add_argument("--launched", type=int, default=1)
    asked = parser.parse_args()
    if asked.what == "rank":  # one of several that `measure` has started
        ranks = MPIRanks(asked.launched) if asked.launched > 1 else Ranks()
        found = measured(ranks)
        if ranks.rank == 0:
            print(json.dumps(found))
        return
    cores = len(os.sched_getaffinity(0))
    if asked.what == "measure":
        runs = []
        for N in RANKS:
            mpiexec = (
                [str(Path(sys.executable).with_name("mpiexec")), "-n", str(N)] if N > 1 else []
            )
            command = [*mpiexec, sys.executable, __file__, "rank", "--launched", str(N)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout))
        print(json.dumps({"cores": cores, "runs": runs}, indent=1))
        return
    document = json.loads(asked.file.read_text(encoding="utf-8"))
    model = fitted(document["runs"], document["cores"])
    print(json.dumps(asdict(model)))
    if asked.what == "fit":
        print("\n".join(compared(document["runs"], model, document["cores"])))
        return
    far = {**asdict(model), **ETHERNET}
    networks = {"as measured": model, "10 Gbit/s Ethernet": Model(**far)}
    drawn(networks, asked.out)
    for network, model in networks.items():
        for name, shape in SHAPES.items():
            for streams in (None, *STREAMS):
                speeds = [f"{N}: {faster(model, shape, N, streams):.3g}" for N in TOLD]
                each = f"{streams} streams a rank" if streams else "a shared batch"
                pays = last_that_pays(model, shape, streams)
                print(f"{network}, {name}, {each}: pays to {pays}; {', '.join(speeds)}")


if __name__ == "__main__":
    main()
