"""What single units do."""

import math

from charrnn.render.blocks import Chart, Prose, Section, Series, Shades, Table
from charrnn.reports.neurons import OPEN, SHUT, SIGNIFICANT, Follower, Gate, Neurons

SMALLEST, WEAK = 0.0001, 0.1


def neurons(report: Neurons) -> Section:
    """What units follow, how their gates stand, and the best of them over a text."""
    rows = [
        (one.property, _unit(report, one.layer, one.unit), f"{one.correlation:+.3f}",
         f"{one.p:.4f}" if one.p >= SMALLEST else f"< {SMALLEST}", _remark(one))
        for one in report.followers
    ]  # fmt: skip
    blocks: list[Prose | Table | Shades | Chart] = [
        Prose(
            f"Each unit's output h over {report.characters:,} characters of {report.text}, held"
            " against properties of the text that a program finds: the units that follow each"
            " most closely, by Pearson's correlation. p is the chance that, if none followed any,"
            " one of all units would follow one of all properties as closely."
        ),
        Table(("property", "unit", "r", "p", ""), rows, "23",
              [abs(one.correlation) for one in report.followers]),
    ]  # fmt: skip
    for one in report.activations:
        followed = next(
            other
            for other in report.followers
            if (other.layer, other.unit) == (one.layer, one.unit)
        )
        name = _unit(report, one.layer, one.unit)
        title = f"unit {name}: {followed.property}, r = {followed.correlation:+.2f}"
        top = float(f"{max(map(abs, one.values)):.1g}") or 1.0  # a unit need not go as far as 1
        blocks.append(Shades(title, report.shown, one.values, -top, top, ""))
    if report.gates:
        blocks += [
            Prose(
                f"Gates: how often one is nearly shut (below {SHUT}) or nearly open (above {OPEN})."
                " A forget gate that is always open keeps what it has; one that is always shut"
                " remembers nothing. The mean over units, and how many units are so nine times in"
                " ten."
            ),
            Chart(
                "gates, one mark a unit",
                "share of the text at which it is open",
                "share at which it is shut",
                [Series(_gate_name(report, gate), gate.open, gate.shut) for gate in report.gates],
                joined=False,
                span=(0.0, 1.0),
            ),
            Table(
                ("gate", "shut", "open", "units shut", "units open"),
                [_gate(report, gate) for gate in report.gates],
                "1234",
            ),
        ]
    return Section("Neurons", blocks)


def _remark(one: Follower) -> str:
    if one.p > SIGNIFICANT:
        return "may be chance"
    return "" if abs(one.correlation) >= WEAK else "weak"


def _unit(report: Neurons, layer: int, unit: int) -> str:
    return f"{unit} of layer {layer + 1}" if report.layers > 1 else f"{unit}"


def _gate_name(report: Neurons, gate: Gate) -> str:
    return f"{gate.name} of layer {gate.layer + 1}" if report.layers > 1 else gate.name


def _gate(report: Neurons, gate: Gate) -> tuple[str, ...]:
    return (
        _gate_name(report, gate),
        f"{math.fsum(gate.shut) / len(gate.shut):.0%}",
        f"{math.fsum(gate.open) / len(gate.open):.0%}",
        f"{sum(share > OPEN for share in gate.shut):,}",
        f"{sum(share > OPEN for share in gate.open):,}",
    )
