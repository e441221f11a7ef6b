"""The number of threads in NumPy's matrix products, set before NumPy is imported."""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
THREAD_TIMEOUT = "20"
"""The logarithm to base 2 of the cycles for which an idle thread of OpenBLAS waits in a loop.

A million cycles are longer than the pause between two products of a sample. OpenBLAS's own default
is hundreds of times longer, which delays the first character by a tenth.
"""


def limit_threads(threads: int) -> None:
    """Allow at most ``threads``; variables that the user has set in the environment are kept."""
    for name in VARIABLES:
        os.environ.setdefault(name, str(threads))
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", THREAD_TIMEOUT)
