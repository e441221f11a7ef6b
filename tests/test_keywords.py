"""Settings as keyword arguments: the same names and types as in the configs, and the same result.

mypy checks this file too. Where a line has ``type: ignore``, it would complain if there was nothing
to ignore, so each of them says that type checkers refuse a wrong call.
"""

import inspect
import typing
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn.config import BUDGETS
from charrnn.errors import ConfigError
from charrnn.keywords import ResumeKeywords, SampleKeywords, TrainKeywords
from charrnn.runs.resume import CHANGEABLE
from tests.conftest import CONFIG, TEXT
from tests.outcome import outcome

api: Any = charrnn  # as in a program without types
SMALL = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=8, steps=6, workers=1)


@pytest.mark.parametrize(
    ("keywords", "config"),
    [(TrainKeywords, charrnn.TrainConfig), (SampleKeywords, charrnn.SampleConfig)],
)
def test_every_setting_is_a_keyword_of_the_same_type(keywords: type, config: type) -> None:
    """A setting that is missing here is added to its class in charrnn/keywords.py."""
    expected, found = typing.get_type_hints(config), typing.get_type_hints(keywords)
    settings = {field.name: expected[field.name] for field in fields(config)}
    assert found == settings
    assert list(found) == list(settings)


def test_resume_has_the_keywords_that_can_be_changed() -> None:
    found, of_training = (typing.get_type_hints(each) for each in (ResumeKeywords, TrainKeywords))
    assert found == {name: of_training[name] for name in CHANGEABLE}


@pytest.mark.parametrize(
    ("function", "config"),
    [
        (charrnn.train, charrnn.TrainConfig),
        (charrnn.resume, charrnn.TrainConfig),
        (charrnn.Model.sample, charrnn.SampleConfig),
        (charrnn.Model.stream, charrnn.SampleConfig),
        (charrnn.Model.samples, charrnn.SampleConfig),
        (charrnn.Model.sample_each, charrnn.SampleConfig),
    ],
)
def test_no_parameter_has_the_name_of_a_setting(
    function: Callable[..., object], config: type
) -> None:
    """The setting could not be given as a keyword then."""
    assert not {*inspect.signature(function).parameters} & {each.name for each in fields(config)}


def test_keywords_train_the_same_model_as_a_config(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, SMALL, out=tmp_path / "config")
    given: dict[str, Any] = {
        name: value for name, value in vars(SMALL).items() if value is not None
    }
    charrnn.train(text, out=tmp_path / "keywords", **given)
    assert outcome(tmp_path / "keywords") == outcome(tmp_path / "config")


def test_keywords_change_a_config(text: Path, tmp_path: Path) -> None:
    model = charrnn.train(text, SMALL, out=tmp_path / "run", hidden=12, epochs=0.05, lr=None)
    settings = model.checkpoint.config
    assert (settings.hidden, settings.batch, settings.epochs, settings.steps) == (12, 4, 0.05, None)
    by_name = charrnn.train(text, config=SMALL, out=tmp_path / "by name")
    assert by_name.checkpoint.config.hidden == 8


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_budget_replaces_that_of_the_config(budget: str, tmp_path: Path) -> None:
    """The file is missing, which is found out after the settings have been checked."""
    wanted: dict[str, Any] = {budget: 1}
    with pytest.raises(charrnn.InputError):
        charrnn.train(tmp_path / "missing.txt", CONFIG, **wanted)
    others: dict[str, Any] = dict.fromkeys(BUDGETS, 1)
    with pytest.raises(ConfigError, match=r"^steps: cannot be combined with `epochs`"):
        charrnn.train(tmp_path / "missing.txt", **others)


def test_a_run_is_resumed_with_keywords(text: Path, tmp_path: Path) -> None:
    charrnn.train(text, SMALL, out=tmp_path / "run")
    assert charrnn.resume(tmp_path / "run", steps=8).checkpoint.config.steps == 8
    assert charrnn.resume(tmp_path / "run", changes={"steps": 9}).checkpoint.config.steps == 9
    model = charrnn.resume(tmp_path / "run", changes={"steps": 10, "patience": 3}, steps=11)
    assert (model.checkpoint.config.steps, model.checkpoint.config.patience) == (11, 3)
    model = charrnn.resume(tmp_path / "run", changes={"steps": 10}, epochs=1)
    assert (model.checkpoint.config.steps, model.checkpoint.config.epochs) == (None, 1)


