"""A feedforward model in a file: zeros for the weights that it has not, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.errors import InputError
from tests.conftest import TEXT


def test_a_file_with_other_recurrent_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    config = charrnn.TrainConfig(
        cell="feedforward", hidden=6, layers=2, steps=4, batch=2, seq=8, workers=1, tied=False
    )
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    assert not [name for name in model.checkpoint.network.parameters.views if "U" in name and
                model.checkpoint.network.parameters[name].size]  # fmt: skip
    arrays = dict(np.load(tmp_path / "run/best.npz"))
    for layer in range(2):
        assert not arrays[f"rnn.weight_hh_l{layer}"].any()
        assert arrays[f"rnn.weight_hh_l{layer}"].shape == (6, 6)
    # PyTorch trains its second bias too: it is added to the first.
    moved = {**arrays, "rnn.bias_hh_l1": arrays["rnn.bias_ih_l1"]}
    moved["rnn.bias_ih_l1"] = np.zeros_like(arrays["rnn.bias_ih_l1"])
    np.savez(tmp_path / "moved.npz", **moved)
    assert charrnn.load(tmp_path / "moved.npz").score(TEXT).nats == model.score(TEXT).nats
    arrays["rnn.weight_hh_l1"][2, 3] = 1e-9
    np.savez(tmp_path / "changed.npz", **arrays)
    with pytest.raises(InputError, match=r"weight_hh_l1 is not zero"):
        charrnn.load(tmp_path / "changed.npz")
