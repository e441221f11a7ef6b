"""What every benchmark states first: processor, kernel of NumPy's BLAS, versions and load.

Some machines set OPENBLAS_CORETYPE or OPENBLAS_L2_SIZE for all users. NumPy then multiplies at half
of its speed, and no other library does, so benchmarks run without both.
"""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from charrnn.parallel.machine import count_cores

KERNEL_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
OTHER_VARIABLES = ("OPENBLAS_", "OMP_", "MKL_", "XLA_", "ONEDNN_", "DNNL_", "JAX_", "PYTHONPATH")
"""How the names of variables begin that may change the speed, too."""
PACKAGES = ("charrnn-numpy", "numpy", "click", "torch", "jax", "jaxlib", "onnxruntime", "onnx")
CPUINFO = Path("/proc/cpuinfo")


def start_benchmark() -> list[str]:
    """Print the conditions and return their lines.

    Where a variable chooses the kernel, this restarts the program without it: BLAS has read it when
    NumPy was imported.
    """
    if unwanted := [name for name in KERNEL_VARIABLES if name in os.environ]:
        for name in unwanted:
            print(f"not used: {name}={os.environ.pop(name)}", flush=True)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    lines = describe_conditions()
    print("\n".join(lines), end="\n\n", flush=True)
    return lines


def describe_conditions() -> list[str]:
    """Return the lines that describe the machine, the libraries and the load."""
    lines = [
        f"processor: {describe_processor()}, cores that may be used: {count_cores()}",
        f"BLAS of NumPy: {describe_blas()}",
        f"versions: Python {platform.python_version()}, {', '.join(list_versions())}",
        f"load average: {', '.join(f'{load:.2f}' for load in os.getloadavg())}",
    ]
    values = [f"{key}={value}" for key, value in os.environ.items() if is_other_variable(key)]
    return [*lines, f"variables: {', '.join(values)}"] if values else lines


def describe_processor() -> str:
    """Return the processor's name, and whether it has AVX-512, which NumPy's tanh uses."""
    if not CPUINFO.exists():
        return platform.processor() or platform.machine()
    pairs = [line.partition(":") for line in CPUINFO.read_text().splitlines()]
    facts = {name.strip(): value.strip() for name, _, value in reversed(pairs)}
    wide = "with" if "avx512f" in facts.get("flags", "").split() else "without"
    return f"{facts.get('model name', platform.machine())} {wide} AVX-512"


def describe_blas() -> str:
    """Return the library's name and version, and the processor for which its kernel was made."""
    import numpy  # noqa: F401, loads its library
    from threadpoolctl import threadpool_info

    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return ", ".join(
        f"{each['internal_api']} {each['version']}, kernel {each.get('architecture', 'unknown')}"
        for each in libraries
    )


def list_versions() -> list[str]:
    """Return the names and versions of the packages that are installed."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


def is_other_variable(name: str) -> bool:
    """Whether an environment variable belongs to a library that is measured."""
    return name.startswith(OTHER_VARIABLES)


if __name__ == "__main__":
    start_benchmark()
