"""``score --each-line`` and ``model.score_lines``: each line is scored as if it stood alone."""

import csv
import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.errors import ConfigError, InputError
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.render.sections.each_line import build_section
from charrnn.render.terminal import render_text
from charrnn.reports import each_line
from charrnn.reports.each_line import EachLine, score_each_line
from charrnn.reports.score_lines import LineScore
from charrnn.text.lines import remove_line_end, split_lines
from charrnn.text.normalization import Normalization
from charrnn.training import separate_reading
from tests.conftest import TEXT, Program
from tests.test_cli import failed
from tests.tiny import tiny

LINES = ["the cat\n", "\n", "the dog sat near\n", "Жat\n", "Ж\n", "a" * 500 + "\n", "rat"]


@pytest.fixture(scope="module")
def base(run_folder: Path) -> charrnn.Model:
    return charrnn.load(run_folder)


def plain_score(model: charrnn.Model, line: str) -> tuple[int, float]:
    """The number of predicted characters of a line alone, and their nats, one after the other."""
    vocabulary, network = model.checkpoint.corpus_info.vocabulary, model.checkpoint.network
    ids = vocabulary.lookup_ids(line).tolist()
    unknown = vocabulary.unknown
    ids = [at if at >= 0 else unknown for at in ids if at >= 0 or unknown is not None]
    ids = ([vocabulary.characters.index("\n")] if "\n" in vocabulary.characters else []) + ids
    states, nats = network.initial_states(1), 0.0
    for now, after in itertools.pairwise(ids):
        logs, states = network.predict(np.array([[now]]), states)
        nats -= float(logs[0, 0, after])
    return max(0, len(ids) - 1), nats


def check(model: charrnn.Model, scores: list[LineScore], lines: list[str]) -> None:
    assert [score.line for score in scores] == [*range(1, len(lines) + 1)]
    assert [score.text for score in scores] == [remove_line_end(line) for line in lines]
    for score, line in zip(scores, lines, strict=True):
        characters, nats = plain_score(model, line)
        assert score.characters == characters
        assert score.total_nats == pytest.approx(nats, rel=1e-5, abs=1e-5)
        assert (score.nats is None) == (not characters)
        if score.nats is not None:
            assert score.nats == pytest.approx(nats / characters, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("known", ["acdeghinorst \n", "acdeghinorst "])
@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("long", [300, 1 << 14])
@pytest.mark.parametrize("size", [1, 30, 1 << 18])
def test_each_line_has_the_score_that_it_has_alone(
    base: charrnn.Model,
    known: str,
    unknown: bool,
    long: int,
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(separate_reading, "LONG", long)
    monkeypatch.setattr(each_line, "BATCH_CHARACTERS", size)
    monkeypatch.setattr(separate_reading, "GROUP", 3)
    model = tiny(base, known, unknown=unknown)
    lines = LINES * 3
    check(model, list(model.score_lines(lines)), lines)
    pieces = ["".join(LINES)[at : at + 7] for at in range(0, len("".join(LINES)), 7)]
    check(model, list(EachLine(model.loaded, split_lines(pieces), "text")), LINES)


@pytest.mark.parametrize("cell", CELLS)
def test_lines_of_every_cell_do_not_depend_on_each_other(base: charrnn.Model, cell: str) -> None:
    vocabulary = base.checkpoint.corpus_info.vocabulary
    parameters = Parameters(Shape(cell, 7, 2, len(vocabulary)))
    initialize(parameters, np.random.default_rng(0))
    model = charrnn.Model(replace(base.checkpoint, network=Network(parameters)))
    lines = [
        TEXT[start : start + length]
        for start, length in zip(range(90), [3, 70, 9] * 30, strict=True)
    ]
    check(model, list(model.score_lines(lines)), lines)


def test_the_scores_of_lines_add_up_to_the_totals(base: charrnn.Model, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT[:700], encoding="utf-8")
    scoring = score_each_line(base.loaded, tmp_path / "text.txt")
    scores = list(scoring)
    summary = scoring.result()
    assert summary.lines == summary.counted == len(scores)
    assert summary.totals.characters == sum(score.characters for score in scores) == 700
    assert summary.totals.total_nats == pytest.approx(sum(score.total_nats for score in scores))
    assert summary.totals.nats == pytest.approx(summary.totals.total_nats / 700)


def test_lines_are_read_only_as_far_as_scores_are_taken(base: charrnn.Model) -> None:
    def endless() -> object:
        while True:
            yield "Today is windy\n"

    scores = base.score_lines(endless())  # type: ignore[arg-type]
    assert [next(scores).line for _ in range(3)] == [1, 2, 3]


def test_what_is_no_list_of_texts_is_refused(base: charrnn.Model) -> None:
    with pytest.raises(ConfigError, match="lines: this is a single text"):
        base.score_lines("text")
    with pytest.raises(ConfigError, match="lines: 3 is not a text"):
        list(base.score_lines([3]))  # type: ignore[list-item]
    with pytest.raises(ConfigError, match="on_unknown: 'x' is not one of"):
        base.score_lines(["a"], on_unknown="x")
    with pytest.raises(InputError, match="lines: the model does not know 'Ж'"):
        list(base.score_lines(["aЖ"], on_unknown="error"))
    assert list(base.score_lines([])) == []


def test_lines_are_normalized_like_the_corpus(base: charrnn.Model) -> None:
    corpus_info = replace(base.checkpoint.corpus_info, normalization=Normalization("lf", "nfkc"))
    model = charrnn.Model(replace(base.checkpoint, corpus_info=corpus_info))
    (wide,), (narrow,) = model.score_lines(["Ｔｏｄａｙ\r\n"]), model.score_lines(["Today\n"])
    assert wide == narrow


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([], []),
        (["", ""], []),
        (["a"], ["a"]),
        (["a\n"], ["a\n"]),
        (["\n\n"], ["\n", "\n"]),
        (["a\r", "\n", "b", "c\nd\re"], ["a\r\n", "bc\n", "d\re"]),
    ],
)
def test_a_text_in_pieces_has_the_lines_of_grep(pieces: list[str], lines: list[str]) -> None:
    assert list(split_lines(pieces)) == lines


