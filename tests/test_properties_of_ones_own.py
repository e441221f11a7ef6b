"""`inspect neurons` with --unit and --property."""

import numpy as np
import pytest

import charrnn
from charrnn.errors import ConfigError
from charrnn.reports.neurons import record_activations
from tests.conftest import TEXT, Program


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> charrnn.Model:
    folder = tmp_path_factory.mktemp("neurons")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=7, layers=2, batch=4, seq=16, steps=20, workers=1)
    return charrnn.train(folder / "text.txt", config, out=folder / "run")


def test_a_property_of_ones_own_is_correlated_with_all_units(model: charrnn.Model) -> None:
    report = model.neurons(TEXT, property=["windy=風[^\n]*", "never=xyz"])
    assert "windy" in report.properties
    assert "never" in report.absent
    h, _ = record_activations(model.checkpoint.network, model.prepare_text(TEXT).ids)
    inside, values = False, []
    for character in TEXT:
        inside = character == "風" or (inside and character != "\n")
        values.append(float(inside))
    for layer in range(2):
        (found,) = [
            each for each in report.correlations if (each.property, each.layer) == ("windy", layer)
        ]
        expected = [np.corrcoef(h[:, layer, unit], values)[0, 1] for unit in range(7)]
        np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_single_units_are_shown(model: charrnn.Model) -> None:
    report = model.neurons(TEXT, unit=["3", "1:6"])
    assert [(each.layer, each.unit) for each in report.activations] == [(1, 3), (0, 6)]


@pytest.mark.parametrize("unit", ["7", "x", "3:1", "0:1", "-1", "1:", ""])
def test_a_unit_that_is_not_there_is_named(unit: str, model: charrnn.Model) -> None:
    with pytest.raises(ConfigError, match="there is no unit"):
        model.neurons(TEXT, unit=[unit])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["windy"], "is not NAME=REGEX"),
        (["=a"], "is not NAME=REGEX"),
        (["a="], "is not NAME=REGEX"),
        (["a=("], "is not a regular expression"),
        (["a=b", "a=c"], "two properties called 'a'"),
        (["kanji=b"], "two properties called 'kanji'"),
    ],
)
def test_a_property_of_another_form_is_named(
    given: list[str], problem: str, model: charrnn.Model
) -> None:
    with pytest.raises(ConfigError, match=problem):
        model.neurons(TEXT, property=given)


def test_the_options(model: charrnn.Model, program: Program) -> None:
    path = str(model.loaded.path)
    done = program("inspect", "neurons", path, "--unit", "3", "--property", "windy=風[^\n]*")
    assert done.code == 0, done.err
    assert "unit 3 of layer 2" in done.out
    assert "windy" in done.out
    for wrong in (("--unit", "9"), ("--property", "a")):
        failed = program("inspect", "neurons", path, *wrong)
        assert failed.code == 2
        assert failed.err.startswith(f"charrnn: {wrong[0]}: ")
