"""The model file: what is in it, that it comes back the same, and what damage says."""

import json
import os
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.errors import InputError
from charrnn.files import write_atomically
from charrnn.network import lstm
from charrnn.network.cell import get_cell
from charrnn.network.parameters import Parameters, Shape
from charrnn.storage.checkpoint import load_training
from charrnn.storage.model_file import load
from charrnn.storage.torch_layout import from_torch, to_torch
from tests.conftest import TEXT


def meta(path: Path) -> dict[str, object]:
    with np.load(path, allow_pickle=False) as arrays:
        document: dict[str, object] = json.loads(arrays["meta"].tobytes())
    return document


def reader_of(arrays: Mapping[str, np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda name, *dims: arrays[name].reshape(dims)


def test_model_comes_back_as_it_was_saved(model: charrnn.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "copy.npz")
    copy = charrnn.load(tmp_path / "copy.npz").checkpoint
    before = model.checkpoint
    np.testing.assert_array_equal(copy.network.parameters.vector, before.network.parameters.vector)
    assert copy.config == before.config
    assert copy.corpus_info.vocabulary.characters == before.corpus_info.vocabulary.characters
    assert copy.corpus_info.vocabulary.counts == before.corpus_info.vocabulary.counts
    assert copy.history == before.history
    assert copy.step == before.step


def test_saving_a_loaded_model_makes_the_same_bytes(run_folder: Path, tmp_path: Path) -> None:
    charrnn.load(run_folder).save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (run_folder / "best.npz").read_bytes()


@pytest.mark.parametrize("cell", CELLS)
def test_arrays_have_the_names_and_shapes_of_pytorch(cell: str) -> None:
    record, H, V = get_cell(cell), 6, 9
    G = record.gate_count
    recurrent = {
        "rnn.weight_hh_l0": (G * H, H),
        "rnn.bias_hh_l0": (G * H,),
        "rnn.weight_hh_l1": (G * H, H),
        "rnn.bias_hh_l1": (G * H,),
    }
    shapes = {name: a.shape for name, a in to_torch(Parameters(Shape(cell, H, 2, V))).items()}
    assert shapes == {
        "rnn.weight_ih_l0": (G * H, V),
        "rnn.bias_ih_l0": (G * H,),
        "rnn.weight_ih_l1": (G * H, H),
        "rnn.bias_ih_l1": (G * H,),
        **(recurrent if record.recurrent_weights or record.torch_module else {}),
        "out.weight": (V, H),
        "out.bias": (V,),
    }


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_conversion_to_pytorch_and_back_is_the_identity(cell: str, tied: bool) -> None:
    shape = Shape(cell, 6, 2, 9, tied)
    ours, back = Parameters(shape), Parameters(shape)
    ours.vector[:] = np.random.default_rng(0).normal(size=ours.vector.size)
    from_torch(reader_of(to_torch(ours)), back)
    np.testing.assert_array_equal(ours.vector, back.vector)


def test_any_order_of_gates_is_undone_on_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = replace(lstm.CELL, torch_gates=("forget", "output", "input", "cell"))
    monkeypatch.setattr(lstm, "CELL", cell)
    ours, back = (Parameters(Shape("lstm", 6, 2, 9)) for _ in range(2))
    ours.vector[:] = np.random.default_rng(0).normal(size=ours.vector.size)
    arrays = to_torch(ours)
    np.testing.assert_array_equal(arrays["rnn.weight_hh_l0"][:6], ours["U0"][1].T)
    from_torch(reader_of(arrays), back)
    np.testing.assert_array_equal(ours.vector, back.vector)


def test_a_tied_embedding_is_saved_under_its_own_name_too() -> None:
    shape = Shape("lstm", 6, 1, 9, tied=True)
    ours = Parameters(shape)
    ours.vector[:] = np.random.default_rng(0).normal(size=ours.vector.size)
    arrays = to_torch(ours)
    assert arrays["rnn.weight_ih_l0"].shape == (24, 6)
    np.testing.assert_array_equal(arrays["embedding.weight"], arrays["out.weight"])
    arrays["embedding.weight"] = arrays["embedding.weight"] + 1
    with pytest.raises(ValueError, match="tied, but differ"):
        from_torch(reader_of(arrays), Parameters(shape))


def test_two_biases_that_are_only_added_become_their_sum() -> None:
    shape = Shape("lstm", 2, 1, 3)
    arrays = to_torch(Parameters(shape))
    arrays["rnn.bias_ih_l0"] = np.arange(8, dtype=np.float32)
    arrays["rnn.bias_hh_l0"] = np.full(8, 10, np.float32)
    loaded = Parameters(shape)
    from_torch(reader_of(arrays), loaded)  # PyTorch's order i, f, g, o; ours i, f, o, g
    np.testing.assert_array_equal(loaded["b0"], [[10, 11], [12, 13], [16, 17], [14, 15]])


def test_gru_keeps_its_bias_inside_the_reset_gate_apart() -> None:
    shape = Shape("gru", 2, 1, 3)
    arrays = to_torch(Parameters(shape))
    arrays["rnn.bias_ih_l0"] = np.arange(6, dtype=np.float32)
    arrays["rnn.bias_hh_l0"] = np.arange(10, 16, dtype=np.float32)
    loaded = Parameters(shape)
    from_torch(reader_of(arrays), loaded)
    np.testing.assert_array_equal(loaded["b0"], [[10, 12], [14, 16], [4, 5]])
    np.testing.assert_array_equal(loaded["r0"], [[14, 15]])


def test_nothing_private_or_fleeting_is_in_a_model(run_folder: Path) -> None:
    document = meta(run_folder / "best.npz")
    assert set(document) == {
        "format", "config", "vocabulary", "unknown", "corpus", "step", "history", "baselines",
    }  # fmt: skip
    text = json.dumps(document)
    assert str(run_folder.parent) not in text
    assert "seconds" not in text
    assert "chars_per_second" not in text
    with zipfile.ZipFile(run_folder / "best.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_last_has_all_that_going_on_needs(run_folder: Path) -> None:
    with np.load(run_folder / "last.npz", allow_pickle=False) as arrays:
        assert {name for name in arrays if name.startswith("training.")} == {
            "training.m", "training.v", "training.h_l0", "training.c_l0",
        }  # fmt: skip
    training = meta(run_folder / "last.npz")["training"]
    assert isinstance(training, dict)
    assert {"position", "best_loss", "best_step", "random", "updates"} <= set(training)
    assert load(run_folder / "last.npz").step == 60


EVALUATION = {"step": 1, "epoch": 0.1, "train_loss": 1.0, "val_loss": None, "lr": 0.1}
SETTINGS = dict.fromkeys(("hidden", "layers", "batch", "seq", "workers"), 1) | {
    "cell": "lstm", "dropout": 0.0, "lr": 0.1, "val": 0.1,
}  # fmt: skip
BASELINES = {"unigram": 3.0, "ngram": 2.0, "ngram_order": 3, "characters": 9, "unseen": 0}
COUNTS = [TEXT.count(character) for character in sorted(set(TEXT))]
CORPUS = {"sha256": "", "encoding": "", "files": [], "characters": len(TEXT), "counts": COUNTS}


def write_damaged(model: Path, tmp_path: Path, **changes: object) -> Path:
    """A copy of a model with changed arrays or entries of its JSON; None removes."""
    path = tmp_path / "damaged.npz"
    with np.load(model) as content:
        arrays = {name: content[name] for name in content}
    document = json.loads(arrays.pop("meta").tobytes())
    for name, value in changes.items():
        target = arrays if "." in name else document
        if value is None:
            del target[name]
        else:
            target[name] = value
    arrays["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"format": True}, "its format 'True' is unknown"),
        ({"format": 0}, "its format '0' is unknown"),
        ({"vocabulary": None}, "vocabulary"),
        ({"vocabulary": "aab"}, "vocabulary"),
        ({"out.weight": np.zeros((3, 3), np.float32)}, "out.weight"),
        ({"out.bias": None}, "out.bias"),
        ({"out.bias": np.full(36, np.nan, np.float32)}, "out.bias"),
        ({"rnn.weight_hh_l0": np.zeros((64, 16), np.int32)}, "rnn.weight_hh_l0"),
        ({"unknown": True}, "vocabulary"),
        ({"unknown": 1}, "vocabulary"),
        ({"config": {"cell": "tree"}}, "cell"),
        ({"config": {"surprise": 1}}, "surprise"),
        ({"config": []}, "config"),
        ({"config": {**SETTINGS, "encoding": "base64"}}, "encoding"),
        ({"history": None}, "history"),
        ({"history": [{"step": 1}]}, "history"),
        ({"history": [{**EVALUATION, "train_loss": "x"}]}, "train_loss"),
        ({"history": [{**EVALUATION, "lr": 10**400}]}, "lr"),
        ({"history": [{**EVALUATION, "step": -1}]}, "step"),
        ({"step": 10**400}, "step"),
        ({"baselines": []}, "meta"),
        ({"baselines": {**BASELINES, "ngram": "x"}}, "ngram"),
        ({"baselines": {**BASELINES, "unigram": None}}, "unigram"),
        ({"baselines": {**BASELINES, "unseen": 1.5}}, "unseen"),
        ({"corpus": {**CORPUS, "counts": [0] * 36}}, "counts"),
        ({"corpus": {**CORPUS, "counts": [10**25] * 36}}, "counts"),
        ({"corpus": {**CORPUS, "characters": -5}}, "characters"),
        ({"corpus": []}, "meta"),
        ({"corpus": {**CORPUS, "files": [1]}}, "corpus"),
        ({"out.bias": np.full(36, 1e300)}, "out.bias"),
        ({"x": [[]] * 1_000_001}, "meta has too many parts"),
        ({"x": " " * (1 << 26)}, "meta is too long"),
    ],
)
def test_damage_names_the_part_at_fault(
    run_folder: Path, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    with pytest.raises(InputError, match=f"is not a complete charrnn model .*{named}"):
        load(write_damaged(run_folder / "best.npz", tmp_path, **changes))


def test_a_model_of_a_newer_format_is_not_called_damaged(run_folder: Path, tmp_path: Path) -> None:
    newer = write_damaged(run_folder / "best.npz", tmp_path, format=1_000, vocabulary=None)
    with pytest.raises(InputError, match="was written by a newer charrnn") as caught:
        load(newer)
    assert caught.value.exit_code == 3
    assert "complete" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"updates": None}, "updates"),
        ({"best_step": -1}, "best_step"),
        ({"best_loss": "low"}, "best_loss"),
        ({"window_losses": [1.0, "x"]}, ""),
        ({"window_losses": 3}, "wrong type"),
        ({"above": None}, "above"),
        ({"setbacks": 0.5}, "setbacks"),
        ({"random": None}, "random"),
        ({"random": 5}, ""),
        ({"random": {"bit_generator": "MT19937"}}, ""),
        ({"training.v": np.full(3, -1, np.float32)}, "training.v"),
        ({"training.h_l0": np.zeros((4, 3), np.float32)}, "training.h_l0"),
        ({"training.c_l0": None}, "training.c_l0"),
        ({"training.m": np.array([np.nan], np.float32)}, "training.m"),
    ],
)
def test_damage_in_the_state_of_a_training_names_the_part_at_fault(
    run_folder: Path, tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    if any("." in name for name in changes):
        path = write_damaged(run_folder / "last.npz", tmp_path, **changes)
    else:
        training = meta(run_folder / "last.npz")["training"]
        assert isinstance(training, dict)
        removed = {name for name, value in changes.items() if value is None}
        training = {k: v for k, v in {**training, **changes}.items() if k not in removed}
        path = write_damaged(run_folder / "last.npz", tmp_path, training=training)
    with pytest.raises(InputError, match=f"is not a complete charrnn model .*{named}"):
        load_training(path)


def test_a_model_without_the_state_of_a_training_cannot_be_resumed(run_folder: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        load_training(run_folder / "best.npz")


def test_every_cut_and_many_flips_of_a_file_are_one_kind_of_error(
    run_folder: Path, tmp_path: Path
) -> None:
    whole = (run_folder / "best.npz").read_bytes()
    path = tmp_path / "bad.npz"
    rng = np.random.default_rng(0)
    for cut in [0, 1, 100, *rng.integers(0, len(whole), 40)]:
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError):
            load(path)
    for _ in range(200):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        try:
            load(path)  # a flip in padding or a name's case may be harmless
        except InputError:
            continue


def test_pickles_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pickled.npz"
    np.savez(path, meta=np.array([{"format": 1}], dtype=object))
    with pytest.raises(InputError):
        load(path)
    path.write_text("just text")
    with pytest.raises(InputError):
        load(path)
    with pytest.raises(InputError, match="no such model"):
        load(tmp_path / "missing.npz")


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, lambda file: file.write(b"old"))

    def fail(file: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_files_get_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", lambda file: file.write(b"new"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