def test_a_batch_is_no_longer_than_it_has_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(each_line, "BATCH_CHARACTERS", 10)
    monkeypatch.setattr(each_line, "BATCH_LINES", 3)
    sizes = [len(batch) for batch in each_line._make_batches(["abc"] * 4 + ["x" * 20, "a", "b"])]
    assert sizes == [3, 2, 2]


def test_the_hardest_lines_are_shown_once_and_first(base: charrnn.Model) -> None:
    lines = ["Today is windy\n"] * 3 + ["\n", "zq\n", "yadoT si ydniw\n", "yadoT si ydniw\n"]
    scoring = EachLine(base.loaded, lines, "text")
    summary = scoring.result()
    assert (summary.lines, summary.compared, summary.shortest) == (7, 5, 10)
    assert [(line.line, line.times) for line in summary.hardest] == [(6, 2), (1, 3)]
    assert len(summary.hardest[0].surprise) == len(summary.hardest[0].text) == 15
    assert sum(summary.hardest[0].surprise) == pytest.approx(summary.hardest[0].total_nats)
    shown = render_text(build_section(summary))
    assert "5 lines with 10 or more characters" in shown
    assert shown.index("yadoT") < shown.index("Today")


def test_short_lines_are_compared_where_most_lines_are_short(base: charrnn.Model) -> None:
    summary = EachLine(base.loaded, ["Tom\n", "day\n", "\n", "washing the\n"], "text").result()
    assert (summary.compared, summary.shortest) == (3, 1)
    assert len(summary.hardest) == 3


def test_as_many_lines_as_are_shown_are_those_with_the_highest_means(base: charrnn.Model) -> None:
    rng = np.random.default_rng(0)
    characters = base.vocabulary.replace("\n", "")
    lines = ["".join(rng.choice([*characters], 30)) + "\n" for _ in range(300)]
    scoring = EachLine(base.loaded, lines, "text")
    scores = sorted(scoring, key=lambda score: -(score.nats or 0))
    hardest = scoring.result().hardest
    assert [line.line for line in hardest] == [score.line for score in scores[: each_line.SHOWN]]
    assert len(scoring.result().stretches) == 150
    assert scoring.result().lines_per_stretch == 2


