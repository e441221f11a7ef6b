"""The code in docs/pytorch.md is run with PyTorch. Skipped without PyTorch."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.config import TrainConfig
from charrnn.network.cell import get_cell
from tests.conftest import CONFIG, ROOT, TEXT, Program

DOCUMENT = (ROOT / "docs/pytorch.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOAD, TRAIN, SAVE, MINGRU = BLOCK.findall(DOCUMENT)
COMMANDS = re.findall(r"^\$ charrnn (.*)$", DOCUMENT, re.MULTILINE)
CORPUS = TEXT * 6  # three windows of 64 streams
VALIDATED = CORPUS[-round(len(CORPUS) / 10) :]


@pytest.mark.parametrize("block", [LOAD, SAVE], ids=["load", "save"])
def test_each_direction_takes_under_ten_lines(block: str) -> None:
    assert 0 < len([line for line in block.splitlines() if line.strip()]) < 10


def run(block: str, names: dict[str, Any]) -> None:
    """Run a block of the document, on the CPU if there is no GPU."""
    torch = pytest.importorskip("torch")
    # More threads are slower for networks this small, above all on a busy machine.
    torch.set_num_threads(1)
    source = block if torch.cuda.is_available() else block.replace('"cuda"', '"cpu"')
    exec(compile(source, "docs/pytorch.md", "exec"), names)


def load(model: charrnn.Model) -> dict[str, Any]:
    """Load a model as the document says for its cell."""
    names: dict[str, Any] = {"torch": pytest.importorskip("torch")}
    run(MINGRU, names)
    module = 'getattr(torch.nn, meta["config"]["cell"].upper())'
    cell = model.checkpoint.config.cell
    replaced = {"mingru": "MinGRU", "feedforward": "torch.nn.RNN"}.get(cell, module)
    assert module in LOAD
    run(LOAD.replace(module, replaced), names)
    if cell == "feedforward":
        for name, weight in names["net"].named_parameters():
            weight.requires_grad_("weight_hh" not in name)
    return names


def log_probabilities(names: dict[str, Any], text: str) -> Any:
    """What PyTorch's network predicts after each character but the last, from a zero state."""
    torch, net = names["torch"], names["net"]
    weight, tied = net.out.weight, "embedding.weight" in names["arrays"]
    ids = [names["meta"]["vocabulary"].index(character) for character in text[:-1]]
    with torch.no_grad():
        rows = weight if tied else torch.eye(len(weight), device=weight.device)
        h, _ = net.rnn(rows[ids][:, None])
        return net.out(h[:, 0]).log_softmax(-1).cpu().numpy()


def loss(names: dict[str, Any], text: str) -> float:
    """PyTorch's loss, in nats per character."""
    ids = [names["meta"]["vocabulary"].index(character) for character in text[1:]]
    return -float(log_probabilities(names, text)[np.arange(len(ids)), ids].mean())


@pytest.fixture(
    params=[
        *((cell, 2, False) for cell in CELLS),
        ("lstm", 1, True), ("gru", 2, True),
    ],
    ids=lambda param: " ".join(map(str, param)),
)  # fmt: skip
def model(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> charrnn.Model:
    """A trained model. The current folder holds every file that the document names."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.chdir(tmp_path)
    Path("corpora").mkdir()
    Path("corpora/tenki.txt").write_text(CORPUS, encoding="utf-8")
    Path("letter.txt").write_text(TEXT, encoding="utf-8")
    cell, layers, tied = request.param
    config = TrainConfig(**{**vars(CONFIG), "cell": cell, "layers": layers, "tied": tied})
    return charrnn.train("corpora/tenki.txt", config, out="runs/tenki")


def test_a_model_is_trained_in_pytorch_and_loaded_again(
    model: charrnn.Model, program: Program
) -> None:
    names = load(model)
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    ids = vocabulary.lookup_ids(TEXT[:-1])[:, None]
    ours, _ = network.predict(ids, network.initial_states(1))
    np.testing.assert_allclose(log_probabilities(names, TEXT), ours[:, 0], atol=1e-4)

    before = loss(names, TEXT)
    for _ in range(5):
        run(TRAIN, names)
    after = loss(names, TEXT)
    assert after < before - 0.01

    run(SAVE, names)
    back = charrnn.load("back.npz")
    # The second bias has been trained: if it was not added on reading, the score would differ.
    if get_cell(model.checkpoint.config.cell).torch_module:
        assert names["arrays"]["rnn.bias_hh_l0"].all()
    assert back.score(TEXT).nats == pytest.approx(after, abs=1e-4)
    assert back.vocabulary == model.vocabulary
    assert back.checkpoint.config == model.checkpoint.config
    assert back.checkpoint.history == ()

    score, sample, train = COMMANDS
    scored = json.loads(program(*score.split(), "--json").out)
    assert scored["nats"] == pytest.approx(after, abs=1e-4)
    assert program(*sample.split(), "--length", "5", "--seed", "1").out.startswith("今日は")
    resumed = program(*train.split(), "--json", "--steps", "1", "--lr", "1e-9")
    assert resumed.code == 0, resumed.err
    (evaluation,) = [json.loads(line) for line in resumed.out.splitlines() if '"eval"' in line]
    assert evaluation["val_loss"] == pytest.approx(loss(names, VALIDATED), abs=1e-4)


def test_reports_take_a_model_that_pytorch_has_trained(run_folder: Path, program: Program) -> None:
    pytest.importorskip("torch")
    names: dict[str, Any] = {}
    load = LOAD.replace("runs/tenki/best.npz", str(run_folder / "best.npz"))
    run(load, names)
    run(SAVE.replace("back.npz", str(run_folder.parent / "back.npz")), names)
    for report in ("summary", "loss"):
        done = program("inspect", report, run_folder.parent / "back.npz")
        assert done.code == 0, done.err
        assert re.search(r"val loss +none|no evaluation yet", done.out)
