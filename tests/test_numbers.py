"""Numbers in reports, pages and pictures: a negative number that rounds to zero has no sign."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.network.model import Network
from charrnn.render.axis import format_number
from charrnn.render.page import render_page
from charrnn.render.sections import memory, neurons, score, unroll
from charrnn.render.terminal import render_text
from charrnn.render.words import describe_loss, format_loss
from charrnn.reports.memory import ContextLoss
from charrnn.reports.neurons import Activations, Follower, Neurons
from charrnn.reports.predictions import predict_chunks
from charrnn.reports.score import RunningScore
from tests.tiny import tiny

PACKAGE = Path(charrnn.__file__).parent
SHOWN = [*PACKAGE.glob("render/**/*.py"), *PACKAGE.glob("cli/*.py")]
PLACEHOLDER_SPEC = re.compile(r"{\w*(?:!\w)?:([^{}]*)}")
"""The format of a placeholder in a message such as "{share:.1%} of the updates"."""
NEGATIVE_ZERO = re.compile(r"(?<![\w.)-])-0(\.0+)?(?![\w.])")


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_number_that_is_rounded_to_be_shown_drops_the_sign_of_zero(path: Path) -> None:
    """Python's format option z does this; coordinates of SVG (.1f without z) are no text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    specs = [
        "".join(
            str(part.value) for part in node.format_spec.values if isinstance(part, ast.Constant)
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            specs += PLACEHOLDER_SPEC.findall(node.value)
    rounded = [spec for spec in specs if re.search(r"\.\d+[feg%]", spec)]
    if path.name == "svg.py":
        rounded = [spec for spec in rounded if spec != ".1f"]
    assert [spec for spec in rounded if "z" not in spec] == []


@pytest.fixture(scope="module")
def certain(run_folder: Path) -> charrnn.Model:
    """A model that is almost certain that an x follows, by rounding at more than probability 1."""
    model = tiny(charrnn.load(run_folder), "x\ny")
    parameters = model.checkpoint.network.parameters
    parameters["out.b"][:] = 40.0, -40.0, -40.0
    return charrnn.Model(replace(model.checkpoint, network=Network(parameters)))


def test_the_score_of_a_certain_character_is_a_positive_zero(certain: charrnn.Model) -> None:
    report = certain.score("xxxxxxxxxxxxxxxxxxxx")
    assert not np.signbit(report.surprise).any()
    scored = RunningScore(predict_chunks(certain.loaded, ["x" * 30], "text"))
    section = score.build_section(scored)
    assert "0.00" in render_text(section)
    page = re.sub(r"(?s)<(style|script).*?</\1>", "", render_page("title", [section]))
    for shown in (render_text(section), page):
        assert NEGATIVE_ZERO.search(shown) is None


def test_tiny_negative_numbers_are_shown_as_zero() -> None:
    assert format_loss(-1e-9) == "0.0000"
    assert describe_loss(-1e-9) == "0.0000 nats, 0.0000 bits per character"
    assert format_number(-0.0) == "0"
    point = ContextLoss(4, 1.0, 0.1, -0.00001, 0.1, 1.0)
    assert memory._build_row(point)[3] == "+0.0000"


def test_activations_and_correlations_near_zero_are_shown_without_a_minus(
    certain: charrnn.Model,
) -> None:
    facts = vars(certain.loaded.facts)
    report = Neurons(
        **facts, text="a text", characters=9, properties=("kanji",),
        followers=(Follower("kanji", 0, 1, -0.0001, 0.01),), gates=(), shown="xy",
        activations=(Activations(0, 1, (-0.0001, -0.3)),),
    )  # fmt: skip
    section = neurons.build_section(report)
    assert "+0.000" in render_text(section)
    step = certain.unroll("xx").steps[0]
    silent = replace(step, active=tuple(replace(unit, activation=-0.01) for unit in step.active))
    assert "+0.0" in unroll._build_row(silent)[3]
    assert "-0.0" not in unroll._build_row(silent)[3]
    assert NEGATIVE_ZERO.search(render_text(section)) is None
    assert 'data-d="x 0.00' in render_page("title", [section])