def test_the_loss_along_a_text_of_any_length_has_few_numbers() -> None:
    stretches = each_line._Stretches()
    for number in range(1000):
        stretches.add(LineScore(number + 1, "", number % 2, None, float(number % 2 * number)))
    found = stretches.result()
    assert stretches.width == 8
    assert [stretch.first for stretch in found] == [*range(1, 1000, 8)]
    assert found[1].nats == pytest.approx((9 + 11 + 13 + 15) / 4)


def test_json_and_csv_have_every_line_in_its_order(program: Program, run_folder: Path) -> None:
    text = '今日は風が強い。\r\n\r\n"a, b"\r\n☃\nToday'.encode()
    command = ("inspect", "score", "-", run_folder, "--each-line")
    for locale in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}):
        shown = program(*command, "--json", stdin=text, **locale)
        assert shown.code == 0
        assert "☃" in shown.err
        found = [json.loads(line) for line in shown.out.splitlines()]
        assert [*found[0]] == ["line", "text", "characters", "nats", "total_nats"]
        assert [line["text"] for line in found] == ["今日は風が強い。", "", '"a, b"', "☃", "Today"]
        assert [line["characters"] for line in found][:2] == [9, 1]
        assert "今日は風が強い。" in shown.out
        table = program(*command, "--csv", stdin=text, **locale)
        rows = list(csv.DictReader(io.StringIO(table.out)))
        assert [row["text"] for row in rows] == [line["text"] for line in found]
        assert [float(row["nats"]) for row in rows] == [line["nats"] for line in found]
        assert [int(row["line"]) for row in rows] == [1, 2, 3, 4, 5]


def test_a_line_of_which_nothing_is_predicted_has_no_mean(base: charrnn.Model) -> None:
    model = tiny(base, "ab")
    assert [(line.nats, line.total_nats) for line in model.score_lines(["Ж\n", "a\n", ""])] == [
        (None, 0.0)
    ] * 3
    scoring = EachLine(model.loaded, ["Ж\n", "abab\n"], "text")
    assert "1 of them without a character" in render_text(build_section(scoring))


def test_a_carriage_return_that_is_kept_is_quoted_in_csv() -> None:
    from charrnn.render.document import lines_to_csv

    _, row = lines_to_csv([LineScore(1, 'a\rb"', 3, None, 0.0)])
    assert row == '1,"a\rb""",3,,0.0'
    assert next(csv.reader([row])) == ["1", 'a\rb"', "3", "", "0.0"]


def test_files_in_another_encoding_and_the_page_and_the_picture(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_bytes(TEXT[:600].encode("cp932"))
    shown = program(
        "inspect", "score", "text.txt", run_folder, "--each-line", "--encoding", "cp932",
        "--html", "page.html", "--plot", "plot.svg",
    )  # fmt: skip
    assert shown.code == 0, shown.err
    assert "今日は風が強い" in shown.out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Score of each line" in page
    assert "loss along the text" in page
    assert "</svg>" in (tmp_path / "plot.svg").read_text(encoding="utf-8")


def test_what_does_not_go_with_each_line(program: Program, run_folder: Path, text: Path) -> None:
    score = ("inspect", "score", text, run_folder)
    failed(program(*score, "--each-line", "--adapt"), 2, "--adapt", "--each-line")
    failed(program(*score, "--csv"), 2, "--csv needs --each-line")
    failed(program(*score, "--each-line", "--csv", "--json"), 2, "exclude each other")
    failed(program("inspect", "score", "-", run_folder, "--each-line", stdin=b""), 3, "-: has no")
    failed(
        program(*score[:2], "-", run_folder, "--each-line", "--on-unknown", "error",
                stdin="☃\n".encode()),
        3, "☃",
    )  # fmt: skip


def test_a_report_by_name_takes_the_flag(base: charrnn.Model, text: Path) -> None:
    assert base.report("score", text, each_line=True).result().lines == 80
    assert base.report("score", text, each_line=False).result().totals.characters == len(TEXT) - 1
    with pytest.raises(ConfigError, match="adapt: does not go with `each_line`"):
        base.report("score", text, each_line=True, adapt=True)
    with pytest.raises(ConfigError, match="each_line: 'x' is neither True nor False"):
        base.report("score", text, each_line="x")
