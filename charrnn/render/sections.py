"""Each report as sections of blocks, with a sentence on how to read it.

Not here: how blocks are drawn (terminal.py, plot.py, page.py).
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence

from charrnn.render.blocks import (
    Chart,
    Facts,
    Prose,
    Section,
    Series,
    Shades,
    Table,
    Unrolled,
)
from charrnn.render.words import baselines, known, listed, loss, sign, worse
from charrnn.reports.gradients import VANISHED, Gradients, WayBack
from charrnn.reports.loss import Losses
from charrnn.reports.memory import Memory
from charrnn.reports.memory import Point as Given
from charrnn.reports.neurons import OPEN, SHUT, Gate, Neurons
from charrnn.reports.overview import Overview
from charrnn.reports.runs import Group, Runs
from charrnn.reports.score import BEGINNING, CONTEXT, Piece, Scored
from charrnn.reports.speed import Point as Measured
from charrnn.reports.speed import Speed
from charrnn.reports.summary import Summary
from charrnn.reports.unroll import Unrolled as UnrolledReport
from charrnn.reports.vocab import Characters

EACH_CHARACTER_UP_TO = 120
LARGEST_SHADE = 8.0  # nats
DRAWN_STEPS, SHOWN = 10, 3
LAGS_SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SIGNIFICANT = 0.05
LESSONS = (
    (
        "Each step waits for the one before: one stream leaves the processor idle. Streams take"
        " their steps together."
    ),
    "A longer window is no way out: its steps still come one after the other.",
    "Workers share the streams, which wait for each other but once an update.",
    (
        "A character waits for the one before, and for all weights to be read. Samples side by side"
        " share that reading."
    ),
)
"""Of speed by streams, window, workers and samples."""


def overview(report: Overview) -> list[Section]:
    """From what the model is to what its units do."""
    return [
        *map(summary, report.summaries),
        losses(report.losses),
        unrolled(report.unrolled),
        gradients(report.gradients),
        memory(report.memories),
        score(report.score),
        *map(neurons, report.neurons),
        vocab(report.vocab),
    ]


def summary(report: Summary) -> Section:
    """Everything about one model."""
    corpus, training, found = report.corpus, report.training, report.baselines
    rows = {
        "model": report.model,
        "cell": f"{report.cell}, {report.layers} × {report.hidden} units",
        "parameters": f"{report.parameters:,}",
        **{f"  {part}": f"{size:,}" for part, size in report.parts.items()},
        "corpus": listed(corpus.files),
        "  characters": f"{corpus.characters:,}: {corpus.training_characters:,} train,"
        f" {corpus.validation_characters:,} validate, {corpus.test_characters:,} test",
        "  vocabulary": known(corpus.distinct, found),
        "  encoding": f"{corpus.encoding}, newlines {corpus.newline}",
        "  fingerprint": f"sha256 {corpus.sha256}",
        "training": f"step {training.step:,}, epoch {training.epoch:.2f}, seed {training.seed}",
        "  settings": f"{training.batch} streams × {training.seq} characters, learning rate"
        f" {training.lr:g}",
        "": f"dropout {training.dropout:g}, of recurrent weights {training.recurrent_dropout:g}",
        "  train loss": loss(training.train_loss),
        "  val loss": loss(training.val_loss),
    }
    beside = [("  to beat", baselines(found))] if found else []
    return Section("The model", [Facts([*rows.items(), *beside, *worse(training.val_loss, found)])])


def losses(reports: Sequence[Losses]) -> Section:
    """One run's curves and figures, or several runs' validation losses."""
    series = []
    for report in reports:
        measured = [point for point in report.points if point.val_loss is not None]
        if len(reports) == 1:
            series.append(
                Series(
                    "training",
                    [point.step for point in report.points],
                    [point.train_loss for point in report.points],
                )
            )
        if measured:
            name = "validation" if len(reports) == 1 else report.model
            steps = [point.step for point in measured]
            series.append(Series(name, steps, [float(point.val_loss or 0) for point in measured]))
    blocks: list[Chart | Table | Prose] = [
        Prose(
            "Where the validation loss no longer falls while that of training does, the model"
            " begins to know its text by heart; the best one before is kept. In training, dropout"
            " and a state that is still learning make the loss higher than it would be."
        ),
        Chart("loss by step", "step", "nats a character", [one for one in series if one.x]),
    ]
    for report in reports:
        rows = []
        for point in report.points:
            val = "" if point.val_loss is None else f"{point.val_loss:.4f}"
            best = "best" if point.step == report.best_step else ""
            rows.append(
                (f"{point.step:,}", f"{point.epoch:.2f}", f"{point.train_loss:.4f}", val,
                 f"{point.lr:.2g}", best)
            )  # fmt: skip
        head = ("step", "epoch", "train", "val", "lr", "")
        blocks.append(Table(head, rows, "01234", title=report.model))
    if not any(report.points for report in reports):
        return Section("Learning", [Prose("no evaluation yet")])
    return Section("Learning", blocks)


def vocab(report: Characters) -> Section:
    """One row a character."""
    total = sum(row.count for row in report.characters)
    rows = [
        (
            sign(row.character), row.code_point, f"{row.count:,}", f"{row.count / total:.3%}",
            unicodedata.name(row.character, ""),
        )
        for row in report.characters
    ]  # fmt: skip
    title = f"{report.model}: {report.distinct:,} characters"
    head = ("character", "code point", "count", "share", "name")
    return Section("The alphabet", [Table(head, rows, "23", title=title)])


def score(report: Scored) -> Section:
    """The totals, then each character of a short text, or the hardest of a long one."""
    totals, beginning = report.totals, report.beginning
    each = totals.characters <= EACH_CHARACTER_UP_TO
    rows, bars = [], []
    if each:
        for at, character in enumerate(beginning.text):
            before, nats = beginning.text[max(0, at - CONTEXT) : at], float(beginning.surprise[at])
            rows.append(_surprising(before, character, nats, _likeliest(beginning, at)))
            bars.append(min(1.0, nats / LARGEST_SHADE))
    else:
        for one in report.hardest:
            rows.append(_surprising(one.before, one.character, one.nats, one.likeliest))
            bars.append(min(1.0, one.nats / LARGEST_SHADE))
    end = min(len(beginning.text), BEGINNING)
    shades = Shades(
        title="surprise" + (f", the first {end:,} characters" if end < totals.characters else ""),
        text=beginning.text[:end],
        values=beginning.surprise[:end].tolist(),
        low=0.0,
        high=LARGEST_SHADE,
        unit="nats",
        details=[_shares(_likeliest(beginning, at)) for at in range(end)],
    )
    title = "each character" if each else f"the {len(rows)} hardest"
    return Section(
        "Surprise",
        [
            Facts(
                [
                    ("characters", f"{totals.characters:,}"),
                    ("loss", loss(totals.nats)),
                    ("perplexity", f"{totals.perplexity:.3f}"),
                    ("in all", f"{totals.total_nats:,.2f} nats"),
                    ("unknown", f"{totals.unknown:,} characters, passed over"),
                ]
            ),
            Prose(
                "The darker a character, the less the model expected it: 0 nats is certainty,"
                " 0.7 one chance in two, 2.3 in ten, 4.6 in a hundred."
            ),
            shades,
            Table(("before", "character", "nats", "likeliest"), rows, "02", bars, title),
        ],
    )


def _surprising(
    before: str, character: str, nats: float, likeliest: Iterable[tuple[str, float]]
) -> tuple[str, ...]:
    return "".join(map(sign, before)), sign(character), f"{nats:.2f}", _shares(likeliest)


def _likeliest(piece: Piece, at: int) -> Iterable[tuple[str, float]]:
    return zip(piece.likeliest[at], piece.probability[at].tolist(), strict=True)


def _shares(likeliest: Iterable[tuple[str, float]]) -> str:
    return "  ".join(f"{sign(character)} {share:.0%}" for character, share in likeliest)


def unrolled(report: UnrolledReport) -> Section:
    """The first steps drawn, all of them as a table."""
    rows, bars = [], []
    for step in report.steps:
        active = " ".join(f"{one.unit}:{one.activation:+.1f}" for one in step.active[:SHOWN])
        expected = _shares((one.character, one.probability) for one in step.expected[:SHOWN])
        truth = "" if step.probability is None else f"{step.probability:.1%}"
        following = "" if step.following is None else sign(step.following)
        rows.append(
            (sign(step.character), f"{step.norm:.2f}", f"{step.change:.2f}", active, expected,
             following, truth)
        )  # fmt: skip
        bars.append(step.probability or 0.0)
    size = f"{report.layers} × {report.hidden}" if report.layers > 1 else f"{report.hidden}"
    steps = report.steps[:DRAWN_STEPS]
    return Section(
        "Unrolled",
        [
            Prose(
                f"One {report.cell} of {size} units and {report.parameters:,} parameters, drawn"
                f" once for each of {len(report.steps):,} steps: every step uses the same weights."
                " Only the state differs, which each step takes over from the one before."
            ),
            Unrolled(
                "the first steps",
                [step.character for step in steps],
                [
                    [(one.character, one.probability) for one in step.expected[:SHOWN]]
                    for step in steps
                ],
                report.cell,
            ),
            Prose(
                "|h| is the length of the state, |Δh| how far the character moved it; units are"
                " those furthest from zero. At the end stands the character that did follow, and"
                " the probability that the model gave it."
            ),
            Table(
                ("read", "|h|", "|Δh|", "units", "expected", "next", "chance"), rows, "126",
                bars, f"{report.unknown:,} unknown passed over" if report.unknown else "",
            ),
        ],
    )  # fmt: skip


def gradients(reports: Sequence[Gradients]) -> Section:
    """All models in one picture, and their figures by lag."""
    ways = [(report, way) for report in reports for way in report.ways]
    series = [
        Series(
            _named(report, way, reports),
            range(way.first, way.first + len(way.median)),
            way.median,
            (way.low, way.high),
        )
        for report, way in ways
    ]
    most = max(report.lags for report in reports)
    lags = sorted({lag for lag in LAGS_SHOWN if lag <= most} | {most})
    head = ("steps back", *(_named(report, way, reports) for report, way in ways))
    rows = [(f"{lag:,}", *(_ratio(way, lag) for _, way in ways)) for lag in lags]
    rows.append(
        ("below 1 %", *(f"from {way.vanished:,}" if way.vanished else "never" for _, way in ways))
    )
    rows.append(("over 1 at", *(f"{way.exploding:.0%}" for _, way in ways)))
    first = reports[0]
    return Section(
        "The vanishing gradient",
        [
            Prose(
                "How much of a loss's gradient still reaches the state so many steps earlier,"
                " relative to the state that it is computed from: the median over"
                f" {first.positions:,} places of {first.text}. What it hardly reaches is hardly"
                " learned from. Above 1 it grows on the way back (it explodes); the last row says"
                " at how many of the places it does at some lag. An lstm's second way back, through"
                " its cells c, is relative to one step back."
            ),
            Chart(
                "the gradient by steps back", "steps back", "relative to its beginning", series,
                log_y=True, levels=[("1 %", VANISHED)],
            ),
            Table(head, rows, "".join(map(str, range(1, len(head))))),
        ],
    )  # fmt: skip


def _named(report: Gradients, way: WayBack, among: Sequence[Gradients]) -> str:
    """A way back's name: by its cell where that says which, else by its model."""
    kinds = [(other.cell, other.untrained) for other in among]
    model = report.cell
    if kinds.count((report.cell, report.untrained)) > 1:
        model = report.model
    if report.untrained:
        model += ", untrained"
    return f"{model}, through {way.through}" if len(report.ways) > 1 else model


