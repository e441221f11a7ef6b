"""A model and its reports as a notebook shows them, in a real browser, in light and dark."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import charrnn
from charrnn.render.notebook import render_report, render_sections
from charrnn.report_registry import REPORTS
from charrnn.reports.live import Live
from charrnn.reports.overview import Overview
from charrnn.reports.runs import list_runs
from tests.browser import PROGRAM, Tab, chromium
from tests.conftest import TEXT
from tests.test_page import SECTIONS


def folder_of(model: charrnn.Model) -> Path:
    """The folder that has the model's run and its text."""
    assert model.loaded.run
    return model.loaded.run.parent


REPORTS_OF_A_MODEL: dict[str, Callable[[charrnn.Model], Any]] = {
    "model": lambda model: model,
    "summary": lambda model: model.summary(),
    "loss": lambda model: model.loss(),
    "vocab": lambda model: model.vocab(),
    "score": lambda model: model.score("今日は<b>風が強い。\nToday"),
    "score of a file": lambda model: model.report("score", folder_of(model) / "text.txt"),
    "copied": lambda model: model.copied("今日は風が強い。洗濯物に気をつけた。<b>"),
    "copied from a file": lambda model: model.report("copied", folder_of(model) / "text.txt"),
    "compare": lambda model: model.compare(["今日は風。", "Today。"], samples=1, length=5, seed=1),
    "unroll": lambda model: model.unroll("今日は"),
    "gradients": lambda model: model.gradients(lags=5),
    "memory": lambda model: model.memory(),
    "neurons": lambda model: model.neurons(shown="今日は"),
    "speed": lambda model: model.speed(seconds=0.001),
    "report": lambda model: model.report("report"),
    "runs": lambda model: list_runs(folder_of(model)),
    "live": lambda model: model.live(),
}
# What encloses and styles an output in JupyterLab, written from what it does to elements.
NOTEBOOK = """<!doctype html><html><head><meta charset="utf-8"><style>
body {{ margin: 0; background: {ground}; color: {ink}; font: 13px sans-serif; }}
.cell {{ width: {width}px; }}
.output:not(.markdown) td, .output:not(.markdown) th {{ text-align: right; padding: .5em; }}
.output table {{ font-size: 12px; table-layout: fixed; margin: 1em auto; }}
.output tbody tr:nth-child(odd) {{ background: red; }}
.output dl dt {{ float: left; width: 20%; }}
</style></head><body {theme}>
<p id="before" class="title">a paragraph with <a href="#">a link</a></p>
<table id="frame" class="wide number"><tr><td>1</td></tr></table>
<div class="cell output">{outputs}</div></body></html>"""
JUPYTER = 'data-jp-theme-light="{light}"'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip("Debian's chromium is not installed")
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def loaded(run_folder: Path) -> charrnn.Model:
    return charrnn.load(run_folder)


@pytest.fixture(scope="module")
def outputs(loaded: charrnn.Model) -> dict[str, str]:
    """What a notebook shows of each report."""
    return {name: make(loaded)._repr_html_() for name, make in REPORTS_OF_A_MODEL.items()}


@pytest.mark.parametrize("name", REPORTS_OF_A_MODEL)
def test_a_notebook_shows_each_report_without_scripts_and_ids(
    name: str, outputs: dict[str, str]
) -> None:
    shown = outputs[name]
    if name == "live":  # in a frame of its own
        assert re.fullmatch(
            r'<iframe srcdoc="[^"]*" sandbox="allow-scripts" [^>]*></iframe>', shown
        )
        return
    assert re.match(r'<div class="charrnn"><style>.*</div>$', shown, re.DOTALL)
    assert not re.search(r"<script|\son[a-z]+=|\sid=|<h\d|src=|href=|@import|url\(", shown)
    assert "<b>" not in shown
    assert "--seed" not in shown
    is_drawn = name in REPORTS and REPORTS[name].draws and name not in ("score", "copied")
    assert ("</svg>" in shown) == (is_drawn or name in ("model", "report"))


def test_the_registry_has_no_other_reports() -> None:
    assert set(REPORTS) <= set(REPORTS_OF_A_MODEL)


def test_a_score_and_a_copied_text_are_shaded_with_details_beside_the_pointer(
    loaded: charrnn.Model,
) -> None:
    score = loaded.score("今日は風が強い。\n")
    assert re.search(r'<span style="--v:0\.\d\d" title="日 \d+\.\d\d nats', score._repr_html_())
    assert score.hardest == score.summarize().hardest
    assert [line.text for line in loaded.score(TEXT[:60]).lines]
    long = loaded.score(TEXT * 2)
    assert len(long.summarize().beginning.text) == 4000
    copied = loaded.copied("今日は風が強い。洗濯物に気をつけた。違う")
    assert 'class="text"' in copied._repr_html_()  # type: ignore[attr-defined]


def test_a_model_in_memory_and_one_with_a_damaged_log_are_shown(
    loaded: charrnn.Model, tmp_path: Path, text: Path
) -> None:
    assert "model in memory" in charrnn.Model(loaded.checkpoint)._repr_html_()
    model = charrnn.train(text, hidden=4, batch=2, seq=8, steps=2, workers=1, out=tmp_path / "run")
    assert "loss by step" in model._repr_html_()
    (tmp_path / "run" / "log.jsonl").write_text("?\n{}\n", encoding="utf-8")
    assert "loss by step" not in model._repr_html_()
    assert "The model" in model._repr_html_()


