"""What a difference in the past still changes."""

from collections.abc import Sequence

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.render.blocks import (
    Block,
    Chart,
    Column,
    Facts,
    Prose,
    Section,
    Series,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.model_names import name_model
from charrnn.render.sections.score import format_shares
from charrnn.render.words import join_sentences, show_text
from charrnn.reports.compare import ComparedModel, Comparison

FORGOTTEN = 0.01
"""Nats below which two predictions are called nearly the same."""


def build_section(report: Comparison) -> Section:
    """Say what each model still knows at the end, then show how it goes on, then every position."""
    blocks: list[Block] = [
        Facts(
            [
                *((name, show_text(text)) for name, text in zip("AB", report.texts, strict=True)),
                (
                    _("common end"),
                    show_text(report.common) or _("none: compared at their ends only"),
                ),
            ]
        ),
        Prose(_explain(report)),
        _build_end_table(report.models),
        _build_continuations(report),
    ]
    if report.common:
        blocks += _build_charts(report.models)
    return Section(_("What the past changes"), blocks)


def _explain(report: Comparison) -> str:
    distance = len(report.common)
    sentences = [
        (
            ngettext(
                "The texts differ before their last {n:,} character.",
                "The texts differ before their last {n:,} characters.",
                distance,
            ).format(n=distance)
            if distance
            else _("The texts do not end alike.")
        ),
        _(
            "KL is the divergence of the prediction after B from that after A, in nats: 0 if the"
            " model predicts the same after both. State is the root mean square of the difference"
            " of the outputs of all units; its size cannot be compared between models. Each text is"
            " continued with random numbers of its own, the same for all models, so that"
            " continuations differ even where the predictions are the same."
        ),
    ]
    sentences += [
        _judge_divergence(model.kl[-1]).format(
            model=name_model(model, report.models), kl=model.kl[-1]
        )
        for model in report.models
    ]
    return join_sentences(sentences)


def _judge_divergence(kl: float) -> str:
    """Return a sentence, with placeholders, that says how alike a model's predictions are."""
    if kl == 0:
        return _("{model} predicts the same after both.")
    if kl < FORGOTTEN:
        return _("{model} predicts nearly the same after both ({kl:z.2g} nats).")
    return _("{model} predicts differently ({kl:z.2g} nats).")


def _build_end_table(models: Sequence[ComparedModel]) -> Table:
    return Table(
        (
            *text_columns(_("model")),
            *numeric_columns("KL", _("state")),
            *text_columns(_("expected after A"), _("expected after B")),
        ),
        [
            (
                name_model(model, models),
                f"{model.kl[-1]:z.3g}",
                f"{model.state[-1]:z.3g}",
                *(
                    format_shares([(each.character, each.probability) for each in expected[:3]])
                    for expected in model.expected
                ),
            )
            for model in models
        ],
        title=_("at the end"),
    )


def _build_continuations(report: Comparison) -> Table:
    return Table(
        (*text_columns(_("model"), _("after")), Column(_("goes on with"), excerpt=True)),
        [
            (name_model(model, report.models), name, show_text(text))
            for model in report.models
            for name, texts in zip("AB", model.continuations, strict=True)
            for text in texts
        ],
        title=_("continuations (seed {seed})").format(seed=report.seed),
    )


def _build_charts(models: Sequence[ComparedModel]) -> list[Block]:
    def draw(title: str, y: str, attribute: str, *, log: bool) -> Chart:
        series = []
        for model in models:
            heights = getattr(model, attribute)
            series.append(
                Series(
                    name_model(model, models),
                    range(1, len(heights) + 1),
                    heights,
                    model=model.model,
                )
            )
        return Chart(title, _("characters since the difference"), y, series,
                     log_y=log, from_zero=not log)  # fmt: skip

    return [
        draw(_("difference of the predictions"), _("KL in nats"), "kl", log=False),
        draw(_("difference of the states"), _("root mean square"), "state", log=True),
    ]
