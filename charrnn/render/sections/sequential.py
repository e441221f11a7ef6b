"""How much of each model's computation waits for the step before."""

from collections.abc import Sequence

from charrnn.render.blocks import (
    Block,
    Prose,
    Section,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.model_names import name_model
from charrnn.render.sections.speed import DISTURBED
from charrnn.reports.sequential import SequentialProducts


def build_section(reports: Sequence[SequentialProducts]) -> Section:
    """Explain which products wait, then show their number, and times, for each model."""
    counted = Table(
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
    )
    return Section(
        "Waiting",
        [
            Prose(
                "A step of a recurrent network needs the state of the step before. So its products"
                " with the recurrent weights are computed one after another, as many as a window"
                " has characters, and leave a processor that could compute all at once partly idle."
                " All other products are computed for a whole window at once. The streams of a"
                " batch make each step larger, but not sooner. A cell without recurrent weights"
                " (feedforward, mingru) has no product that waits."
            ),
            counted,
            *_show_times(reports),
        ],
    )


def _show_times(reports: Sequence[SequentialProducts]) -> list[Block]:
    """Show the time of an update, and how much of the processor it uses, by window."""
    windows = [update.window for update in reports[0].updates]
    disturbed = any(update.disturbed for report in reports for update in report.updates)
    return [
        Prose(
            "Measured here with one stream, on one core: the time of an update, and its share of"
            " the speed that the core reaches in products of large matrices. A low share means that"
            " most of the core is idle. In a longer window it rises, because what does not wait is"
            " computed for all its characters at once, but it rises most for a network in which"
            " nothing waits."
            + f" Other programs disturbed the times marked {DISTURBED}."
            * disturbed
        ),
        Table(
            (
                *text_columns("model"),
                *numeric_columns(
                    *(f"{window:,} characters (ms)" for window in windows),
                    *(f"of the peak at {window:,}" for window in windows),
                ),
            ),
            [
                (
                    name_model(report, reports),
                    *(
                        f"{DISTURBED if update.disturbed else ''}{1000 * update.seconds:z,.3g}"
                        for update in report.updates
                    ),
                    *(f"{update.share:z.0%}" for update in report.updates),
                )
                for report in reports
            ],
            title="time of an update by window",
        ),
    ]
