"""`shuffle`: lines and paragraphs in an order that follows from the text alone."""

import json
import string
import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.errors import InputError
from charrnn.generators import exhaust
from charrnn.text import shuffling
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization
from charrnn.text.shuffling import LINES, PARAGRAPHS, UnitCounter, write_shuffled
from charrnn.text.sources import CorpusFiles, find_sources
from charrnn.text.vocab import Vocabulary
from tests.conftest import Program
from tests.test_cli import failed

NAMES = "".join(f"{letter}{rest}\n" for letter in string.ascii_uppercase for rest in ("ada", "oki"))
POEMS = "one\ntwo\n\nthree\n\n\nfour\nfive\nsix\n\n七\n八"
SETTINGS = ("--hidden", "8", "--batch", "2", "--seq", "16", "--steps", "6")


def read(
    folder: Path, text: str, unit: str | None, newline: str = "lf", min_count: int = 1
) -> tuple[str, CorpusInfo]:
    """The text of a corpus as a training reads it, with its description."""
    (folder / "text.txt").write_bytes(text.encode())
    corpus_info, files = exhaust(
        scan_corpus(
            CorpusFiles(find_sources([folder / "text.txt"])), "utf-8", Normalization(newline),
            min_count, shuffle=unit,
        )
    )  # fmt: skip
    ids = exhaust(encode_corpus(files, corpus_info, folder / "ids"))
    return corpus_info.vocabulary.decode(ids), corpus_info


def test_lines_are_in_another_order_and_whole(tmp_path: Path) -> None:
    text, corpus_info = read(tmp_path, NAMES, LINES)
    assert text != NAMES
    assert sorted(text.splitlines()) == sorted(NAMES.splitlines())
    assert corpus_info.characters == len(text) == len(NAMES)
    plain, unshuffled = read(tmp_path, NAMES, None)
    assert plain == NAMES
    assert corpus_info.sha256 == unshuffled.sha256


def test_the_last_line_gets_its_newline(tmp_path: Path) -> None:
    text, corpus_info = read(tmp_path, NAMES.removesuffix("\n"), LINES)
    assert text.endswith("\n")
    assert sorted(text.splitlines()) == sorted(NAMES.splitlines())
    assert corpus_info.characters == len(text) == sum(corpus_info.vocabulary.counts)
    assert corpus_info.sha256 == read(tmp_path, NAMES.removesuffix("\n"), None)[1].sha256


def test_paragraphs_keep_their_lines_and_the_empty_lines_after_them(tmp_path: Path) -> None:
    text, corpus_info = read(tmp_path, POEMS, PARAGRAPHS)
    blocks = ["one\ntwo\n\n", "three\n\n\n", "four\nfive\nsix\n\n", "七\n八\n\n"]
    assert len(text) == len("".join(blocks)) == corpus_info.characters
    assert sorted(blocks, key=text.index) != blocks
    for block in blocks:
        assert block in text


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n", "\r\n\r\n"])
def test_windows_line_ends_that_are_kept_end_lines_and_paragraphs(tmp_path: Path, end: str) -> None:
    poems = POEMS.replace("\n", "\r\n") + end
    text, _ = read(tmp_path, poems, PARAGRAPHS, newline="keep")
    assert "four\r\nfive\r\nsix\r\n\r\n" in text
    assert text.endswith("\n")
    text, _ = read(tmp_path, poems, LINES, newline="keep")
    for line in ("one\r\n", "five\r\n", "七\r\n"):
        assert line in text


def units_of(text: str, unit: str) -> list[str]:
    """The lines or paragraphs of a text, one character after the other."""
    if unit == LINES:
        return text.splitlines(keepends=True) if text.isprintable() else [
            line + "\n" for line in text.split("\n")[:-1]
        ]  # fmt: skip
    found, block, seen_text, after_empty = [], "", False, False
    for line in [line + "\n" for line in text.split("\n")[:-1]]:
        if after_empty and seen_text and line != "\n":
            found.append(block)
            block, seen_text = "", False
        block, after_empty = block + line, line == "\n"
        seen_text = seen_text or not after_empty
    return [*found, block]


