"""The log of a run: what was written is read again, and damage is named by file and line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import InputError
from charrnn.storage.run_log import append_to_log, read_log, write_log
from charrnn.training.events import Evaluation
from tests.conftest import CONFIG, TEXT, Program
from tests.outcome import outcome

EVALUATIONS = [
    Evaluation(10, 0.5, 1.5, 2.0, 2.1, 0.01, 900.0),
    Evaluation(20, 1.0, 2.5, 1.5, None, 0.01, 950.0),
    Evaluation(30, 1.5, 3.5, 1.2, 1.4, 0.0, 0.0),
]
WHOLE = dict(vars(EVALUATIONS[1]))
CHANGES: list[dict[str, object]] = [
    {"step": "10"},
    {"step": 10.5},
    {"step": -1},
    {"step": True},
    {"step": None},
    {"step": []},
    {"epoch": None},
    {"train_loss": "low"},
    {"train_loss": float("nan")},
    {"train_loss": float("inf")},
    {"val_loss": {}},
    {"val_loss": False},
    {"lr": [0.1]},
    {"seconds": "soon"},
    {"chars_per_second": None},
    {"chars_per_second": 10**400},
]
OTHER_SHAPES = [
    b"[]",
    b"7",
    b"null",
    b'"step"',
    b"{}",
    b"",
    b'{"st',
    b"\xff\xfe",
    b"NaN",
    b"[" * 100_000,
    b"9" * 10_000,
    *(json.dumps({**WHOLE, **change}).encode() for change in CHANGES),
    *(
        json.dumps({key: WHOLE[key] for key in WHOLE if key != missing}).encode()
        for missing in ("step", "epoch", "train_loss", "val_loss", "lr")
    ),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    write_log(tmp_path / "log.jsonl", EVALUATIONS)
    return tmp_path / "log.jsonl"


def test_what_is_written_is_read_again(log: Path) -> None:
    assert read_log(log) == EVALUATIONS
    append_to_log(log, EVALUATIONS[:1])
    assert read_log(log) == [*EVALUATIONS, EVALUATIONS[0]]
    write_log(log, [])
    assert read_log(log) == []


@pytest.mark.parametrize("line", OTHER_SHAPES, ids=lambda line: repr(line[:40]))
def test_a_line_of_another_shape_is_named(line: bytes, log: Path) -> None:
    whole = log.read_bytes().splitlines(keepends=True)
    for at in (0, 1, 3):
        log.write_bytes(b"".join([*whole[:at], line + b"\n", *whole[at:]]))
        with pytest.raises(InputError, match=rf"log\.jsonl, line {at + 1}: is not an evaluation"):
            read_log(log)


@pytest.mark.parametrize("length", [1, 9, 60, -2])
def test_a_torn_last_line_is_left_out(length: int, log: Path) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole + whole.splitlines()[0][:length])
    assert read_log(log) == EVALUATIONS
    log.write_bytes(whole + b"\0" * 500)  # as some file systems leave it after a power cut
    assert read_log(log) == EVALUATIONS


def test_a_last_line_that_lacks_its_end_alone_is_whole(log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-1])
    assert read_log(log) == EVALUATIONS
    log.write_bytes(log.read_bytes() + b"\n[1]")
    with pytest.raises(InputError, match="line 4"):
        read_log(log)


def test_fields_that_this_version_does_not_know_or_that_came_later_are_optional(log: Path) -> None:
    record = {**WHOLE, "gradient_norm": 1.0}
    del record["seconds"], record["chars_per_second"]
    log.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert read_log(log) == [Evaluation(20, 1.0, 0.0, 1.5, None, 0.01, 0.0)]


def damage_middle(log: Path) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([lines[0], b'{"step": 20, "epoch": []}\n', *lines[2:]]))


def tear(log: Path) -> None:
    log.write_bytes(log.read_bytes() + b'{"step": 80, "epo')


@pytest.mark.parametrize(("damage", "code"), [(damage_middle, 3), (tear, 0)])
def test_inspect_loss_names_a_damaged_line_and_a_run_resumes_without_it(
    damage: Callable[[Path], None], code: int, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    run = tmp_path / "run"
    charrnn.train(tmp_path / "text.txt", CONFIG, out=run)
    before = outcome(run)
    damage(run / "log.jsonl")
    done = program("inspect", "loss", "run")
    assert done.code == code, done.err
    assert ("charrnn: run/log.jsonl, line 2: is not an evaluation" in done.err) == bool(code)
    assert program("train", "--resume", "--out", "run").code == 0
    assert outcome(run) == before


def test_a_number_with_too_many_digits_is_no_advice_to_programmers(log: Path) -> None:
    log.write_bytes(b'{"step": ' + b"9" * 10_000 + b"}\n")
    with pytest.raises(InputError, match="it has a number with too many digits") as caught:
        read_log(log)
    assert "sys." not in str(caught.value)
