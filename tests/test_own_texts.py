"""`val_file` and `test_file`: texts of one's own to validate and test on."""

import csv
import json
import tomllib
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import ConfigError
from tests.conftest import Program
from tests.test_cli import failed

TRAIN = "the cat sat on the mat and the dog sat on the cat\n" * 40
VALID = "the dog ran to the mat\n" * 20
TEST = "今日は the hat sat on the 猫\n" * 10
SETTINGS = ("--hidden", "8", "--batch", "2", "--seq", "16", "--steps", "6", "--eval-every", "3")
OWN = ("--val-file", "valid.txt", "--test-file", "test.txt")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in (("train", TRAIN), ("valid", VALID), ("test", TEST)):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def train(program: Program, *options: str, out: str = "run") -> list[dict[str, object]]:
    done = program("train", "train.txt", *SETTINGS, *options, "--out", out, "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_the_losses_are_those_of_these_texts(program: Program, place: Path) -> None:
    events = train(program, *OWN)
    end = events[-1]
    model = charrnn.load(place / "run")
    assert model.prepare_text().name == "valid.txt"
    assert model.score(VALID).nats == pytest.approx(end["val_loss"], abs=1e-3)
    assert model.score(TEST).nats == pytest.approx(end["test_loss"], abs=1e-3)
    start = events[0]
    assert start["corpus"]["files"] == ["train.txt"]  # type: ignore[index]
    assert start["corpus"]["characters"] == len(TRAIN)  # type: ignore[index]
    assert start["corpus"]["val_file"]["files"] == ["valid.txt"]  # type: ignore[index]
    assert start["corpus"]["test_file"]["characters"] == len(TEST)  # type: ignore[index]


def test_all_of_the_corpus_is_learned_and_all_texts_make_the_vocabulary(
    program: Program, place: Path
) -> None:
    train(program, *OWN)
    summary = charrnn.load(place / "run").summary()
    sizes = summary.corpus.training_characters, summary.corpus.validation_characters
    assert (*sizes, summary.corpus.test_characters) == (len(TRAIN), len(VALID), len(TEST))
    assert set("猫今") < set(charrnn.load(place / "run").vocabulary)
    train(program, *OWN, "--min-count", "15", out="rare")
    rare = charrnn.load(place / "rare").checkpoint.corpus_info.vocabulary
    assert "猫" not in rare.characters
    assert rare.unknown is not None


def test_a_note_counts_what_cannot_be_learned(program: Program, place: Path) -> None:
    done = program("train", "train.txt", *SETTINGS, *OWN)
    (note,) = [line for line in done.err.splitlines() if line.startswith("characters that stand")]
    assert "only in --val-file and --test-file, so that the model cannot learn them: 5" in note
    assert "which occur 60 times" in note
    assert "'猫' (U+732B)" in note
    assert "stand only" not in program("train", "train.txt", *SETTINGS).err


def test_config_toml_has_their_places_and_no_val(program: Program, place: Path) -> None:
    train(program, *OWN)
    table = tomllib.loads((place / "run/config.toml").read_text(encoding="utf-8"))["train"]
    assert table["val_file"] == [str(place / "valid.txt")]
    assert table["test_file"] == [str(place / "test.txt")]
    assert not table.keys() & {"val", "test"}
    assert program("train", "--config", "run/config.toml", "--out", "again").code == 0
    assert (place / "again/best.npz").read_bytes() == (place / "run/best.npz").read_bytes()


def test_a_stronger_source_replaces_a_weaker_one(program: Program, place: Path) -> None:
    train(program, *OWN)
    config = ("--config", "run/config.toml")
    done = program("train", *config, "--val", "0.2", "--out", "cut", "--json")
    start = json.loads(done.out.splitlines()[0])
    assert (start["config"]["val"], start["corpus"]["characters"]) == (0.2, len(TRAIN))
    done = program("train", *config, "--out", "env", "--json", CHARRNN_TRAIN_TEST="100")
    assert json.loads(done.out.splitlines()[0])["corpus"]["characters"] == len(TRAIN)
    (place / "c.toml").write_text("[train]\nval = 0.3\ntest = 0.1\n")
    done = program(
        "train", "train.txt", *SETTINGS, "--config", "c.toml", *OWN[:2], "--out", "own", "--json"
    )
    config_used = json.loads(done.out.splitlines()[0])["config"]
    assert (config_used["val"], config_used["test"]) == (len(VALID), 0)


@pytest.mark.parametrize("own", [OWN[:2], OWN[2:]])
@pytest.mark.parametrize("share", [("--val", "0.1"), ("--test", "0.1")])
def test_shares_and_texts_from_one_source_exclude_each_other(
    program: Program, place: Path, own: tuple[str, ...], share: tuple[str, ...]
) -> None:
    failed(program("train", "train.txt", *own, *share), 2, own[0], share[0], "exclude each other")
    with pytest.raises(ConfigError, match="cannot be combined with"):
        charrnn.train(
            place / "train.txt",
            charrnn.TrainConfig(**{share[0][2:]: 0.1}),  # type: ignore[arg-type]
            **{own[0][2:].replace("-", "_"): place / own[1]},  # type: ignore[arg-type]
        )


def test_a_test_text_alone_leaves_the_validation_part_to_the_corpus(
    program: Program, place: Path
) -> None:
    end = train(program, *OWN[2:])[-1]
    summary = charrnn.load(place / "run").summary().corpus
    assert summary.validation_characters == len(TRAIN) // 10
    assert summary.training_characters == len(TRAIN) - len(TRAIN) // 10
    assert charrnn.load(place / "run").score(TEST).nats == pytest.approx(end["test_loss"], abs=1e-3)


def test_several_files_are_one_text_and_encodings_and_newlines_apply(
    program: Program, place: Path
) -> None:
    (place / "a.txt").write_bytes("今日は風が強い。\r\n明日は雨".encode("cp932"))
    (place / "b.txt").write_bytes("雪が降る\r\n".encode("cp932"))
    (place / "train.txt").write_bytes(
        "今日は風が強い。明日は雨だ。雪が降る。\n".encode("cp932") * 30
    )
    train(program, "--val-file", "a.txt", "--val-file", "b.txt", "--encoding", "cp932")
    model = charrnn.load(place / "run")
    val = model.prepare_text()
    text = model.checkpoint.corpus_info.vocabulary.decode(val.ids)
    assert text == "今日は風が強い。\n明日は雨\n雪が降る\n"
    assert val.name == "a.txt, b.txt"


def test_shuffle_is_of_the_corpus_alone(program: Program, place: Path) -> None:
    train(program, *OWN, "--shuffle", "lines")
    model = charrnn.load(place / "run")
    assert model.checkpoint.corpus_info.vocabulary.decode(model.prepare_text().ids) == VALID


def test_resuming_needs_the_same_texts(program: Program, place: Path) -> None:
    train(program, *OWN)
    resume = ("train", "--resume", "--out", "run", "--steps")
    assert program(*resume, "8").code == 0
    (place / "valid.txt").rename(place / "moved.txt")
    failed(program(*resume, "9"), 3, "valid.txt: no such file", "with --val-file")
    (place / "other.txt").write_text(VALID + "the", encoding="utf-8")
    done = program(*resume, "9", "-q", "--val-file", "other.txt")
    failed(done, 3, "other.txt: is not the text that the run in run is validated on")
    assert program(*resume, "9", "--val-file", "moved.txt").code == 0
    assert program(*resume, "10").code == 0
    (place / "moved.txt").write_text(VALID + "x", encoding="utf-8")
    failed(program(*resume, "11", "-q"), 3, "moved.txt: is not the text", "validated on")
    failed(program("inspect", "memory", "run"), 3, "moved.txt: is not, or no longer", "--text-file")
    assert program("inspect", "memory", "run", "--text-file", "moved.txt").code == 0
    (place / "a.txt").write_text("the cat sat on the mat and", encoding="utf-8")
    assert json.loads(program("inspect", "copied", "a.txt", "run", "--json").out)["share"] == 1


def test_a_run_that_was_killed_before_its_first_save_begins_again(
    program: Program, place: Path
) -> None:
    train(program, *OWN)
    whole = (place / "run/best.npz").read_bytes()
    for file in ("best.npz", "last.npz", "log.jsonl"):
        (place / "run" / file).unlink()
    assert program("train", "--resume", "--out", "run").code == 0
    assert (place / "run/best.npz").read_bytes() == whole


def test_what_a_run_is_validated_on_cannot_be_changed(program: Program, place: Path) -> None:
    train(program, *OWN)
    train(program, out="cut")
    resume = ("train", "--resume", "-q", "--out")
    failed(
        program(*resume, "run", "--val", "0.2"), 2, "--val: cannot be changed: this run has texts"
    )
    failed(program(*resume, "cut", *OWN[:2]), 2, "--val-file: the run in cut has no such text")


def test_a_text_that_is_learned_too_is_told(program: Program, place: Path) -> None:
    done = program("train", "train.txt", *SETTINGS, "--val-file", "train.txt")
    assert "--val-file has text that the model learns: train.txt is in the corpus too" in done.err
    done = program(
        "train", "train.txt", *SETTINGS, "--val-file", "test.txt", "--test-file", "test.txt"
    )
    assert "in the corpus too" not in done.err
    assert "more than once" not in done.err


def test_the_table_of_runs_tells_them_apart_as_csv(program: Program, place: Path) -> None:
    train(program, *OWN, out="runs/a")
    train(program, "--shuffle", "lines", out="runs/b")
    rows = {
        row["run"]: row
        for row in csv.DictReader(program("inspect", "runs", "--csv").out.splitlines())
    }
    assert rows["runs/a"]["val_file"] == "valid.txt"
    assert rows["runs/a"]["test_sha256"] != rows["runs/a"]["val_sha256"] != ""
    assert (rows["runs/b"]["shuffle"], rows["runs/b"]["val_file"]) == ("lines", "")


def test_runs_on_other_validation_texts_are_in_other_groups(program: Program, place: Path) -> None:
    train(program, *OWN[:2], out="runs/a")
    (place / "other.txt").write_text(VALID.replace("ran", "sat"), encoding="utf-8")
    train(program, "--val-file", "other.txt", out="runs/b")
    groups = json.loads(program("inspect", "runs", "--json").out)["groups"]
    assert [len(group["runs"]) for group in groups] == [1, 1]
    assert {group["val_file"]["files"][0] for group in groups} == {"valid.txt", "other.txt"}
    shown = program("inspect", "runs").out
    for name in ("valid.txt", "other.txt"):
        assert f"train.txt, validated on {name}: " in shown


@pytest.mark.parametrize("text", ["", "x"])
def test_a_text_in_which_nothing_is_predicted_is_refused(
    program: Program, place: Path, text: str
) -> None:
    (place / "short.txt").write_text(text, encoding="utf-8")
    for option in ("--val-file", "--test-file"):
        failed(
            program("train", "train.txt", option, "short.txt"), 3,
            "short.txt: has fewer than two characters",
        )  # fmt: skip
    assert not (place / "runs").exists()


def test_several_cells_share_a_text_from_standard_input(program: Program, place: Path) -> None:
    done = program(
        "train", "train.txt", *SETTINGS, "--val-file", "-", "--cell", "rnn", "--cell", "gru",
        "--json", stdin=VALID.encode(),
    )  # fmt: skip
    assert done.code == 0, done.err
    sizes = [charrnn.load(place / f"runs/train-{cell}").summary().corpus for cell in ("rnn", "gru")]
    assert [size.validation_characters for size in sizes] == [len(VALID)] * 2


def test_three_files_are_one_corpus(program: Program, place: Path) -> None:
    done = program("train", "train.txt", "valid.txt", "test.txt", *SETTINGS, "--json")
    assert json.loads(done.out.splitlines()[0])["corpus"]["files"] == [
        "train.txt", "valid.txt", "test.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("damage", ["files", "characters", "sha256"])
def test_a_damaged_description_is_no_model(
    program: Program, place: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from charrnn.storage import meta

    train(program, *OWN)
    model = charrnn.load(place / "run")
    document = meta.describe_model(
        model.checkpoint.config, model.checkpoint.corpus_info, 1, (), None
    )
    assert document["format"] == 3
    document = json.loads(meta.encode_document(document))
    document["corpus"]["val_file"][damage] = None
    with pytest.raises((ValueError, TypeError)):
        meta.read_corpus_info(document, model.checkpoint.corpus_info.normalization, None)
