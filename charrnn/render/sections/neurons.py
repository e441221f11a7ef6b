"""What single units do."""

import math
from collections.abc import Sequence

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
FOLLOWER_COLUMNS = (
    *text_columns("property", "unit"),
    *numeric_columns("r", "p"),
    *text_columns(""),
)
GATE_COLUMNS = (
    *text_columns("gate"),
    *numeric_columns("closed", "open", "units closed", "units open"),
)


KEEPING = {
    "gru": " Where the update gate is open, a unit keeps its value; where it is closed, it takes a"
    " new one.",
    "lstm": " Where the forget gate is open, a unit keeps what it stores; where it is closed, it"
    " forgets.",
    "mingru": " Where the update gate is closed, a unit keeps its value; where it is open, it takes"
    " a new one.",
}
"""What the gate does that decides how long a unit remembers, by cell."""


def build_section(report: Neurons) -> Section:
    """Show the units that follow properties, the best of them over a text, and the gates."""
    blocks = _build_followers(report) if report.followers else [_explain_no_followers(report)]
    blocks += (_build_shaded_text(report, activations) for activations in report.activations)
    if report.gates:
        blocks += _build_gates(report)
    return Section("Neurons", blocks)


def _build_followers(report: Neurons) -> list[Block]:
    blocks: list[Block] = [
        Prose(
            f"Each unit's output h over {report.characters:,} characters of {report.text}"
            " is correlated with properties of the text that small programs compute. The table has"
            " the units with the largest Pearson correlation r for each property. p: how often"
            " chance alone gives some unit a correlation at least this large with some property."
        )
    ]
    if report.absent:
        names = ", ".join(report.absent)
        blocks.append(
            Prose(f"These properties do not occur in the text, or do not vary in it: {names}.")
        )
    rows = [_build_follower_row(report, follower) for follower in report.followers]
    bars = [abs(follower.correlation) for follower in report.followers]
    return [*blocks, Table(FOLLOWER_COLUMNS, rows, bars)]


def _explain_no_followers(report: Neurons) -> Block:
    return Prose(
        f"In {report.characters:,} characters of {report.text}, no property that a unit could"
        " follow varies: not quotes, lines, brackets, sentences or scripts."
    )


def _build_follower_row(report: Neurons, follower: Follower) -> tuple[str, ...]:
    p = f"{follower.p:z.4f}" if follower.p >= SMALLEST_P else f"< {SMALLEST_P}"
    remark = "weak" if abs(follower.correlation) < WEAK else ""
    if follower.p > SIGNIFICANT:
        remark = "may be chance"
    unit = _unit_name(report, follower.layer, follower.unit)
    return (follower.property, unit, f"{follower.correlation:+z.3f}", p, remark)


def _build_shaded_text(report: Neurons, activations: Activations) -> ShadedText:
    name = _unit_name(report, activations.layer, activations.unit)
    followed = [
        (each.property, each.values[activations.unit])
        for each in report.correlations
        if each.layer == activations.layer
    ]
    # Units of a trained network often stay far from 1, so the shades go as far as this unit does.
    top = float(f"{max(map(abs, activations.values)):z.1g}") or 1.0
    return ShadedText(
        title=f"unit {name}{_describe_closest(followed)}",
        text=report.shown,
        values=activations.values,
        low=-top,
        high=top,
        unit="",
    )


def _describe_closest(followed: Sequence[tuple[str, float]]) -> str:
    """Name the property that a unit follows most closely."""
    if not followed:
        return ""
    name, r = max(followed, key=lambda pair: abs(pair[1]))
    return f": {name}, r = {r:+z.2f}"


def _build_gates(report: Neurons) -> list[Block]:
    return [
        Prose(
            "A gate is a number from 0 to 1, computed at every step for every unit, that decides"
            f" how much passes.{KEEPING.get(report.cell, '')} For each gate, how often it is nearly"
            f" closed (below {CLOSED_BELOW}) or nearly open (above {OPEN_ABOVE}). The table has the"
            " mean over all units, and the number of units whose gate is closed, or open, for more"
            f" than {MOSTLY:z.0%} of the text."
        ),
        Chart(
            "gates, one mark for each unit",
            "share of the text at which it is open",
            "share at which it is closed",
            [Series(_gate_name(report, gate), gate.open, gate.shut) for gate in report.gates],
            joined=False,
            span=(0.0, 1.0),
        ),
        Table(GATE_COLUMNS, [_build_gate_row(report, gate) for gate in report.gates]),
    ]


def _unit_name(report: Neurons, layer: int, unit: int) -> str:
    return f"{unit} of layer {layer + 1}" if report.layers > 1 else f"{unit}"


def _gate_name(report: Neurons, gate: Gate) -> str:
    return f"{gate.name} of layer {gate.layer + 1}" if report.layers > 1 else gate.name


def _build_gate_row(report: Neurons, gate: Gate) -> tuple[str, ...]:
    return (
        _gate_name(report, gate),
        f"{math.fsum(gate.shut) / len(gate.shut):z.0%}",
        f"{math.fsum(gate.open) / len(gate.open):z.0%}",
        f"{sum(share > MOSTLY for share in gate.shut):,}",
        f"{sum(share > MOSTLY for share in gate.open):,}",
    )
