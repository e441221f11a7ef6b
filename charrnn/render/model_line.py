"""A model in one line, for Python's `repr`."""

from charrnn.language import gettext as _
from charrnn.render.controls import escape_controls
from charrnn.render.names import name_for_terminal
from charrnn.render.words import format_loss, join_words
from charrnn.reports.summary import Summary


def describe_model(summary: Summary) -> str:
    """Describe a model in one line."""
    training = summary.training
    losses = {
        _("{loss} (training)"): training.train_loss, _("{loss} (validation)"): training.val_loss
    }  # fmt: skip
    known = [
        part.format(loss=format_loss(loss)) for part, loss in losses.items() if loss is not None
    ]
    parts = [
        _("{cell}, {layers} × {hidden} units").format(
            cell=summary.cell, layers=summary.layers, hidden=summary.hidden
        ),
        _("{count:,} parameters").format(count=summary.parameters),
        _("{count:,} characters").format(count=summary.corpus.distinct),
        *([_("loss {losses} nats").format(losses=join_words(known))] if known else []),
        escape_controls(str(name_for_terminal(summary).model)),
    ]
    return join_words(parts)
