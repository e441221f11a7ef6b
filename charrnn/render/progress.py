"""Events of a training as text for a terminal."""

from pathlib import Path

from charrnn.config import Settings
from charrnn.language import gettext as _
from charrnn.language import gettext_noop
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

RUN = gettext_noop("run")
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
    text = _("{files}: {characters:,} characters, {distinct:,} distinct, {encoding}").format(
        files=list_files(corpus.files), characters=corpus.characters, distinct=corpus.distinct,
        encoding=corpus.encoding,
    )  # fmt: skip
    sizes = _("{cell}, {layers} × {hidden} units, {parameters:,} parameters").format(
        cell=model.cell, layers=model.layers, hidden=model.hidden, parameters=model.parameters
    )
    lengths = _("steps {steps:,}, epochs {epochs:z.3g}, batch {batch}, window {window}").format(
        steps=steps, epochs=epochs, batch=config.batch, window=config.seq
    )
    rows = [
        (_("corpus"), text),
        *_describe_own_texts(corpus),
        (_("model"), sizes),
        (_("training"), lengths),
        *(("", line) for line in _describe_settings(config)),
        (_(RUN), event.run),
    ]
    return align_facts(rows, columns, whole=[_(RUN)])


def describe_evaluation(event: Evaluation) -> str:
    """Describe the losses and the speed in one line."""
    values = {
        "step": event.step, "epoch": event.epoch, "train": format_loss(event.train_loss),
        "speed": event.chars_per_second, "time": format_duration(event.seconds),
    }  # fmt: skip
    if event.val_loss is None:
        return _(
            "step {step:,}  epoch {epoch:z.2f}  train {train}  {speed:z,.0f} characters/s  {time}"
        ).format(**values)
    return _(
        "step {step:,}  epoch {epoch:z.2f}  train {train}  val {val}"
        "  {speed:z,.0f} characters/s  {time}"
    ).format(**values, val=format_loss(event.val_loss))


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
    rows = [(_(RUN), event.run), (_("parameters"), f"{start.model.parameters:,}")]
    if reason := _explain_stop(event, start):
        rows.append((_("stopped"), reason))
    if event.val_loss is not None:
        best = _("{loss} (best, step {step:,})").format(
            loss=describe_loss(event.val_loss), step=event.best_step
        )
        rows.append((_("validation"), best))
        if event.baselines:
            rows.append((_("to beat"), describe_baselines(event.baselines)))
            if outcome:
                rows.append(("", advise(event.val_loss, event.baselines)))
                rows.append(("", explain_outcome(outcome)))
            vocabulary = describe_vocabulary(start.corpus.distinct, event.baselines)
            rows.append((_("vocabulary"), vocabulary))
    else:
        rows.append((_("validation"), _explain_missing(event, start)))
        if event.train_loss is not None:
            rows.append((_("training"), describe_loss(event.train_loss)))
    if event.test_loss is not None:
        rows.append((_("test"), describe_loss(event.test_loss)))
    speed = _("{speed:z,.0f} characters per second, {time}").format(
        speed=event.chars_per_second, time=format_duration(event.seconds)
    )
    rows.append((_("speed"), speed))
    if event.stopped == "interrupted":
        resume = (
            _write_resume_call(event, start) if in_python else _write_resume_command(event, start)
        )
        rows.append((_("resume"), resume))
    if event.best_step is not None:
        load = f"charrnn.load({event.run!r}).sample()"
        sample = load if in_python else write_command("sample", Path(event.run))
        rows.append((_("sample"), sample))
    return align_facts(rows, columns, whole=[_(RUN)])


def _describe_settings(config: Settings) -> list[str]:
    """Describe how the weights change, and by whom the work is done, in a few lines."""
    penalties = (
        _("input tied, weight decay {decay:g}, temporal regularization {regularization:g}")
        if config.tied
        else _("input one-hot, weight decay {decay:g}, temporal regularization {regularization:g}")
    )
    evaluations = (
        _("steps between evaluations {steps:,}, patience {patience}")
        if config.patience
        else _("steps between evaluations {steps:,}, patience 0")
    )
    workers = (
        _("workers {ranks} ranks × {workers}, seed {seed}")
        if config.ranks > 1
        else _("workers {workers}, seed {seed}")
    )
    return [
        _(
            "learning rate {lr:g} ({schedule}, warm-up {warmup}), dropout {dropout:g},"
            " dropout of recurrent weights {recurrent:g}"
        ).format(
            lr=config.lr, schedule=config.schedule, warmup=config.warmup, dropout=config.dropout,
            recurrent=config.recurrent_dropout,
        ),
        penalties.format(decay=config.weight_decay, regularization=config.temporal_regularization),
        evaluations.format(steps=config.eval_every, patience=config.patience),
        workers.format(ranks=config.ranks, workers=config.workers, seed=config.seed),
    ]  # fmt: skip


def _describe_own_texts(corpus: CorpusFacts) -> list[tuple[str, str]]:
    """Describe the texts of `val_file` and `test_file`, if there are any."""
    texts = (_("validated"), corpus.val_file), (_("tested"), corpus.test_file)
    return [
        (
            use,
            _("on {files}: {count:,} characters").format(
                files=list_files(text.files), count=text.characters
            ),
        )
        for use, text in texts
        if text
    ]


def _explain_stop(event: End, start: Start) -> str:
    """Say why a training ended early; empty if it did not."""
    match event.stopped:
        case "patience":
            return _(
                "at step {step:,}, because the loss stopped improving (patience {patience})"
            ).format(step=event.step, patience=start.config.patience)
        case "interrupted":
            return _("interrupted at step {step:,}").format(step=event.step)
        case "diverged":
            return _("diverged after step {step:,}").format(step=event.step)
        case _:
            return ""


def _explain_missing(event: End, start: Start) -> str:
    """Say why there is no validation loss of a best model."""
    val_characters = start.config.split_sizes(start.corpus.all_characters)[1]
    if val_characters < 2:
        return _("none, as no text was kept for it")
    if event.train_loss is None:
        return _("none yet, as training ended before the first evaluation")
    return _("none, as no evaluation was better than guessing")


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
