"""Events of a training as text for a terminal."""

from pathlib import Path

from charrnn.render.columns import READABLE_COLUMNS
from charrnn.render.controls import escape_controls
from charrnn.render.lines import wrap, wrap_parts
from charrnn.render.terminal import align_facts
from charrnn.render.words import (
    advise,
    describe_baselines,
    describe_loss,
    describe_vocabulary,
    explain_outcome,
    format_duration,
    format_loss,
    list_files,
)
from charrnn.shell_words import write_command
from charrnn.text.sources import STDIN_NAME
from charrnn.training.events import CorpusFacts, End, Evaluation, Start
from charrnn.training.outcome import Outcome

RUN = "run"
"""The label of the run folder, whose name is not wrapped."""
PREVIEW_BAR = "  │ "


def count_predictions(event: Start) -> int:
    """Return the number of characters of an epoch."""
    return event.config.split_sizes(event.corpus.all_characters)[0] - 1


def describe_start(event: Start, columns: int | None = None) -> str:
    """Describe the corpus, the model and the settings of a training before its first step.

    Lines are wrapped to ``columns``, if they are given.
    """
    corpus, model, config = event.corpus, event.model, event.config
    predictions = count_predictions(event)
    steps = config.total_steps(predictions)
    epochs = config.count_epochs(steps, predictions)
    workers = f"{config.ranks} ranks × {config.workers}" if config.ranks > 1 else config.workers
    text = f"{corpus.characters:,} characters, {corpus.distinct:,} distinct, {corpus.encoding}"
    learning_rate = f"{config.lr:g} ({config.schedule}, warm-up {config.warmup})"
    dropout = f"{config.dropout:g}, dropout of recurrent weights {config.recurrent_dropout:g}"
    layer_input = "tied" if config.tied else "one-hot"
    penalties = (
        f"weight decay {config.weight_decay:g}, temporal regularization"
        f" {config.temporal_regularization:g}"
    )
    rows = [
        ("corpus", f"{list_files(corpus.files)}: {text}"),
        *_describe_own_texts(corpus),
        (
            "model",
            f"{model.cell}, {model.layers} × {model.hidden} units, {model.parameters:,} parameters",
        ),
        (
            "training",
            f"steps {steps:,}, epochs {epochs:z.3g}, batch {config.batch}, window {config.seq}",
        ),
        ("", f"learning rate {learning_rate}, dropout {dropout}"),
        ("", f"input {layer_input}, {penalties}"),
        ("", f"steps between evaluations {config.eval_every:,}, patience {config.patience}"),
        ("", f"workers {workers}, seed {config.seed}"),
        (RUN, event.run),
    ]
    return align_facts(rows, columns, whole=[RUN])


def describe_evaluation(event: Evaluation) -> str:
    """Describe the losses and the speed in one line."""
    val = "" if event.val_loss is None else f"  val {format_loss(event.val_loss)}"
    return (
        f"step {event.step:,}  epoch {event.epoch:z.2f}  train {format_loss(event.train_loss)}{val}"
        f"  {event.chars_per_second:z,.0f} characters/s  {format_duration(event.seconds)}"
    )


def wrap_evaluation(line: str, columns: int | None) -> str:
    """Break the line about an evaluation between its values."""
    return line if columns is None else "\n".join(wrap_parts(line.split("  "), columns, "  "))


def describe_preview(text: str, columns: int | None) -> str:
    """Put a bar before each line of a preview, also where a line is wrapped to ``columns``."""
    lines = [escape_controls(line) for line in text.split("\n")]
    if columns is not None:
        width = max(2, min(columns, READABLE_COLUMNS) - len(PREVIEW_BAR))
        lines = [part for line in lines for part in wrap(line, width, cut_words=True)]
    return "\n".join(f"{PREVIEW_BAR}{line}" for line in lines)


def describe_end(
    event: End,
    start: Start,
    outcome: Outcome | None = None,
    columns: int | None = None,
    *,
    in_python: bool = False,
) -> str:
    """Describe the result of a training, in lines wrapped to ``columns`` if they are given.

    ``outcome`` says why the model did not beat its n-gram. What to do next is a command, or
    ``in_python`` a call.
    """
    rows = [(RUN, event.run), ("parameters", f"{start.model.parameters:,}")]
    if event.stopped == "patience":
        reason = (
            f"at step {event.step:,}, because the loss stopped improving (patience"
            f" {start.config.patience})"
        )
        rows.append(("stopped", reason))
    elif event.stopped == "interrupted":
        rows.append(("stopped", f"interrupted at step {event.step:,}"))
    elif event.stopped == "diverged":
        rows.append(("stopped", f"diverged after step {event.step:,}"))
    if event.val_loss is not None:
        best = f"{describe_loss(event.val_loss)} (best, step {event.best_step:,})"
        rows.append(("validation", best))
        if event.baselines:
            rows.append(("to beat", describe_baselines(event.baselines)))
            if outcome:
                rows.append(("", advise(event.val_loss, event.baselines)))
                rows.append(("", explain_outcome(outcome)))
            vocabulary = describe_vocabulary(start.corpus.distinct, event.baselines)
            rows.append(("vocabulary", vocabulary))
    else:
        rows.append(("validation", _explain_missing(event, start)))
        if event.train_loss is not None:
            rows.append(("training", describe_loss(event.train_loss)))
    if event.test_loss is not None:
        rows.append(("test", describe_loss(event.test_loss)))
    speed = f"{event.chars_per_second:z,.0f} characters per second"
    rows.append(("speed", f"{speed}, {format_duration(event.seconds)}"))
    if event.stopped == "interrupted":
        resume = (
            _write_resume_call(event, start) if in_python else _write_resume_command(event, start)
        )
        rows.append(("resume", resume))
    if event.best_step is not None:
        load = f"charrnn.load({event.run!r}).sample()"
        rows.append(("sample", load if in_python else write_command("sample", Path(event.run))))
    return align_facts(rows, columns, whole=[RUN])


def _describe_own_texts(corpus: CorpusFacts) -> list[tuple[str, str]]:
    """Describe the texts of `val_file` and `test_file`, if there are any."""
    texts = ("validated", corpus.val_file), ("tested", corpus.test_file)
    return [
        (use, f"on {list_files(text.files)}: {text.characters:,} characters")
        for use, text in texts
        if text
    ]


def _explain_missing(event: End, start: Start) -> str:
    """Say why there is no validation loss of a best model."""
    _, val_characters, _ = start.config.split_sizes(start.corpus.all_characters)
    if val_characters < 2:
        return "none, as no text was kept for it"
    if event.train_loss is None:
        return "none yet, as training ended before the first evaluation"
    return "none, as no evaluation was better than guessing"


def _write_resume_command(event: End, start: Start) -> str:
    """Return the command that resumes the run; a text from standard input has to be given again."""
    run = Path(event.run)
    if start.corpus.files == (STDIN_NAME,):
        return f"{write_command('train', '-', '--resume', '--out', run)} < FILE"
    return write_command("train", "--resume", "--out", run)


def _write_resume_call(event: End, start: Start) -> str:
    """Return the call of Python that resumes the run; standard input has to be given again."""
    corpus = ", '-'" if start.corpus.files == (STDIN_NAME,) else ""
    return f"charrnn.resume({event.run!r}{corpus})"
