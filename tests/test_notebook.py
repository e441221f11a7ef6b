"""docs/notebook.md in a real kernel of Jupyter; and a cell that is interrupted and run again."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import charrnn
from tests.conftest import ROOT, TEXT, clean_environment
from tests.outcome import outcome
from tests.test_document_commands import CORPUS_LINES, CUTS

DOCUMENT = (ROOT / "docs/notebook.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
SAVED = "KeyboardInterrupt: the run is saved; charrnn.resume({!r}) goes on"
TRAIN = """\
import charrnn
model = charrnn.train(
    "text.txt", hidden=8, layers=1, batch=4, seq=8, steps=400, eval_every=20, lr=0.02, workers=2,
    out="runs/猫", resume=True, progress=True,
)
print(repr(model))
"""
LOOK = """\
import os
from tests.processes import children
print(sorted(os.listdir("runs/猫")), charrnn.load("runs/猫/last.npz").checkpoint.step, children())
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="signals, /proc"),
    pytest.mark.skipif(not importlib.util.find_spec("nbclient"), reason="nbclient is missing"),
]


def run_cells(folder: Path, cells: Sequence[tuple[str, str | None]]) -> list[dict[str, str]]:
    """Run cells in a new kernel in ``folder``, each interrupted when the file after it exists."""
    own = str(folder.parent / "jupyter")
    names = ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")
    environment = {
        **clean_environment(), **dict.fromkeys(names, own), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("notebook_kernel.py"), folder],
        input=json.dumps(cells), env=environment, capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown: list[dict[str, str]] = json.loads(done.stdout)
    return shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which a kernel runs."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def shorten(cell: str) -> str:
    """Return a cell of the document with a short training."""
    for long, short in CUTS.items():
        cell = re.sub(long, short, cell)
    return cell


def test_every_cell_of_the_document_runs_and_shows_what_the_text_says(folder: Path) -> None:
    shutil.copytree(ROOT / "corpora", folder / "corpora")
    corpus = folder / "corpora" / "tenki.txt"
    lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)
    corpus.write_text("".join(lines[-CORPUS_LINES:]), encoding="utf-8")
    shown = run_cells(folder, [(shorten(cell), None) for cell in CELLS])
    assert len(shown) >= 6
    assert [one["error"] for one in shown] == [""] * len(CELLS)
    for label in re.findall(r"^(\w+(?: \w+)?)  +\S", DOCUMENT, re.MULTILINE):
        assert re.search(rf"^{label}  +\S", shown[0]["stdout"], re.MULTILINE), label
    assert "step/s" in shown[0]["stderr"]
    for cell, one in zip(CELLS, shown, strict=True):
        is_shown = re.fullmatch(r"model(\.(?!stream|sample)\w+\(.*\))?", cell.splitlines()[-1])
        assert ('<div class="charrnn">' in one["text/html"]) == bool(is_shown), cell
        assert bool(one["stdout"]) != bool(is_shown), cell
    assert shown[CELLS.index("model\n")]["text/plain"].startswith("<charrnn.Model: lstm, 1 × ")


def test_an_interrupted_cell_is_run_again_and_goes_on(folder: Path, tmp_path: Path) -> None:
    (folder / "text.txt").write_text(TEXT[:1500], encoding="utf-8")
    charrnn.train(
        folder / "text.txt", hidden=8, layers=1, batch=4, seq=8, steps=400, eval_every=20, lr=0.02,
        workers=2, out=tmp_path / "whole",
    )  # fmt: skip
    cells = [(TRAIN, "runs/猫/last.npz"), (LOOK, None), (TRAIN, None), (TRAIN, None)]
    interrupted, left, again, finished = run_cells(folder, cells)
    assert interrupted["error"] == SAVED.format("runs/猫")
    assert SAVED.format("runs/notebook") in DOCUMENT
    step = re.search(r"^stopped +interrupted at step (\d+)$", interrupted["stdout"], re.MULTILINE)
    assert step
    assert 20 <= int(step[1]) < 400
    files = ["best.npz", "config.toml", "last.npz", "log.jsonl"]
    assert left["stdout"] == f"{files} {step[1]} []\n"
    assert again["error"] == ""
    assert f"resuming after step {step[1]} of 400" in again["stdout"]
    assert "<charrnn.Model: lstm" in again["stdout"]
    assert outcome(folder / "runs/猫") == outcome(tmp_path / "whole")
    assert "is finished, at step 400" in finished["stdout"]
