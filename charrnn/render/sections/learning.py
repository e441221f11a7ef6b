"""How a model came to be: curves of runs, and runs side by side."""

from collections.abc import Sequence

from charrnn.render.blocks import Chart, Facts, Prose, Section, Series, Table
from charrnn.render.words import list_files, worse
from charrnn.reports.loss import Losses
from charrnn.reports.runs import Group, Runs

REMARKABLE = ("running", "unfinished", "broken")


def losses(reports: Sequence[Losses]) -> Section:
    """One run's curves and figures, or several runs' validation losses."""
    series = []
    for report in reports:
        measured = [point for point in report.points if point.val_loss is not None]
        if len(reports) == 1:
            series.append(
                Series(
                    "training",
                    [point.step for point in report.points],
                    [point.train_loss for point in report.points],
                )
            )
        if measured:
            name = "validation" if len(reports) == 1 else report.model
            steps = [point.step for point in measured]
            series.append(Series(name, steps, [float(point.val_loss or 0) for point in measured]))
    blocks: list[Chart | Table | Prose] = [
        Prose(
            "Where the validation loss no longer falls while that of training does, the model"
            " begins to know its text by heart; the best one before is kept. In training, dropout"
            " and a state that is still learning make the loss higher than it would be."
        ),
        Chart("loss by step", "step", "nats a character", [one for one in series if one.x]),
    ]
    for report in reports:
        rows = []
        for point in report.points:
            val = "" if point.val_loss is None else f"{point.val_loss:.4f}"
            best = "best" if point.step == report.best_step else ""
            rows.append(
                (f"{point.step:,}", f"{point.epoch:.2f}", f"{point.train_loss:.4f}", val,
                 f"{point.lr:.2g}", best)
            )  # fmt: skip
        head = ("step", "epoch", "train", "val", "lr", "")
        blocks.append(Table(head, rows, "01234", title=report.model))
    if not any(report.points for report in reports):
        return Section("Learning", [Prose("no evaluation yet")])
    return Section("Learning", blocks)


def runs(report: Runs) -> Section:
    """A table for each text."""
    blocks: list[Facts | Table | Prose] = []
    for group in report.groups:
        head = ("run", "model", "parameters", "epoch", "train", "val", "")
        title = (
            f"{list_files(group.files)}: {group.characters:,} characters,"
            f" {group.validation_characters:,} validate"
            + ("" if group.ngram is None else f"; the n-gram has {group.ngram:.4f}")
        )
        blocks.append(Table(head, _runs(group), "2345", title=title))
    if report.unsaved:
        named = ", ".join(report.unsaved)
        blocks.append(Prose(f"without a model so far (they run, or --resume begins them): {named}"))
    blocks += [Prose(f"not read: {line}") for line in report.unreadable]
    return Section("Runs", blocks)


def _runs(group: Group) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in group.runs:
        training = one.training
        val = "" if training.val_loss is None else f"{training.val_loss:.4f}"
        train = "" if training.train_loss is None else f"{training.train_loss:.4f}"
        remarks = [one.state] if one.state in REMARKABLE else []
        if worse(training.val_loss, one.baselines):
            remarks.append("worse than its n-gram")
        rows.append(
            (one.model, f"{one.cell} {one.layers} × {one.hidden}", f"{one.parameters:,}",
             f"{training.epoch:.2f}", train, val, ", ".join(remarks))
        )  # fmt: skip
    return rows
