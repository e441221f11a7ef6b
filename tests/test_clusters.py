"""Marks, emoji and jamo are drawn on their letter, in columns that align on a terminal."""

import html
import re
from pathlib import Path

import pytest

import charrnn
from charrnn.render.blocks import Section, ShadedText, UnrolledNetwork
from charrnn.render.clusters import display_width, split_clusters
from charrnn.render.lines import wrap
from charrnn.render.page import render_page
from charrnn.render.sections.score import build_section as build_score
from charrnn.render.sections.unroll import build_section as build_unrolled
from charrnn.render.sections.vocab import build_section as build_vocab
from charrnn.render.terminal import render_text
from charrnn.render.words import format_share, shorten, show_character, show_text
from charrnn.reports.score import score_file
from tests.tiny import tiny

# The widths are those that a terminal was seen to use; those of emoji are Unicode's.
CLUSTERS = {
    "Hindi": (["हि", "न्दी", " ", "क्ष", "मा"], [2, 3, 1, 2, 2]),
    "Thai": (["กี่", "น้ำ", "ที่"], [1, 2, 1]),
    "Tamil": (["நி", "ல", "ம்", "கொ"], [2, 1, 1, 2]),
    "Arabic": (["بَّ", "لِ", "ی\u200c", "خ"], [1, 1, 1, 1]),
    "Hebrew": (["שָׁ", "ל", "וֹ", "ם"], [1, 1, 1, 1]),
    "Vietnamese": (["T", "i", "e\u0302\u0301", "n"], [1, 1, 1, 1]),
    "kana": (["か\u3099", "き", "は\u309a"], [2, 2, 2]),
    "jamo": (["\u1112\u1161\u11ab", "\u1100\u1173", "한", "\uac00\u11a8"], [2, 2, 2, 2]),
    "joined emoji": (["👩\u200d🚀", "👨\u200d👩\u200d👧", "❤\ufe0f\u200d🔥"], [2, 2, 2]),
    "emoji": (["❤\ufe0f", "1\ufe0f\u20e3", "👍🏽", "☝🏽", "a"], [2, 2, 2, 2, 1]),
    "flags": (
        ["🇯🇵", "🇩🇪", "🏴\U000e0067\U000e0062\U000e007f", "🇯"],
        [2, 2, 2, 1],
    ),
    "dotted circles": (["◌\u094dदी", "◌\u0bc6\u0bbe"], [3, 3]),
    "after a space": ([" ", "\u0301\u0302", "\n", "\u3099"], [1, 0, 1, 0]),
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_characters_that_are_drawn_as_one_have_one_width(name: str) -> None:
    clusters, widths = CLUSTERS[name]
    assert split_clusters("".join(clusters)) == clusters
    assert [display_width(cluster) for cluster in clusters] == widths
    assert display_width("".join(clusters)) == sum(widths)


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\u093f", "◌\u093f"), ("\u0e35", "◌\u0e35"), ("\u0bbf", "◌\u0bbf"),
        ("\u064e", "◌\u064e"), ("\u05b8", "◌\u05b8"), ("\u0301", "◌\u0301"),
        ("\u3099", "◌\u3099"), ("\u1161", "◌\u1161"), ("\u20e3", "◌\u20e3"),
        ("\ufe0f", "U+FE0F"), ("\u200d", "U+200D"), ("\U000e0067", "U+E0067"),
        ("🏽", "🏽"), ("🇯", "🇯"), ("क", "क"), ("\x07", "U+0007"), (" ", "␣"),
    ],
)  # fmt: skip
def test_a_mark_alone_is_on_a_dotted_circle(character: str, shown: str) -> None:
    assert show_character(character) == shown


def test_marks_in_a_text_are_on_their_letters() -> None:
    assert show_text("िहिन्दी \u3099か\u3099\n") == "◌िहिन्दी␣◌\u3099か\u3099↵"


def test_characters_whose_cluster_is_cut_off_are_code_points() -> None:
    assert show_text("\ufe0f\u20e3") == "U+FE0F◌\u20e3"
    assert show_text("a👨\u200d") == "a👨U+200D"
    assert show_text("👨\u200d👩") == "👨\u200d👩"
    assert show_text("क\u094d\u200d") == "क\u094d\u200d"


@pytest.mark.parametrize("character", ["ل", "ש"])
def test_a_number_stays_right_of_a_letter_that_is_read_from_right_to_left(character: str) -> None:
    assert format_share(character, 0.5) == f"\u200e{character}\u200e 50%"
    shaded = ShadedText("title", character, [0.5], 0, 1, "nats")
    assert "\u200e 0.50 nats" in render_page("title", [Section("title", [shaded])])
    network = UnrolledNetwork("title", [character], [[(character, 0.5)]], "gru")
    assert "\u200e 50%" in render_page("title", [Section("title", [network])])
    assert format_share("क", 0.5) == "क 50%"


