"""A model has one color and mark in all charts of a page and of a picture."""

from charrnn.render.blocks import Chart, Prose, Section, Series
from charrnn.render.page import render_page
from charrnn.render.series_style import COLORS, choose_dash, choose_mark, style_series


def line(name: str, model: str = "") -> Series:
    return Series(name, [1, 2], [1.0, 2.0], model=model)


def chart(*series: Series) -> Section:
    return Section("s", [Prose("p"), Chart("t", "x", "y", series)])


def styles(sections: list[Section]) -> list[list[int | None]]:
    charts = [block for section in sections for block in section.blocks if isinstance(block, Chart)]
    return [[series.style for series in each.series] for each in charts]


def test_a_model_has_one_number_in_all_charts() -> None:
    sections = [
        chart(line("lstm", "a"), line("rnn", "b")),
        chart(line("rnn", "b"), line("n-gram")),
        chart(line("through h", "a"), line("rnn", "b"), line("through c", "a")),
        chart(line("training"), line("validation")),
    ]
    assert styles(style_series(sections)) == [[0, 1], [1, 2], [0, 1, len(COLORS)], [2, 3]]


def test_two_series_of_a_model_differ_in_dash_and_mark() -> None:
    for at in range(len(COLORS)):
        other = at + len(COLORS)
        assert at % len(COLORS) == other % len(COLORS)
        assert choose_dash(at) != choose_dash(other)
        assert choose_mark(at) != choose_mark(other)


def test_the_page_draws_the_numbers() -> None:
    sections = style_series([chart(line("lstm", "a"), line("rnn", "b")), chart(line("rnn", "b"))])
    first, second = render_page("title", sections).split("<section")[1:]
    assert 'class="line c0"' in first
    assert 'class="line c1"' in first
    assert 'class="line c1"' in second
    assert 'class="line c0"' not in second


def test_series_of_no_model_are_numbered_as_they_come() -> None:
    assert styles(style_series([chart(*(line(str(n)) for n in range(5)))])) == [[0, 1, 2, 3, 4]]
