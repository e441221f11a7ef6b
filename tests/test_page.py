"""The HTML page in a real browser: nothing is fetched, nothing complains, hover and keys work."""

import re
from pathlib import Path

import pytest

from charrnn.render.blocks import (
    Block,
    Chart,
    Column,
    Facts,
    Prose,
    Section,
    Series,
    ShadedText,
    Table,
    UnrolledNetwork,
    numeric_columns,
)
from charrnn.render.page import render_page
from tests.browser import PROGRAM, Tab, chromium

TEXT = "「猫」& <b>\nつぎ"
SECTIONS = [
    Section(
        "Numbers",
        [
            Facts([("名前", "<猫>")]),
            Prose("One & two."),
            Table((Column("a"), Column("b", numeric=True)), [("<1>", "2"), ("3", "4")], (0.5, 1.0),
                  "a table"),
            Chart(
                "a chart", "x", "y",
                [Series("猫 & co", (1, 2, 4), (3, 1, 2), ((2, 0, 1), (4, 2, 3)))],
                log_x=True, levels=[("level", 2.0)],
            ),
        ],
    ),
    Section(
        "Letters",
        [
            ShadedText("shade", TEXT, [at / 10 for at in range(len(TEXT))], 0, 1, "nats",
                   [f"detail <{at}>" for at in range(len(TEXT))]),
            UnrolledNetwork("first", ["猫", "\n"], [[("い", 0.5)], [("<", 0.25)]], "lstm"),
        ],
    ),
]  # fmt: skip


def test_page_needs_nothing_beside_it() -> None:
    made = render_page("題", SECTIONS)
    assert not re.search(r"(?:src|href)=[\"'](?!#)", made)
    assert "@import" not in made
    assert "url(" not in made
    assert "&lt;猫&gt;" in made
    assert "<猫>" not in made


def test_page_has_no_control_characters() -> None:
    evil = "\x00\x1b\u202e"
    shades = ShadedText(evil, evil, [0.0] * 3, 0, 1, evil, [evil] * 3)
    chart = Chart(evil, evil, evil, [Series(evil, (1, 2), (3, 1))], levels=[(evil, 2.0)])
    table = Table((Column(evil),), [(evil,)], (), evil)
    unrolled = UnrolledNetwork(evil, [*evil], [[(evil[1], 0.5)]] * 3, evil)
    blocks: list[Block] = [Facts([(evil, evil)]), Prose(evil), shades, chart, table, unrolled]
    made = render_page(evil, [Section(evil, blocks)])
    assert not set(evil) & set(made)
    assert "U+202E" in made


def test_a_long_table_is_open_if_it_is_alone() -> None:
    table = Table((Column("a"),), [("1",)] * 100, title="a table")
    assert "<details open>" in render_page("title", [Section("one", [table])])
    assert "<details>" in render_page("title", [Section("two", [Prose("text"), table])])


def test_the_columns_of_a_group_have_its_name_above_them() -> None:
    heads = [Column("far"), *numeric_columns("KL", "state", group="<rnn>")]
    made = render_page("title", [Section("one", [Table(heads, [("1", "2", "3")])])])
    assert '<td colspan="1"></td>' in made
    assert '<th scope="colgroup" class="number" colspan="2">&lt;rnn&gt;</th></tr><tr>' in made


@pytest.mark.skipif(PROGRAM is None, reason="Debian's chromium is not installed")
def test_no_label_of_a_chart_is_cut_or_covers_another_on_a_phone(tmp_path: Path) -> None:
    series = [Series("", (1, 1024), (1.0, 200_000.0)), Series("", (1, 1024), (0.0001, 1.0))]
    blocks = [Chart("title", "x", "一秒の文字数", [each], log_x=True, log_y=at > 0)
              for at, each in enumerate(series)]  # fmt: skip
    (tmp_path / "page.html").write_text(render_page("題", [Section("s", blocks)]), encoding="utf-8")
    boxes = """chart => [chart, ...chart.querySelectorAll("text")].map(each => {
        const box = each.getBoundingClientRect(); return [box.left, box.right, each.textContent];
    })"""
    with chromium() as browser:
        page = Tab(browser, tmp_path / "page.html", width=390, dark=False).page
        for chart in page.locator(".chart").all():
            (left, right, _), *labels = chart.evaluate(boxes)
            *ticks, (_, end_of_name, name) = labels
            assert name == "一秒の文字数"
            assert all(left <= start and end <= right for start, end, _ in labels)
            assert all(end_of_name < start for start, *_ in ticks)


@pytest.mark.skipif(PROGRAM is None, reason="Debian's chromium is not installed")
def test_page_in_a_browser(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render_page("題", SECTIONS), encoding="utf-8")
    with chromium() as browser:
        for width in (1000, 360):
            for dark in (False, True):
                tab = Tab(browser, tmp_path / "page.html", width=width, dark=dark)
                assert not tab.scrolls_sideways
                assert tab.complaints == tab.requests == []
        page = Tab(browser, tmp_path / "page.html", width=1000, dark=True).page
        assert page.title() == "題"
        page.hover(".text span:nth-of-type(2)")
        assert page.text_content("output") == "猫 0.10 nats · detail <1>"
        page.focus(".text")
        for key, shown in (("ArrowRight", "<2>"), ("ArrowLeft", "<1>"), ("ArrowDown", "ぎ")):
            page.keyboard.press(key)
            assert shown in (page.text_content("output") or "")
        assert page.locator("svg[role=img]:not([aria-label])").count() == 0
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground != "rgb(255, 255, 255)"
