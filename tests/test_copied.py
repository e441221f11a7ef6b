"""What of a text stands in a corpus: against plain search, and from the files of a run."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.errors import ConfigError, InputError
from charrnn.reports import copied, excerpts, searched_corpus, window_hashes
from charrnn.reports.copied import Copied, find_copied
from charrnn.reports.searched_corpus import CorpusFile, CorpusReader
from charrnn.reports.suffix_array import SuffixArray, sort_suffixes
from charrnn.reports.whole_lines import Lines, LineSearch, continued_line, split_lines
from charrnn.reports.window_hashes import (
    HashedText,
    Hashes,
    WindowFilter,
    WindowSearch,
    hash_windows,
)
from tests.conftest import TEXT, Program
from tests.test_cli import failed

REPETITIVE = st.text("abあ", max_size=8).flatmap(
    lambda once: st.tuples(st.integers(1, 9), st.text("abあ\U0001f600", max_size=40)).map(
        lambda pair: once * pair[0] + pair[1] + once
    )
)
LINED = st.lists(st.sampled_from(["a", "b", "ab", "日本", "\U0001f600", "\n", "\r\n"])).map("".join)


def corpus_of(*texts: str, piece: int = 7) -> list[CorpusFile]:
    """A file for each of ``texts``, read in pieces of a few characters: "1", "2" and so on."""

    def open_file(name: str, text: str) -> CorpusFile:
        starts = range(0, len(text), piece)
        return CorpusFile(name, lambda: [text[start : start + piece] for start in starts])

    return [open_file(str(number), text) for number, text in enumerate(texts, 1)]


def search(corpus: str | Sequence[CorpusFile], text: str, least: int = 20) -> Copied:
    """What ``text`` copies from a corpus."""
    files = corpus_of(corpus) if isinstance(corpus, str) else corpus
    (found,) = find_copied(files, [text], least)
    return found


@given(text=st.text(max_size=60) | REPETITIVE)
def test_suffixes_are_sorted(text: str) -> None:
    places = sort_suffixes(text)
    expected = sorted(range(len(text)), key=lambda at: text[at:])
    np.testing.assert_array_equal(places, expected)


@given(text=REPETITIVE, piece=st.text("abあ", max_size=6))
def test_a_piece_is_found_wherever_it_stands(text: str, piece: str) -> None:
    everywhere = [at for at in range(len(text)) if text.startswith(piece, at)]
    assert sorted(SuffixArray(text).find(piece)) == everywhere


@given(text=REPETITIVE, length=st.integers(1, 8), piece=st.integers(1, 50))
def test_equal_windows_have_equal_hashes_wherever_they_stand(
    text: str, length: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_hashes, "PIECE", piece)
        hashes = hash_windows(text, length)
    windows = [text[at : at + length] for at in range(len(text) - length + 1)]
    np.testing.assert_array_equal(hashes, HashedText(text).hash_windows(length))
    assert len(hashes) == len(windows)
    # These few windows have no collisions, so equal hashes are equal windows as well.
    assert len(set(zip(windows, hashes.tolist(), strict=True))) == len(set(windows))
    assert len(set(hashes.tolist())) == len(set(windows))


@given(text=REPETITIVE, other=REPETITIVE, length=st.integers(1, 8))
def test_the_filter_finds_the_windows_that_both_texts_have(
    text: str, other: str, length: int
) -> None:
    found = WindowFilter([text, "b" * 9], length).find(hash_windows(other, length))
    windows = [other[at : at + length] for at in range(len(other) - length + 1)]
    assert found.tolist() == [
        at for at, window in enumerate(windows) if window in text or window in "b" * 9
    ]


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


def check_copied(found: Copied, text: str, originals: Sequence[str], least: int) -> None:
    """Compare what was found with a plain search of ``originals``, each of which ends a line."""
    original = "".join(originals)
    spans = [(span.start, span.length) for span in found.spans]
    assert (found.copied, found.longest, spans) == by_search(text, original, least)
    assert (found.characters, found.unlisted, found.least) == (len(text), 0, least)
    assert bool(found.longest_span) == bool(found.longest)
    if found.longest_span:
        longest = found.longest_span
        assert longest.length == found.longest
        assert not any(text[at : at + found.longest] in original for at in range(longest.start))
    for span in filter(None, [*found.spans, found.longest_span]):
        assert text[span.start :].startswith(span.text)
        assert len(span.text) == span.length
        starts = [at for at in range(len(original)) if original.startswith(span.text, at)]
        assert span.times == len(starts)
        file, first = 0, starts[0]
        while first >= len(originals[file]):
            first -= len(originals[file])
            file += 1
        assert (span.file, span.line) == (str(file + 1), originals[file][:first].count("\n") + 1)
    own_lines, lines = (
        [each.removesuffix("\r") for each in t.split("\n")] for t in (text, original)
    )
    own_lines = [line for line in own_lines if line]
    assert found.lines == Lines(len(own_lines), sum(line in lines for line in own_lines))


@given(
    originals=st.lists(REPETITIVE.map(lambda text: text + "\n") | LINED.map(lambda t: t + "\n"),
                       min_size=1, max_size=3),
    texts=st.lists(REPETITIVE | LINED, min_size=1, max_size=3),
    cut=st.integers(0, 80), least=st.integers(1, 25), piece=st.integers(1, 30),
    chunk=st.sampled_from([1, 3, 50, 1000]), batch=st.sampled_from([1, 40, 1000]),
    starts=st.sampled_from([1, 5, 1000]), window=st.sampled_from([1, 4, 20]), collide=st.booleans(),
)  # fmt: skip
def test_copied_is_what_search_finds(
    originals: list[str], texts: list[str], cut: int, least: int, piece: int, chunk: int,
    batch: int, starts: int, window: int, collide: bool,
) -> None:  # fmt: skip
    original = "".join(originals)
    texts = [original[cut : cut + 40] + text + original[:cut] for text in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searched_corpus, "CHUNK", chunk)
        patch.setattr(excerpts, "BATCH", batch)
        patch.setattr(excerpts, "FEWEST_STARTS", starts)
        patch.setattr(copied, "LONGEST_WINDOW", window)
        if collide:  # every fourth window has the hash of a different one
            exact = HashedText.hash_windows
            patch.setattr(
                HashedText, "hash_windows", lambda self, n: exact(self, n) & np.uint64(3 << 62)
            )
        results = find_copied(corpus_of(*originals, piece=piece), texts, least)
    for text, found in zip(texts, results, strict=True):
        check_copied(found, text, originals, least)


def test_windows_of_equal_hashes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_equally(self: HashedText, length: int) -> Hashes:
        return np.zeros(max(0, len(self._sums) - length), np.uint64)

    monkeypatch.setattr(HashedText, "hash_windows", hash_equally)
    assert list(WindowSearch(["abc", "xyz", "c"], 2).find("0bc0", HashedText("0bc0"))) == [(0, 1)]
    found = search("one two three four five six seven", "two three four five six 一二三四", 8)
    assert (found.longest, found.copied, len(found.spans)) == (24, 24, 1)


@pytest.mark.parametrize("once", ["a", "abc", "日本"])
def test_a_corpus_of_repetitions_is_searched_as_a_few_excerpts(
    monkeypatch: pytest.MonkeyPatch, once: str
) -> None:
    monkeypatch.setattr(excerpts, "FEWEST_STARTS", 600)
    sorted_texts: list[str] = []

    def sort(text: str) -> np.ndarray:
        sorted_texts.append(text)
        return sort_suffixes(text)

    monkeypatch.setattr("charrnn.reports.suffix_array.sort_suffixes", sort)
    text = once * (300 // len(once)) + "-"
    found = search(corpus_of(once * 30_000, piece=1000), text)
    assert (found.longest, len(found.spans)) == (300, 1)
    assert found.spans[0].times == 30_000 - 300 // len(once) + 1
    assert sum(map(len, sorted_texts)) < 10_000


def test_where_a_span_comes_from_is_its_first_file_and_line() -> None:
    files = corpus_of("いろは\nにほへと\n", "", "ちりぬるを\nわかよ\nにほへとち\n")
    found = search(files, "わかよ\nにほ / にほへと / ちりぬ", least=4)
    assert [(one.text, one.file, one.line, one.times) for one in found.spans] == [
        ("わかよ\nにほ", "3", 2, 1),
        ("にほへと", "1", 2, 2),
    ]
    assert found.longest_span == found.spans[0]
    across = search(files, "と\nちり", least=4)  # the corpus is one text
    assert (across.spans[0].file, across.spans[0].line) == ("1", 2)


def test_short_spans_are_told_only_by_the_longest() -> None:
    found = search("abcdefgh", "xxcdexx")
    assert (found.copied, found.share, found.spans) == (0, 0, ())
    assert found.longest_span is not None
    assert (found.longest, found.longest_span.text, found.longest_span.start) == (3, "cde", 2)
    nothing = search("abc", "xyz")
    assert (nothing.longest, nothing.longest_span) == (0, None)
    assert search("abc", "").share == 0
    assert search([], "abc").longest == 0
    assert find_copied(corpus_of("abc"), []) == []


def test_of_many_spans_the_longest_are_listed() -> None:
    found = search("x" * 50 + "abc" * 20, "x" * 2000 + "abc" * 10)
    assert (found.copied, len(found.spans), found.unlisted) == (2030, 1000, 951)
    assert found.longest == 80
    assert found.spans[0].start == 0


@given(text=LINED, corpus=LINED, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_lines_are_compared_as_a_whole(text: str, corpus: str, cuts: list[int]) -> None:
    lines, known = split_lines(text), {each.removesuffix("\r") for each in corpus.split("\n")}
    sought = LineSearch(lines)
    ends = sorted({min(cut, len(corpus)) for cut in cuts} | {0, len(corpus)})
    for start, end in pairwise(ends):
        sought.add(corpus[start:end])
    sought.finish()
    assert sought.count(lines) == Lines(len(lines), sum(line in known for line in lines))
    assert [line for line in text.replace("\r\n", "\n").split("\n") if line] == lines


def test_what_counts_as_a_line() -> None:
    names = corpus_of("Anna\r\n\nBo\n山田花子\nMary Ann", piece=3)
    found = search(names, "Anna\n\nBo\r\nann\nMary\n山田花子\nAnna\nMary Ann")
    assert found.lines == Lines(7, 5)  # two times Anna; the last lines have no newline
    assert found.copied == 0
    assert search(names, "\n\r\n\n").lines == Lines(0, 0)
    assert continued_line("Once.\nAn", "na\nBo") == "Anna\nBo"
    assert continued_line("Anna\n", "Bo") == "Bo"


def test_a_line_of_a_corpus_without_newlines_is_not_kept() -> None:
    sought = LineSearch(["aa", "bb"])
    for _ in range(1000):
        sought.add("a" * 100)
        assert len(sought._rest) <= 4
    sought.add("\nbb")
    sought.finish()
    assert sought.count(["aa", "bb"]) == Lines(2, 1)


@given(texts=st.lists(LINED, max_size=3), piece=st.integers(1, 9), carried=st.integers(0, 5))
def test_chunks_join_to_the_corpus(texts: list[str], piece: int, carried: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searched_corpus, "CHUNK", 4)
        chunks = list(CorpusReader(corpus_of(*texts, piece=piece)).read_chunks(carried))
    whole = "".join(chunk.new_text for chunk in chunks)
    assert whole.replace("\r", "").replace("\n", "") == "".join(texts).replace("\r", "").replace(
        "\n", ""
    )
    for chunk in chunks:
        assert whole[chunk.position :].startswith(chunk.text)
        assert whole[: chunk.position].count("\n") == chunk.newlines
        assert chunk.carried == min(carried, chunk.position + chunk.carried)


def test_samples_of_a_round_are_searched_in_two_readings() -> None:
    readings = 0

    def read() -> Iterator[str]:
        nonlocal readings
        readings += 1
        yield from ("The quick brown fox ", "jumps over the lazy dog.\n")

    texts = ["brown fox jumps over", "lazy", "xyz", "The quick brown fox jumps", "dog.\n"]
    found = find_copied([CorpusFile("fox", read)], texts)
    assert [one.longest for one in found] == [20, 4, 1, 25, 5]
    assert readings == 2
    assert [one.longest for one in find_copied([CorpusFile("fox", read)], texts[:1])] == [20]
    assert readings == 3


def test_corpus_is_found_and_checked(model: charrnn.Model, run_folder: Path) -> None:
    assert model.copied(TEXT).share == 1
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


def test_least_is_the_shortest_span_that_counts(
    program: Program, own_run: Path, model: charrnn.Model
) -> None:
    text = "猫洗濯物に気をつけた犬".encode()
    arguments = ("inspect", "copied", "-", "run")
    for least, expected in ((8, 9), (9, 9), (10, 0)):
        done = program(*arguments, "--least", str(least), "--json", stdin=text)
        found = json.loads(done.out)
        assert (found["copied"], found["least"], found["longest"]) == (expected, least, 9)
        assert model.copied(text.decode(), least=least).copied == expected
    shown = program(*arguments, stdin=text, CHARRNN_INSPECT_COPIED_LEAST="9", LC_ALL="C")
    assert "9, which is 81.8% (characters in spans of 9 or more)" in shown.out
    assert json.loads(program(*arguments, "--json", stdin=text).out)["least"] == 20
    for value in ("0", "-1", "2.5", "x"):
        failed(program(*arguments, "--least", value), 2, "not a whole number from 1 on")
    with pytest.raises(ConfigError, match="0 is not a whole number from 1 on"):
        model.copied("a", least=0)
    with pytest.raises(ConfigError, match="0 is not a whole number from 1 on"):
        model.report("copied", "a.txt", least=0)


def test_report_says_how_many_lines_are_lines_of_the_corpus(
    program: Program, own_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "names.txt").write_text("花子\nアンナ\nBo\n", encoding="utf-8")
    text = "花子\n\n太郎\nアンナ".encode()
    arguments = ("inspect", "copied", "-", "run", "--corpus", "names.txt")
    found = json.loads(program(*arguments, "--json", stdin=text).out)
    assert (found["lines"], found["copied"]) == ({"total": 3, "in_corpus": 2}, 0)
    shown = program(*arguments, "--html", "c.html", "--plot", "c.svg", stdin=text, COLUMNS="100")
    assert "lines       2 of 3 are lines of the corpus (empty ones not counted)" in shown.out
    assert "2 of 3 are lines of the corpus" in (tmp_path / "c.html").read_text(encoding="utf-8")
    for other, sentence in (
        ("花子", "the only line is a line of the corpus"), ("花", "the only line is not a line"),
        ("花子\n花", "1 of 2 is a line of the corpus"), ("", "0 of 0 are lines"),
    ):  # fmt: skip
        assert sentence in program(*arguments, stdin=other.encode()).out


def test_the_picture_says_how_many_lines_too() -> None:
    from charrnn.render.blocks import ShadedText
    from charrnn.render.sections.copied import build_section

    report = copied.CopiedText(search("Anna\nBo\n", "Anna\nCy\n"), "Anna\nCy\n")
    (shaded,) = (b for b in build_section(report).blocks if isinstance(b, ShadedText))
    assert "1 of 2 is a line of the corpus" in shaded.title
    assert (shaded.low, shaded.high) == (0, 100)  # five times the shortest span that counts


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
    for one, other in zip(plain, copied, strict=True):
        found = other.pop("copied")
        assert one == other
        assert found["longest"] == search(TEXT, one["text"]).longest
    failed(program("sample", "run", "--copied"), 2, "--copied needs --json")
    failed(
        program("sample", "run", "--corpus", "text.txt"), 2, "--corpus needs --copied or --novel"
    )


def test_corpus_of_a_model_alone_is_not_known(tmp_path: Path, model: charrnn.Model) -> None:
    model.save(tmp_path / "alone.npz")
    unknown = "cannot find the corpus that it was trained on; name a text with `corpus`"
    with pytest.raises(InputError, match=unknown):
        charrnn.load(tmp_path / "alone.npz").copied("a")
