"""What a model expects while it reads a text, and what of a text it may have read before."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from charrnn.render.blocks import Facts, Prose, Section, Shades, Table, Unrolled
from charrnn.render.controls import escape_controls
from charrnn.render.words import loss, shorten, sign
from charrnn.reports.copied import Copied, Span
from charrnn.reports.score import BEGINNING, CONTEXT, Line, Piece, Scored
from charrnn.reports.unroll import Unrolled as UnrolledReport

EACH_CHARACTER_UP_TO = 120
LARGEST_SHADE = 8.0  # nats
DRAWN_STEPS, SHOWN = 10, 3
SHOWN_LINE = 54  # columns
LONGEST_SPANS = 20
LARGEST_SPAN = 100.0  # characters, the deepest shade


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
                    ("unknown", f"{totals.unknown:,} characters that the model has never seen"),
                ]
            ),
            Prose(
                "The deeper a character's shade, the less it was expected: 0 nats is certainty,"
                " 0.7 one chance in two, 2.3 in ten, 4.6 in a hundred."
            ),
            shades,
            Table(("before", "character", "nats", "likeliest"), rows, "02", bars, title),
            *_lines(report.lines),
        ],
    )


def _lines(lines: Sequence[Line]) -> list[Table]:
    """The hardest, where there is more than one."""
    if len(lines) < 2:
        return []
    rows = [
        (f"{one.line:,}", f"{one.nats:.2f}", f"{one.characters:,}", shorten(one.text, SHOWN_LINE))
        for one in lines
    ]
    title = f"the {len(rows)} hardest lines, by nats a character"
    return [Table(("line", "nats", "characters", "text"), rows, "012", title=title)]


def _surprising(
    before: str, character: str, nats: float, likeliest: Iterable[tuple[str, float]]
) -> tuple[str, ...]:
    return "".join(map(sign, before)), sign(character), f"{nats:.2f}", _shares(likeliest)


def _likeliest(piece: Piece, at: int) -> Iterable[tuple[str, float]]:
    return zip(piece.likeliest[at], piece.probability[at].tolist(), strict=True)


def _shares(likeliest: Iterable[tuple[str, float]]) -> str:
    return "  ".join(f"{sign(character)} {share:.0%}" for character, share in likeliest)


def copied(report: Copied, text: str) -> Section:
    """How much, the beginning of the text with what is copied shaded, and the longest spans."""
    shown = sorted(report.spans, key=lambda span: (-span.length, span.start))[:LONGEST_SPANS]
    if not shown and report.longest_span:
        shown = [report.longest_span]
    names, end = _short_names({one.file for one in shown}), min(len(text), BEGINNING)
    rows = [
        (f"{one.length:,}", f"{one.times:,}", f"{escape_controls(names[one.file])}:{one.line}",
         shorten(one.text, SHOWN_LINE))
        for one in shown
    ]  # fmt: skip
    least = f"{report.least} or more"
    few = len(shown) < len(report.spans) + report.unlisted
    title = f"the {len(rows)} longest spans" if few else "spans, the longest first"
    head = ("length", "times", "first in", "text")
    spans = [Table(head, rows, "01", title=title)] if rows else []
    return Section(
        "Copied",
        [
            Facts(
                [
                    ("characters", f"{report.characters:,}"),
                    ("longest", f"{report.longest:,} characters in a row stand in the corpus"),
                    (
                        "copied",
                        f"{report.copied:,} of them, {report.share:.1%}, in spans of {least}",
                    ),
                ]
            ),
            Prose(
                "Short spans are nobody's: words and phrases come back in any text of a kind."
                f" From {report.least} characters on they count as copied, and are shaded."
            ),
            Shades(
                title="copied" + (f", the first {end:,} characters" if end < len(text) else ""),
                text=text[:end],
                values=_longest_at_each(report.spans, end),
                low=0.0,
                high=LARGEST_SPAN,
                unit="characters in a row",
            ),
            *spans,
        ],
    )  # fmt: skip


def _short_names(files: set[str]) -> dict[str, str]:
    """Files without their folders, where that tells them apart."""
    short = {file: Path(file).name for file in files}
    return short if len(set(short.values())) == len(files) else {file: file for file in files}


def _longest_at_each(spans: Iterable[Span], end: int) -> list[float]:
    """The length of the longest span that each of the first ``end`` characters is in."""
    lengths = [0.0] * end
    for span in spans:
        for at in range(span.start, min(span.start + span.length, end)):
            lengths[at] = max(lengths[at], float(span.length))
    return lengths


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
    left_out = [f"{report.unknown:,} never seen"] if report.unknown else []
    left_out += [f"{report.unread:,} more not read"] if report.unread else []
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
                bars, ", ".join(left_out),
            ),
        ],
    )  # fmt: skip
