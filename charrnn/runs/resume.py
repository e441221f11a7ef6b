"""What is left of a training that was stopped, in its run folder, and what of it may change.

`config.toml` has the corpus and the settings, `last.npz` everything else, `log.jsonl` the times.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.config import BUDGETS, Settings, TrainConfig
from charrnn.errors import CharrnnError, ConfigError, FolderError, InputError
from charrnn.setting_types import check_setting
from charrnn.storage import model_file
from charrnn.storage.model_file import Checkpoint
from charrnn.storage.run_folder import RunFolder
from charrnn.storage.run_log import UNKNOWN_TIMES, read_log
from charrnn.training.automatic import sums_are_identical
from charrnn.training.events import Evaluation

MAY_CHANGE = (*BUDGETS, "patience")


@dataclass(frozen=True)
class StoppedRun:
    """A run that was stopped. ``reached`` is None before its first save: it begins again then."""

    corpus: tuple[Path, ...]
    init_from: Path | None
    settings: Settings
    reached: Checkpoint | None
    evaluations: tuple[Evaluation, ...]


def read_stopped_run(
    folder: RunFolder, changes: Mapping[str, Any], launched: int = 1
) -> StoppedRun:
    """Read what is left, with settings changed where they may be, for so many ranks ``launched``.

    Raises:
        FolderError: when there is nothing to go on with.
        InputError: when a file is damaged.
        ConfigError: naming a setting of ``changes`` that contradicts the run, or when these ranks
            would add up in another order.
    """
    if not folder.config.is_file():
        raise FolderError(folder.path, "no run to go on with; leave out --resume to begin one")
    corpus, init_from, settings = _configured(folder.config)
    reached = None
    if folder.last.is_file():
        reached = model_file.load(folder.last)
        settings = reached.config
    settings = _changed(settings, changes)
    if not sums_are_identical(settings, launched):
        raise ConfigError(
            "ranks",
            f"the number started is {launched}, which rounds sums otherwise than this run's"
            f" `ranks` × `workers` = {settings.ranks} × {settings.workers}; start {settings.ranks}",
        )
    if reached and (settings.steps or settings.epochs):
        training, _, _ = settings.split_sizes(reached.corpus_info.characters)
        if settings.total_steps(training - 1) < reached.step and not settings.minutes:
            name = "steps" if settings.steps else "epochs"
            raise ConfigError(
                name, f"a total of less than the {reached.step:,} steps that are done"
            )
    evaluations = _evaluations(folder.log, reached)
    return StoppedRun(corpus, init_from, settings, reached, evaluations)


def _configured(path: Path) -> tuple[tuple[Path, ...], Path | None, Settings]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))["train"]
        corpus = tuple(map(Path, table.pop("corpus")))
        init_from = table.pop("init_from", None)
        return corpus, init_from and Path(init_from), Settings(**table)
    except (OSError, ValueError, KeyError, TypeError, CharrnnError) as error:
        raise InputError(path, f"not the settings of a run ({error})") from None


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    changes = {name: check_setting(TrainConfig, name, value) for name, value in changes.items()}
    for name, value in changes.items():
        stored = getattr(settings, name)
        if value != stored and name not in MAY_CHANGE:
            raise ConfigError(
                name,
                f"{value} contradicts the run, which has {stored}; --resume can change"
                f" {', '.join(f'--{other}' for other in MAY_CHANGE)}, and what is told (--quiet,"
                " --preview, --json, --no-color)",
            )
    budget: dict[str, Any] = {name: changes.get(name) for name in BUDGETS}
    if any(budget.values()):
        settings = replace(settings, **budget)
    return replace(settings, patience=changes.get("patience", settings.patience))


def _evaluations(log: Path, reached: Checkpoint | None) -> tuple[Evaluation, ...]:
    """Those that the checkpoint knows, with their times where the log still has them."""
    if reached is None:
        return ()
    logged = read_log(log) if log.is_file() else []
    times = {
        evaluation.step: {name: getattr(evaluation, name) for name in UNKNOWN_TIMES}
        for evaluation in logged
    }
    return tuple(
        Evaluation(**losses, **times.get(losses["step"], UNKNOWN_TIMES))
        for losses in reached.history
    )
