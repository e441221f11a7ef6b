"""PyTorch loads a model's arrays by name and computes the same loss. Skipped without PyTorch."""

from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.network.cell import get_cell
from tests.conftest import CONFIG, TEXT

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("cell", [cell for cell in CELLS if get_cell(cell).torch_module])
@pytest.mark.parametrize(("layers", "tied"), [(1, False), (2, False), (2, True)])
def test_pytorch_computes_the_same_loss(tmp_path: Path, cell: str, layers: int, tied: bool) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = TrainConfig(**{**vars(CONFIG), "cell": cell, "layers": layers, "tied": tied})
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    V, H = len(model.vocabulary), config.hidden
    recurrent_layer = getattr(torch.nn, str(get_cell(cell).torch_module))
    theirs = torch.nn.ModuleDict(
        {"rnn": recurrent_layer(H if tied else V, H, layers), "out": torch.nn.Linear(H, V)}
    )
    if tied:
        theirs["embedding"] = torch.nn.Embedding(V, H)
    with np.load(tmp_path / "run/best.npz") as arrays:
        weights = {name: torch.tensor(arrays[name]) for name in arrays if name != "meta"}
    theirs.load_state_dict(weights, strict=True)
    ids = torch.tensor([model.vocabulary.index(character) for character in TEXT])
    with torch.no_grad():
        one_hot = torch.nn.functional.one_hot(ids[:-1], V).float()
        h, _ = theirs["rnn"](theirs["embedding"](ids[:-1]) if tied else one_hot)
        loss = torch.nn.functional.cross_entropy(theirs["out"](h), ids[1:])
    assert model.score(TEXT).nats == pytest.approx(float(loss), abs=1e-5)
