"""What a training tells, as lines for a terminal."""

from charrnn.render.terminal import table
from charrnn.render.words import baselines, duration, known, listed, loss, worse
from charrnn.training.events import End, Evaluation, Start


def start(event: Start) -> str:
    """What is learned, by what, and how: shown before the first step."""
    corpus, model, config = event.corpus, event.model, event.config
    budget = f"{config.steps:,} steps" if config.steps else f"{config.epochs:g} epochs"
    rows = {
        "corpus": f"{listed(corpus.files)}: {corpus.characters:,} characters,"
        f" {corpus.distinct:,} distinct, {corpus.encoding}",
        "model": f"{model.cell}, {model.layers} × {model.hidden} units,"
        f" {model.parameters:,} parameters",
        "training": f"{budget}, {config.batch} streams × {config.seq} characters,"
        f" learning rate {config.lr:g} ({config.schedule})",
    }
    against = (
        f"dropout {config.dropout:g}, of recurrent weights {config.recurrent_dropout:g},"
        f" weight decay {config.weight_decay:g}, patience {config.patience}, seed {config.seed}"
    )
    return table([*rows.items(), ("", against), ("run", event.run)])


def evaluation(event: Evaluation) -> str:
    """One line of progress."""
    val = "" if event.val_loss is None else f"  val {event.val_loss:.4f}"
    return (
        f"step {event.step:,}  epoch {event.epoch:.2f}  train {event.train_loss:.4f}{val}"
        f"  {event.chars_per_second:,.0f} characters/s  {duration(event.seconds)}"
    )


def end(event: End, begun: Start) -> str:
    """The summary of a training."""
    rows = [("run", event.run), ("parameters", f"{begun.model.parameters:,}")]
    if event.stopped != "finished":
        rows.append(("stopped", f"{event.stopped} at step {event.step:,}"))
    if event.val_loss is not None:
        rows.append(("validation", f"{loss(event.val_loss)} (best, step {event.best_step:,})"))
        if event.baselines:
            rows.append(("to beat", baselines(event.baselines)))
            rows.append(("vocabulary", known(begun.corpus.distinct, event.baselines)))
            rows += worse(event.val_loss, event.baselines)
    else:
        rows.append(("validation", "none"))
        rows.append(("training", loss(event.train_loss)))
    if event.test_loss is not None:
        rows.append(("test", loss(event.test_loss)))
    rows.append(
        ("speed", f"{event.chars_per_second:,.0f} characters a second, {duration(event.seconds)}")
    )
    if event.best_step is not None:
        rows.append(("sample", f"charrnn sample {event.run}"))
    return table(rows)
