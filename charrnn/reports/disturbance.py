"""Whether other programs disturbed a measurement of speed: by its repetitions, not by the clock.

A measurement that seems disturbed is made again, a few times at most. If it never succeeds, the
best of them is used and marked.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence

ATTEMPTS = 2
PEAK_ATTEMPTS = 3
"""Those of large matrix products, which take less time."""
LARGEST_SPREAD = 1.3
"""The median time over that of the fastest tenth. On an idle machine it is close to 1."""
LARGEST_GAIN = 1.1
"""The peak of all cores over the sum of cores that work alone, which is impossible above 1."""
LARGEST_SHARE = 1.25
"""GFLOP/s of a training over the peak. Small products in the cache can be a tenth faster."""


def is_disturbed(times: Sequence[float]) -> bool:
    """Return whether the times of equal steps are too far apart."""
    fastest = sorted(times)[len(times) // 10]
    return statistics.median(times) > LARGEST_SPREAD * fastest


def median_time(measure: Callable[[], Sequence[float]]) -> tuple[float, bool]:
    """Return the lowest median of several measurements, and whether all of them were disturbed."""
    medians = []
    for _ in range(ATTEMPTS):
        times = measure()
        medians.append(statistics.median(times))
        if not is_disturbed(times):
            return medians[-1], False
    return min(medians), True


def measure_peaks(measure: Callable[[int], float], cores: int) -> tuple[Mapping[int, float], bool]:
    """Return the peak of one core and of all ``cores``, and whether that is impossible.

    ``measure`` is given a number of cores. The best of all measurements counts, because other
    programs can only lower them.
    """
    peaks: dict[int, float] = {}
    for _ in range(PEAK_ATTEMPTS):
        for count in sorted({1, cores}):
            peaks[count] = max(measure(count), peaks.get(count, 0.0))
        if is_possible(peaks[1], peaks[cores], cores):
            return peaks, False
    return peaks, True


def is_possible(one_core: float, all_cores: float, cores: int) -> bool:
    """Return whether all cores are at least as fast as one, and at most as fast as their sum."""
    return one_core <= all_cores <= LARGEST_GAIN * cores * one_core
