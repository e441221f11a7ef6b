"""How much of each model's computation waits for the step before."""

from collections.abc import Callable, Sequence

from charrnn.language import gettext as _
from charrnn.language import ngettext
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
from charrnn.render.words import join_sentences
from charrnn.reports.sequential import SequentialProducts, UpdateTime


def build_section(reports: Sequence[SequentialProducts]) -> Section:
    """Explain which products wait, then show their number, and times, for each model."""
    counted = Table(
        (
            *text_columns(_("model")),
            *numeric_columns(_("streams"), _("window"), _("products that wait"), _("of all work")),
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
        _("Waiting"),
        [
            Prose(
                _(
                    "A step of a recurrent network needs the state of the step before. So its"
                    " products with the recurrent weights are computed one after another, as many"
                    " as a window has characters, and leave a processor that could compute all at"
                    " once partly idle. All other products are computed for a whole window at once."
                    " The streams of a batch make each step larger, but not sooner. A cell without"
                    " recurrent weights (feedforward, mingru) has no product that waits."
                )
            ),
            counted,
            *_show_times(reports),
        ],
    )


def _show_times(reports: Sequence[SequentialProducts]) -> list[Block]:
    """Show the time of an update, and how much of the machine it uses, by streams and window."""
    first = reports[0]
    disturbed = any(update.disturbed for report in reports for update in report.updates)
    sizes = [f"{update.streams} × {update.window:,}" for update in first.updates]
    sentences = [
        ngettext(
            "Measured on this machine: the time of an update, and its share of the speed that its"
            " core reaches in products of large matrices.",
            "Measured on this machine: the time of an update, and its share of the speed that all"
            " {n} cores reach in products of large matrices.",
            first.cores,
        ).format(n=first.cores),
        _(
            "With a low share the machine is mostly idle. One stream is one text that is read from"
            " left to right: only one core has work, and a longer window does not help much where"
            " each step waits for the one before. With 16 streams, 16 steps are made at once, and"
            " the cores share the streams, as in a training."
        ),
    ]
    if disturbed:
        said = _("Other programs disturbed the times marked {mark}.")
        sentences.append(said.format(mark=DISTURBED))
    share = _("share of the machine's peak, by streams × window")
    milliseconds = _("milliseconds of an update, by streams × window")
    return [
        Prose(join_sentences(sentences)),
        _build_table(reports, sizes, share, _share),
        _build_table(reports, sizes, milliseconds, _time),
    ]


def _build_table(
    reports: Sequence[SequentialProducts],
    sizes: Sequence[str],
    title: str,
    cell: Callable[[UpdateTime], str],
) -> Table:
    rows = [(name_model(report, reports), *map(cell, report.updates)) for report in reports]
    return Table((*text_columns(_("model")), *numeric_columns(*sizes)), rows, title=title)


def _share(update: UpdateTime) -> str:
    return f"{update.share:z.0%}"


def _time(update: UpdateTime) -> str:
    return f"{DISTURBED if update.disturbed else ''}{1000 * update.seconds:z,.3g}"
