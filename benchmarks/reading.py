"""How fast a large corpus is read, and with how much memory. See docs/performance.md.

    python benchmarks/reading.py [--megabytes 1000] [--times 3]

Repeats each text of corpora/ up to this size, and measures the passes that count and encode it.
"""

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from conditions import start_benchmark

from charrnn.generators import exhaust
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.normalization import Normalization
from charrnn.text.sources import CorpusFiles, find_sources

CORPORA = Path(__file__).resolve().parent.parent / "corpora"


def measure(path: Path, folder: Path) -> list[float]:
    """Return the seconds of the pass that counts characters and of the one that encodes them."""
    began = time.perf_counter()
    corpus_info, sources = exhaust(
        scan_corpus(CorpusFiles(find_sources([path])), "auto", Normalization())
    )
    scanned = time.perf_counter()
    exhaust(encode_corpus(sources, corpus_info, folder / "ids"))
    ended = time.perf_counter()
    return [scanned - began, ended - scanned]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    start_benchmark()
    print("corpus         MB/s   seconds:  scan encode   peak memory")
    for corpus in sorted(CORPORA.glob("*.txt")):
        with tempfile.TemporaryDirectory() as folder:
            large, text = Path(folder, "large.txt"), corpus.read_bytes()
            with large.open("wb") as file:
                for _ in range(arguments.megabytes * 10**6 // len(text)):
                    file.write(text)
            passes = [measure(large, Path(folder)) for _ in range(arguments.times)]
            speed = large.stat().st_size / 1e6 / statistics.median(map(sum, passes))
            each = [statistics.median(column) for column in zip(*passes, strict=True)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        parts = "".join(f"{seconds:7.2f}" for seconds in each)
        print(f"{corpus.name:12}{speed:7.0f}      {parts}   {peak:.0f} MB")


if __name__ == "__main__":
    main()
