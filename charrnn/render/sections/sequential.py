"""How much of each model's computation waits for the step before."""

from collections.abc import Sequence

from charrnn.render.blocks import (
    Prose,
    Section,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.model_names import name_model
from charrnn.reports.sequential import SequentialProducts


def build_section(reports: Sequence[SequentialProducts]) -> Section:
    """Explain which products wait, and show their number and share for each model."""
    return Section(
        "Waiting",
        [
            Prose(
                "A step of a recurrent network needs the state of the step before. So its products"
                " with the recurrent weights are computed one after another, as many as a window"
                " has characters, and leave a processor that could compute all at once partly idle."
                " All other products are computed for a whole window at once. The streams of a"
                " batch make each step larger, but not sooner. A cell without recurrent weights"
                " (feedforward, mingru) has no product that waits. The report on speed measures"
                " what this costs on your machine."
            ),
            Table(
                (
                    *text_columns("model"),
                    *numeric_columns("streams", "window", "products that wait", "of all work"),
                ),
                [
                    (
                        name_model(report, reports),
                        f"{report.streams:,}",
                        f"{report.window:,}",
                        f"{report.steps * report.layers:,}",
                        f"{report.share:z.0%}",
                    )
                    for report in reports
                ],
            ),
        ],
    )