def test_a_page_that_would_be_too_large_says_so(
    loaded: charrnn.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charrnn.render.live.page.LARGEST_PAGE", 10)
    assert "choose fewer or smaller models" in loaded.live()._repr_html_()


def test_the_line_about_a_model_says_what_it_is(loaded: charrnn.Model, tmp_path: Path) -> None:
    line = repr(loaded)
    assert re.fullmatch(
        r"<charrnn\.Model: lstm, 1 × 16 units, [\d,]+ parameters, \d+ characters, loss \d\.\d{4}"
        r" \(training\), \d\.\d{4} \(validation\) nats, .*/run>",
        line,
    )
    assert str(loaded) == line
    loaded.save(tmp_path / "猫\x1b\n.npz")
    saved = repr(charrnn.load(tmp_path / "猫\x1b\n.npz"))
    assert saved.endswith("猫U+001BU+000A.npz>")
    checkpoint = replace(loaded.checkpoint, history=())
    assert "loss" not in repr(charrnn.Model(checkpoint))
    assert repr(charrnn.Model(checkpoint)).endswith("characters, model in memory>")


def open_notebook(
    browser: Browser, folder: Path, outputs: str, *, width: int = 700, dark: bool = False,
    theme: str = "", ground: str = "#fff", ink: str = "#000",
) -> Tab:  # fmt: skip
    page = folder / "notebook.html"
    made = NOTEBOOK.format(outputs=outputs, theme=theme, width=width, ground=ground, ink=ink)
    page.write_text(made, encoding="utf-8")
    return Tab(browser, page, width=width, dark=dark)


def style(tab: Tab, selector: str, name: str) -> str:
    script = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
    return str(tab.page.evaluate(script, [selector, name]))


@pytest.mark.parametrize("width", [1000, 620])
def test_reports_fit_into_a_cell_and_nothing_complains(
    width: int, outputs: dict[str, str], browser: Browser, tmp_path: Path
) -> None:
    tab = open_notebook(browser, tmp_path, "".join(outputs.values()), width=width)
    assert not tab.scrolls_sideways
    assert tab.complaints == []
    assert not [url for url in tab.requests if not url.startswith("about:")]
    frame = tab.page.frame_locator("iframe")
    assert frame.locator("h1").first.text_content()
    overflowing = tab.page.evaluate(
        "[...document.querySelectorAll('.charrnn > section > *')].filter(e => e.scrollWidth >"
        " e.parentElement.clientWidth + 1 && getComputedStyle(e).overflowX == 'visible').length"
    )
    assert overflowing == 0


@pytest.mark.parametrize("dark", [False, True])
def test_the_style_changes_nothing_outside(dark: bool, browser: Browser, tmp_path: Path) -> None:
    outside = ("#before", "#before a", "#frame", "#frame td", "body")
    names = (
        "color", "backgroundColor", "fontSize", "fontFamily", "fontWeight", "padding", "margin",
        "maxWidth", "boxSizing", "borderBottom", "textAlign", "whiteSpace", "colorScheme",
    )  # fmt: skip
    found = [
        {(each, name): style(tab, each, name) for each in outside for name in names}
        for tab in (
            open_notebook(browser, tmp_path, output, dark=dark)
            for output in ("", render_sections(SECTIONS))
        )
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("theme", "system_is_dark", "is_dark"),
    [
        ("", False, False),
        ("", True, True),
        (JUPYTER.format(light="true"), True, False),
        (JUPYTER.format(light="false"), False, True),
        ('class="vscode-light"', True, False),
        ('class="vscode-dark"', False, True),
    ],
)
def test_the_theme_of_the_notebook_comes_before_that_of_the_system(
    theme: str, system_is_dark: bool, is_dark: bool, browser: Browser, tmp_path: Path
) -> None:
    tab = open_notebook(
        browser, tmp_path, render_sections(SECTIONS), theme=theme, dark=system_is_dark
    )
    ground = style(tab, ".charrnn", "backgroundColor")
    assert ground == ("rgb(20, 24, 31)" if is_dark else "rgb(255, 255, 255)")
    assert style(tab, ".charrnn dd", "color") == (
        "rgb(226, 232, 240)" if is_dark else "rgb(26, 32, 44)"
    )
    line = style(tab, ".charrnn .line.c0", "stroke")
    assert line == ("rgb(99, 179, 237)" if is_dark else "rgb(43, 108, 176)")


def test_the_style_of_a_notebook_does_not_reach_into_a_report(
    browser: Browser, tmp_path: Path
) -> None:
    tab = open_notebook(browser, tmp_path, render_sections(SECTIONS))
    assert style(tab, ".charrnn tbody td", "textAlign") == "left"
    assert style(tab, ".charrnn tbody td.number", "textAlign") == "right"
    assert style(tab, ".charrnn tbody tr", "backgroundColor") == "rgba(0, 0, 0, 0)"
    assert style(tab, ".charrnn dt", "float") == "none"
    box = tab.page.locator(".charrnn dt").first.bounding_box()
    assert box
    assert box["height"] < 30  # in one line
    title = tab.page.locator(".text span").first.get_attribute("title")
    assert title == "「 0.00 nats · detail <0>"


def test_the_frame_of_a_page_reaches_nothing_outside(
    loaded: charrnn.Model, browser: Browser, tmp_path: Path
) -> None:
    assert isinstance(loaded.live(), Live)
    shown = render_report(REPORTS["live"], loaded.live())
    tab = open_notebook(browser, tmp_path, shown)
    frame = tab.page.frames[-1]
    assert frame.locator("h1").count()
    with pytest.raises(Exception, match=r"cross-origin|Blocked"):
        frame.evaluate("parent.document.body.innerHTML")


def test_the_overview_is_shown_with_all_its_sections(loaded: charrnn.Model) -> None:
    overview = loaded.report("report")
    assert isinstance(overview, Overview)
    assert overview._repr_html_().count("<section ") > 8
