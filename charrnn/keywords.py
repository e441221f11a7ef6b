"""The settings of configs as keyword arguments, with types that editors and type checkers know.

``train(corpus, hidden=64)`` is the same as ``train(corpus, TrainConfig(hidden=64))``. A setting
that is added to a config gets a line here; tests/test_keywords.py compares names and types.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypedDict, TypeVar

from charrnn.config import BUDGETS, SampleConfig, TrainConfig
from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.setting_types import shorten, show_value
from charrnn.suggestions import did_you_mean

Config = TypeVar("Config", TrainConfig, SampleConfig)


class TrainKeywords(TypedDict, total=False):
    """The settings of `TrainConfig`."""

    cell: str | None
    hidden: int | None
    layers: int | None
    dropout: float | None
    recurrent_dropout: float | None
    tied: bool | None
    epochs: float | None
    steps: int | None
    minutes: float | None
    patience: int | None
    batch: int | None
    seq: int | None
    lr: float | None
    schedule: str
    warmup: int | None
    clip: float
    weight_decay: float
    temporal_regularization: float | None
    val: float | None
    test: float
    shuffle: str
    eval_every: int | None
    encoding: str
    newline: str
    normalize: str
    min_count: int
    seed: int
    workers: int | None
    ranks: int | None


class ResumeKeywords(TypedDict, total=False):
    """The settings of `TrainConfig` that may change when a run is resumed."""

    epochs: float | None
    steps: int | None
    minutes: float | None
    patience: int | None


class SampleKeywords(TypedDict, total=False):
    """The settings of `SampleConfig`."""

    length: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    stop: Sequence[str]
    no_repeat: int
    beam: int
    on_unknown: str


def change_config(
    kind: type[Config],
    config: Config,
    settings: Mapping[str, object],
    function: Callable[..., object],
) -> Config:
    """Return ``config``, a ``kind`` of config, with the ``settings`` that ``function`` was given.

    A budget replaces that of the config, with which it could not be combined.

    Raises:
        ConfigError: naming a setting that does not exist, or one whose value is not allowed.
    """
    if not isinstance(config, kind):
        problem = _("{value} is not a {kind}")
        raise ConfigError("config", problem.format(value=show_value(config), kind=kind.__name__))
    check_names([field.name for field in fields(kind)], settings, function)
    changes: dict[str, Any] = {**without_budget(settings), **settings}
    return replace(config, **changes) if changes else config


def without_budget(settings: Mapping[str, object]) -> Mapping[str, None]:
    """Return None for each of the budgets, one of which ``settings`` has; else an empty mapping."""
    is_set = any(settings.get(name) is not None for name in BUDGETS)
    return dict.fromkeys(BUDGETS) if is_set else {}


def check_names(
    known: Sequence[str], settings: Mapping[str, object], function: Callable[..., object]
) -> None:
    """Check that all ``settings`` are ``known``.

    Raises:
        ConfigError: naming one that is not, and a similar setting or parameter of ``function``.
    """
    for name in settings:
        if name not in known:
            from inspect import Parameter, signature  # which only a mistake needs

            parameters = signature(function).parameters.values()
            others = [each.name for each in parameters if each.kind is Parameter.KEYWORD_ONLY]
            problem = _("there is no such setting")
            if question := did_you_mean(name, [*known, *others], "`"):
                problem = _("there is no such setting; {question}").format(question=question)
            raise ConfigError(shorten(name), problem)
