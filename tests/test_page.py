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
