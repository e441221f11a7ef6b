"""Runs side by side."""

from charrnn.render.blocks import Block, Prose, Section, Table, numeric_columns, text_columns
from charrnn.render.words import advise, format_loss, list_files
from charrnn.reports.runs import Group, Runs, RunSummary

STATES_SHOWN = ("running", "unfinished", "broken")
COLUMNS = (
    *text_columns("run", "model"),
    *numeric_columns("parameters", "epoch", "train", "val"),
    *text_columns(""),
)


def build_section(report: Runs) -> Section:
    """Show a table for each group of runs that can be compared."""
    blocks: list[Block] = [
        Table(COLUMNS, list(map(_build_row, group.runs)), title=_title(group))
        for group in report.groups
    ]
    if report.unsaved:
        names = ", ".join(report.unsaved)
        blocks.append(
            Prose(f"Runs without a model: {names}. One that is not running can be resumed.")
        )
    blocks += [Prose(f"This file cannot be read: {problem}") for problem in report.unreadable]
    return Section("Runs", blocks)


def _title(group: Group) -> str:
    text = list_files(group.files)
    if group.shuffle:
        text += f", shuffled by {group.shuffle}"
    if group.val_file:
        text += f", validated on {list_files(group.val_file.files)}"
    if group.test_file:
        text += f", tested on {list_files(group.test_file.files)}"
    characters = (
        f"{text}: {group.characters:,} characters, {group.validation_characters:,} for validation"
    )
    return characters if group.ngram is None else f"{characters}; n-gram loss {group.ngram:z.4f}"


def _build_row(run: RunSummary) -> tuple[str, ...]:
    training = run.training
    remarks = [run.state] if run.state in STATES_SHOWN else []
    if run.diverged:
        remarks.append(f"diverged at step {run.diverged.step:,}")
    elif advise(training.val_loss, run.baselines):
        remarks.append("worse than its n-gram")
    return (
        run.model,
        f"{run.cell} {run.layers} × {run.hidden}",
        f"{run.parameters:,}",
        f"{training.epoch:z.2f}",
        "" if training.train_loss is None else format_loss(training.train_loss),
        "" if training.val_loss is None else format_loss(training.val_loss),
        ", ".join(remarks),
    )
