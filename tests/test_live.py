"""A page with the networks inside, in a real browser: it computes what charrnn computes."""

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import charrnn
from charrnn.api import Model
from charrnn.arrays import Ids
from charrnn.cells import CELLS
from charrnn.errors import InputError
from charrnn.language import ENGLISH, list_languages, set_language
from charrnn.network.cell import get_cell
from charrnn.network.model import Network
from charrnn.render.live import page as live_page
from charrnn.render.live import weights
from charrnn.render.live.page import render_live
from charrnn.render.live.weights import round_network
from charrnn.render.live.words import WORDS
from charrnn.reports.live import Live, find_prime, prepare_live
from charrnn.reports.neurons import Follower
from charrnn.reports.text_properties import PROPERTIES
from charrnn.training.evaluation import character_losses
from tests.bracketed import CODE, bracket, find_unbracketed, write_catalogue
from tests.browser import PROGRAM, Tab, chromium
from tests.conftest import TEXT, Program
from tests.test_cli import failed
from tests.tiny import tiny

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Debian's chromium is not installed")

CONFIG = charrnn.TrainConfig(
    hidden=24, batch=4, seq=16, steps=150, val=200, workers=1, lr=0.01, tied=False
)
VARIANTS = {
    **{cell: replace(CONFIG, cell=cell) for cell in CELLS},
    "two-layers": replace(CONFIG, cell="gru", layers=2),
    "tied": replace(CONFIG, tied=True, layers=2),
    "unknown": replace(CONFIG, cell="rnn", min_count=30),
    "tied-unknown": replace(CONFIG, cell="lstm", tied=True, min_count=30),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("live")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    return {
        name: charrnn.train(folder / "text.txt", config, out=folder / name)
        for name, config in VARIANTS.items()
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def live_of(*chosen: Model) -> Live:
    return prepare_live(
        [model.loaded for model in chosen], [model.prepare_text(TEXT) for model in chosen]
    )


def open_page(
    browser: Browser, folder: Path, live: Live, *, width: int = 1000, dark: bool = False
) -> Tab:
    (folder / "live.html").write_text(render_live(live), encoding="utf-8")
    return Tab(browser, folder / "live.html", width=width, dark=dark)


def encode(model: Model, text: str) -> Ids:
    vocabulary = model.checkpoint.corpus_info.vocabulary
    ids = vocabulary.lookup_ids(text)
    return (
        ids[ids >= 0] if vocabulary.unknown is None else np.where(ids < 0, vocabulary.unknown, ids)
    )


def predict(network: Network, ids: Ids) -> np.ndarray:
    """The log-probabilities after a text."""
    logs, _ = network.predict(ids[:, None], network.initial_states(1))
    return logs[-1, 0]


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("name", VARIANTS)
def test_the_page_predicts_what_the_rounded_network_predicts(
    browser: Browser, models: dict[str, Model], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, name: str, bits: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(weights, "HALVES_UP_TO", 10**9 if bits == 16 else 0)
    model = models[name]
    page = open_page(browser, tmp_path, live_of(model)).page
    rounded = round_network(model.checkpoint.network)
    assert (rounded.parameters.vector != model.checkpoint.network.parameters.vector).any()
    for text in (TEXT[:300], TEXT[100:399] + "猫", "猫" + TEXT[:20], TEXT[7]):
        found = page.evaluate("text => charrnn.probabilities(0, text)", text)
        expected = np.exp(predict(rounded, encode(model, text)))
        assert len(found) == len(expected)
        np.testing.assert_allclose(found, expected, atol=1e-4)
    (described,) = page.evaluate("charrnn.models")
    vocabulary = model.checkpoint.corpus_info.vocabulary
    assert described == {
        "name": model.loaded.label, "cell": model.checkpoint.config.cell, "hidden": 24,
        "layers": model.checkpoint.config.layers,
        "vocabulary": [*vocabulary.characters, *([] if vocabulary.unknown is None else [None])],
    }  # fmt: skip


@pytest.mark.parametrize("bits", [16, 8])
@pytest.mark.parametrize("name", VARIANTS)
def test_rounded_weights_cost_little(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch, name: str, bits: int
) -> None:
    monkeypatch.setattr(weights, "HALVES_UP_TO", 10**9 if bits == 16 else 0)
    network = models[name].checkpoint.network
    ids = encode(models[name], TEXT[:2000]).astype(np.intp)
    losses = [
        float(character_losses(each, ids).mean(dtype=np.float64))
        for each in (network, round_network(network))
    ]
    assert losses[1] == pytest.approx(losses[0], abs=0.001)


@pytest.mark.parametrize("name", VARIANTS)
def test_an_empty_text_begins_as_a_sample_does(
    browser: Browser, models: dict[str, Model], tmp_path: Path, name: str
) -> None:
    model = models[name]
    page = open_page(browser, tmp_path, live_of(model)).page
    found = page.evaluate("charrnn.probabilities(0, '')")
    rounded = round_network(model.checkpoint.network)
    if "\n" in model.vocabulary:
        expected = np.exp(predict(rounded, encode(model, "\n")))
    else:
        counts = np.array(model.checkpoint.corpus_info.vocabulary.counts)
        expected = counts / counts.sum()
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("name", ["lstm", "gru", "tied-unknown"])
def test_influence_is_the_difference_that_leaving_out_a_character_makes(
    browser: Browser, models: dict[str, Model], tmp_path: Path, name: str
) -> None:
    model = models[name]
    page = open_page(browser, tmp_path, live_of(model)).page
    rounded = round_network(model.checkpoint.network)
    for begin in range(0, 500, 50):
        text = TEXT[begin : begin + 30]
        found = page.evaluate("text => charrnn.influence(0, text)", text)
        ids = encode(model, text)
        whole = predict(rounded, ids)
        likeliest = int(whole.argmax())
        expected = [
            whole[likeliest] - predict(rounded, np.delete(ids, place))[likeliest]
            for place in range(len(ids))
        ]
        np.testing.assert_allclose(found, expected, atol=2e-3)
    long = TEXT[:130]
    found = page.evaluate("text => charrnn.influence(0, text)", long)
    assert found[:30] == [0] * 30
    assert any(found[30:])


def test_newlines_and_normalization_are_those_of_the_model(
    browser: Browser, tmp_path: Path
) -> None:
    text = "\u304b\u3099\u304d e\u0301\r\nx " * 60
    (tmp_path / "text.txt").write_text(text, encoding="utf-8", newline="")
    config = replace(CONFIG, steps=3, hidden=8, normalize="nfc")
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    page = open_page(browser, tmp_path, live_of(model)).page
    found = page.evaluate("text => charrnn.probabilities(0, text)", "e\u0301\r\n\u304b\u3099")
    expected = predict(round_network(model.checkpoint.network), encode(model, "\u00e9\n\u304c"))
    np.testing.assert_allclose(found, np.exp(expected), atol=1e-4)


def test_a_reader_can_do_all_of_it(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    tab = open_page(browser, tmp_path, live_of(models["rnn"], models["lstm"]))
    page = tab.page

    def text() -> str:
        return str(page.evaluate("session.text.join('')"))

    page.fill("#prime", "今日")
    page.press("#prime", "Enter")
    assert text() == "今日"
    page.click("#step")
    page.click("#step")
    written = text()
    assert len(written) == 4
    page.click("#back")
    assert text() == written[:3]
    page.click("#step")
    assert text() == written  # a draw follows from the seed and its place
    page.click("#play")
    assert page.text_content("#play") == "Pause"
    while len(text()) < 7:
        page.wait_for_timeout(50)
    page.click("#play")
    stopped = text()
    page.wait_for_timeout(400)
    assert text() == stopped
    bars = "document.querySelector('.card:nth-child(2) .bars').textContent"
    before = page.evaluate(bars)
    page.click("#erase")
    assert page.get_attribute("#erase", "aria-pressed") == "true"
    assert page.evaluate(bars) != before
    page.click("#erase")
    assert page.evaluate(bars) == before
    page.locator(".card:nth-child(2) .gates select").nth(1).select_option("0")
    assert page.evaluate("readings[1].reader.stateAfter(5)[0].gates.forget.every((f) => f === 0)")
    assert page.evaluate(bars) != before
    page.locator(".card:nth-child(2) .gates select").nth(1).select_option("")
    assert page.evaluate(bars) == before
    page.focus(".card:nth-child(1) .text")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("session.at") == len(stopped) - 3
    page.fill("#what-if", "雨")
    page.press("#what-if", "Enter")
    assert page.evaluate("session.changedTo") == "雨"
    assert page.locator(".bars li.two").count() > 0
    assert page.locator(".card:nth-child(1) .text span.changed").count() == 1
    page.click(".card:nth-child(1) canvas.grid", position={"x": 4, "y": 4})
    assert page.evaluate("readings[0].unit") == [0, 0]
    assert page.input_value("#shade") == "unit"
    page.locator(".card:nth-child(1) [data-word=next]").press("Enter")
    assert page.evaluate("readings[0].unit") == [0, 1]
    page.locator(".card:nth-child(1) [data-word=previous]").press("Enter")
    assert page.evaluate("readings[0].unit") == [0, 0]
    for shade in ("surprise", "influence", "none"):
        page.select_option("#shade", shade)
    page.click("[data-language=ja]")
    assert page.get_attribute("html", "lang") == "ja"
    assert page.text_content("#step") == "1 ステップ"
    page.click("#restart")
    page.click("#line")
    assert text().endswith("\n")
    page.fill("#prime", "今x日")
    page.press("#prime", "Enter")
    assert "x" in (page.text_content("#status") or "")
    assert page.locator("#what-if:disabled").count() == 1
    for typed, kept in (("-3", "0"), ("99", "5"), ("", "0.8"), ("0.3", "0.3")):
        page.evaluate("document.querySelector('details').open = true")
        page.fill("#temperature", typed)
        page.press("#temperature", "Tab")
        assert page.input_value("#temperature") == kept
    assert tab.complaints == tab.requests == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 768, 1600])
def test_every_scene_fits_and_nothing_complains(
    browser: Browser, models: dict[str, Model], tmp_path: Path, width: int, dark: bool
) -> None:
    live = live_of(models["feedforward"], models["rnn"], models["lstm"], models["two-layers"])
    tab = open_page(browser, tmp_path, live, width=width, dark=dark)
    for language in ("en", "ja"):
        tab.page.click(f"[data-language={language}]")
        scenes = tab.page.locator("#scenes button")
        assert scenes.count() == 6
        for scene in range(6):
            scenes.nth(scene).click()
            assert tab.page.text_content("#scene")
            assert not tab.scrolls_sideways
    tab.page.evaluate("page.stop()")
    unnamed = tab.page.locator("canvas:not([aria-label], [aria-hidden]), #scenes button:empty")
    assert unnamed.count() == 0
    assert tab.complaints == tab.requests == []


def luminance(color: tuple[int, ...]) -> float:
    """The relative luminance of a color (WCAG 2.2)."""
    parts = [part / 255 for part in color]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_letters_and_controls_have_contrast(
    browser: Browser, models: dict[str, Model], tmp_path: Path, dark: bool
) -> None:
    page = open_page(browser, tmp_path, live_of(models["rnn"]), dark=dark).page

    def color(name: str, share: float = 1.0, ground: str = "--ground") -> tuple[int, ...]:
        """A color of the style sheet, mixed with the one behind it."""
        mixed = page.evaluate(
            """([name, share, ground]) => {
              const probe = document.body.appendChild(document.createElement("i"));
              const read = (name) => {
                const value = getComputedStyle(probe).getPropertyValue(name).trim();
                probe.style.color = value.startsWith("#") ? value : `rgb(${value})`;
                return getComputedStyle(probe).color.match(/\\d+/g).map(Number);
              };
              const [front, back] = [read(name), read(ground)];
              return front.map((part, at) => Math.round(share * part + (1 - share) * back[at]));
            }""",
            [name, share, ground],
        )
        return tuple(mixed)

    assert color("--ink") == ((226, 232, 240) if dark else (26, 32, 44))

    def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        low, high = sorted(map(luminance, (one, other)))
        return (high + 0.05) / (low + 0.05)

    for ground in ("--ground", "--card"):
        for letters in ("--ink", "--soft"):
            assert contrast(color(letters), color(ground)) >= 4.5
        assert contrast(color("--line"), color(ground)) >= 3
    for shade in ("--raised", "--lowered"):
        assert contrast(color("--ink"), color(shade, 0.75)) >= 4.5
    for letters in ("--positive", "--negative"):
        assert contrast(color(letters), color("--ground")) >= 4.5
        assert contrast(color(letters), color("--idle")) >= 3
    assert contrast(color("--on-accent"), color("--accent")) >= 4.5


def test_a_scene_can_be_switched(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    live = replace(
        live_of(models["lstm"]), change=("風", "雨"), pair=("今日は風が強い", "今日は雨が強い")
    )
    page = open_page(browser, tmp_path, live).page
    scenes = page.locator("#scenes button")
    scenes.nth(1).click()
    assert page.evaluate("[...session.erased]") == [4]
    assert page.locator(".bars li.two").count() > 0
    page.click("#switch")
    assert page.evaluate("session.erased.size") == 0
    assert page.locator(".bars li.two").count() == 0
    scenes.nth(3).click()
    assert page.evaluate("[session.changedAt, session.changedTo]") == [3, "雨"]
    scenes.nth(4).click()
    assert page.evaluate("readings[0].clamps") == {"forget": 0}
    page.click("#switch")
    assert page.evaluate("readings[0].clamps") == {}
    scenes.nth(0).click()
    assert page.text_content("#switch") == "One step"
    length = page.evaluate("session.text.length")
    page.click("#switch")
    assert page.evaluate("session.text.length") == length + 1
    scenes.nth(2).click()
    assert page.locator("#switch").is_hidden()


def test_an_address_opens_a_scene_in_a_language(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    tab = open_page(browser, tmp_path, live_of(models["lstm"]))
    tab.page.goto("about:blank")
    tab.page.goto((tmp_path / "live.html").as_uri() + "#3-ja")
    assert tab.page.get_attribute("html", "lang") == "ja"
    assert "忘れていく" in (tab.page.text_content("#scenes .chosen") or "")


def test_scenes_that_the_models_cannot_show_are_left_out(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    page = open_page(browser, tmp_path, live_of(models["feedforward"])).page
    assert page.locator("#scenes button").count() == 0
    page = open_page(browser, tmp_path, live_of(models["rnn"])).page
    titles = page.locator("#scenes button").all_text_contents()
    assert titles
    assert not any("Gates" in title for title in titles)


READ_WORDS = """() => {
  const found = [];
  const keep = (text) => text?.trim() && found.push(text.trim());
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) keep(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    if (node.hidden || node.matches("script, style, noscript")) return;
    for (const name of ["aria-label", "title", "placeholder"]) keep(node.getAttribute(name));
    node.childNodes.forEach(visit);
  };
  visit(document.body);
  return found;
}"""


def read_all_words(page: Page) -> set[str]:
    """Every text and label that is not hidden, through all scenes and all that a reader can do."""
    seen = set[str](page.evaluate(READ_WORDS))

    def act(action: str) -> None:
        seen.update(page.evaluate(f"() => {{ {action}; return ({READ_WORDS})(); }}"))
        page.wait_for_timeout(100)  # for influences, which are computed meanwhile
        seen.update(page.evaluate(READ_WORDS))

    for scene in range(page.locator("#scenes button").count()):
        act(f"byId('scenes').children[{scene}].click()")
        act("if (!byId('switch').hidden) byId('switch').click()")
        act("if (!byId('switch').hidden) byId('switch').click()")
    act("page.begin('')")
    for _ in range(3):
        act("byId('step').click()")
    act("byId('play').click()")
    act("byId('play').click()")
    act("page.stop(); session.at = 0; page.update()")
    act("page.change('猫')")
    act("page.begin('今日は')")
    act("readings.forEach((reading) => reading.chooseUnit(0, 1))")
    for shade in ("none", "influence", "surprise", "unit"):
        act(f"session.shade = '{shade}'; page.update()")
    return seen


@pytest.fixture(scope="module")
def japanese(tmp_path_factory: pytest.TempPathFactory) -> tuple[Live, Live]:
    """Four models of a text without Latin letters; then one of them, with a character to change."""
    text = "今日は風が強い。「洗濯物に気をつけた」と母が言った。\n明日は雨だ。\n" * 40
    folder = tmp_path_factory.mktemp("japanese")
    (folder / "text.txt").write_text(text, encoding="utf-8")
    names = ("feedforward", "lstm", "mingru", "two-layers")
    trained = [
        charrnn.train(folder / "text.txt", VARIANTS[name], out=folder / name) for name in names
    ]
    live = prepare_live([model.loaded for model in trained], [None] * len(trained))
    followers = tuple(
        Follower(name, layer=0, unit=1, correlation=0.5, p=0.0) for name in PROPERTIES
    )
    named = tuple(replace(model, model=model.cell, followers=followers) for model in live.models)
    pair = ("今日は風が強い", "明日は風が強い")
    return (
        replace(live, models=named, pair=pair, change=None),
        replace(live, models=named[1:2], pair=pair, change=("風", "雨")),
    )


@pytest.fixture
def spoken() -> Iterator[Callable[[str], None]]:
    """Sets the language in which a page is made; English again after the test."""
    yield set_language
    set_language(ENGLISH)


@pytest.fixture
def bracketed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: Callable[[str], None]
) -> Iterator[None]:
    """The only language beside English is the made-up one, which is set."""
    write_catalogue(tmp_path / f"locale/{CODE}/LC_MESSAGES/charrnn.mo")
    monkeypatch.setattr("charrnn.language.LOCALE", str(tmp_path / "locale"))
    list_languages.cache_clear()
    spoken(CODE)
    yield
    spoken(ENGLISH)
    monkeypatch.undo()
    list_languages.cache_clear()


def test_in_japanese_no_english_word_is_left_but_names(
    browser: Browser, japanese: tuple[Live, Live], tmp_path: Path
) -> None:
    for live in japanese:
        tab = open_page(browser, tmp_path, live)
        tab.page.click("[data-language=ja]")
        seen = read_all_words(tab.page)
        assert len(seen) > 100
        assert "1: 漢字(r 0.5)" in seen
        english = {word for text in seen for word in re.findall(r"[A-Za-z]{2,}", text)}
        assert english <= {*CELLS, "English", "RNN", "LSTM", "KL", "top"}
        assert tab.complaints == tab.requests == []


@pytest.mark.usefixtures("bracketed")
def test_a_language_that_is_only_a_catalogue_has_every_word_of_the_page(
    browser: Browser, japanese: tuple[Live, Live], tmp_path: Path
) -> None:
    seen = set[str]()
    for live in japanese:
        tab = open_page(browser, tmp_path, live)
        assert tab.page.get_attribute("html", "lang") == CODE
        seen |= read_all_words(tab.page)
        assert tab.complaints == tab.requests == []
    assert {word for text in seen for word in find_unbracketed(text)} == {"English"}
    assert not re.search("[ぁ-ヿ一-鿿]{2,}", "\n".join(seen))
    messages = WORDS | {name: name for name in PROPERTIES}
    for name in messages.keys() - {"needsScripts", "otherGate"}:
        shown = re.sub(r"\\\{\w+\\\}", ".+", re.escape(bracket(messages[name])))
        assert any(re.search(shown, text) for text in seen), name


def test_every_word_has_a_use_and_every_gate_a_name() -> None:
    folder = Path(live_page.__file__).parent
    sources = [*folder.glob("*.js"), folder / "live.html", folder / "page.py"]
    quoted = {
        name
        for path in sources
        for name in re.findall(r"[\".](\w+)\b", path.read_text(encoding="utf-8"))
    }
    gates = {gate for cell in CELLS for gate in get_cell(cell).sigmoid_gates}
    named = {f"{gate}Gate" for gate in gates}
    assert named <= WORDS.keys()
    assert WORDS.keys() - named <= quoted
    assert not WORDS.keys() & PROPERTIES.keys()


def test_a_page_begins_in_the_language_of_who_made_it_or_of_the_reader(
    browser: Browser, models: dict[str, Model], tmp_path: Path, spoken: Callable[[str], None]
) -> None:
    live = live_of(models["rnn"])

    def language_for(*wanted: str) -> str | None:
        page = browser.new_page()
        page.add_init_script(
            f"Object.defineProperty(navigator, 'languages', {{ value: {[*wanted]} }})"
        )
        page.goto((tmp_path / "live.html").as_uri())
        assert page.text_content("[aria-pressed=true][data-language]") in ("English", "日本語")
        return page.get_attribute("html", "lang")

    open_page(browser, tmp_path, live)
    assert language_for("en-US", "ja") == "en"
    assert language_for("ja-JP", "en") == "ja"
    assert language_for("fr", "ja", "en") == "ja"
    assert language_for("jab", "fr") == "en"
    assert language_for() == "en"
    spoken("ja")
    open_page(browser, tmp_path, live)
    assert language_for("en-US") == language_for("ja") == "ja"
    made = (tmp_path / "live.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in made
    assert "<noscript>このページには JavaScript が必要です。</noscript>" in made


def test_a_page_in_one_language_has_no_switch(
    browser: Browser, models: dict[str, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charrnn.render.live.words.list_languages", lambda: [ENGLISH])
    tab = open_page(browser, tmp_path, live_of(models["rnn"]))
    assert not tab.page.is_visible("#languages")
    assert tab.page.text_content("#step") == "One step"
    monkeypatch.undo()
    tab = open_page(browser, tmp_path, live_of(models["rnn"]))
    assert tab.page.locator("#languages button").all_text_contents() == ["English", "日本語"]
    assert tab.page.get_attribute("#languages", "aria-label") == "Language"
    assert tab.page.get_attribute("[data-language=ja]", "lang") == "ja"
    assert tab.complaints == []


def test_a_hostile_vocabulary_runs_and_breaks_nothing(
    browser: Browser, model: Model, tmp_path: Path
) -> None:
    characters = "</script>\x00\x1b\u202e\u2028\u200d\u0301\\'\"&{}猫\n"
    hostile = tiny(model, "".join(dict.fromkeys(characters)))
    live = prepare_live([hostile.loaded], [None])
    live = replace(
        live, models=(replace(live.models[0], model="</title><script>alert(1)</script>"),)
    )
    tab = open_page(browser, tmp_path, live)
    assert tab.page.evaluate("charrnn.models[0].vocabulary") == list(hostile.vocabulary)
    for _ in range(30):
        tab.page.click("#step")
    assert tab.page.locator("script").count() == 3
    shown = tab.page.text_content(".text") or ""
    assert not set(shown) & set("\x00\x1b\u202e\u2028")
    assert tab.complaints == tab.requests == []


def test_the_page_loads_nothing_and_names_no_place(models: dict[str, Model]) -> None:
    made = render_live(live_of(models["rnn"]))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r"(?:src|href)=[\"'](?!#)", made)
    path = models["rnn"].loaded.path
    assert path
    assert str(path.parent.parent) not in re.sub(r"<title>.*?</h1>", "", made, flags=re.DOTALL) or (
        str(path) in made  # in Python a model is called by its path
    )


def test_the_default_prime_is_what_most_lines_begin_with() -> None:
    assert find_prime("今日は雨だ。\n今日は雪だ。\n今日は風だ。\n") == "今日は"
    assert (
        find_prime("The cat sat.\nThe dog ran.\n" + "".join(f"{n} is it\n" for n in "abcdefgh"))
        == "The "
    )
    assert find_prime("abc\nbcd\ncde\n") == ""
    assert find_prime("") == ""


def test_inspect_live_writes_a_page_and_nothing_else(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "runs" / "a")
    corpus = run_folder.parent / "text.txt"
    options = ("inspect", "live", "runs/a")
    shown = program(*options, "--html", "live.html", "--text-file", corpus)
    assert shown.code == 0, shown.err
    assert shown.out == ""
    assert "live.html" in shown.err
    made = (tmp_path / "live.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in made
    found = json.loads(made.split('id="data">')[1].split("</script>")[0])
    assert found["models"][0]["name"] == "a"
    failed(program(*options), 2, "live makes a page; name its file with --html")
    failed(program(*options, "--html", "x.html", "--json"), 2, "--json", "no such option")
    failed(program(*options, "--html", "x.html", "--plot", "x.png"), 2, "--plot")
    failed(program("inspect", "live", *["runs/a"] * 5, "--html", "x.html"), 2, "room for 4")
    failed(program(*options, "--html", "x.html", "--text-file", "none.txt"), 3, "none.txt")


def test_a_lost_corpus_is_a_note(program: Program, run_folder: Path, tmp_path: Path) -> None:
    shutil.copy(run_folder / "best.npz", tmp_path / "model.npz")
    config = (run_folder / "config.toml").read_text(encoding="utf-8")
    (tmp_path / "run").mkdir()
    shutil.copy(run_folder / "best.npz", tmp_path / "run" / "best.npz")
    (tmp_path / "run" / "config.toml").write_text(
        config.replace(str(run_folder.parent), "/nowhere"), encoding="utf-8"
    )
    shown = program("inspect", "live", "run", "--html", "live.html")
    assert shown.code == 0, shown.err
    assert "no text of" in shown.err
    made = (tmp_path / "live.html").read_text(encoding="utf-8")
    data = json.loads(made.split('id="data">')[1].split("</script>")[0])
    assert data["prime"] == ""
    assert data["pair"] is None
    assert data["models"][0]["units"] == []


def test_a_page_that_would_be_too_large_is_refused(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_page, "LARGEST_PAGE", 10_000)
    with pytest.raises(InputError, match="choose fewer or smaller models"):
        render_live(live_of(models["rnn"]))


def test_a_cell_without_equations_for_the_page_is_refused(models: dict[str, Model]) -> None:
    live = live_of(models["rnn"])
    other = replace(live, models=(replace(live.models[0], cell="peephole"),))
    with pytest.raises(InputError, match="no equations of its peephole"):
        render_live(other)


def test_every_cell_has_its_equations_and_gates(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    for cell in CELLS:
        page = open_page(browser, tmp_path, live_of(models[cell])).page
        record = models[cell].checkpoint.network.shape.cell_record
        found = page.evaluate(
            "(({states, gates, clampable, loops}) => ({states, gates, clampable, loops}))"
            f"(cells['{cell}'])"
        )
        assert found == {
            "states": list(record.states), "gates": list(record.gates),
            "clampable": list(record.sigmoid_gates), "loops": record.loops,
        }  # fmt: skip


def test_draws_are_spread_like_the_probabilities(
    browser: Browser, models: dict[str, Model], tmp_path: Path
) -> None:
    page = open_page(browser, tmp_path, live_of(models["rnn"])).page
    counts = page.evaluate(
        """() => {
          const counts = [0, 0, 0, 0];
          const logs = [0.5, 0.3, 0.15, 0.05].map(Math.log);
          for (let seed = 0; seed < 4000; seed++) {
            counts[drawId(logs, null, { temperature: 1, topP: 1, number: uniform(seed, 3) })]++;
          }
          return counts;
        }"""
    )
    for count, share in zip(counts, (0.5, 0.3, 0.15, 0.05), strict=True):
        assert count / 4000 == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 4000))
    greedy = "drawId([0.2, 0.7, 0.1].map(Math.log), 1, {temperature: 0, topP: 1, number: 0.9})"
    assert page.evaluate(greedy) == 0  # the likeliest is the unknown character
    nucleus = (
        "drawId([0.2, 0.7, 0.1].map(Math.log), null, {temperature: 1, topP: 0.6, number: 0.99})"
    )
    assert page.evaluate(nucleus) == 1