def _ratio(way: WayBack, lag: int) -> str:
    at = lag - way.first
    return f"{way.median[at]:.2g}" if 0 <= at < len(way.median) else ""


def memory(reports: Sequence[Memory]) -> Section:
    """All models in one picture; figures of each."""
    series = []
    for report in reports:
        points = [point for point in report.points if point.given is not None]
        band = (
            [point.nats - 2 * point.error for point in points],
            [point.nats + 2 * point.error for point in points],
        )
        name = (
            report.cell if len({other.cell for other in reports}) == len(reports) else report.model
        )
        given = [float(point.given or 0) for point in points]
        series.append(Series(name, given, [point.nats for point in points], band))
    first = reports[0]
    compared = [
        (float(point.given), point.ngram)
        for point in first.points
        if point.given and point.ngram is not None
    ]
    if compared:
        x, y = zip(*compared, strict=True)
        series.append(Series("n-gram", x, y))
    levels = [] if first.unigram is None else [("unigram", first.unigram)]
    blocks: list[Prose | Chart | Table] = [
        Prose(
            "The loss when the model is given only so many of the characters before, from a zero"
            f" state, at the same {first.positions:,} places of {first.text}. Where it still falls,"
            " the model uses what stood so far back. An n-gram that is given as many stands beside"
            " it. The band is twice the standard error of the mean; the differences to the loss"
            " with all characters are surer, as they are between the same places."
        ),
        Chart(
            "loss by characters given", "characters given", "nats a character", series,
            log_x=True, levels=levels,
        ),
    ]  # fmt: skip
    for report in reports:
        head = ("given", "nats", "±", "above all", "±", "n-gram")
        rows = [_given(point) for point in report.points]
        title = f"{report.model}: {report.cell}, {report.layers} × {report.hidden} units"
        blocks.append(Table(head, rows, "012345", title=title))
        blocks.append(
            Prose(
                f"Over {report.read:,} characters the loss is {report.carried:.4f} nats with the"
                f" state carried from the beginning of the text, {report.reset:.4f} with a zero"
                f" state every {report.window:,} characters."
            )
        )
    return Section("Memory", blocks)


