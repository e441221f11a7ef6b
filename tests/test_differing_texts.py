"""Two texts that end alike, found for a network whose memory is known."""

from dataclasses import replace

import numpy as np
import pytest

import charrnn
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape
from charrnn.reports.differing_texts import BEFORE, COMMON, find_differing_texts
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.report_text import ReportText
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary
from tests.tiny import probabilities

CHARACTERS = "\nuvxyz"
U, V = CHARACTERS.index("u"), CHARACTERS.index("v")


def latch(model: charrnn.Model, cell: str = "rnn") -> LoadedModel:
    """A network whose only unit keeps whether u or v came last, and expects that one again."""
    shape = Shape(cell, 1, 1, len(CHARACTERS))
    parameters = Parameters(shape, np.float64)
    if cell == "rnn":
        parameters["W0"][0, [U, V], 0] = 6, -6
        parameters["U0"][0] = 3
        parameters["out.W"][0, [U, V]] = 2, -2
    vocabulary = Vocabulary(CHARACTERS, (1,) * len(CHARACTERS))
    info = CorpusInfo(("none",), 6, vocabulary, "utf-8", Normalization(), "0" * 64)
    return LoadedModel(replace(model.checkpoint, network=Network(parameters), corpus_info=info))


def text_of(model: LoadedModel, text: str) -> ReportText:
    vocabulary = model.checkpoint.corpus_info.vocabulary
    return ReportText("text", vocabulary.lookup_ids(text).astype(np.intp))


def lines(length: int) -> str:
    """Lines that begin with u or v, which no other character tells."""
    rng = np.random.default_rng(4)
    return "".join(
        "uv"[rng.integers(2)] + "".join(rng.choice(list("xyz"), length)) + "\n" for _ in range(40)
    )


@pytest.mark.parametrize("length", [20, 50, 90])
def test_the_texts_differ_in_what_the_network_remembers(model: charrnn.Model, length: int) -> None:
    loaded = latch(model)
    text = lines(length)
    found = find_differing_texts(loaded, text_of(loaded, text))
    assert found is not None
    decode = loaded.checkpoint.corpus_info.vocabulary.decode
    a, b = decode(found.a), decode(found.b)
    assert a[-COMMON:] == b[-COMMON:]
    assert a in text
    assert b[:-COMMON] in text
    if length < COMMON:  # every end of that length has a u or v, so that nothing before matters
        return
    last = [[each for each in one if each in "uv"][-1:] for one in (a, b)]
    assert sorted(last) == [["u"], ["v"]]
    assert not set("uv") & set(a[-COMMON:])
    p, q = (probabilities(charrnn.Model(loaded.checkpoint), one, "")[-1] for one in (a, b))
    assert (p * np.log(p / q)).sum() > 1


def test_texts_begin_at_a_line_where_nothing_before_it_matters(model: charrnn.Model) -> None:
    loaded = latch(model)
    found = find_differing_texts(loaded, text_of(loaded, lines(50)))
    assert found is not None
    assert [CHARACTERS[text[0]] for text in (found.a, found.b)] in (["u", "v"], ["v", "u"])


def test_there_are_none_without_a_loop_or_in_a_short_text(model: charrnn.Model) -> None:
    loaded, text = latch(model, "feedforward"), lines(50)
    assert find_differing_texts(loaded, text_of(loaded, text)) is None
    loaded = latch(model)
    too_short = text[: 2 * (BEFORE + COMMON) - 1]
    assert find_differing_texts(loaded, text_of(loaded, too_short)) is None
    assert find_differing_texts(loaded, text_of(loaded, text[: len(too_short) + 1])) is not None
