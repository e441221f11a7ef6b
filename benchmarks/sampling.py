"""Many primes in one batch and one after the other: how fast, and how many texts differ.

    python benchmarks/sampling.py RUN CORPUS [--primes 1000] [--length 200] [--times 3]

Primes are pieces of the corpus, of 5 to 40 characters. Both draw the same random numbers, so texts
differ only because of rounding. See docs/sampling.md and docs/performance.md.
"""

import argparse
import os
import random
import statistics
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

from conditions import start_benchmark

import charrnn
from charrnn.reports.speed import measure_matrix_peak


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--primes", type=int, default=1000)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    start_benchmark()
    model, text = charrnn.load(arguments.run), arguments.corpus.read_text(encoding="utf-8")
    shape = model.checkpoint.network.shape
    config = charrnn.SampleConfig(length=arguments.length)
    pick = random.Random(0)
    starts = [pick.randrange(len(text) - 40) for _ in range(arguments.primes)]
    primes = [text[start : start + pick.randrange(5, 40)] for start in starts]
    characters = arguments.primes * arguments.length
    rounds, differ = [], []
    for seed in range(arguments.times):
        began = time.perf_counter()
        batch = [sample.text for sample in model.sample_each(primes, config, seed=seed)]
        between = time.perf_counter()
        alone = [model.sample(prime, config, seed=seed) for prime in primes]
        ended = time.perf_counter()
        rounds.append((characters / (between - began), characters / (ended - between)))
        differ.append(sum(one != other for one, other in zip(batch, alone, strict=True)))
    fast, slow = map(statistics.median, zip(*rounds, strict=True))
    ratio = statistics.median(one / other for one, other in rounds)
    print(f"{shape.cell} {shape.hidden}x{shape.layers}, V {shape.V}: {arguments.primes} primes")
    print(f"characters per second: batch {fast:,.0f}, alone {slow:,.0f}, ratio {ratio:.1f}")
    share = fast * shape.flops_per_character / 1e9 / measure_matrix_peak(2)
    print(f"{share:.0%} of the speed of large matrix products")
    print(f"texts that differ: {', '.join(map(str, differ))} of {arguments.primes}")


if __name__ == "__main__":
    main()