def test_keywords_sample_the_same_text_as_a_config(model: charrnn.Model) -> None:
    config = charrnn.SampleConfig(length=30, temperature=0.5, stop=["。"])
    text = model.sample("今日は", config, seed=1)
    assert model.sample("今日は", length=30, temperature=0.5, stop=["。"], seed=1) == text
    assert "".join(model.stream("今日は", config, seed=1, length=30)) == text
    ten = charrnn.SampleConfig(length=10)
    assert model.samples("a", length=10, seed=1, number=2) == model.samples(
        "a", ten, seed=1, number=2
    )
    assert list(model.sample_each(["a", "T"], length=10, seed=1)) == list(
        model.sample_each(["a", "T"], ten, seed=1)
    )
    assert len(model.sample("a", config, seed=1, length=3, stop=[])) == 3


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda text, run, model: api.train(text, hiden=8),
         "hiden: there is no such setting; did you mean `hidden`?"),
        (lambda text, run, model: api.train(text, overwrit=True),
         "overwrit: there is no such setting; did you mean `overwrite`?"),
        (lambda text, run, model: api.train(text, 隠れ=8), "隠れ: there is no such setting"),
        (lambda text, run, model: api.train(text, hidden=0),
         "hidden: 0 is not a whole number from 1 on"),
        (lambda text, run, model: api.train(text, {"hidden": 8}),
         "config: {'hidden': 8} is not a TrainConfig"),
        (lambda text, run, model: api.train(text, progress=1),
         "progress: 1 is neither True nor False"),
        (lambda text, run, model: api.train(text, resume=True),
         "resume: it needs the run folder; give `out`"),
        (lambda text, run, model: api.train(text, resume=True, overwrite=True, out=run),
         "resume: cannot be combined with `overwrite`; set one of them"),
        (lambda text, run, model: api.train(text, resume="yes", out=run),
         "resume: 'yes' is neither True nor False"),
        (lambda text, run, model: api.resume(run, step=8),
         "step: there is no such setting; did you mean `steps`?"),
        (lambda text, run, model: api.resume(run, hidden=9),
         ("hidden: cannot be changed from 8 to 9; `resume` can change only `epochs`, `steps`,"
          " `minutes` and `patience`")),
        (lambda text, run, model: model.sample("a", lenght=3),
         "lenght: there is no such setting; did you mean `length`?"),
        (lambda text, run, model: model.stream("a", numbre=3), "numbre: there is no such setting"),
        (lambda text, run, model: model.samples("a", numbr=3, number=1),
         "numbr: there is no such setting; did you mean `number`?"),
        (lambda text, run, model: model.sample_each(["a"], temperature=-1),
         "temperature: -1 is not a finite number from 0 on"),
        (lambda text, run, model: model.sample("a", SMALL),
         "config: TrainConfig(cell=None, hidden=8, layers… is not a SampleConfig"),
    ],
)  # fmt: skip
def test_a_wrong_keyword_is_named_with_a_similar_one(
    text: Path, tmp_path: Path, model: charrnn.Model, call: Callable[..., object], problem: str
) -> None:
    assert "--" not in problem
    charrnn.train(text, SMALL, out=tmp_path / "run")
    with pytest.raises(ConfigError) as caught:
        call(text, tmp_path / "run", model)
    assert str(caught.value) == problem


def test_type_checkers_know_names_and_types(text: Path, run_folder: Path) -> None:
    """Each wrong call is an error here, too."""
    model = charrnn.load(run_folder)
    with pytest.raises(ConfigError):
        charrnn.train(text, hiden=8)  # type: ignore[call-arg]
    with pytest.raises(ConfigError):
        charrnn.train(text, hidden="8")  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        charrnn.train(text, SMALL, tied="yes", minutes=1)  # type: ignore[arg-type]
    with pytest.raises(ConfigError):
        charrnn.resume(run_folder, hidden=8)  # type: ignore[call-arg]
    with pytest.raises(ConfigError):
        model.sample("今日は", temprature=0.7)  # type: ignore[call-arg]
    with pytest.raises(ConfigError):
        model.samples("今日は", number=1, top_k=0.5)  # type: ignore[arg-type]
    assert len(model.sample(TEXT[:3], length=5, top_k=3, seed=1)) == 5