@given(st.text("ab\n", min_size=1, max_size=60), st.sampled_from([LINES, PARAGRAPHS]), st.data())
def test_every_unit_is_there_once(text: str, unit: str, data: st.DataObject) -> None:
    counter = UnitCounter(unit)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        counter.add(text[start:end])
    whole = text + counter.missing_end
    expected = units_of(whole, unit)
    if unit == LINES or text.strip("\n"):
        assert counter.number == len(expected)
    if counter.number < 2:
        return
    vocabulary, file = Vocabulary("\nab", (1, 1, 1), unknown=False), BytesIO()
    ids = np.asarray(vocabulary.encode(whole))
    write_shuffled(ids, vocabulary, unit, "ab" * 32, file)
    shuffled = vocabulary.decode(np.frombuffer(file.getvalue(), ids.dtype))
    assert sorted(units_of(shuffled, unit)) == sorted(expected) or unit == PARAGRAPHS
    order = shuffling._draw_order(len(expected), "ab" * 32)
    assert shuffled == "".join(expected[place] for place in order.tolist())


@pytest.mark.parametrize("unit", [LINES, PARAGRAPHS])
def test_chunks_and_long_lines_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    text = "".join(f"{name}\n" * (1 + number % 3) + "\n" * (number % 4) for number, name in
                   enumerate(NAMES.split()))  # fmt: skip
    text = "\n" * 4 + text
    whole, _ = read(tmp_path, text, unit)
    for chunk, together in ((1, 2), (5, 3), (7, 1000)):
        monkeypatch.setattr(shuffling, "CHUNK", chunk)
        monkeypatch.setattr(shuffling, "TOGETHER", together)
        assert read(tmp_path, text, unit)[0] == whole


def test_the_order_is_a_permutation_that_another_text_does_not_have() -> None:
    for number in (1, 2, 3, 1000):
        order = shuffling._draw_order(number, "0f" * 32)
        assert sorted(order.tolist()) == list(range(number))
    assert shuffling._draw_order(99, "0f" * 32).tolist() != shuffling._draw_order(
        99, "1f" * 32
    ).tolist()  # fmt: skip
    # The same on every machine and with every version of NumPy.
    assert shuffling._draw_order(8, "0f" * 32).tolist() == [0, 7, 1, 3, 2, 5, 6, 4]


def test_what_shuffling_holds_is_16_bytes_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, vocabulary = 400_000, Vocabulary("\na", (1, 1), unknown=False)
    monkeypatch.setattr(shuffling, "CHUNK", 1 << 14)
    monkeypatch.setattr(shuffling, "TOGETHER", 1 << 10)
    ids = np.asarray(vocabulary.encode("a\n" * lines))

    class Sink(BytesIO):
        def write(self, data: object, /) -> int:
            return 0

    tracemalloc.start()
    write_shuffled(ids, vocabulary, LINES, "ab" * 32, Sink())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.05 * 16 * lines


@pytest.mark.parametrize(
    ("text", "unit"),
    [("one line", LINES), ("one line\n", LINES), ("one\ntwo\n", PARAGRAPHS),
     ("\n\none\ntwo\n\n", PARAGRAPHS), ("ab\rcd\r", LINES)],
)  # fmt: skip
def test_a_text_with_nothing_to_shuffle_is_refused(tmp_path: Path, text: str, unit: str) -> None:
    with pytest.raises(InputError, match=f"fewer than two {unit}, so there is nothing to"):
        read(tmp_path, text, unit, newline="keep")


def test_a_rare_newline_stays_known(tmp_path: Path) -> None:
    text, corpus_info = read(tmp_path, "aaaa\nbbbb", LINES, min_count=4)
    assert sorted(text.splitlines()) == ["aaaa", "bbbb"]
    assert corpus_info.vocabulary.unknown is None


