"""Text at the width of a terminal: lines are broken between words, and Japanese anywhere."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.render.blocks import Chart, Column, Facts, Section, Series, Table, numeric_columns
from charrnn.render.clusters import display_width
from charrnn.render.columns import READABLE_COLUMNS
from charrnn.render.lines import wrap, wrap_facts
from charrnn.render.progress import describe_preview
from charrnn.render.terminal import render_text
from tests.conftest import clean_environment

WIDTHS = [40, 80, 120, 200]
JAPANESE = "今日は風が強い。昼すぎに図書館で姉に会い、野球の話をした。"
TINY = ["--hidden", "8", "--batch", "4", "--seq", "16", "--steps", "4", "--workers", "1"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals")


@given(st.text("ab 今日、。\u0301", max_size=60), st.integers(4, 20))
def test_wrapped_lines_fit_and_lose_only_spaces(text: str, columns: int) -> None:
    lines = wrap(text, columns, cut_words=True)
    assert all(display_width(line) <= columns + 2 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_latin_word_stays_whole() -> None:
    assert wrap("more text may help", 10) == ["more text", "may help"]
    assert wrap("a supercalifragilistic b", 10) == ["a", "supercalifragilistic", "b"]


def test_japanese_is_broken_between_characters_but_not_before_a_full_stop() -> None:
    assert wrap("今日は風が強い。雨だ", 14) == ["今日は風が強", "い。雨だ"]
    assert wrap("今日はcharrnnです", 12) == ["今日は", "charrnnです"]


def test_brackets_stay_with_what_they_enclose() -> None:
    assert wrap("あいうえお「tenki.txt」を読む", 12) == ["あいうえお", "「tenki.txt」", "を読む"]
    assert wrap("あいうえお(8 GB)が要", 11) == ["あいうえお", "(8 GB)が要"]
    text = "モデル(lstm)は「今日は風が強い」のあとに、っぽい(ぽい)文字を出す。" * 3
    for columns in range(8, 40):
        lines = wrap(text, columns)
        assert not [line for line in lines if line[0] in "、。)」っ" or line[-1] in "(「"]


def test_a_command_is_not_broken() -> None:
    text = "it has finished; to go on: charrnn train --resume --out runs/tenki --epochs 40"
    assert wrap(text, 40) == [text]
    rows = [("run", "runs/with a long name and spaces"), ("advice", "more text may help or not")]
    assert wrap_facts(rows, 24, whole=["run"]) == [
        ("run", "runs/with a long name and spaces"),
        ("advice", "more text may"),
        ("", "help or not"),
    ]


@pytest.mark.parametrize("columns", [4, 10, 40, 80, 250])
def test_every_line_of_a_preview_has_its_bar_and_fits(columns: int) -> None:
    lines = describe_preview(JAPANESE * 3 + "\nand " + "o" * 100, columns).split("\n")
    assert all(line.startswith("  │ ") for line in lines)
    assert all(display_width(line) <= max(6, min(columns, READABLE_COLUMNS)) for line in lines)


@pytest.mark.parametrize("columns", [30, 40, 80])
def test_an_excerpt_in_a_table_is_cut_so_that_the_rows_fit(columns: int) -> None:
    rows = [("lstm", JAPANESE * 2, "1"), ("a much longer name", "short", "20")]
    heads = Column("model"), Column("text", excerpt=True), Column("n", numeric=True)
    section = Section("title", [Table(heads, rows)])
    lines = render_text(section, columns).split("\n")
    widest = max(map(display_width, lines))
    assert columns - 1 <= max(40, widest) <= max(40, columns)
    assert "…" in lines[1]
    assert "short" in lines[2]
    assert JAPANESE * 2 in render_text(section)


def test_the_name_of_a_group_stands_above_its_columns() -> None:
    heads = [Column("far"), *numeric_columns("KL", "state", group="feedforward")]
    heads += numeric_columns("KL", "state", group="rnn")
    table = Table(heads, [("1", "2", "3", "0.0001", "5")], title="a table")
    assert render_text(Section("title", [table])).split("\n") == [
        "a table",
        "     feedforward            rnn",
        "far    KL  state      KL  state",
        "1       2      3  0.0001      5",
    ]


def test_a_long_word_among_facts_begins_further_to_the_left() -> None:
    rows = [("a rather long label", f"sha256 {'0' * 64}"), ("b", "text")]
    lines = render_text(Section("title", [Facts(rows)]), 80).split("\n")
    assert lines == [
        "a rather long label  sha256", f"{'':16}{'0' * 64}", f"{'b':19}  text"
    ]  # fmt: skip


def test_the_last_tick_of_a_chart_fits() -> None:
    chart = Chart("title", "x", "y", [Series("", (1, 1024), (1, 2))], log_x=True)
    lines = render_text(Section("title", [chart]), 80).split("\n")
    assert max(map(display_width, lines)) <= 80
    assert any(line.endswith("1,024") for line in lines)


def run_in_terminal(folder: Path, columns: int, *args: str, **environment: str) -> list[str]:
    """Run charrnn in a terminal of this width, and return the lines that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = {**clean_environment(), "TERM": "dumb", "NO_COLOR": "1", **environment}
    with subprocess.Popen(
        [sys.executable, "-m", "charrnn", *args], cwd=folder, env=settings,
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        output = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            output += data
        assert process.wait() == 0, output.decode()
    os.close(ours)
    # A bar ends in a carriage return and is drawn again on the same line.
    return [line.rsplit("\r", 1)[-1] for line in output.decode().replace("\r\n", "\n").split("\n")]


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_training_fits_into_the_terminal(columns: int, text: Path) -> None:
    lines = run_in_terminal(text.parent, columns, "train", text.name, *TINY)
    broken = [line for line in lines if display_width(line) > columns and "charrnn" not in line]
    assert not broken
    assert any(line.startswith("  │ ") for line in lines)


@pytest.mark.parametrize("columns", WIDTHS)
def test_help_fits_into_the_terminal(columns: int, tmp_path: Path) -> None:
    for command in (["train"], ["sample"], ["inspect"], ["inspect", "score"]):
        lines = run_in_terminal(tmp_path, columns, *command, "--help")
        widest = max(display_width(line) for line in lines if "charrnn " not in line)
        assert widest <= min(columns, 100)
        if columns >= 100:
            assert widest > 80 or command == ["inspect", "score"]


@pytest.mark.parametrize(("columns", "readable"), [(40, 40), (80, 80), (120, 100), (0, 80)])
def test_a_report_uses_the_terminal_up_to_a_readable_width(
    columns: int, readable: int, run_folder: Path, tmp_path: Path
) -> None:
    unroll = ("inspect", "unroll", str(run_folder), "--text", "今日", "-q")
    sentence = [
        line
        for line in run_in_terminal(tmp_path, columns, *unroll)
        if re.match("(One|Every)", line)
    ]
    assert max(map(display_width, sentence)) <= readable
    assert max(map(display_width, sentence)) > readable - 20


def test_the_variable_columns_comes_before_the_terminal(run_folder: Path, tmp_path: Path) -> None:
    loss = ("inspect", "loss", str(run_folder), "-q")
    narrow = run_in_terminal(tmp_path, 120, *loss, COLUMNS="50")
    assert max(display_width(line) for line in narrow if "─" in line) == 50


@pytest.mark.parametrize("columns", ["", "0", "-1", "many", "²"])
def test_a_senseless_width_is_ignored(columns: str, run_folder: Path, tmp_path: Path) -> None:
    loss = ("inspect", "loss", str(run_folder), "-q")
    assert run_in_terminal(tmp_path, 90, *loss, COLUMNS=columns) == run_in_terminal(
        tmp_path, 90, *loss
    )
