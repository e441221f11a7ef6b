"""The gradients and updates of a training, below its losses."""

from collections.abc import Sequence
from statistics import median

from charrnn.language import gettext as _
from charrnn.render.blocks import Block, Chart, Prose, Series
from charrnn.render.words import join_sentences
from charrnn.reports.loss import Losses, LossPoint

EXPLODED = 20
"""The rise of the norm that is an explosion: 1 to 8 in trainings that went well, above 100 in
those whose loss jumped."""
LEAST_SHARE = 0.001


def build_gradient_charts(reports: Sequence[Losses]) -> list[Block]:
    """Draw the norm of the gradient for each run, and the sizes of the updates of a single run.

    Runs of version 0.1.0, whose logs do not have them, are left out.
    """
    series = [line for report in reports for line in _draw_norms(report, alone=len(reports) == 1)]
    if not series:
        return []
    clips = sorted({report.clip for report in reports if report.clip})
    explanation = _(
        "The norm of the gradient, before clipping, since the evaluation before: where it jumps far"
        " above what it was, the gradient explodes: compare the loss at the same step. In the first"
        " steps it is large in every training, which is no explosion. Clipping shortens a gradient"
        " above the level. AdamW divides by the size of recent gradients, with clipping or without,"
        " so that the surest remedy is a lower learning rate."
    )
    levels = [(_("clipped above {norm:g}").format(norm=clip), clip) for clip in clips]
    blocks: list[Block] = [
        Prose(join_sentences([explanation, *map(_describe_norms, reports)])),
        Chart(
            _("norm of the gradient by step"), _("step"), _("norm"), series,
            log_y=True, levels=levels,
        ),
    ]  # fmt: skip
    if len(reports) == 1 and (ratios := _draw_ratios(reports[0])):
        blocks += [
            Prose(
                _(
                    "The norm of an update over that of the weights: how much a step changes each"
                    " group of weights. With the cosine schedule, the learning rate and the updates"
                    " end at zero."
                )
            ),
            Chart(
                _("size of the updates by step"), _("step"), _("update / weights"), ratios,
                log_y=True,
            ),
        ]  # fmt: skip
    return blocks


def _describe_norms(report: Losses) -> str:
    """Say how large the norms were, and how often they were clipped."""
    if not (norms := _list_norms(report)):
        return ""
    said = (
        _("In {model}, the largest norm was {norm:z.3g}: the gradient exploded.")
        if find_explosion(report)
        else _("In {model}, the largest norm was {norm:z.3g}: the gradient did not explode.")
    )
    largest = max(largest for *__, largest in norms)
    said = said.format(model=report.model, norm=largest)
    return join_sentences([said, _describe_clipping(report)])


def _describe_clipping(report: Losses) -> str:
    """Say how often gradients were clipped; empty where they were not to be."""
    shares = [point.clipped for point in report.points if point.clipped is not None]
    if not (shares and report.clip):
        return ""
    share = sum(shares) / len(shares)
    if 0 < share < LEAST_SHARE:
        return _("Less than {share:z.1%} of the updates were clipped.").format(share=LEAST_SHARE)
    return _("{share:z.1%} of the updates were clipped.").format(share=share)


def find_explosion(report: Losses) -> tuple[LossPoint, float] | None:
    """Return the evaluation before which the norm rose furthest, if it exploded, and how far.

    That is the largest norm since the evaluation before, over the median of all means until then.
    """
    norms = _list_norms(report)
    rises = [
        (largest / median(mean for __, mean, _largest in norms[:at]), point)
        for at, (point, __, largest) in enumerate(norms)
        if at
    ]
    rise, point = max(rises, key=lambda each: each[0], default=(0.0, None))
    return None if point is None or rise < EXPLODED else (point, rise)


def _list_norms(report: Losses) -> list[tuple[LossPoint, float, float]]:
    """Return the evaluations that have norms, each with its mean and its largest norm."""
    return [
        (point, point.grad_norm, point.grad_norm_max)
        for point in report.points
        if point.grad_norm and point.grad_norm_max
    ]


def _draw_norms(report: Losses, *, alone: bool) -> list[Series]:
    """Draw the mean and the largest norm; for one of several runs, only the largest."""
    measured = [point for point in report.points if point.grad_norm is not None]
    steps = [point.step for point in measured]
    if not steps:
        return []
    largest = [point.grad_norm_max or 0.0 for point in measured]
    if not alone:
        return [Series(report.model, steps, largest, model=report.model)]
    mean = [point.grad_norm or 0.0 for point in measured]
    return [Series(_("mean"), steps, mean), Series(_("largest"), steps, largest)]


def _draw_ratios(report: Losses) -> list[Series]:
    groups: dict[str, list[tuple[int, float]]] = {}
    for point in report.points:
        for name, ratio in _name_ratios(point):
            if ratio:
                groups.setdefault(name, []).append((point.step, ratio))
    return [
        Series(name, [step for step, __ in points], [ratio for __, ratio in points])
        for name, points in groups.items()
    ]


def _name_ratios(point: LossPoint) -> list[tuple[str, float | None]]:
    if point.update_ratio is None:
        return []
    ratio = point.update_ratio
    several = len(ratio.input) > 1
    named: list[tuple[str, float | None]] = []
    for group, layers in ((_("input"), ratio.input), (_("recurrent"), ratio.recurrent)):
        named += [
            (
                _("{group}, layer {layer}").format(group=group, layer=layer) if several else group,
                each,
            )
            for layer, each in enumerate(layers, 1)
        ]
    return [*named, (_("output"), ratio.output)]