@pytest.fixture
def names(tmp_path: Path) -> Path:
    (tmp_path / "names.txt").write_text(NAMES, encoding="utf-8")
    return tmp_path


def test_the_model_keeps_it_and_the_seed_does_not_change_it(program: Program, names: Path) -> None:
    for out, *more in (["a"], ["b", "--seed", "1"], ["c"]):
        done = program("train", "names.txt", "--shuffle", "lines", *SETTINGS, "--out", out, *more)
        assert done.code == 0, done.err
    assert (names / "a/best.npz").read_bytes() == (names / "c/best.npz").read_bytes()
    model = charrnn.load(names / "a")
    val = model.prepare_text()
    assert charrnn.load(names / "b").prepare_text().ids.tolist() == val.ids.tolist()
    letters = {line[0] for line in model.checkpoint.corpus_info.vocabulary.decode(val.ids).split()}
    assert letters - set("YZ")
    summary = json.loads(program("inspect", "a", "--json").out)
    assert summary["corpus"]["shuffle"] == "lines"
    assert "by lines" in program("inspect", "a").out


def test_a_stopped_run_goes_on_with_the_same_order(program: Program, names: Path) -> None:
    fixed = ("--lr", "0.01", "--dropout", "0", "--recurrent-dropout", "0", "--warmup", "1")
    how = ("--schedule", "constant", "--eval-every", "3", "--shuffle", "lines")
    train = ("train", "names.txt", *SETTINGS[:-2], *fixed, *how, "--steps")
    for steps, out in (("9", "whole"), ("3", "run")):
        done = program(*train, steps, "--out", out)
        assert done.code == 0, done.err
    done = program("train", "--resume", "--out", "run", "--steps", "9")
    assert done.code == 0, done.err
    logs = [(names / out / "log.jsonl").read_text().splitlines() for out in ("whole", "run")]
    losses = [[json.loads(line)["val_loss"] for line in log] for log in logs]
    assert losses[0] == losses[1]
    failed(program("train", "--resume", "--out", "run", "--shuffle", "paragraphs"), 2, "--shuffle")


def test_runs_with_and_without_are_in_different_groups(program: Program, names: Path) -> None:
    for out, *more in (["runs/a", "--shuffle", "lines"], ["runs/b"]):
        program("train", "names.txt", *SETTINGS, "--out", out, *more)
    groups = json.loads(program("inspect", "runs", "--json").out)["groups"]
    assert [len(group["runs"]) for group in groups] == [1, 1]
    assert "names.txt, shuffled by lines: " in program("inspect", "runs").out


def test_what_is_copied_is_sought_in_the_text_as_it_was(program: Program, names: Path) -> None:
    program("train", "names.txt", "--shuffle", "lines", *SETTINGS, "--out", "a")
    (names / "copy.txt").write_text(NAMES[20:120], encoding="utf-8")
    assert json.loads(program("inspect", "copied", "copy.txt", "a", "--json").out)["share"] == 1


def test_a_file_and_the_environment_can_shuffle(program: Program, names: Path) -> None:
    program("train", "names.txt", "--shuffle", "lines", *SETTINGS, "--out", "a")
    program("train", "--config", "a/config.toml", "--out", "b")
    program("train", "names.txt", *SETTINGS, "--out", "c", CHARRNN_TRAIN_SHUFFLE="lines")
    assert (
        (names / "a/best.npz").read_bytes()
        == (names / "b/best.npz").read_bytes()
        == (names / "c/best.npz").read_bytes()
    )
    failed(
        program("train", "names.txt", "--shuffle", "words"), 2, "not one of off, lines, paragraphs"
    )
    failed(program("train", "names.txt", "--shuffle", "paragraphs"), 3, "nothing to --shuffle")
    assert not (names / "runs").exists()
