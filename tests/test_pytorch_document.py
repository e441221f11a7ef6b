"""docs/pytorch.md as it stands, against the real PyTorch. Skipped without PyTorch."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.config import TrainConfig
from tests.conftest import CONFIG, ROOT, TEXT, Program

DOCUMENT = (ROOT / "docs/pytorch.md").read_text(encoding="utf-8")
THERE, ON, BACK = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ charrnn (.*)$", DOCUMENT, re.MULTILINE)
CORPUS = TEXT * 6  # three windows of 64 streams
VALIDATED = CORPUS[-round(len(CORPUS) / 10) :]


@pytest.mark.parametrize("block", [THERE, BACK], ids=["there", "back"])
def test_each_direction_takes_under_ten_lines(block: str) -> None:
    assert 0 < len([line for line in block.splitlines() if line.strip()]) < 10


def run(block: str, names: dict[str, Any]) -> None:
    """Run a block of the document, on the CPU where there is no GPU."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # several take longer over so little, most of all on a busy machine
    here = block if torch.cuda.is_available() else block.replace('"cuda"', '"cpu"')
    exec(compile(here, "docs/pytorch.md", "exec"), names)


def log_probabilities(names: dict[str, Any], text: str) -> Any:
    """What PyTorch's network expects after each character but the last, from a zero state."""
    torch, net = names["torch"], names["net"]
    weight, tied = net.out.weight, "embedding.weight" in names["arrays"]
    ids = [names["meta"]["vocabulary"].index(character) for character in text[:-1]]
    with torch.no_grad():
        rows = weight if tied else torch.eye(len(weight), device=weight.device)
        h, _ = net.rnn(rows[ids])
        return net.out(h).log_softmax(-1).cpu().numpy()


def loss(names: dict[str, Any], text: str) -> float:
    """PyTorch's, in nats a character."""
    ids = [names["meta"]["vocabulary"].index(character) for character in text[1:]]
    return -float(log_probabilities(names, text)[np.arange(len(ids)), ids].mean())


@pytest.fixture(
    params=[("rnn", 1, False), ("gru", 2, False), ("lstm", 2, False), ("lstm", 1, True),
            ("gru", 2, True)],
    ids=lambda given: " ".join(map(str, given)),
)  # fmt: skip
def model(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> charrnn.Model:
    """As it was trained here, with all that the document names in the current folder."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    monkeypatch.chdir(tmp_path)
    Path("corpora").mkdir()
    Path("corpora/tenki.txt").write_text(CORPUS, encoding="utf-8")
    Path("letter.txt").write_text(TEXT, encoding="utf-8")
    cell, layers, tied = request.param
    config = TrainConfig(**{**vars(CONFIG), "cell": cell, "layers": layers, "tied": tied})
    return charrnn.train("corpora/tenki.txt", config, out="runs/tenki")


def test_a_model_goes_to_pytorch_and_comes_back(model: charrnn.Model, program: Program) -> None:
    names: dict[str, Any] = {}
    run(THERE, names)
    network, vocabulary = model.checkpoint.network, model.checkpoint.corpus_info.vocabulary
    ids = vocabulary.lookup_ids(TEXT[:-1])[:, None]
    ours, _ = network.predict(ids, network.initial_states(1))
    np.testing.assert_allclose(log_probabilities(names, TEXT), ours[:, 0], atol=1e-4)

    before = loss(names, TEXT)
    for _ in range(5):
        run(ON, names)
    after = loss(names, TEXT)
    assert after < before - 0.01

    run(BACK, names)
    back = charrnn.load("back.npz")
    assert names["arrays"]["rnn.bias_hh_l0"].all()  # what would be lost if it were not added
    assert back.score(TEXT).nats == pytest.approx(after, abs=1e-4)
    assert back.vocabulary == model.vocabulary
    assert back.checkpoint.config == model.checkpoint.config
    assert back.checkpoint.history == ()

    score, sample, train = COMMANDS
    found = json.loads(program(*score.split(), "--json").out)
    assert found["nats"] == pytest.approx(after, abs=1e-4)
    assert program(*sample.split(), "--length", "5", "--seed", "1").out.startswith("今日は")
    began = program(*train.split(), "--json", "--steps", "1", "--lr", "1e-9")
    assert began.code == 0, began.err
    (evaluation,) = [json.loads(line) for line in began.out.splitlines() if '"eval"' in line]
    assert evaluation["val_loss"] == pytest.approx(loss(names, VALIDATED), abs=1e-4)


def test_reports_take_a_model_that_came_back(run_folder: Path, program: Program) -> None:
    pytest.importorskip("torch")
    names: dict[str, Any] = {}
    there = THERE.replace("runs/tenki/best.npz", str(run_folder / "best.npz"))
    run(there, names)
    run(BACK.replace("back.npz", str(run_folder.parent / "back.npz")), names)
    for report in ("summary", "loss"):
        done = program("inspect", report, run_folder.parent / "back.npz")
        assert done.code == 0, done.err
        assert re.search(r"val loss +none|no evaluation yet", done.out)
