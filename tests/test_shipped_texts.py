"""The texts that come with charrnn: where their names are understood, and where files win."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

import charrnn
from charrnn import shipped_texts
from charrnn.errors import InputError
from charrnn.parallel.ranks import RankTeam
from charrnn.runs.job import Job
from charrnn.runs.rank_job import create_rank_job, stage_files
from charrnn.shipped_texts import FOLDER, NAMES, find_shipped_text
from charrnn.storage.model_file import network_shape
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.sources import find_corpus
from tests.conftest import ROOT, TEXT, Program
from tests.test_cli import failed

CONFIG = charrnn.TrainConfig(hidden=8, batch=4, seq=8, steps=2, eval_every=1, workers=1)
QUICK = (
    "--hidden", "8", "--batch", "4", "--seq", "8", "--steps", "2", "--eval-every", "1",
    "--workers", "1",
)  # fmt: skip
T = TypeVar("T")
SHIPPED = ", a text that comes with charrnn"


def kept_corpus(run: Path) -> list[str]:
    """The corpus in the config.toml of a run."""
    table = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))["train"]
    return [str(path) for path in table["corpus"]]


def test_the_texts_are_those_of_the_folder_corpora() -> None:
    there = {path.stem: path.read_bytes() for path in (ROOT / "corpora").glob("*.txt")}
    texts = {name: find_shipped_text(name) for name in NAMES}
    assert {name: path.read_bytes() for name, path in texts.items() if path} == there


@pytest.mark.parametrize("name", NAMES)
def test_a_name_trains_the_same_model_as_the_file(
    program: Program, tmp_path: Path, name: str
) -> None:
    done = program("train", name, *QUICK, LC_ALL="C")
    assert done.code == 0, done.err
    assert done.err.splitlines()[0] == f"training on {name}{SHIPPED}; no file here has this name"
    assert kept_corpus(tmp_path / "runs" / name) == [name]
    of_file = program("train", ROOT / f"corpora/{name}.txt", *QUICK, "--out", "file")
    assert SHIPPED not in of_file.err
    model = tmp_path / "runs" / name / "best.npz"
    assert model.read_bytes() == (tmp_path / "file/best.npz").read_bytes()


def test_with_json_the_note_is_on_stderr_alone(program: Program) -> None:
    done = program("train", "kakko", *QUICK, "--json")
    start = json.loads(done.out.splitlines()[0])
    assert start["corpus"]["files"] == ["kakko.txt"]
    assert SHIPPED in done.err
    assert SHIPPED not in program("train", "kakko", *QUICK, "--json", "-q").err


@pytest.mark.parametrize("place", ["tenki", "tenki/a.txt"], ids=["file", "folder"])
def test_a_file_or_folder_of_this_name_wins(program: Program, tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(TEXT, encoding="utf-8")
    done = program("train", "tenki", *QUICK, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out.splitlines()[0])["corpus"]["files"] == [Path(place).name]
    assert SHIPPED not in done.err
    assert kept_corpus(tmp_path / "runs/tenki") == [str(tmp_path / "tenki")]


def test_a_link_of_this_name_that_leads_nowhere_is_an_error(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "tenki").symlink_to("gone")
    failed(program("train", "tenki", *QUICK), 3, "tenki: is a link to a file that does not exist")


def test_a_name_among_files_is_read_in_its_place(
    program: Program, tmp_path: Path, text: Path
) -> None:
    done = program("train", text, "kakko", *QUICK, "--json")
    assert json.loads(done.out.splitlines()[0])["corpus"]["files"] == ["text.txt", "kakko.txt"]
    assert kept_corpus(tmp_path / "runs/text") == [str(text), "kakko"]


def test_a_run_keeps_its_text_when_a_path_of_this_name_appears(
    program: Program, tmp_path: Path
) -> None:
    program("train", "tenki", *QUICK)
    model = (tmp_path / "runs/tenki/best.npz").read_bytes()
    (tmp_path / "tenki").write_text(TEXT, encoding="utf-8")
    resumed = program("train", "--resume", "--out", "runs/tenki", "--steps", "3")
    assert resumed.code == 0, resumed.err
    assert kept_corpus(tmp_path / "runs/tenki") == ["tenki"]
    report = program("inspect", "memory", "runs/tenki", "--json")
    assert report.code == 0, report.err
    again = program("train", "--config", "runs/tenki/config.toml", "--steps", "2")
    assert again.err.splitlines()[0] == f"training on tenki{SHIPPED}, and not on ./tenki"
    assert (tmp_path / "runs/tenki-2/best.npz").read_bytes() == model
    # Typed, the name is now that of the file.
    other = program("train", "tenki", "--resume", "--out", "runs/tenki", "--steps", "4")
    failed(other, 3, "tenki: is not the text that the run in runs/tenki learns from")


def test_the_text_of_a_name_is_checked_like_any_corpus(program: Program, tmp_path: Path) -> None:
    program("train", "tenki", *QUICK)
    config = tmp_path / "runs/tenki/config.toml"
    config.write_text(config.read_text("utf-8").replace('"tenki"', '"kakko"'), "utf-8")
    resumed = program("train", "--resume", "--out", "runs/tenki", "--steps", "3")
    failed(resumed, 3, "kakko.txt: is not the text that the run in runs/tenki learns from")
    report = program("inspect", "memory", "runs/tenki")
    failed(report, 3, "is no longer the text that the model learned from")
    assert program("train", "tenki", "--resume", "--out", "runs/tenki").code == 0
    assert kept_corpus(tmp_path / "runs/tenki") == ["tenki"]


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("tenkii", "did you mean tenki? texts that come with charrnn: tenki, kakko, harbour"),
        ("harbor.txt", "did you mean harbour? texts that come with charrnn: "),
        ("日記", "texts that come with charrnn: tenki, kakko, harbour"),
        ("diary.txt", "check the name"),
        ("texts/tenki", "check the name"),
    ],
)
def test_a_missing_corpus_says_what_could_have_been_meant(
    program: Program, typed: str, advice: str
) -> None:
    failed(program("train", typed), 3, f"charrnn: {typed}: no such file or folder; {advice}")


def test_only_a_corpus_has_these_names(program: Program, run_folder: Path) -> None:
    for arguments in (
        ("sample", run_folder, "--prime-file", "tenki"),
        ("inspect", "score", "tenki", run_folder),
        ("inspect", "memory", run_folder, "--text-file", "tenki"),
    ):
        failed(program(*arguments), 3, "tenki: no such file or folder; check the name")


def test_samples_and_texts_are_compared_with_a_text_by_its_name(
    program: Program, run_folder: Path, text: Path
) -> None:
    text.write_text((ROOT / "corpora/harbour.txt").read_text("utf-8")[:200], "utf-8")
    done = program("inspect", "copied", text, run_folder, "--corpus", "harbour", "--json")
    assert json.loads(done.out)["share"] == 1
    assert (
        charrnn.load(run_folder).copied(text.read_text("utf-8"), corpus=["harbour"]).longest == 200
    )


def test_in_python_a_string_is_a_name_and_a_path_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    events: list[object] = []
    charrnn.train("harbour", CONFIG, on_event=events.append)
    assert any(SHIPPED in str(event) for event in events)
    assert kept_corpus(tmp_path / "runs/harbour") == ["harbour"]
    charrnn.resume("runs/harbour", ["harbour"], {"steps": 3})
    assert kept_corpus(tmp_path / "runs/harbour") == ["harbour"]
    with pytest.raises(InputError, match="no such file or folder; did you mean harbour"):
        charrnn.train(Path("harbour"), CONFIG)


class RankOnAnotherMachine(RankTeam):
    """Rank 1, alone on its machine; what rank 0 sends is empty."""

    rank, size, local_root = 1, 2, 1

    def allgather(self, value: T) -> list[T]:
        return [value, value]


def test_another_machine_reads_the_text_that_is_installed_there(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the other machine's text is that of the run."""
    checkpoint = charrnn.load(run_folder).checkpoint
    shape = network_shape(checkpoint.config, checkpoint.corpus_info)
    here = find_corpus(CorpusPaths([FOLDER / "kakko.txt"])).files
    job = Job(checkpoint.config, shape, tmp_path / "ids", np.uint8)
    sent = create_rank_job(job, here, checkpoint.corpus_info)
    (tmp_path / "kakko.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(shipped_texts, "FOLDER", tmp_path)
    with stage_files(sent, RankOnAnotherMachine()) as staged:
        ids = np.memmap(staged.ids, np.uint8, "r")
        assert checkpoint.corpus_info.vocabulary.decode(ids) == TEXT


def test_the_advice_of_a_first_sample_leads_to_one(program: Program) -> None:
    done = program("sample", LC_ALL="C")
    failed(done, 3, "runs: has no trained model yet; train one and sample from it: ")
    commands = re.findall("charrnn (train .*), then charrnn (sample .*)", done.err)
    train, sample = map(shlex.split, commands[0])
    assert program(*train, *QUICK).code == 0
    assert program(*sample, "--length", "3").out.startswith("今日は")


@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "runs"]], ids=" ".join)
def test_inspect_says_how_to_train_a_first_model(program: Program, arguments: list[str]) -> None:
    failed(program(*arguments), 3, "runs: has no trained model yet; train one: charrnn train tenki")
