"""Pictures: every string is drawn as it is, or by code points where no font has its characters."""

import re
import shutil
from itertools import combinations
from pathlib import Path

import pytest

from charrnn.render.blocks import Block, Chart, Section, Series, ShadedText, UnrolledNetwork
from tests.conftest import Program

pytest.importorskip("matplotlib")
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Annotation

from charrnn.render import fonts, plot

NAMES = ("a$b$c", "_x", "$^$", r"\frac{1}%#&", "  ", "<b>&--")


@pytest.fixture
def only_matplotlib_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No font but those that come with matplotlib, as on a machine without CJK fonts."""
    own = [entry for entry in fontManager.ttflist if "mpl-data" in str(entry.fname)]
    monkeypatch.setattr(fontManager, "ttflist", own)
    monkeypatch.setattr(fonts, "findSystemFonts", list)


def draw(*blocks: Block) -> Figure:
    """Draw blocks with the fonts of this machine; the positions of all texts are known then."""
    strings = (string for block in blocks for string in plot.drawn_strings(block))
    lettering = fonts.choose_lettering(strings)
    with rc_context(plot.style(lettering)):
        figure = plot.draw_figure(blocks, lettering)
        figure.draw_without_rendering()  # this places everything
    return figure


def shade(text: str, title: str = "title") -> ShadedText:
    return ShadedText(title, text, [0.5] * len(text), 0, 1, "nats")


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def overlapping(axes: Axes) -> list[tuple[str, str]]:
    """The pairs of texts that are drawn over each other."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts]
    return [
        (one, other)
        for (one, box), (other, other_box) in combinations([box for box in boxes if box[0]], 2)
        if box.overlaps(other_box)
    ]


@pytest.mark.usefixtures("only_matplotlib_fonts")
@pytest.mark.parametrize(
    "text",
    ["字かな漢字交じり文" * 8, "😀🐈\U0001fae0\U0001f9a4" * 20, "ภาษาไทย" * 12, "한국어" * 20,
     "W字 emm🐈ไ\n한m\u202e\u200d\ufdfd" * 8],
    ids=["Japanese", "emoji", "Thai", "Hangul", "several"],
)  # fmt: skip
def test_characters_without_a_font_are_code_points_that_do_not_overlap(text: str) -> None:
    axes = draw(shade(text)).axes[0]
    shown = texts(axes)
    for character in set(text) - set("W em\n😀\ufdfd"):
        assert f"U+{ord(character):04X}" in shown
    assert overlapping(axes) == []
    right = axes.get_window_extent().x1
    assert max(text.get_window_extent().x1 for text in axes.texts) <= right + 1


@pytest.mark.usefixtures("only_matplotlib_fonts")
def test_one_note_counts_the_characters_of_all_strings_that_no_font_has(tmp_path: Path) -> None:
    series = [Series("模型", (1, 2), (2, 1)), Series("모델", (1, 2), (1, 2))]
    chart = Chart("題", "軸", "y", series, levels=[("水準", 1.5)])
    unrolled = UnrolledNetwork("図", ["ไ"], [[("字", 0.5)]], "細胞")
    blocks: list[Block] = [chart, unrolled, shade("か", "影")]
    file = tmp_path / "picture.svg"
    notes = plot.draw_picture([Section("not drawn: 節", blocks)], file)
    assert notes == ["15 characters are in no installed font and are shown as code points"]
    assert "U+6A21U+578B" in file.read_text(encoding="utf-8")
    assert plot.draw_picture([Section("s", [shade("aé", "字")])], file) == [
        "1 character is in no installed font and is shown as a code point"
    ]
    assert plot.draw_picture([Section("s", [shade("aé")])], file) == []


def test_a_placeholder_is_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    last_resort = [entry for entry in fontManager.ttflist if "Resort" in entry.name]
    if not last_resort:
        pytest.skip("matplotlib before 3.11 has no such font")
    monkeypatch.setattr(fonts, "_font_files", lambda: {"Some Name": str(last_resort[0].fname)})
    assert fonts.choose_lettering(["字a"]).missing == {"字", "a"}


@pytest.mark.usefixtures("only_matplotlib_fonts")
def test_long_labels_of_an_unrolled_network_do_not_overlap_and_arrows_begin_outside_boxes() -> None:
    expected = [[("\U0001fae0", 1.0), ("字", 0.0)]] * 10
    axes = draw(UnrolledNetwork("title", ["\U0001f9a4"] * 10, expected, "feedforward")).axes[0]
    assert overlapping(axes) == []
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    inner = [box.get_window_extent().padded(-1.5) for box in boxes]
    cells = [text for text in axes.texts if text.get_text() == "feedforward"]
    for cell, box in zip(cells, boxes, strict=True):
        inside, around = cell.get_window_extent(), box.get_window_extent()
        assert around.x0 < inside.x0 < inside.x1 < around.x1
    arrows = [text.arrow_patch for text in axes.texts if isinstance(text, Annotation)]
    # Eleven copies of the network, into and out of each; nine between steps; the loop.
    assert len(arrows) == 32
    for arrow in arrows:
        assert arrow is not None
        for point in arrow.get_transform().transform(arrow.get_path().vertices)[[0, -1]]:
            assert not any(box.contains(*point) for box in inner)


