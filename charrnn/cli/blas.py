"""How many threads NumPy's matrix products may have, said before NumPy is loaded and reads it."""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def limit(threads: int) -> None:
    """At most so many; what the user has set in the environment stands."""
    for name in VARIABLES:
        os.environ.setdefault(name, str(threads))
