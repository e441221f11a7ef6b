"""The first section of the page of all reports: a verdict on each model, and what it writes."""

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.ngram import Baselines
from charrnn.render.blocks import (
    Block,
    Prose,
    Quote,
    Section,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.model_names import name_model
from charrnn.render.sections.updates import find_explosion
from charrnn.render.words import format_loss, join_sentences
from charrnn.reports.gradients import Gradients
from charrnn.reports.loss import Losses
from charrnn.reports.memory import Memory
from charrnn.reports.overview import Overview
from charrnn.training.outcome import STILL_FALLING

CLEAR_ERRORS = 2.0
"""Standard errors by which a loss is above that with all characters, to be called worse."""
CLEAR_NATS = 0.005
LIMIT = "1 %"
"""The share of a gradient below which it is said to vanish. It is no part of the messages, where
Babel would read "% o" as a format."""
STILL, FALL, STALLED_SHARE = 0.03, 0.1, 0.1
"""A loss stands still within 3 % of its height, for a tenth of the training or longer, if it falls
by a tenth or more afterwards."""


def build_section(report: Overview) -> Section:
    """Say of each model what its numbers show, and show a text that it wrote."""
    several = len(report.summaries) > 1
    blocks: list[Block] = _compare_models(report) if several else []
    for summary, losses, memory, gradients, sample in zip(
        report.summaries, report.losses, report.memories, report.gradients, report.samples,
        strict=True,
    ):  # fmt: skip
        sentences = [
            judge_loss(summary.training.val_loss, summary.baselines),
            judge_memory(memory),
            judge_gradients(gradients),
            judge_stalling(losses),
            judge_explosion(losses),
            judge_training(losses),
        ]
        name = f"{name_model(summary, report.summaries)}: " if several else ""
        blocks.append(Prose(name + join_sentences(sentences)))
        title = (
            _("a text by {model}").format(model=summary.model)
            if several
            else _("a text that it wrote")
        )
        blocks.append(Quote(title, sample))
    return Section(_("In short"), blocks)


def _compare_models(report: Overview) -> list[Block]:
    """Show a few numbers of each model, beside each other, and say which has the lowest loss."""
    columns = (
        *text_columns(_("model")),
        *numeric_columns(
            _("nats"), _("vs. n-gram"), _("characters used"), _("gradient reaches"),
            _("largest norm"), _("KL of the two texts"),
        ),
    )  # fmt: skip
    explanation = Prose(
        _(
            "Nats: the loss on text that the model was not trained on, the mean surprise at a"
            " character; lower is better. vs. n-gram: the difference from an n-gram, which counts"
            " what follows the last few characters. Characters used: with fewer, the loss is"
            " clearly higher. Gradient reaches: the steps back over which {limit} of it or more"
            " arrives, through the state through which most does. Largest norm: that of the"
            " gradient in the whole training. KL of the two texts: how differently the model"
            " predicts after two texts that differ only before their last characters, 0 if it"
            " predicts the same; the next part shows them."
        ).format(limit=LIMIT)
    )
    compared = join_sentences(_compare_with_best(report))
    best = [Prose(compared)] if compared else []
    return [Table(columns, _build_rows(report)), *best, explanation]


def _build_rows(report: Overview) -> list[tuple[str, ...]]:
    differing = report.differing
    after = {each.model: each.kl[-1] for each in differing.comparison.models} if differing else {}
    rows: list[tuple[str, ...]] = []
    for summary, losses, memory, gradients in zip(
        report.summaries, report.losses, report.memories, report.gradients, strict=True
    ):
        loss, baselines = summary.training.val_loss, summary.baselines
        used, vanished = _count_used(memory), _find_vanished(gradients)
        norms = [point.grad_norm_max for point in losses.points if point.grad_norm_max is not None]
        rows.append(
            (
                name_model(summary, report.summaries),
                "" if loss is None else format_loss(loss),
                "" if loss is None or baselines is None else f"{loss - baselines.ngram:+z.3f}",
                _("more than {n:,}").format(n=max(_find_worse(memory), default=0))
                if used is None
                else f"{used:,}",
                _("over {n:,}").format(n=gradients.lags)
                if vanished is None
                else f"{vanished - 1:,}",
                f"{max(norms):z.3g}" if norms else "",
                f"{after[summary.model]:z.2g}" if summary.model in after else "",
            )
        )
    return rows


def _compare_with_best(report: Overview) -> list[str]:
    """Say which model has the lowest loss, and how early it had the losses of the others."""
    losses = [each for each in report.losses if each.best_step is not None]
    trained = {summary.model: summary for summary in report.summaries}
    known = {
        each.model: min(point.val_loss for point in each.points if point.val_loss is not None)
        for each in losses
        if each.model in trained
    }
    if len(known) < 2 or len({each.corpus.sha256 for each in report.summaries}) > 1:
        return []
    best = min(losses, key=lambda each: known[each.model])
    name = name_model(trained[best.model], report.summaries)
    sentences = [_("The lowest loss is that of {model}.").format(model=name)]
    for model, loss in known.items():
        step = next(
            point.step
            for point in best.points
            if point.val_loss is not None and point.val_loss <= loss
        )
        if model != best.model:
            other = name_model(trained[model], report.summaries)
            said = _(
                "By step {step:,} of {last:,}, {model} was already as good as {other} ever became."
            )
            last = best.points[-1].step
            sentences.append(said.format(step=step, last=last, model=name, other=other))
    return sentences


def judge_loss(loss: float | None, baselines: Baselines | None) -> str:
    """Compare a validation loss with that of the best n-gram."""
    if loss is None or baselines is None:
        return _(
            "It was trained without a validation part, so it cannot be compared with an n-gram."
        )
    difference = baselines.ngram - loss
    if difference > 0:
        return _(
            "It predicts its text better than the best n-gram: {loss} nats per character,"
            " {difference:z.3f} less."
        ).format(loss=format_loss(loss), difference=difference)
    return _(
        "It predicts its text worse than the best n-gram: {loss} nats per character,"
        " {difference:z.3f} more."
    ).format(loss=format_loss(loss), difference=-difference)


def judge_memory(memory: Memory) -> str:
    """Say how many characters a model uses: with fewer its loss is clearly higher."""
    worse = _find_worse(memory)
    if not worse:
        return _(
            "Given a single character it predicts as well as given all of them: it treats its"
            " inputs as if they were independent."
        )
    used = _count_used(memory)
    if used is None:
        return ngettext(
            "It uses more than the last {n:,} character.",
            "It uses more than the last {n:,} characters.",
            max(worse),
        ).format(n=max(worse))
    return _(
        "It uses about the last {used:,} characters: with {fewer:,} it predicts worse, and more"
        " hardly help."
    ).format(used=used, fewer=max(worse))


def _find_worse(memory: Memory) -> list[int]:
    """Return the numbers of characters with which a model predicts clearly worse than with all."""
    return [
        point.given
        for point in memory.points
        if point.given is not None and point.lost > max(CLEAR_NATS, CLEAR_ERRORS * point.lost_error)
    ]


def _count_used(memory: Memory) -> int | None:
    """Return the least number of characters that is enough; None if none of them is."""
    longest = max(_find_worse(memory), default=0)
    enough = [point.given for point in memory.points if point.given and point.given > longest]
    return min(enough, default=None)


def judge_gradients(gradients: Gradients) -> str:
    """Say how far back a gradient reaches that a model could learn from."""
    vanished = _find_vanished(gradients)
    if vanished is None:
        return ngettext(
            "Its gradient stays above {limit} over {n:,} step back: what happened that long ago"
            " still changes its weights.",
            "Its gradient stays above {limit} over {n:,} steps back: what happened that long ago"
            " still changes its weights.",
            gradients.lags,
        ).format(limit=LIMIT, n=gradients.lags)
    if vanished == 1:
        return _("No gradient reaches the step before, because its state does not depend on it.")
    return _(
        "Its gradient is below {limit} from {n:,} steps back (it vanishes): from what happened"
        " longer ago it learns slowly, or not at all."
    ).format(limit=LIMIT, n=vanished)


def _find_vanished(gradients: Gradients) -> int | None:
    """Return the lag from which on no state has 1 % of the gradient; None if one always has."""
    lags = [way.vanished for way in gradients.ways]
    return None if None in lags else max(lag for lag in lags if lag is not None)


def judge_stalling(losses: Losses) -> str:
    """Say where the loss stood still for long before it fell again; empty where it did not."""
    points = [(point.step, point.val_loss) for point in losses.points if point.val_loss is not None]
    if losses.diverged or not points:
        return ""
    longest, said = STALLED_SHARE * points[-1][0], ""
    for at, (begin, height) in enumerate(points):
        band = STILL * height
        apart = (i for i in range(at, len(points)) if abs(points[i][1] - height) > band)
        end = points[next(apart, len(points)) - 1][0]
        falls = min(loss for step, loss in points if step >= end) < (1 - FALL) * height
        if falls and end - begin >= longest:
            longest = end - begin
            said = _(
                "Its learning stalled: from step {begin:,} to {end:,} its loss stayed within"
                " {share:z.0%} of {loss}, before it fell again."
            ).format(begin=begin, end=end, share=STILL, loss=format_loss(height))
    return said


def judge_explosion(losses: Losses) -> str:
    """Say where the gradient exploded, and what the loss was then; empty where it did not."""
    found = find_explosion(losses)
    if found is None:
        return ""
    point, rise = found
    before = [each.val_loss for each in losses.points if each.step < point.step]
    norms = {"step": point.step, "norm": point.grad_norm_max, "rise": rise}
    if point.val_loss is None or before[-1] is None:
        return _(
            "Its gradient exploded before step {step:,}: the norm rose to {norm:z.3g}, {rise:z,.0f}"
            " times the median before."
        ).format(**norms)
    said = (
        _(
            "Its gradient exploded before step {step:,}: the norm rose to {norm:z.3g}, {rise:z,.0f}"
            " times the median before; the validation loss rose from {before} to {loss}."
        )
        if point.val_loss > before[-1]
        else _(
            "Its gradient exploded before step {step:,}: the norm rose to {norm:z.3g}, {rise:z,.0f}"
            " times the median before; the validation loss still fell from {before} to {loss}."
        )
    )
    return said.format(**norms, before=format_loss(before[-1]), loss=format_loss(point.val_loss))


def judge_training(losses: Losses) -> str:
    """Say whether the loss was still falling at the end; empty where that cannot be told."""
    points = [(point.step, point.val_loss) for point in losses.points if point.val_loss is not None]
    if losses.diverged or len(points) < 2 or losses.best_step is None:
        return ""
    last_step, last = points[-1]
    before = points[-1 - max(1, len(points) // 4)][1]
    if losses.best_step < last_step:
        return _(
            "It was best at step {best:,} of {last:,}: its validation loss did not fall any"
            " further."
        ).format(best=losses.best_step, last=last_step)
    if before - last > STILL_FALLING * before:
        return _(
            "Its loss still fell in the last quarter of the training, so that a longer one may"
            " lower it further."
        )
    return _("Its loss came to rest by the end of the training.")
