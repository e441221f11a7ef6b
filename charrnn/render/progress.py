"""What a training tells, as lines for a terminal."""

from charrnn.render.terminal import table
from charrnn.render.words import baselines, duration, format_loss, known, list_files, loss, worse
from charrnn.training.events import End, Evaluation, Start


def start(event: Start) -> str:
    """What is learned, by what, and how: shown before the first step."""
    corpus, model, config = event.corpus, event.model, event.config
    predictions = config.split_sizes(corpus.characters)[0] - 1
    steps = config.total_steps(predictions)
    epochs = steps * config.batch * config.seq / predictions
    text = f"{corpus.characters:,} characters, {corpus.distinct:,} distinct, {corpus.encoding}"
    size = f"{model.layers} × {model.hidden} units, {model.parameters:,} parameters"
    each = f"{config.batch} streams × {config.seq} characters"
    learning = f"learning rate {config.lr:g} ({config.schedule}, warm-up {config.warmup})"
    dropped = f"dropout {config.dropout:g}, of recurrent weights {config.recurrent_dropout:g}"
    made = f"input {'tied' if config.tied else 'one-hot'}, weight decay {config.weight_decay:g}"
    workers = f"{config.ranks} ranks × {config.workers}" if config.ranks > 1 else config.workers
    rows = [
        ("corpus", f"{list_files(corpus.files)}: {text}"),
        ("model", f"{model.cell}, {size}"),
        ("training", f"{steps:,} steps of {each}, {epochs:.3g} epochs"),
        ("", f"{learning}, {dropped}"),
        ("", f"{made}, workers {workers}, seed {config.seed}"),
        ("", f"evaluated every {config.eval_every:,} steps, patience {config.patience}"),
        ("run", event.run),
    ]
    return table(rows)


def evaluation(event: Evaluation) -> str:
    """One line of progress."""
    val = "" if event.val_loss is None else f"  val {format_loss(event.val_loss)}"
    return (
        f"step {event.step:,}  epoch {event.epoch:.2f}  train {format_loss(event.train_loss)}{val}"
        f"  {event.chars_per_second:,.0f} characters/s  {duration(event.seconds)}"
    )


def end(event: End, begun: Start) -> str:
    """The summary of a training."""
    rows = [("run", event.run), ("parameters", f"{begun.model.parameters:,}")]
    if event.stopped == "patience":
        told = f"no better loss in {begun.config.patience} evaluations, at step {event.step:,}"
        rows.append(("stopped", told))
    elif event.stopped != "finished":
        rows.append(("stopped", f"{event.stopped} at step {event.step:,}"))
    if event.val_loss is not None:
        rows.append(("validation", f"{loss(event.val_loss)} (best, step {event.best_step:,})"))
        if event.baselines:
            rows.append(("to beat", baselines(event.baselines)))
            rows += worse(event.val_loss, event.baselines)
            rows.append(("vocabulary", known(begun.corpus.distinct, event.baselines)))
    else:
        rows.append(("validation", "none"))
        rows.append(("training", loss(event.train_loss)))
    if event.test_loss is not None:
        rows.append(("test", loss(event.test_loss)))
    rows.append(
        ("speed", f"{event.chars_per_second:,.0f} characters a second, {duration(event.seconds)}")
    )
    if event.stopped == "interrupted":
        rows.append(("go on", f"charrnn train --resume --out {event.run}"))
    if event.best_step is not None:
        rows.append(("sample", f"charrnn sample {event.run}"))
    return table(rows)