def _given(point: Given) -> tuple[str, ...]:
    return (
        "all" if point.given is None else f"{point.given:,}",
        f"{point.nats:.4f}",
        f"{point.error:.4f}",
        "" if point.given is None else f"{point.lost:+.4f}",
        "" if point.given is None else f"{point.lost_error:.4f}",
        "" if point.ngram is None else f"{point.ngram:.4f}",
    )


def neurons(report: Neurons) -> Section:
    """What units follow, how their gates stand, and the best of them over a text."""
    rows = [
        (one.property, _unit(report, one.layer, one.unit), f"{one.correlation:+.3f}",
         f"{one.p:.4f}", "" if one.p <= SIGNIFICANT else "may be chance")
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
        title = f"unit {name}: {followed.property} (r {followed.correlation:+.2f})"
        blocks.append(Shades(title, report.shown, one.values, -1.0, 1.0, ""))
    if report.gates:
        blocks += [
            Prose(
                f"Gates: how often one is nearly shut (below {SHUT}) or nearly open (above {OPEN})."
                " A forget gate that is always open keeps what it has; one that is always shut"
                " remembers nothing. The mean over units, and how many units are so nine times in"
                " ten."
            ),
            Table(
                ("gate", "shut", "open", "units shut", "units open"),
                [_gate(report, gate) for gate in report.gates],
                "1234",
            ),
        ]
    return Section("Neurons", blocks)


def _unit(report: Neurons, layer: int, unit: int) -> str:
    return f"{unit} of layer {layer + 1}" if report.layers > 1 else f"{unit}"


def _gate(report: Neurons, gate: Gate) -> tuple[str, ...]:
    name = f"{gate.name} of layer {gate.layer + 1}" if report.layers > 1 else gate.name
    return (
        name,
        f"{math.fsum(gate.shut) / len(gate.shut):.0%}",
        f"{math.fsum(gate.open) / len(gate.open):.0%}",
        f"{sum(share > OPEN for share in gate.shut):,}",
        f"{sum(share > OPEN for share in gate.open):,}",
    )


def runs(report: Runs) -> Section:
    """A table for each text."""
    blocks: list[Facts | Table | Prose] = []
    for group in report.groups:
        head = ("run", "model", "parameters", "epoch", "train", "val", "")
        title = (
            f"{listed(group.files)}: {group.characters:,} characters,"
            f" {group.validation_characters:,} validate"
            + ("" if group.ngram is None else f"; the n-gram has {group.ngram:.4f}")
        )
        blocks.append(Table(head, _runs(group), "2345", title=title))
    blocks += [Prose(f"not read: {line}") for line in report.unreadable]
    return Section("Runs", blocks)


def _runs(group: Group) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in group.runs:
        training = one.training
        val = "" if training.val_loss is None else f"{training.val_loss:.4f}"
        train = "" if training.train_loss is None else f"{training.train_loss:.4f}"
        beaten = worse(training.val_loss, one.baselines)
        rows.append(
            (one.model, f"{one.cell} {one.layers} × {one.hidden}", f"{one.parameters:,}",
             f"{training.epoch:.2f}", train, val, "worse than its n-gram" if beaten else "")
        )  # fmt: skip
    return rows


def speed(report: Speed) -> Section:
    """Four tables, each with what it shows."""
    one, all_ = report.peak
    first, middle, last = report.by_streams[0], report.by_window[0], report.by_workers[-1]
    series = [
        (
            f"training by streams: {first.window} characters a window, one worker", "streams",
            [point.streams for point in report.by_streams], report.by_streams,
        ),
        (
            f"training by window: {middle.streams} streams, one worker", "characters",
            [point.window for point in report.by_window], report.by_window,
        ),
        (
            f"training by workers: {last.streams} streams × {last.window} characters", "workers",
            [point.workers for point in report.by_workers], report.by_workers,
        ),
        (
            "sampling by samples side by side", "samples",
            [point.streams for point in report.sampling], report.sampling,
        ),
    ]  # fmt: skip
    size = f"{report.cell}, {report.layers} × {report.hidden} units"
    peak = f"{one:,.0f} GFLOP/s in large matrix products on one core"
    if report.cores > 1:
        peak += f", {all_:,.0f} on {report.cores}"
    model = f"{report.model}: {size}, {report.distinct:,} characters"
    blocks: list[Facts | Table | Prose | Chart] = [Facts([("model", model), ("peak", peak)])]
    for (title, unit, values, points), lesson in zip(series, LESSONS, strict=True):
        blocks += [_measured(title, unit, values, points), Prose(lesson)]
    for title, unit, values, points in series:
        speeds = [point.chars_per_second for point in points]
        blocks.append(
            Chart(title, unit, "characters a second", [Series("", values, speeds)],
                  log_x=True, from_zero=True, in_text=False)
        )  # fmt: skip
    return Section("Speed", blocks)


def _measured(title: str, unit: str, values: Sequence[int], points: Sequence[Measured]) -> Table:
    fastest = max(point.chars_per_second for point in points)
    rows = [
        (
            f"{value:,}",
            f"{point.chars_per_second:,.0f}",
            f"{point.gflops:,.1f}",
            f"{point.share:.0%}",
        )
        for value, point in zip(values, points, strict=True)
    ]
    bars = [point.chars_per_second / fastest for point in points]
    return Table((unit, "characters/s", "GFLOP/s", "of the peak"), rows, "0123", bars, title)
