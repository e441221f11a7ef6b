"""The network unrolled over a text."""

from charrnn.language import gettext as _
from charrnn.render.blocks import (
    Block,
    Prose,
    Section,
    Table,
    UnrolledNetwork,
    numeric_columns,
    text_columns,
)
from charrnn.render.sections.score import format_shares
from charrnn.render.words import show_character
from charrnn.reports.unroll import STEPS_AT_MOST, Step, Unrolled

STEPS_DRAWN, SHOWN = 200, 3


def build_section(report: Unrolled) -> Section:
    """Draw the first steps, and show all steps as a table."""
    blocks: list[Block] = [
        _explain_drawing(report),
        _build_drawing(report),
        Prose(
            _(
                "|h| is the length of the state vector, |Δh| the length of its change in this step,"
                " and units are those whose output is furthest from zero. The last columns have the"
                " character that comes next in the text, and the probability that the model gave"
                " it."
            )
        ),
        _build_table(report),
    ]
    if report.unknown:
        skipped = _("Characters skipped because the model does not know them: {count:,}.")
        blocks.append(Prose(skipped.format(count=report.unknown)))
    if report.unread:
        unread = _("Characters not read (limit {limit:,}): {count:,}.")
        blocks.append(Prose(unread.format(limit=STEPS_AT_MOST, count=report.unread)))
    return Section(_("Unrolled"), blocks)


def _explain_drawing(report: Unrolled) -> Prose:
    text = (
        _(
            "One network ({cell}, {layers} × {hidden} units, {parameters:,} parameters), drawn once"
            " for each step. Every step uses the same weights. Only the state differs, which each"
            " step takes from the step before: this is the loop, unrolled. The squares in a box (on"
            " a terminal, bars) are the outputs of those units that vary most over the text."
        )
        if report.loops
        else _(
            "One network ({cell}, {layers} × {hidden} units, {parameters:,} parameters), drawn once"
            " for each step. Every step uses the same weights. There is no loop: a step takes"
            " nothing from the step before, so it knows only the character that it reads. The"
            " squares in a box (on a terminal, bars) are the outputs of those units that vary most"
            " over the text."
        )
    )
    return Prose(
        text.format(
            cell=report.cell, layers=report.layers, hidden=report.hidden,
            parameters=report.parameters,
        )
    )  # fmt: skip


def _build_drawing(report: Unrolled) -> UnrolledNetwork:
    steps = report.steps[:STEPS_DRAWN]
    return UnrolledNetwork(
        title=_("the network and its steps"),
        read=[step.character for step in steps],
        expected=[_list_expected(step) for step in steps],
        cell=report.cell,
        states=[step.state for step in steps],
        loops=report.loops,
    )


def _build_table(report: Unrolled) -> Table:
    columns = [
        *text_columns(_("read")),
        *numeric_columns("|h|", "|Δh|"),
        *text_columns(_("units"), _("expected"), _("next")),
        *numeric_columns(_("chance")),
    ]
    chances = [step.probability or 0.0 for step in report.steps]
    return Table(columns, list(map(_build_row, report.steps)), chances)


def _list_expected(step: Step) -> list[tuple[str, float]]:
    return [(expected.character, expected.probability) for expected in step.expected[:SHOWN]]


def _build_row(step: Step) -> tuple[str, ...]:
    return (
        show_character(step.character),
        f"{step.norm:z.2f}",
        f"{step.change:z.2f}",
        " ".join(f"{unit.unit}:{unit.activation:+z.1f}" for unit in step.active[:SHOWN]),
        format_shares(_list_expected(step)),
        "" if step.following is None else show_character(step.following),
        "" if step.probability is None else f"{step.probability:z.1%}",
    )
