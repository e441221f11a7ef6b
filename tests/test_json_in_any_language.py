"""What programs read is the same, byte for byte, whatever language its user reads."""

import json
import re
from pathlib import Path

import pytest

from charrnn.report_registry import REPORTS, Takes
from tests.conftest import CONFIG, Program
from tests.test_every_word import ARGUMENTS, FIRST_ARGUMENT

JAPANESE = {"LC_ALL": "", "LANG": "ja_JP.UTF-8"}
ENGLISH = {"LC_ALL": "C", "LANGUAGE": "ja"}
WITHOUT_JSON = ("live",)
MEASURED = ("speed", "report")
"""Reports with times, which are never the same; their keys are."""
TIMES = re.compile(r'"(seconds|chars_per_second)": [^,}]*')


def list_keys(value: object) -> object:
    """Return the keys of JSON at all depths, and its words."""
    match value:
        case dict():
            return {key: list_keys(each) for key, each in value.items()}
        case list():
            return [list_keys(each) for each in value]
        case str():
            return value
        case _:
            return None


@pytest.mark.parametrize("name", [name for name in REPORTS if name not in WITHOUT_JSON])
def test_a_report_in_json(name: str, run_folder: Path, program: Program, tmp_path: Path) -> None:
    report = REPORTS[name]
    (tmp_path / "text.txt").write_text("今日は風が強い。\nToday is windy.\n", encoding="utf-8")
    first = [FIRST_ARGUMENT[report.takes]] if report.takes is Takes.FILE else []
    subject = run_folder.parent if report.takes is Takes.FOLDER else run_folder
    command = ["inspect", name, *first, subject, *ARGUMENTS.get(name, ()), "--json"]
    if name == "compare":
        command += ["--seed", "1"]
    english, japanese = program(*command, **ENGLISH), program(*command, **JAPANESE)
    assert (english.code, japanese.code) == (0, 0), english.err + japanese.err
    if name in MEASURED:
        ours, others = (list_keys(json.loads(one.out)) for one in (english, japanese))
        assert ours == others
    else:
        assert japanese.out == english.out
    assert json.loads(english.out.splitlines()[0])


def test_a_training_in_json_and_all_its_files(program: Program, text: Path, tmp_path: Path) -> None:
    settings = (
        "--json", "--hidden", CONFIG.hidden, "--steps", 20, "--batch", 4, "--seq", 16,
        "--eval-every", 10, "--workers", 1, "--out", "run", "--overwrite",
    )  # fmt: skip
    written = []
    for language in (ENGLISH, JAPANESE):
        done = program("train", text, *map(str, settings), **language)
        assert done.code == 0, done.err
        files = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
        files["log.jsonl"] = TIMES.sub("", files["log.jsonl"].decode()).encode()
        written.append((TIMES.sub("", done.out), files))
    assert written[0] == written[1]


def test_a_sample_in_json_and_a_table_in_csv(program: Program, run_folder: Path) -> None:
    for command in (
        ("sample", run_folder, "--prime", "今日は", "--seed", "1", "--json", "--copied"),
        ("inspect", "runs", run_folder.parent, "--csv"),
    ):
        english, japanese = program(*command, **ENGLISH), program(*command, **JAPANESE)
        assert english.code == 0, english.err
        assert japanese.out == english.out
