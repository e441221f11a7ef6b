"""Reads a run that was stopped, and applies the changes that resuming allows.

`config.toml` has the corpus and the settings, `last.npz` the state of the training, and `log.jsonl`
the times of its evaluations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.config import BUDGETS, Settings, TrainConfig
from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.runs.moved_corpus import changed_error, changed_own_text_error
from charrnn.runs.run_config import read_config
from charrnn.setting_types import check_setting
from charrnn.storage import model_file
from charrnn.storage.checkpoint import read_description
from charrnn.storage.diverged_run import diverged_error
from charrnn.storage.model_file import TrainedModel
from charrnn.storage.run_folder import RunFolder
from charrnn.storage.run_log import UNKNOWN_TIMES, read_evaluation, read_undamaged
from charrnn.text.changed_corpus import is_same_text
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.training.automatic import check_ranks
from charrnn.training.events import Evaluation

CHANGEABLE = (*BUDGETS, "patience")


@dataclass(frozen=True)
class StoppedRun:
    """A run that was stopped.

    ``checkpoint`` is None when it was stopped before its first save, so that it begins again.
    """

    paths: CorpusPaths
    init_from: Path | None
    settings: Settings
    checkpoint: TrainedModel | None
    evaluations: tuple[Evaluation, ...]

    def check_corpus(self, corpus_info: CorpusInfo, paths: CorpusPaths, run: Path) -> CorpusInfo:
        """Return the description of the corpus to continue with.

        Raises:
            InputError: when a text at ``paths`` is not the one that the ``run`` uses.
        """
        if not self.checkpoint:
            return corpus_info
        expected = self.checkpoint.corpus_info
        if expected.sha256 != corpus_info.sha256:
            raise changed_error(expected, corpus_info, paths.corpus, run)
        for name, of_text in paths.items():
            if name != "corpus" and not is_same_text(name, expected, corpus_info):
                is_expected = name in expected.own_texts
                raise changed_own_text_error(name, of_text, run, is_expected=is_expected)
        # Not the new description: the vocabulary can include characters of another model.
        return self.checkpoint.corpus_info


def read_stopped_run(
    folder: RunFolder, changes: Mapping[str, Any], launched: int = 1
) -> StoppedRun:
    """Read the run in ``folder``, to be resumed by ``launched`` ranks with ``changes`` of settings.

    Raises:
        InputError: when a file is damaged.
        DivergedError: when the training diverged; more steps would diverge as well.
        ConfigError: naming a setting of ``changes`` that contradicts the run, or when this number
            of ranks would add numbers in another order.
    """
    config = read_config(folder.config)
    settings, checkpoint = config.settings, None
    if folder.last.is_file():
        description, status = read_description(folder.last)
        if status.diverged:
            raise diverged_error(folder, description, status.diverged)
        checkpoint = model_file.load(folder.last)
        settings = checkpoint.config
    has_own_texts = config.paths.has_own_texts
    settings = _apply_changes(settings, changes, has_own_texts=has_own_texts)
    check_ranks(settings, launched)
    if checkpoint:
        _check_budget(settings, checkpoint)
    evaluations = _read_evaluations(folder.log, checkpoint)
    return StoppedRun(config.paths, config.init_from, settings, checkpoint, evaluations)


def _apply_changes(
    settings: Settings, changes: Mapping[str, Any], *, has_own_texts: bool
) -> Settings:
    changes = {name: check_setting(TrainConfig, name, value) for name, value in changes.items()}
    for name, value in changes.items():
        stored = getattr(settings, name)
        if value != stored and name in ("val", "test") and has_own_texts:
            problem = _(
                "cannot be changed: this run has texts of its own, `val_file` or `test_file`"
            )
            raise ConfigError(name, problem)
        if value != stored and name not in CHANGEABLE:
            problem = _(
                "cannot be changed from {stored} to {value}; `resume` can change only `epochs`,"
                " `steps`, `minutes` and `patience`"
            )
            raise ConfigError(name, problem.format(stored=stored, value=value))
    budget: dict[str, Any] = {name: changes.get(name) for name in BUDGETS}
    if any(budget.values()):
        settings = replace(settings, **budget)
    return replace(settings, patience=changes.get("patience", settings.patience))


def _check_budget(settings: Settings, checkpoint: TrainedModel) -> None:
    """Refuse a total of steps or epochs below the number that is done already."""
    if settings.minutes or not (settings.steps or settings.epochs):
        return
    training_characters, __, __ = settings.split_sizes(checkpoint.corpus_info.characters)
    if settings.total_steps(training_characters - 1) < checkpoint.step:
        name = "steps" if settings.steps else "epochs"
        problem = _("is a total, which cannot be less than the {steps:,} steps that are done")
        raise ConfigError(name, problem.format(steps=checkpoint.step))


def _read_evaluations(log: Path, checkpoint: TrainedModel | None) -> tuple[Evaluation, ...]:
    """Return the checkpoint's evaluations, with their times where the log still has them."""
    if checkpoint is None:
        return ()
    times = {
        evaluation.step: {name: getattr(evaluation, name) for name in UNKNOWN_TIMES}
        for evaluation in read_undamaged(log)
    }
    return tuple(
        read_evaluation({**entry, **times.get(entry["step"], UNKNOWN_TIMES)})
        for entry in checkpoint.history
    )
