"""Runs side by side."""

from charrnn.language import gettext as _
from charrnn.render.blocks import (
    Block,
    Column,
    Prose,
    Section,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.words import advise, format_loss, join_words, list_files, name_units
from charrnn.reports.runs import Group, Runs, RunSummary

STATES_SHOWN = ("running", "unfinished", "broken")


def build_section(report: Runs) -> Section:
    """Show a table for each group of runs that can be compared."""
    blocks: list[Block] = [
        Table(_build_columns(), list(map(_build_row, group.runs)), title=_title(group))
        for group in report.groups
    ]
    if report.unsaved:
        unsaved = _("Runs without a model: {names}. One that is not running can be resumed.")
        blocks.append(Prose(unsaved.format(names=join_words(report.unsaved))))
    unreadable = _("This file cannot be read: {problem}")
    blocks += [Prose(unreadable.format(problem=problem)) for problem in report.unreadable]
    return Section(_("Runs"), blocks)


def _build_columns() -> list[Column]:
    return [
        *text_columns(_("run"), _("model")),
        *numeric_columns(_("parameters"), _("epoch"), _("train"), _("val")),
        *text_columns(""),
    ]


def _title(group: Group) -> str:
    texts = [list_files(group.files)]
    if group.shuffle:
        texts.append(_("shuffled by {units}").format(units=name_units(group.shuffle)))
    if group.val_file:
        texts.append(_("validated on {files}").format(files=list_files(group.val_file.files)))
    if group.test_file:
        texts.append(_("tested on {files}").format(files=list_files(group.test_file.files)))
    title = (
        _("{text}: {characters:,} characters, {validation:,} for validation")
        if group.ngram is None
        else _(
            "{text}: {characters:,} characters, {validation:,} for validation;"
            " n-gram loss {ngram:z.4f}"
        )
    )
    return title.format(
        text=join_words(texts), characters=group.characters,
        validation=group.validation_characters, ngram=group.ngram,
    )  # fmt: skip


def _build_row(run: RunSummary) -> tuple[str, ...]:
    training = run.training
    remarks = [_(run.state)] if run.state in STATES_SHOWN else []
    if run.diverged:
        remarks.append(_("diverged at step {step:,}").format(step=run.diverged.step))
    elif advise(training.val_loss, run.baselines):
        remarks.append(_("worse than its n-gram"))
    return (
        run.model,
        f"{run.cell} {run.layers} × {run.hidden}",
        f"{run.parameters:,}",
        f"{training.epoch:z.2f}",
        "" if training.train_loss is None else format_loss(training.train_loss),
        "" if training.val_loss is None else format_loss(training.val_loss),
        join_words(remarks),
    )
