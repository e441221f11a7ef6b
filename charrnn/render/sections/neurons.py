"""What single units do."""

import math
from collections.abc import Sequence

from charrnn.language import gettext as _
from charrnn.language import gettext_noop
from charrnn.render.blocks import (
    Block,
    Chart,
    Prose,
    Section,
    Series,
    ShadedText,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.words import join_sentences
from charrnn.reports.neurons import (
    CLOSED_BELOW,
    OPEN_ABOVE,
    SIGNIFICANT,
    Activations,
    Follower,
    Gate,
    Neurons,
)

SMALLEST_P, WEAK = 0.0001, 0.1
MOSTLY = 0.9  # of the text
GATES = (
    gettext_noop("input"), gettext_noop("forget"), gettext_noop("output"),
    gettext_noop("reset"), gettext_noop("update"),
)  # fmt: skip
"""The names of gates that are translated; other cells may have others."""

KEEPING = {
    "gru": gettext_noop(
        "Where the update gate is open, a unit keeps its value; where it is closed, it takes a new"
        " one."
    ),
    "lstm": gettext_noop(
        "Where the forget gate is open, a unit keeps what it stores; where it is closed, it"
        " forgets."
    ),
    "mingru": gettext_noop(
        "Where the update gate is closed, a unit keeps its value; where it is open, it takes a new"
        " one."
    ),
}
"""What the gate does that decides how long a unit remembers, by cell."""


def build_section(report: Neurons) -> Section:
    """Show the units that follow properties, the best of them over a text, and the gates."""
    blocks = _build_followers(report) if report.followers else [_explain_no_followers(report)]
    blocks += (_build_shaded_text(report, activations) for activations in report.activations)
    if report.gates:
        blocks += _build_gates(report)
    return Section(_("Neurons"), blocks)


def _build_followers(report: Neurons) -> list[Block]:
    blocks: list[Block] = [
        Prose(
            _(
                "Each unit's output h over {characters:,} characters of {text} is correlated with"
                " properties of the text that small programs compute. The table has the units with"
                " the largest Pearson correlation r for each property. p: how often chance alone"
                " gives some unit a correlation at least this large with some property."
            ).format(characters=report.characters, text=_(report.text))
        )
    ]
    if report.absent:
        said = _("These properties do not occur in the text, or do not vary in it: {properties}.")
        blocks.append(Prose(said.format(properties=_(", ").join(map(_, report.absent)))))
    columns = (
        *text_columns(_("property"), _("unit")),
        *numeric_columns("r", "p"),
        *text_columns(""),
    )
    rows = [_build_follower_row(report, follower) for follower in report.followers]
    bars = [abs(follower.correlation) for follower in report.followers]
    return [*blocks, Table(columns, rows, bars)]


def _explain_no_followers(report: Neurons) -> Block:
    return Prose(
        _(
            "In {characters:,} characters of {text}, no property that a unit could follow varies:"
            " not quotes, lines, brackets, sentences or scripts."
        ).format(characters=report.characters, text=_(report.text))
    )


def _build_follower_row(report: Neurons, follower: Follower) -> tuple[str, ...]:
    p = f"{follower.p:z.4f}" if follower.p >= SMALLEST_P else f"< {SMALLEST_P}"
    remark = _("weak") if abs(follower.correlation) < WEAK else ""
    if follower.p > SIGNIFICANT:
        remark = _("may be chance")
    unit = _unit_name(report, follower.layer, follower.unit)
    return (_(follower.property), unit, f"{follower.correlation:+z.3f}", p, remark)


def _build_shaded_text(report: Neurons, activations: Activations) -> ShadedText:
    followed = [
        (each.property, each.values[activations.unit])
        for each in report.correlations
        if each.layer == activations.layer
    ]
    # Units of a trained network often stay far from 1, so the shades go as far as this unit does.
    top = float(f"{max(map(abs, activations.values)):z.1g}") or 1.0
    return ShadedText(
        title=_title(_unit_name(report, activations.layer, activations.unit), followed),
        text=report.shown,
        values=activations.values,
        low=-top,
        high=top,
        unit="",
    )


def _title(unit: str, followed: Sequence[tuple[str, float]]) -> str:
    """Name a unit, and the property that it follows most closely."""
    if not followed:
        return _("unit {unit}").format(unit=unit)
    name, r = max(followed, key=lambda pair: abs(pair[1]))
    return _("unit {unit}: {property}, r = {r:+z.2f}").format(unit=unit, property=_(name), r=r)


def _build_gates(report: Neurons) -> list[Block]:
    columns = (
        *text_columns(_("gate")),
        *numeric_columns(_("closed"), _("open"), _("units closed"), _("units open")),
    )
    return [
        Prose(_explain_gates(report.cell)),
        Chart(
            _("gates, one mark for each unit"),
            _("share of the text at which it is open"),
            _("share at which it is closed"),
            [Series(_gate_name(report, gate), gate.open, gate.shut) for gate in report.gates],
            joined=False,
            span=(0.0, 1.0),
        ),
        Table(columns, [_build_gate_row(report, gate) for gate in report.gates]),
    ]


def _explain_gates(cell: str) -> str:
    return join_sentences(
        [
            _(
                "A gate is a number from 0 to 1, computed at every step for every unit, that"
                " decides how much passes."
            ),
            _(KEEPING.get(cell, "")),
            _(
                "For each gate, how often it is nearly closed (below {low}) or nearly open (above"
                " {high}). The table has the mean over all units, and the number of units whose"
                " gate is closed, or open, for more than {share:z.0%} of the text."
            ).format(low=CLOSED_BELOW, high=OPEN_ABOVE, share=MOSTLY),
        ]
    )


def _unit_name(report: Neurons, layer: int, unit: int) -> str:
    if report.layers == 1:
        return f"{unit}"
    return _("{unit} of layer {layer}").format(unit=unit, layer=layer + 1)


def _gate_name(report: Neurons, gate: Gate) -> str:
    name = _(gate.name) if gate.name in GATES else gate.name
    if report.layers == 1:
        return name
    return _("{gate} of layer {layer}").format(gate=name, layer=gate.layer + 1)


def _build_gate_row(report: Neurons, gate: Gate) -> tuple[str, ...]:
    return (
        _gate_name(report, gate),
        f"{math.fsum(gate.shut) / len(gate.shut):z.0%}",
        f"{math.fsum(gate.open) / len(gate.open):z.0%}",
        f"{sum(share > MOSTLY for share in gate.shut):,}",
        f"{sum(share > MOSTLY for share in gate.open):,}",
    )