def test_a_text_is_not_shortened_inside_a_letter() -> None:
    assert shorten("か\u3099か\u3099か\u3099か\u3099", 6) == "か\u3099か\u3099…"
    assert shorten("👩\u200d🚀👩\u200d🚀👩\u200d🚀", 5) == "👩\u200d🚀👩\u200d🚀…"
    assert shorten("हिन्दी", 5) == "हिन्दी"


def test_a_line_is_not_broken_inside_an_emoji() -> None:
    family = "👨\u200d👩\u200d👧"
    assert wrap(family * 4, 4) == [family * 2, family * 2]


MIXED = "हिन्दी น้ำ か\u3099 👩\u200d🚀"


@pytest.fixture
def mixed(model: charrnn.Model) -> charrnn.Model:
    return tiny(model, "".join(sorted(set(MIXED))))


def count_by_hand(text: str) -> int:
    """Count columns with a rule of its own: what has none, what has two, all others one."""
    text = text.replace("👩\u200d🚀", "xx")
    none = set("\u094d\u0e49\u3099\u200d")
    return sum(0 if one in none else 2 if one in "か👩🚀" else 1 for one in text)


def test_the_table_of_score_reads_on_and_its_columns_align(
    mixed: charrnn.Model, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text(MIXED, encoding="utf-8")
    scoring = score_file(mixed.loaded, tmp_path / "text.txt", encoding="utf-8")
    text = render_text(build_score(scoring), None)
    rows = text.split("each character\n")[1].splitlines()[1:]
    assert len(rows) == len(MIXED) - 1
    assert rows[4].split()[:3] == ["◌िन्द", "◌ी", "U+0940"]
    assert len({count_by_hand(row[: row.index(".")]) for row in rows}) == 1


def test_the_tables_of_unroll_and_vocab_align(mixed: charrnn.Model) -> None:
    steps = render_text(build_unrolled(mixed.unroll(MIXED)), None).split("\nread ")[1]
    rows = steps.splitlines()[1:]
    assert rows[1].startswith("◌ि ")
    assert len({count_by_hand(row[: row.index(".")]) for row in rows}) == 1
    rows = render_text(build_vocab(mixed.vocab()), None).splitlines()[2:]
    assert any(row.startswith("◌\u3099 ") for row in rows)
    assert len({count_by_hand(row[: row.index("U+0")]) for row in rows if "U+0" in row}) == 1


SHADED = ShadedText("shades", "aकि\n\u3099", [0.1, 0.5, -0.9, 0.2, 0.3], -1, 1, "nats")


def test_a_letter_and_its_marks_have_one_shade() -> None:
    assert list(SHADED.clusters()) == [("a", 0.1), ("कि", -0.9), ("\n", 0.2), ("\u3099", 0.3)]
    lines = render_text(Section("title", [SHADED]), None).splitlines()
    assert "furthest from 0" in " ".join(lines)
    assert lines[-4:-2] == ["aकि↵", "▄  ▅"]
    plain = ShadedText("shades", "ab", [0.1, 0.5], 0, 1, "nats")
    assert "furthest" not in render_text(Section("title", [plain]), None)


def test_a_page_has_one_span_for_a_letter_and_tells_each_value() -> None:
    page = render_page("title", [Section("title", [SHADED])])
    spans = re.findall(r'<span[^>]*data-d="([^"]*)">([^<]*)</span>', page)
    assert [html.unescape(shown) for _, shown in spans] == ["a", "कि", "↵", "◌\u3099"]
    assert spans[1][0].splitlines() == ["क 0.50 nats", "◌ि U+093F -0.90 nats"]


def test_a_picture_draws_a_letter_and_its_marks_as_one() -> None:
    figure = pytest.importorskip("matplotlib.figure")
    from charrnn.render.fonts import Lettering
    from charrnn.render.plot_text import draw_shaded_text

    lettering = Lettering(("DejaVu Sans",), frozenset("ก\u0e35"))
    text = "e\u0301❤\ufe0fกี"
    axes = figure.Figure().add_subplot()
    draw_shaded_text(axes, ShadedText("shades", text, [0.5] * len(text), 0, 1, ""), lettering)
    assert [drawn.get_text() for drawn in axes.texts] == [
        "é", "❤", "U+0E01U+0E35", SHADED.shared_shades,
    ]  # fmt: skip
    assert len(axes.patches) == 3
