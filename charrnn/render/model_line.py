"""A model in one line, for Python's `repr`."""

from charrnn.render.controls import escape_controls
from charrnn.render.names import name_for_terminal
from charrnn.render.words import format_loss
from charrnn.reports.summary import Summary


def describe_model(summary: Summary) -> str:
    """Describe a model in one line."""
    training = summary.training
    losses = {"training": training.train_loss, "validation": training.val_loss}
    known = [f"{format_loss(loss)} ({part})" for part, loss in losses.items() if loss is not None]
    parts = [
        f"{summary.cell}, {summary.layers} × {summary.hidden} units",
        f"{summary.parameters:,} parameters",
        f"{summary.corpus.distinct:,} characters",
        *([f"loss {', '.join(known)} nats"] if known else []),
        escape_controls(str(name_for_terminal(summary).model)),
    ]
    return ", ".join(parts)
