"""The number of threads in NumPy's matrix products, set before NumPy is imported."""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def limit_threads(threads: int) -> None:
    """Allow at most ``threads``; variables that the user has set in the environment are kept."""
    for name in VARIABLES:
        os.environ.setdefault(name, str(threads))
