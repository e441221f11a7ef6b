"""Reports as text for a terminal, aligned also where characters are two columns wide."""

import unicodedata
from collections.abc import Iterable, Sequence

from charrnn.reports.loss import Losses, Point
from charrnn.reports.score import Score
from charrnn.reports.speed import Point as Measured
from charrnn.reports.speed import Speed
from charrnn.reports.summary import Summary
from charrnn.reports.vocab import Characters
from charrnn.text.ngram import COUNTED_AT_MOST, Baselines
from charrnn.text.vocab import visible
from charrnn.training.events import End, Evaluation, Start, bits

EACH_CHARACTER_UP_TO = 120
HARDEST = 20
CONTEXT = 12
CHART_ROWS, CHART_COLUMNS = 12, 60
BAR_COLUMNS = 30
NAMES = {"\n": "↵", "\t": "⇥", " ": "␣", "\u3000": "□"}
"""Signs for white space that a table would hide."""


def width(text: str) -> int:
    """The columns that ``text`` takes on a terminal."""
    return sum(map(_columns, text))


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` filled up with spaces to so many ``columns``."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def sign(character: str) -> str:
    """A character as one can see it in a table: white space by a sign, controls by code point."""
    if character in NAMES:
        return NAMES[character]
    return character if visible(character) else f"U+{ord(character):04X}"


def harmless(text: str) -> str:
    """``text`` without what drives a terminal: control characters become their code points."""
    return "".join(
        f"U+{ord(character):04X}" if unicodedata.category(character) == "Cc" else character
        for character in text
    )


def table(rows: Iterable[Sequence[str]], right: str = "") -> str:
    """Rows of cells in columns; those whose numbers stand in ``right`` are set to the right."""
    cells = [list(row) for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            padded(cell, columns, right=str(at) in right)
            for at, (cell, columns) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )


def loss(nats: float | None) -> str:
    """A loss in both units."""
    return "none" if nats is None else f"{nats:.4f} nats, {bits(nats):.4f} bits a character"


def start(event: Start) -> str:
    """What is learned, by what, and how: shown before the first step."""
    corpus, model, config = event.corpus, event.model, event.config
    budget = f"{config.steps:,} steps" if config.steps else f"{config.epochs:g} epochs"
    rows = {
        "corpus": f"{_listed(corpus.files)}: {corpus.characters:,} characters,"
        f" {corpus.distinct:,} distinct, {corpus.encoding}",
        "model": f"{model.cell}, {model.layers} × {model.hidden} units,"
        f" {model.parameters:,} parameters",
        "training": f"{budget}, {config.batch} streams × {config.seq} characters,"
        f" learning rate {config.lr:g} ({config.schedule})",
    }
    against = (
        f"dropout {config.dropout:g}, of recurrent weights {config.recurrent_dropout:g},"
        f" weight decay {config.weight_decay:g}, patience {config.patience}, seed {config.seed}"
    )
    return table([*rows.items(), ("", against), ("run", event.run)])


def baselines(found: Baselines) -> str:
    """What a model without a memory reaches, the better one first."""
    counted = f", counted on the last {found.characters:,} characters that train"
    return (
        f"{found.ngram:.4f} nats by the best n-gram (n = {found.ngram_order}),"
        f" {found.unigram:.4f} by a unigram"
        + (counted if found.characters == COUNTED_AT_MOST else "")
    )


def known(V: int, found: Baselines | None) -> str:
    """Which characters a loss is over, as it depends on them."""
    unseen = f", {found.unseen:,} of them only in the val part" if found else ""
    return f"{V:,} distinct characters of the whole corpus{unseen}"


def worse(val_loss: float | None, found: Baselines | None) -> list[tuple[str, str]]:
    """A row for a model that its memory does not help."""
    if val_loss is None or found is None or val_loss < found.ngram:
        return []
    return [("", "worse than its n-gram: a longer training (--minutes) or more text may help")]


def evaluation(event: Evaluation) -> str:
    """One line of progress."""
    val = "" if event.val_loss is None else f"  val {event.val_loss:.4f}"
    return (
        f"step {event.step:,}  epoch {event.epoch:.2f}  train {event.train_loss:.4f}{val}"
        f"  {event.chars_per_second:,.0f} characters/s  {_duration(event.seconds)}"
    )


def end(event: End, begun: Start) -> str:
    """The summary of a training."""
    rows = [("run", event.run), ("parameters", f"{begun.model.parameters:,}")]
    if event.stopped != "finished":
        rows.append(("stopped", f"{event.stopped} at step {event.step:,}"))
    if event.val_loss is not None:
        rows.append(("validation", f"{loss(event.val_loss)} (best, step {event.best_step:,})"))
        if event.baselines:
            rows.append(("to beat", baselines(event.baselines)))
            rows.append(("vocabulary", known(begun.corpus.distinct, event.baselines)))
            rows += worse(event.val_loss, event.baselines)
    else:
        rows.append(("validation", "none"))
        rows.append(("training", loss(event.train_loss)))
    if event.test_loss is not None:
        rows.append(("test", loss(event.test_loss)))
    rows.append(
        ("speed", f"{event.chars_per_second:,.0f} characters a second, {_duration(event.seconds)}")
    )
    if event.best_step is not None:
        rows.append(("sample", f"charrnn sample {event.run}"))
    return table(rows)


def summary(report: Summary) -> str:
    """The model on one screen."""
    corpus, training, found = report.corpus, report.training, report.baselines
    rows = {
        "model": report.model,
        "cell": f"{report.cell}, {report.layers} × {report.hidden} units",
        "parameters": f"{report.parameters:,}",
        **{f"  {part}": f"{size:,}" for part, size in report.parts.items()},
        "corpus": _listed(corpus.files),
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
    return table(
        [
            *rows.items(),
            *([("  to beat", baselines(found))] if found else []),
            *worse(training.val_loss, found),
        ]
    )


def losses(report: Losses) -> str:
    """The curve, drawn and as a table."""
    if not report.points:
        return "no evaluation yet"
    rows = [("step", "epoch", "train", "val", "lr", "")]
    for point in report.points:
        val = "" if point.val_loss is None else f"{point.val_loss:.4f}"
        best = "best" if point.step == report.best_step else ""
        rows.append(
            (f"{point.step:,}", f"{point.epoch:.2f}", f"{point.train_loss:.4f}", val,
             f"{point.lr:.2g}", best)
        )  # fmt: skip
    return f"{report.model}\n\n{_chart(report.points)}\n\n{table(rows, right='01234')}"


def vocab(report: Characters) -> str:
    """One row a character."""
    total = sum(row.count for row in report.characters)
    rows = [("character", "code point", "count", "share", "name")]
    for row in report.characters:
        name = unicodedata.name(row.character, "")
        share = f"{row.count / total:.3%}"
        rows.append((sign(row.character), row.code_point, f"{row.count:,}", share, name))
    return f"{report.model}: {report.distinct:,} characters\n\n{table(rows, right='23')}"


def score(report: Score) -> str:
    """The totals, then each character of a short text, or the hardest of a long one."""
    rows = [
        ("characters", f"{report.characters:,}"),
        ("loss", loss(report.nats)),
        ("perplexity", f"{report.perplexity:.3f}"),
        ("in all", f"{report.total_nats:,.2f} nats"),
        ("unknown", f"{report.unknown:,} characters, passed over"),
    ]
    each = report.characters <= EACH_CHARACTER_UP_TO
    shown: Iterable[int] = range(report.characters)
    if not each:
        shown = (-report.surprise).argsort(kind="stable")[:HARDEST].tolist()
    lines = [("before", "character", "nats", "", "likeliest")]
    for at in shown:
        before = "".join(map(sign, report.text[max(0, at - CONTEXT) : at]))
        nats = float(report.surprise[at])
        likeliest = "  ".join(
            f"{sign(character)} {probability:.0%}"
            for character, probability in zip(
                report.likeliest[at], report.probability[at], strict=True
            )
        )
        bar = "▇" * min(12, round(nats))
        lines.append((before, sign(report.text[at]), f"{nats:.2f}", bar, likeliest))
    title = "each character" if each else f"the {HARDEST} hardest"
    return f"{table(rows)}\n\n{title}\n{table(lines, right='02')}"


def speed(report: Speed) -> str:
    """Four tables, each with what it shows."""
    one, all_ = report.peak
    rows = {
        "model": f"{report.model}: {report.cell}, {report.layers} × {report.hidden} units,"
        f" {report.distinct:,} characters",
        "peak": f"{one:,.0f} GFLOP/s in large matrix products on one core"
        + (f", {all_:,.0f} on {report.cores}" if report.cores > 1 else ""),
    }
    first, middle, last = report.by_streams[0], report.by_window[0], report.by_workers[-1]
    return "\n\n".join(
        [
            table(rows.items()),
            _measured(
                f"training by streams: {first.window} characters a window, one worker",
                ("streams", [point.streams for point in report.by_streams]),
                report.by_streams,
                "Each step waits for the one before: one stream leaves the processor idle.\n"
                "Streams take their steps together.",
            ),
            _measured(
                f"training by window: {middle.streams} streams, one worker",
                ("characters", [point.window for point in report.by_window]),
                report.by_window,
                "A longer window is no way out: its steps still come one after the other.",
            ),
            _measured(
                f"training by workers: {last.streams} streams × {last.window} characters",
                ("workers", [point.workers for point in report.by_workers]),
                report.by_workers,
                "Workers share the streams, which wait for each other but once an update.",
            ),
            _measured(
                "sampling by samples side by side",
                ("samples", [point.streams for point in report.sampling]),
                report.sampling,
                "A character waits for the one before, and for all weights to be read.\n"
                "Samples side by side share that reading.",
            ),
        ]
    )


def _measured(
    title: str, by: tuple[str, Sequence[int]], points: Sequence[Measured], lesson: str
) -> str:
    """A table of speeds, with bars, ``by`` what was varied, and what is to be seen."""
    unit, values = by
    fastest = max(point.chars_per_second for point in points)
    rows = [(unit, "characters/s", "GFLOP/s", "of the peak", "")]
    for value, point in zip(values, points, strict=True):
        bar = "▇" * max(1, round(BAR_COLUMNS * point.chars_per_second / fastest))
        rows.append(
            (f"{value:,}", f"{point.chars_per_second:,.0f}", f"{point.gflops:,.1f}",
             f"{point.share:.0%}", bar)
        )  # fmt: skip
    return f"{title}\n{table(rows, right='0123')}\n{lesson}"


def _chart(points: Sequence[Point]) -> str:
    """Loss over steps as signs: o train, * validation, the later above the earlier."""
    series = [("o", [(point.step, point.train_loss) for point in points])]
    measured = [(point.step, point.val_loss) for point in points if point.val_loss is not None]
    series.append(("*", measured))
    heights = [value for _, row in series for _, value in row]
    low, high = min(heights), max(heights)
    last = points[-1].step
    rows = [[" "] * CHART_COLUMNS for _ in range(CHART_ROWS)]
    for mark, row in series:
        for step, value in row:
            column = round(step / last * (CHART_COLUMNS - 1))
            height = (value - low) / (high - low) if high > low else 0
            rows[round((1 - height) * (CHART_ROWS - 1))][column] = mark
    edges = [f"{high:.3f}", *[""] * (CHART_ROWS - 2), f"{low:.3f}"]
    lines = [f"{edge:>7} │{''.join(row)}".rstrip() for edge, row in zip(edges, rows, strict=True)]
    return "\n".join([*lines, f"{'':7} └{'─' * CHART_COLUMNS}", f"{'':9}o train  * validation"])


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _listed(files: Sequence[str]) -> str:
    """File names, a long list cut short."""
    shown = ", ".join(map(harmless, files[:3]))
    return shown + (f" and {len(files) - 3} more" if len(files) > 3 else "")
