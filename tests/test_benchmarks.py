"""The programs of benchmarks/: what they state, and that all sides compute the same network.

Not here: how fast anything is.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
SECONDS = "0.01"


@pytest.fixture(autouse=True)
def _import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def run_benchmark(*words: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **variables}, timeout=100
    )


def test_variables_that_choose_the_kernel_are_not_used() -> None:
    code = (
        "import os, sys, numpy; sys.path.insert(0, sys.argv[1]); from conditions import *;"
        "start_benchmark(); print(*sorted({*KERNEL_VARIABLES} & {*os.environ}))"
    )
    plain = run_benchmark("-c", code, BENCHMARKS)
    unwanted = {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_L2_SIZE": "524288"}
    changed = run_benchmark("-c", code, BENCHMARKS, **unwanted)
    assert plain.returncode == changed.returncode == 0, changed.stderr
    first, second, *rest = changed.stdout.splitlines()
    assert [first, second] == [f"not used: {name}={value}" for name, value in unwanted.items()]
    load = "load average: "
    same = [line for line in plain.stdout.splitlines() if not line.startswith(load)]
    assert [line for line in rest if not line.startswith(load)] == same
    assert {"processor", "BLAS of NumPy", "versions"} <= {line.split(":")[0] for line in rest}
    assert rest[-1] == ""


def test_each_case_has_a_name_of_its_own() -> None:
    from cases import list_cases

    names = [case.name for case in list_cases()]
    assert sorted(set(names)) == sorted(names)
    assert any("nothing set" in name for name in names)
    assert any("--minutes 2" in name for name in names)


TORCH = [
    ("torch", *words)
    for cell in ("lstm", "gru", "rnn")
    for words in (
        (cell, "train", "one-hot", "onednn", "float32"),
        (cell, "sample", "embedding", "onednn", "bfloat16"),
    )
]
# These are in the environment of `make bench` only.
OTHERS = [
    (name, "lstm", "sample", "one-hot", *setting)
    for name, setting in {"jax": ("10",), "onnx": ()}.items()
    if find_spec(name)
]


@pytest.mark.slow
@pytest.mark.parametrize("words", [*TORCH, *OTHERS], ids=" ".join)
def test_a_side_accepts_only_the_logits_of_charrnn(words: tuple[str, ...], tmp_path: Path) -> None:
    from cases import Case, write_models

    library, cell, what, kind, *setting = words
    pytest.importorskip(library)
    write_models(Case(what, cell, 24, 2, 3, 7, 11), tmp_path)
    model = tmp_path / f"{kind}.npz"
    command = (BENCHMARKS / f"{library}_side.py", what, model, 7, SECONDS, 1, *setting)
    accepted = run_benchmark(*command)
    assert accepted.returncode == 0, accepted.stderr
    assert float(accepted.stdout) > 0
    with np.load(model) as file:
        arrays = dict(file)
    arrays["logits"][-1, -1, -1] += 0.1
    np.savez(model, **arrays)
    refused = run_benchmark(*command)
    assert refused.returncode == 1
    assert "logits differ from charrnn's by " in refused.stderr


def test_start_up_is_compared_with_imports() -> None:
    done = run_benchmark(BENCHMARKS / "startup.py", "--times", "1")
    assert done.returncode == 0, done.stderr
    *_, help_row, sample_row = done.stdout.splitlines()
    assert help_row.startswith("| `charrnn --help` |")
    assert sample_row.startswith("| the first character |")
