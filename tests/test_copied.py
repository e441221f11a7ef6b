"""What of a text stands in a corpus: against plain search, and from the files of a run."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.errors import InputError
from charrnn.reports.copied import Copied, CorpusIndex, index_corpus
from charrnn.reports.suffix_array import SuffixArray, sort_suffixes
from tests.conftest import TEXT, Program
from tests.test_cli import failed

REPETITIVE = st.text("abあ", max_size=8).flatmap(
    lambda once: st.tuples(st.integers(1, 9), st.text("abあ\U0001f600", max_size=40)).map(
        lambda pair: once * pair[0] + pair[1] + once
    )
)


@given(text=st.text(max_size=60) | REPETITIVE)
def test_suffixes_are_sorted(text: str) -> None:
    places = sort_suffixes(text)
    expected = sorted(range(len(text)), key=lambda at: text[at:])
    np.testing.assert_array_equal(places, expected)


@given(text=REPETITIVE, piece=st.text("abあ", max_size=6))
def test_a_piece_is_found_wherever_it_stands(text: str, piece: str) -> None:
    everywhere = [at for at in range(len(text)) if text.startswith(piece, at)]
    assert sorted(SuffixArray(text).find(piece)) == everywhere


def by_search(text: str, original: str, least: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Characters copied, the longest span, all spans of ``least`` and more."""
    covered, longest, end, spans = set[int](), 0, 0, []
    for start in range(len(text)):
        stop = start
        while stop < len(text) and text[start : stop + 1] in original:
            stop += 1
        longest = max(longest, stop - start)
        if stop - start >= least and stop > end:
            spans.append((start, stop - start))
            covered.update(range(start, stop))
        end = max(end, stop)
    return len(covered), longest, spans


@given(original=REPETITIVE, text=REPETITIVE, cut=st.integers(0, 80), least=st.integers(1, 25))
def test_copied_is_what_search_finds(original: str, text: str, cut: int, least: int) -> None:
    text = original[cut : cut + 40] + text + original[:cut]
    found = CorpusIndex([("text", original)]).find_copied(text, least)
    spans = [(span.start, span.length) for span in found.spans]
    assert (found.copied, found.longest, spans) == by_search(text, original, least)
    assert found.characters == len(text)
    for span in found.spans:
        assert text[span.start :].startswith(span.text)
        assert len(span.text) == span.length
        starts = [at for at in range(len(original)) if original.startswith(span.text, at)]
        assert span.times == len(starts)
        assert span.line == original[: starts[0]].count("\n") + 1


def test_where_a_span_comes_from_is_its_first_file_and_line() -> None:
    files = [("one", "いろは\nにほへと\n"), ("two", "ちりぬるを\nわかよ\nにほへとち\n")]
    found = CorpusIndex(files).find_copied("わかよ\nにほ / にほへと / ちりぬ", least=4)
    assert [(one.text, one.file, one.line, one.times) for one in found.spans] == [
        ("わかよ\nにほ", "two", 2, 1),
        ("にほへと", "one", 2, 2),
    ]
    assert found.longest_span == found.spans[0]
    across = CorpusIndex(files).find_copied("と\nちり", least=4)  # the corpus is one text
    assert (across.spans[0].file, across.spans[0].line) == ("one", 2)


def test_short_spans_are_told_only_by_the_longest() -> None:
    found = CorpusIndex([("text", "abcdefgh")]).find_copied("xxcdexx")
    assert (found.copied, found.share, found.spans) == (0, 0, ())
    assert found.longest_span is not None
    assert (found.longest, found.longest_span.text, found.longest_span.start) == (3, "cde", 2)
    nothing = CorpusIndex([("text", "abc")]).find_copied("xyz")
    assert (nothing.longest, nothing.longest_span) == (0, None)
    assert CorpusIndex([("text", "abc")]).find_copied("").share == 0