def test_a_network_without_a_loop_has_no_arrows_between_its_steps() -> None:
    states = [[[0.5, -0.5]]] * 3
    drawn = UnrolledNetwork("title", ["a"] * 3, [[("b", 1.0)]] * 3, "feedforward", states, False)
    axes = draw(drawn).axes[0]
    arrows = [text.arrow_patch for text in axes.texts if isinstance(text, Annotation)]
    assert len(arrows) == 2 * 4
    squares = [patch for patch in axes.patches if not isinstance(patch, FancyBboxPatch)]
    assert len(squares) == 3 * 2


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    series = [Series(name, (1, 2), (2, 1)) for name in NAMES]
    chart = Chart(NAMES[0], NAMES[2], NAMES[3], series, levels=[(NAMES[1], 1.5)])
    axes = draw(chart).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [*NAMES]
    shown = [axes.get_title(), *texts(axes), axes.get_xlabel(), axes.get_ylabel()]
    assert shown == list(NAMES[:4])
    assert not any(text.get_parse_math() for text in legend.get_texts())
    control = Series("a\nb\x1b\u202e\udce9", (1, 2), (2, 1))
    (text,) = draw(Chart("t", "x", "y", [control])).axes[0].get_legend().get_texts()  # type: ignore[union-attr]
    assert text.get_text() == "aU+000AbU+001BU+202E\\xe9"


def test_runs_with_odd_names_are_drawn_and_matplotlib_says_nothing(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    for name in NAMES[:3]:
        shutil.copytree(run_folder, tmp_path / name)
    settings = "text.usetex: True\naxes.formatter.use_mathtext: True\nno.such.setting: 1\n"
    (tmp_path / "rc").write_text(settings, encoding="utf-8")
    rc = str(tmp_path / "rc")
    for report in ("loss", "memory"):
        shown = program("inspect", report, *NAMES[:3], "--plot", "x.svg",
                        MATPLOTLIBRC=rc, MPLBACKEND="module://of_a_notebook")  # fmt: skip
        assert (shown.code, shown.err) == (0, "")
        # matplotlib draws letters as outlines, and writes each text beside them as a comment.
        comments = re.findall("<!-- (.*) -->", (tmp_path / "x.svg").read_text(encoding="utf-8"))
        assert set(NAMES[:3]) <= set(comments)


def test_long_names_are_wrapped() -> None:
    chart = Chart(
        "x" * 300, "x", "y", [Series("模" * 100, (1, 2), (2, 1))], levels=[("y" * 90, 1.5)]
    )
    axes = draw(chart).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    (name,), (level,) = legend.get_texts(), axes.texts
    for text in (name, level, axes.title):
        box, picture = text.get_window_extent(), axes.get_figure(root=True).bbox  # type: ignore[union-attr]
        assert picture.x0 <= box.x0 < box.x1 <= picture.x1
        assert picture.y0 <= box.y0 < box.y1 <= picture.y1
    assert level.get_text().replace("\n", "") == "y" * 90


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_picture_has_no_time_and_the_same_bytes_each_time(tmp_path: Path, suffix: str) -> None:
    chart = Chart("t", "x", "y", [Series("a", (1, 2), (2, 1))], top=1.5, levels=[("b", 1.2)])
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        plot.draw_picture([Section("s", [chart, shade("abc")])], file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    for word in (b"Matplotlib v", b"dc:date", b"Software"):
        assert word not in first


def test_a_legend_with_many_long_names_is_in_the_picture_below_the_chart() -> None:
    series = [Series(f"run {number} " + "name " * 20, [1, 2], [2.0, 1.0]) for number in range(12)]
    chart = Chart("title", "step", "nats", series)
    figure = draw(chart)
    (axes,) = figure.findobj(Axes)
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().y0 >= 0
    assert legend.get_window_extent().y1 < axes.get_window_extent().y0
    assert axes.title.get_window_extent().y1 <= figure.bbox.y1
    assert axes.get_window_extent().height >= 0.5 * plot.CHART_INCHES * figure.dpi


def test_a_text_below_a_chart_is_as_wide_as_one_alone() -> None:
    chart = Chart("title", "step", "rate", [Series("a", [1, 2], [2e6, 3e6])])
    text = shade("text\n" * 9)
    width = draw(text).axes[0].get_window_extent().width
    below = next(axes for axes in draw(chart, text).findobj(Axes) if texts(axes)[:1] == ["t"])
    assert below.get_window_extent().width == pytest.approx(width, rel=0.01)


def test_ticks_are_whole_steps_and_have_no_exponent() -> None:
    chart = Chart("t", "step", "rate", [Series("a", [1, 3], [1e6, 2e6])], from_zero=True)
    (axes,) = draw(chart).findobj(Axes)
    assert all("." not in label.get_text() for label in axes.get_xticklabels())
    assert "1,000,000" in [label.get_text() for label in axes.get_yticklabels()]
