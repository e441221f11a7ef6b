"""The first section of the page of all reports: a verdict on each model, and what it writes."""

from charrnn.ngram import Baselines
from charrnn.render.blocks import Block, Prose, Quote, Section
from charrnn.render.model_names import name_model
from charrnn.render.words import format_loss
from charrnn.reports.loss import Losses
from charrnn.reports.memory import Memory
from charrnn.reports.overview import Overview
from charrnn.training.outcome import STILL_FALLING

CLEAR_ERRORS = 2.0
"""Standard errors by which a loss is above that with all characters, to be called worse."""
CLEAR_NATS = 0.005


def build_section(report: Overview) -> Section:
    """Say of each model in three sentences what its numbers show, and show a text that it wrote."""
    blocks: list[Block] = []
    for summary, losses, memory, sample in zip(
        report.summaries, report.losses, report.memories, report.samples, strict=True
    ):
        sentences = [
            judge_loss(summary.training.val_loss, summary.baselines),
            judge_memory(memory),
            judge_training(losses),
        ]
        several = len(report.summaries) > 1
        name = f"{name_model(summary, report.summaries)}: " if several else ""
        blocks.append(Prose(name + " ".join(filter(None, sentences))))
        title = f"a text by {summary.model}" if name else "a text that it wrote"
        blocks.append(Quote(title, sample))
    return Section("In short", blocks)


def judge_loss(loss: float | None, baselines: Baselines | None) -> str:
    """Compare a validation loss with that of the best n-gram."""
    if loss is None or baselines is None:
        return "It was trained without a validation part, so it cannot be compared with an n-gram."
    difference = baselines.ngram - loss
    if difference > 0:
        return (
            f"It predicts its text better than the best n-gram: {format_loss(loss)} nats per"
            f" character, {difference:z.3f} less."
        )
    return (
        f"It predicts its text no better than the best n-gram: {format_loss(loss)} nats per"
        f" character, {-difference:z.3f} more."
    )


def judge_memory(memory: Memory) -> str:
    """Say how many characters a model uses: with fewer its loss is clearly higher."""
    worse = [
        point.given
        for point in memory.points
        if point.given is not None and point.lost > max(CLEAR_NATS, CLEAR_ERRORS * point.lost_error)
    ]
    if not worse:
        return "It predicts from a single character as well as from all of them."
    longest = max(given for given in (point.given for point in memory.points) if given)
    if max(worse) == longest:
        return f"It uses more than the last {longest:,} characters."
    enough = min(point.given for point in memory.points if point.given and point.given > max(worse))
    return (
        f"It uses about the last {enough:,} characters: with {max(worse):,} it predicts worse, and"
        " with more no better."
    )


def judge_training(losses: Losses) -> str:
    """Say whether the loss was still falling at the end; empty where that cannot be told."""
    points = [(point.step, point.val_loss) for point in losses.points if point.val_loss is not None]
    if losses.diverged or len(points) < 2 or losses.best_step is None:
        return ""
    last_step, last = points[-1]
    before = points[-1 - max(1, len(points) // 4)][1]
    if losses.best_step < last_step:
        return (
            f"It was best at step {losses.best_step:,} of {last_step:,}: its validation loss did"
            " not fall any further."
        )
    if before - last > STILL_FALLING * before:
        return "Its loss was still falling at the end of the training."
    return "Its loss came to rest by the end of the training."
