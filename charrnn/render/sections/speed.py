"""How fast a model trains and samples."""

from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.render.blocks import (
    Block,
    Chart,
    Facts,
    Prose,
    Section,
    Series,
    Table,
    numeric_columns,
)
from charrnn.reports.speed import Speed, SpeedPoint, Waiting

DISTURBED = "(!)"


@dataclass(frozen=True)
class _Measured:
    """Speeds by one setting, the ``unit`` of the setting, and a ``lesson`` from the speeds.

    They have a chart unless another one shows more of the setting.
    """

    title: str
    unit: str
    settings: Sequence[int]
    points: Sequence[SpeedPoint]
    lesson: str
    has_chart: bool = True


def build_section(report: Speed) -> Section:
    """Show four tables, each with an explanation, and four charts."""
    measured = _list_measurements(report)
    blocks: list[Block] = [_build_facts(report)]
    if report.is_disturbed:
        blocks.append(
            Prose(
                _(
                    "Other programs disturbed the figures marked {mark}, which are too low even"
                    " after they were measured again. Measure on an idle machine."
                ).format(mark=DISTURBED)
            )
        )
    for part in measured:
        blocks += [_build_table(part), Prose(part.lesson)]
    blocks += _build_waiting(report)
    charts = [_build_chart(part) for part in measured if part.has_chart]
    return Section(_("Speed"), [*blocks, *charts])


def _build_waiting(report: Speed) -> list[Block]:
    """Show how the time of an update grows with the window, and what makes it shorter."""
    if not report.waiting:
        return []
    series = [
        Series(
            _name_waiting(each),
            [float(point.window) for point in each.points],
            [_milliseconds(point) for point in each.points],
        )
        for each in report.waiting
    ]
    title = _("time of an update by window")
    heads = [_("{setting} (ms)").format(setting=_name_waiting(each)) for each in report.waiting]
    windows = [point.window for point in report.waiting[0].points]
    rows = [
        [f"{window:,}", *(f"{_milliseconds(each.points[at]):z,.3g}" for each in report.waiting)]
        for at, window in enumerate(windows)
    ]
    return [
        Prose(
            _(
                "The time of an update by the length of its window. Each step waits for the step"
                " before: twice as long a window takes twice as long, however many processors there"
                " are. Streams take their steps side by side, so that 16 times the text takes less"
                " than 16 times as long, and workers share the streams. A mingru's products do not"
                " wait for the step before: each is computed for the whole window at once."
            )
        ),
        Chart(
            title, _("characters in a window"), _("milliseconds"), series, log_x=True, log_y=True,
        ),
        Table(numeric_columns(_("window"), *heads), rows, title=title),
    ]  # fmt: skip


def _name_waiting(waiting: Waiting) -> str:
    streams = ngettext("{n} stream", "{n} streams", waiting.streams).format(n=waiting.streams)
    if waiting.workers == 1:
        return _("{cell}, {streams}").format(cell=waiting.cell, streams=streams)
    return _("{cell}, {streams}, {n} workers").format(
        cell=waiting.cell, streams=streams, n=waiting.workers
    )


def _milliseconds(point: SpeedPoint) -> float:
    """Return the time of an update."""
    return 1000 * point.streams * point.window / point.chars_per_second


def _build_facts(report: Speed) -> Facts:
    one_core, all_cores = report.peak
    peak = (
        _("{one:z,.0f} GFLOP/s on one core, {all:z,.0f} on {n} cores (large matrix products)")
        if report.cores > 1
        else _("{one:z,.0f} GFLOP/s on one core (large matrix products)")
    ).format(one=one_core, all=all_cores, n=report.cores)
    cell = _("{cell}, {layers} × {hidden} units").format(
        cell=report.cell, layers=report.layers, hidden=report.hidden
    )
    vocabulary = ngettext(
        "{n:,} distinct character", "{n:,} distinct characters", report.distinct
    ).format(n=report.distinct)
    return Facts(
        [
            (_("model"), report.model),
            (_("cell"), cell),
            (_("vocabulary"), vocabulary),
            (_("peak"), f"{peak} {DISTURBED}" if report.peak_disturbed else peak),
        ]
    )


def _list_measurements(report: Speed) -> list[_Measured]:
    by_streams, by_window, by_workers = (
        report.by_streams[0], report.by_window[0], report.by_workers[-1],
    )  # fmt: skip
    return [
        _Measured(
            _("training by streams (window {window}, 1 worker)").format(window=by_streams.window),
            _("streams"),
            [point.streams for point in report.by_streams],
            report.by_streams,
            _(
                "Each step waits for the step before, so a single stream leaves most of the"
                " processor idle. Streams take their steps together."
            ),
        ),
        _Measured(
            _("training by window (batch {batch}, 1 worker)").format(batch=by_window.streams),
            _("window"),
            [point.window for point in report.by_window],
            report.by_window,
            _(
                "A longer window saves only work that is done once per update. Its steps still come"
                " one after another."
            ),
            has_chart=False,
        ),
        _Measured(
            _("training by workers (batch {batch}, window {window})").format(
                batch=by_workers.streams, window=by_workers.window
            ),
            _("workers"),
            [point.workers for point in report.by_workers],
            report.by_workers,
            _("Workers share the streams. They wait for each other twice per update."),
        ),
        _Measured(
            _("sampling by samples side by side"),
            _("samples"),
            [point.streams for point in report.sampling],
            report.sampling,
            _(
                "Each character waits for the character before, and for all weights to be read from"
                " memory. Samples side by side share that reading."
            ),
        ),
    ]


def _build_table(part: _Measured) -> Table:
    fastest = max(point.chars_per_second for point in part.points)
    rows = [
        (
            f"{setting:,}",
            f"{DISTURBED if point.disturbed else ''}{point.chars_per_second:z,.0f}",
            f"{point.gflops:z,.1f}",
            f"{point.share:z.0%}",
        )
        for setting, point in zip(part.settings, part.points, strict=True)
    ]
    bars = [point.chars_per_second / fastest for point in part.points]
    columns = numeric_columns(part.unit, _("characters/s"), "GFLOP/s", _("of the peak"))
    return Table(columns, rows, bars, part.title)


def _build_chart(part: _Measured) -> Chart:
    speeds = [point.chars_per_second for point in part.points]
    return Chart(
        part.title, part.unit, _("characters per second"), [Series("", part.settings, speeds)],
        log_x=True, from_zero=True, in_text=False,
    )  # fmt: skip
