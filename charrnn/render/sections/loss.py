"""The learning curves of runs."""

from collections.abc import Sequence

from charrnn.render.blocks import (
    Block,
    Chart,
    Prose,
    Section,
    Series,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.reports.loss import Losses

COLUMNS = (*numeric_columns("step", "epoch", "train", "val", "lr"), *text_columns(""))


def build_section(reports: Sequence[Losses]) -> Section:
    """Show both losses of one run, or the validation losses of several, and a table of each."""
    diverged: list[Block] = [
        Prose(f"The training of {report.model} diverged at step {report.diverged.step:,}.")
        for report in reports
        if report.diverged
    ]
    if not any(report.points for report in reports):
        return Section("Loss", diverged or [Prose("There is no evaluation yet.")])
    series = _both_losses(reports[0]) if len(reports) == 1 else list(map(_val_losses, reports))
    blocks: list[Block] = [
        Prose(
            "Where the validation loss no longer falls and the training loss still does, the model"
            " begins to memorize the text (overfit); the best model before that is kept. The"
            " training loss is measured with dropout and while the weights still change, so it is"
            " higher than that of the finished model."
        ),
        Chart("loss by step", "step", "nats per character", [line for line in series if line.x]),
    ]
    return Section("Loss", diverged + blocks + list(map(_build_table, reports)))


def _both_losses(report: Losses) -> list[Series]:
    steps = [point.step for point in report.points]
    train = Series("training", steps, [point.train_loss for point in report.points])
    val = _val_losses(report)
    return [train, Series("validation", val.x, val.y)]


def _val_losses(report: Losses) -> Series:
    measured = [
        (point.step, point.val_loss) for point in report.points if point.val_loss is not None
    ]
    return Series(report.model, [step for step, _ in measured], [loss for _, loss in measured])


def _build_table(report: Losses) -> Table:
    rows = [
        (
            f"{point.step:,}",
            f"{point.epoch:.2f}",
            f"{point.train_loss:.4f}",
            "" if point.val_loss is None else f"{point.val_loss:.4f}",
            f"{point.lr:.2g}",
            "best" if point.step == report.best_step else "",
        )
        for point in report.points
    ]
    return Table(COLUMNS, rows, title=report.model)
