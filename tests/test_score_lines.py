"""The number of a line in `score` is what `grep -n` says on the text that is read."""

from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.reports.predictions import predict_chunks
from charrnn.reports.score import RunningScore, score_file
from charrnn.text.normalization import Normalization
from tests.tiny import tiny

LINES = ["the cat sat near the stove", "", "the dog sat near the cat", "a rat"]


def numbered(model: charrnn.Model, pieces: list[str]) -> dict[int, str]:
    scored = RunningScore(predict_chunks(model.loaded, pieces, "text")).result()
    return {line.line: line.text for line in scored.lines}


def grep(text: str) -> dict[int, str]:
    """What ``grep -n ..........`` prints, with the newlines."""
    lines = text.splitlines(keepends=True) if "\r" not in text else text.split("\n")
    return {at: line for at, line in enumerate(lines, 1) if len(line) > 10}


@pytest.fixture(scope="module")
def base(run_folder: Path) -> charrnn.Model:
    return charrnn.load(run_folder)


@pytest.mark.parametrize("known", ["abcdefghinorstuvw \n", "abcdefghinorstuvw "])
@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize(
    "before", ["", "\n", "\n\n\n", "Ж\n", "ЖЖ\n\n", "\nЖ\n", "ЖЖЖ", "x\n\n\nx\n", "a\n\n"]
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_lines_are_numbered_by_the_newlines_of_the_text(
    base: charrnn.Model, known: str, unknown: bool, before: str, size: int
) -> None:
    model = tiny(base, known, unknown=unknown)
    text = before + "\n".join(LINES) + "\n"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert numbered(model, pieces) == grep(text)


def test_lines_without_a_known_character_count(base: charrnn.Model) -> None:
    model = tiny(base, "ACGT")
    text = ">chr1 Ж\nACGTACGTACGTACGT\n\n\n>\nGGGGCCCCGGGG\n" + "ж\n" * 9 + "TTTTTTTTTTTT"
    assert sorted(numbered(model, [text])) == [2, 6, 16]


@pytest.mark.parametrize(("newline", "lines"), [("lf", [1, 3, 5, 6]), ("keep", [1, 3, 4])])
def test_carriage_returns_count_as_newlines_where_they_are_translated(
    base: charrnn.Model, newline: str, lines: list[int], tmp_path: Path
) -> None:
    """With ``keep``, the lines of ``grep -n``; a lone CR is a newline only where it becomes one."""
    model = tiny(base, "abcdefghinorstuvw \r\n")
    corpus_info = replace(model.checkpoint.corpus_info, normalization=Normalization(newline))
    model = charrnn.Model(replace(model.checkpoint, corpus_info=corpus_info))
    file = tmp_path / "text.txt"
    file.write_bytes(
        b"the cat sat there\r\n\r\nthe dog sat there\r\n\rthe rat sat there\ra hen sat there"
    )
    found = score_file(model.loaded, file).result().lines
    assert sorted(line.line for line in found) == lines


def test_a_long_text_that_is_not_known_is_not_kept(base: charrnn.Model) -> None:
    model = tiny(base, "ab\n")
    chunks = list(predict_chunks(model.loaded, ["ab", *["Ж\n" * 500] * 9, "ab"], "text"))
    assert max(len(chunk.read) for chunk in chunks) <= 1000
    assert "".join(chunk.read for chunk in chunks) == "ab" + "Ж\n" * 4500 + "ab"
    assert sum(chunk.predictions.unknown for chunk in chunks) == 4500
