"""What a training takes is known before it starts, and what cannot fit is refused."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn import TrainConfig
from charrnn.config import Settings
from charrnn.errors import MachineError
from charrnn.generators import exhaust
from charrnn.network.parameters import Shape
from charrnn.parallel.team import Team
from charrnn.runs import run
from charrnn.text.corpus import Splits
from charrnn.training import memory_check
from charrnn.training.automatic import complete_settings
from charrnn.training.memory_check import bytes_for_training, bytes_needed
from charrnn.training.trainer import start_training

CHARACTERS, VALIDATING = 30_000, 6_000


def peak(config: Settings, shape: Shape) -> int:
    """The bytes that NumPy and Python take for two updates and an evaluation."""
    ids = np.random.default_rng(0).integers(0, shape.V, CHARACTERS).astype(np.uint16)
    parts = Splits(ids[:-VALIDATING], ids[-VALIDATING:], ids[:0])
    tracemalloc.start()
    try:
        exhaust(start_training(shape, parts, config, Team()).run(lambda: False))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("cell", "hidden", "layers", "batch", "seq", "V", "dropout"),
    [
        ("lstm", 96, 2, 32, 64, 65, 0.1),
        ("lstm", 320, 1, 4, 16, 65, 0.0),
        ("lstm", 64, 1, 16, 32, 400, 0.1),
        ("lstm", 64, 1, 16, 32, 3000, 0.1),
        ("lstm", 128, 2, 32, 64, 3000, 0.1),
        ("gru", 96, 2, 64, 64, 65, 0.0),
        ("rnn", 128, 3, 64, 64, 65, 0.1),
    ],
)
def test_needed_memory_is_what_is_taken_and_hardly_more(
    cell: str, hidden: int, layers: int, batch: int, seq: int, V: int, dropout: float
) -> None:
    asked = TrainConfig(
        cell=cell, hidden=hidden, layers=layers, batch=batch, seq=seq, dropout=dropout,
        steps=2, val=VALIDATING, workers=1,
    )  # fmt: skip
    config = complete_settings(asked, CHARACTERS, V)
    shape = Shape(cell, hidden, layers, V, config.tied)
    expected = bytes_for_training(config, shape, VALIDATING) - memory_check.PROCESS_BYTES
    saved = 4 * shape.parameter_count  # the copy on its way to a file, which is not made here
    assert 0.75 * (expected - saved) < peak(config, shape) < expected


def test_needed_memory_grows_with_workers_and_little_with_the_corpus() -> None:
    shape = Shape("lstm", 256, 1, 65)
    ones = [complete_settings(TrainConfig(workers=n, batch=32), 10**6, 65) for n in (1, 2, 4)]
    sizes = [bytes_needed(one, shape, 100_000) for one in ones]
    assert sizes == sorted(sizes)
    assert bytes_for_training(ones[0], shape, 500_000) < 1.05 * bytes_for_training(
        ones[0], shape, 100_000
    )
    assert bytes_needed(ones[0], shape, 500_000) < 140_000_000  # as n-grams are counted before


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("今日は風が強いので、洗濯物を家の中に干す。\n" * 50, encoding="utf-8")
    return path


def test_what_cannot_fit_is_refused_before_anything_is_written(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "measure_free_memory", lambda: 50e6)
    with pytest.raises(MachineError, match=r"memory: .* needs about .* and 50 MB are free; lower"):
        charrnn.train(text, TrainConfig(hidden=1000), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("hidden", "amount"),
    [(10**6, r"about [\d.]+ TB"), (10**9, r"more than 1,000 TB"), (2**53, r"more than 1,000 TB")],
)
def test_a_monster_is_refused_in_units_that_can_be_read(
    text: Path, tmp_path: Path, hidden: int, amount: str
) -> None:
    with pytest.raises(MachineError, match=f"needs {amount}, and "):
        charrnn.train(text, TrainConfig(hidden=hidden), out=tmp_path / "run")
