"""The events with which a run starts and ends, and the note on a run that is resumed."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from charrnn.language import gettext as _
from charrnn.ngram import Baselines
from charrnn.text.corpus_info import CorpusInfo
from charrnn.training.events import (
    CorpusFacts,
    End,
    Evaluation,
    Judgement,
    NetworkFacts,
    Note,
    Start,
    Stopped,
)
from charrnn.training.outcome import judge_training
from charrnn.training.trainer import Trainer
from charrnn.units import bits


def start_event(folder: Path, corpus_info: CorpusInfo, trainer: Trainer) -> Start:
    """Describe the training that is about to start."""
    config = trainer.config
    return Start(
        run=str(folder),
        corpus=CorpusFacts(
            corpus_info.files,
            corpus_info.corpus_characters,
            corpus_info.distinct,
            corpus_info.encoding,
            corpus_info.sha256,
            corpus_info.val_file,
            corpus_info.test_file,
        ),
        model=NetworkFacts(
            config.cell, config.hidden, config.layers, trainer.network.parameters.vector.size
        ),
        config=config,
    )


def end_event(
    folder: Path, trainer: Trainer, stopped: Stopped, last: Evaluation | None,
    baselines: Baselines | None, test_loss: float | None, seconds: float,
) -> End:  # fmt: skip
    """Describe the result; ``last`` is the last evaluation, ``seconds`` the time of the run."""
    progress = trainer.progress
    val_loss = progress.best_loss if math.isfinite(progress.best_loss) else None
    return End(
        run=str(folder),
        stopped=stopped,
        step=progress.step,
        epoch=trainer.epoch,
        seconds=seconds,
        train_loss=last.train_loss if last else None,
        val_loss=val_loss,
        val_bpc=None if val_loss is None else bits(val_loss),
        best_step=progress.best_step,
        test_loss=test_loss,
        baselines=baselines,
        chars_per_second=trainer.chars_per_second,
        workers=trainer.team.size,
    )


def judgement_event(
    stopped: Stopped, end: End, history: Sequence[Evaluation], characters: int
) -> Iterator[Judgement]:
    """Yield why a training that ended by itself did not beat its n-gram, or nothing."""
    if stopped not in ("finished", "patience"):
        return
    losses = [(evaluation.train_loss, evaluation.val_loss) for evaluation in history]
    outcome = judge_training(losses, end.val_loss, end.baselines, characters)
    if outcome:
        yield Judgement(outcome)


def resume_note(folder: Path, trainer: Trainer) -> Note:
    """Say where a resumed run continues, or that nothing is left to do."""
    step = trainer.progress.step
    if trainer.is_over:
        note = _(
            "{run} is finished, at step {step:,}; raise `epochs`, `steps`, `minutes` or `patience`"
            " to train it further"
        )
        return Note(note.format(run=folder, step=step))
    note = _("resuming after step {step:,} of {total:,}")
    return Note(note.format(step=step, total=trainer.total_steps))
