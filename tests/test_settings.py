"""One check of settings, from Python, the command line and model files alike."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charrnn
from charrnn.config import Settings
from charrnn.errors import ConfigError, InputError
from tests.conftest import Program
from tests.test_cli import failed

HUGE = 10**1000


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("hidden", 16.5, "16.5 is not a whole number from 1 on"),
        ("hidden", 16.0, "16.0 is a float; write it as a whole number"),
        ("hidden", "16", "'16' is not a whole number from 1 on"),
        ("hidden", True, "True is not a whole number from 1 on"),
        ("hidden", np.float64(3.5), "3.5 is not a whole number from 1 on"),
        ("steps", 10.5, "10.5 is not a whole number from 1 on"),
        ("steps", HUGE, "is above the largest value"),
        ("min_count", 1.5, "1.5 is not a whole number from 1 on"),
        ("seed", -1, "-1 is not a whole number from 0 on"),
        ("seed", 2**128, "is above the largest value"),
        ("tied", 1, "1 is neither True nor False"),
        ("lr", 0, "0 is not a finite number above 0"),
        ("lr", "0.1", "'0.1' is not a finite number above 0"),
        ("lr", math.nan, "nan is not a finite number above 0"),
        ("clip", math.inf, "inf is not a finite number from 0 on"),
        ("clip", HUGE, "is not a finite number from 0 on"),
        ("clip", None, "None is not a finite number from 0 on"),
        ("val", -1, "-1 is not a finite number from 0 on"),
        ("val", True, "True is not a finite number from 0 on"),
        ("epochs", 1e200, "1e+200 is above the largest value"),
        ("dropout", 1, "1 is not a number of at least 0 and below 1"),
        ("cell", 3, "3 is not one of feedforward"),
        ("cell", np.array(["rnn", "gru"]), "is not one of feedforward"),
        ("newline", "crlf", "'crlf' is not one of lf, keep"),
        ("encoding", None, "None is not a text"),
    ],
)
def test_a_wrong_setting_is_one_error_before_anything_is_read(
    tmp_path: Path, name: str, value: Any, problem: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: ") as caught:
        charrnn.train(tmp_path / "missing.txt", charrnn.TrainConfig(**{name: value}))
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("length", 2.5, "2.5 is not a whole number from 0 on"),
        ("temperature", -1, "-1 is not a finite number from 0 on"),
        ("top_p", 0, "0 is not a number above 0 and at most 1"),
        ("min_p", 1.5, "1.5 is not a number from 0 to 1"),
        ("beam", 10_001, "10001 is not a whole number from 0 to 10,000"),
        ("stop", "one", "'one' is not a list of texts"),
        ("stop", [3], "3 is not a text"),
        ("on_unknown", "ask", "'ask' is not one of error, skip, replace"),
    ],
)
def test_a_wrong_setting_of_sampling_is_an_error(name: str, value: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        charrnn.SampleConfig(**{name: value})
    assert str(caught.value).startswith(f"{name}: ")
    assert problem in str(caught.value)


def test_numbers_of_numpy_become_those_of_python() -> None:
    config = charrnn.TrainConfig(hidden=np.int64(16), lr=np.float32(0.5), epochs=np.uint8(3))  # type: ignore[arg-type]
    assert [type(config.hidden), type(config.lr), type(config.epochs)] == [int, float, float]
    assert json.loads(json.dumps(asdict(config)))["hidden"] == 16


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: charrnn.train(""), "corpus: is an empty text"),
        (lambda: charrnn.train(["a.txt", ""]), "corpus: is an empty text"),
        (lambda: charrnn.train([]), "corpus: the list is empty; name at least one file or folder"),
        (lambda: charrnn.train(3), "corpus: 3 is not the path of a file or folder"),  # type: ignore[arg-type]
        (lambda: charrnn.train("a.txt", out=""), "out: is an empty text"),
        (lambda: charrnn.train("a.txt", root=""), "root: is an empty text"),
        (lambda: charrnn.train("a.txt", init_from=""), "init_from: is an empty text"),
        (lambda: charrnn.resume(""), "out: is an empty text"),
        (lambda: charrnn.load(""), "path: is an empty text"),
    ],
)
def test_an_empty_path_is_not_the_current_folder(call: Callable[[], object], problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("train", ""), "CORPUS"), (("train", "a.txt", "--out", ""), "--out"),
        (("train", "a.txt", "--init-from", ""), "--init-from"), (("sample", ""), "MODEL"),
        (("sample", "--prime-file", ""), "--prime-file"), (("inspect", ""), "MODEL"),
        (("inspect", "score", ""), "FILE"),
        (("inspect", "memory", "--text-file", ""), "--text-file"),
        (("inspect", "runs", ""), "FOLDER"), (("inspect", "--html", ""), "--html"),
    ],
)  # fmt: skip
def test_an_empty_argument_is_not_the_current_folder(
    program: Program, tmp_path: Path, arguments: tuple[str, ...], place: str
) -> None:
    (tmp_path / "a.txt").write_text("text " * 100, encoding="utf-8")
    failed(program(*arguments), 2, place, "is an empty text, where the path")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "inf", "nan"])
def test_a_number_is_shown_as_it_was_typed(program: Program, number: str) -> None:
    done = program("train", "a.txt", "--lr", number)
    failed(done, 2, number, "is not a finite number above 0")


def test_a_file_with_the_name_of_the_program_is_quoted(program: Program, tmp_path: Path) -> None:
    (tmp_path / "charrnn").write_bytes(b"")
    failed(program("train", "charrnn"), 3, "charrnn: 'charrnn': ")
    failed(program("inspect", "summary", "charrnn"), 3, "charrnn: 'charrnn': ")


def test_bools_of_numpy_become_those_of_python() -> None:
    assert charrnn.TrainConfig(tied=np.True_).tied is True  # type: ignore[arg-type]
    assert charrnn.TrainConfig(tied=np.False_).tied is False  # type: ignore[arg-type]


def test_a_budget_is_one_setting() -> None:
    with pytest.raises(ConfigError, match="steps: cannot be combined with `epochs`"):
        charrnn.TrainConfig(epochs=1, steps=2)


WRONG_IN_A_FILE = [
    ("hidden", 16.5), ("hidden", True), ("hidden", "16"), ("hidden", None), ("tied", 1),
    ("cell", "tree"), ("clip", None), ("seed", -1), ("min_count", 1.5), ("encoding", 3),
    ("lr", 1e301), ("steps", 2**70), ("steps", None), ("eval_every", None), ("warmup", None),
    ("patience", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG_IN_A_FILE)
def test_a_model_file_with_a_wrong_setting_is_damaged(
    run_folder: Path, tmp_path: Path, name: str, value: object
) -> None:
    with np.load(run_folder / "best.npz") as file:
        arrays: dict[str, Any] = dict(file)
    document = json.loads(arrays["meta"].tobytes())
    document["config"][name] = value
    arrays["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(InputError, match=f"wrong.npz: .*{name}"):
        charrnn.load(tmp_path / "wrong.npz")


@pytest.mark.parametrize("name", ["steps", "eval_every", "warmup", "patience", "hidden"])
def test_a_file_of_a_run_without_a_setting_is_damaged(
    program: Program, run_folder: Path, tmp_path: Path, name: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    with np.load(run / "last.npz") as file:
        arrays: dict[str, Any] = dict(file)
    document = json.loads(arrays["meta"].tobytes())
    del document["config"][name]
    arrays["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez(run / "last.npz", **arrays)
    failed(program("train", "--resume", "--out", run), 3, "last.npz: ", name)
    if name != "steps":
        failed(program("train", "--resume", "--out", run, "--steps", "90"), 3, "last.npz: ", name)
    (run / "last.npz").unlink()
    lines = (run / "config.toml").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(f"{name} =")]
    (run / "config.toml").write_text("".join(kept), encoding="utf-8")
    failed(program("train", "--resume", "--out", run), 3, "config.toml: ", name)


def test_an_unknown_setting_in_a_run_is_named(run_folder: Path, tmp_path: Path) -> None:
    shutil.copy(run_folder / "config.toml", tmp_path)
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write("stepz = 3\n")
    with pytest.raises(InputError) as caught:
        charrnn.resume(tmp_path)
    assert "(there is no setting 'stepz'; did you mean 'steps'?)" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({3: 4}, "3: there is no such setting"),
        ({"": 1}, "'': there is no such setting"),
        ({"stepz": 3}, "stepz: there is no such setting; did you mean `steps`?"),
        ({"unheard_of": 3}, "unheard_of: there is no such setting"),
        ({"steps": 10.5}, "steps: 10.5 is not a whole number from 1 on"),
        ({"patience": -1}, "patience: -1 is not a whole number from 0 on"),
    ],
)
def test_resume_refuses_wrong_changes(
    run_folder: Path, changes: dict[Any, object], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        charrnn.resume(run_folder, changes=changes)
    assert str(caught.value) == problem


def test_the_command_line_states_the_same_rule(program: Program) -> None:
    done = program("train", "missing.txt", "--seed", str(2**128))
    assert done.code == 2
    assert done.err.startswith("charrnn: --seed: 340282366920938463463374607431768211456 is above")


def test_every_setting_of_a_finished_config_is_checked() -> None:
    assert {field.name for field in fields(Settings)} == {
        field.name for field in fields(charrnn.TrainConfig)
    }