def test_of_many_spans_the_longest_are_listed() -> None:
    found = CorpusIndex([("text", "x" * 50 + "abc" * 20)]).find_copied("x" * 2000 + "abc" * 10)
    assert (found.copied, len(found.spans), found.unlisted) == (2030, 1000, 951)
    assert found.longest == 80
    assert found.spans[0].start == 0


def test_corpus_is_found_and_checked(model: charrnn.Model, run_folder: Path) -> None:
    original = index_corpus(model.loaded)
    assert original.find_copied(TEXT).share == 1
    assert model.copied("猫" * 30).longest == 0


@pytest.fixture
def own_run(program: Program, tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    options = ["--hidden", "4", "--steps", "2", "--batch", "2", "--seq", "8", "--workers", "1"]
    assert program("train", "text.txt", *options, "--out", "run").code == 0
    return tmp_path / "run"


QUOTED = "今日は風が強い。洗濯物に気をつけた。\nToday"


def test_report_says_how_much_and_from_where(program: Program, own_run: Path) -> None:
    text = ("猫" + QUOTED + "猫").encode()
    found = json.loads(program("inspect", "copied", "-", "run", "--json", stdin=text).out)
    assert (found["longest"], found["copied"], found["characters"]) == (24, 24, 26)
    assert found["spans"] == [found["longest_span"]]
    assert found["spans"][0]["file"] == str(own_run.parent / "text.txt")
    assert set(found) == set(Copied.__dataclass_fields__)
    shown = program("inspect", "copied", "-", "run", stdin=text)
    assert "24, which is 92.3% (characters in spans of 20 or more)" in shown.out
    assert " text.txt:1 " in shown.out


def test_report_draws_and_makes_a_page(program: Program, own_run: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(QUOTED + "猫", encoding="utf-8")
    arguments = ("inspect", "copied", "new.txt", "run", "--plot", "c.png", "--html", "c.html")
    assert program(*arguments).code == 0
    assert (tmp_path / "c.png").stat().st_size > 1000
    assert "text.txt:1" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_another_corpus_can_be_named(program: Program, own_run: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("changed", encoding="utf-8")
    (tmp_path / "new.txt").write_text(QUOTED, encoding="utf-8")
    failed(program("inspect", "copied", "new.txt", "run"), 3, "no longer the text")
    (tmp_path / "text.txt").unlink()
    failed(program("inspect", "copied", "new.txt", "run"), 3, "name a text with --corpus")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.txt").write_text("犬も歩けば。", encoding="cp932")
    (tmp_path / "other/b.txt").write_text(QUOTED + "猫", encoding="utf-8")
    done = program("inspect", "copied", "new.txt", "run", "--corpus", "other", "--json")
    assert json.loads(done.out)["longest"] == 24
    (tmp_path / "same.txt").write_text("犬" * 9, encoding="utf-8")
    done = program("inspect", "copied", "new.txt", "run", "--corpus", "same.txt", "--json")
    assert (done.code, json.loads(done.out)["longest"]) == (0, 0)


def test_samples_carry_what_is_copied(program: Program, own_run: Path) -> None:
    arguments = ("sample", "run", "--json", "--seed", "1", "-n", "2", "--length", "50")
    plain = [json.loads(line) for line in program(*arguments).out.splitlines()]
    copied = [json.loads(line) for line in program(*arguments, "--copied").out.splitlines()]
    original = CorpusIndex([("text.txt", TEXT)])
    for one, other in zip(plain, copied, strict=True):
        found = other.pop("copied")
        assert one == other
        assert found["longest"] == original.find_copied(one["text"]).longest
    failed(program("sample", "run", "--copied"), 2, "--copied needs --json")
    failed(program("sample", "run", "--corpus", "text.txt"), 2, "--corpus needs --copied")


def test_corpus_of_a_model_alone_is_not_known(tmp_path: Path, model: charrnn.Model) -> None:
    model.save(tmp_path / "alone.npz")
    unknown = "cannot find the corpus that it was trained on; name a text with `corpus`"
    with pytest.raises(InputError, match=unknown):
        charrnn.load(tmp_path / "alone.npz").copied("a")
