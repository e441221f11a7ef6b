"""How well a model predicts a text."""

from collections.abc import Iterable, Sequence

from charrnn.render.blocks import (
    Column,
    Facts,
    Prose,
    Section,
    ShadedText,
    Table,
    numeric_columns,
    text_columns,
)
from charrnn.render.words import (
    LARGE_LOSS,
    describe_loss,
    format_share,
    name_character,
    shorten,
    show_text,
)
from charrnn.reports.predictions import Predictions
from charrnn.reports.score import (
    BEGINNING,
    CONTEXT,
    RunningScore,
    Score,
    ScoreSummary,
    ScoreTotals,
)
from charrnn.reports.score_lines import LineScore
from charrnn.training.dynamic_evaluation import SEGMENT

ADAPTED = Prose(
    "The adapted loss is that of a copy of the model that goes on learning from the text: from"
    f" every {SEGMENT} characters after it has predicted them. All else is of the model as it is."
)
SHADES = Prose(
    "The deeper the shade of a character, the less the model expected it. 0 nats is certainty, 0.7"
    " a chance of one in two, 2.3 one in ten, 4.6 one in a hundred."
)
EACH_CHARACTER_UP_TO = 120
LARGEST_SHADE = 8.0  # nats
LINE_COLUMNS = 54
COLUMNS = (
    Column("before", right=True),  # as it reads on into the character
    *text_columns("character"),
    *numeric_columns("nats"),
    *text_columns("likeliest"),
)
LINES_COLUMNS = (*numeric_columns("line", "nats", "characters"), *text_columns("text"))


def build_section(report: ScoreSummary | RunningScore | Score) -> Section:
    """Show the totals, then each character of a short text, or the hardest ones of a long text."""
    if isinstance(report, RunningScore):
        report = report.result()
    if isinstance(report, Score):
        report = report.summarize()
    return Section(
        "Score",
        [
            Facts(build_totals(report.totals, report.adapted)),
            *([ADAPTED] if report.adapted else []),
            SHADES,
            _build_shaded_text(report),
            _build_characters(report),
            *_build_lines(report.lines),
        ],
    )


def build_totals(totals: ScoreTotals, adapted: ScoreTotals | None = None) -> list[tuple[str, str]]:
    """Return the totals as names with values."""
    return [
        ("characters", f"{totals.characters:,}"),
        ("loss", describe_loss(totals.nats)),
        *([("adapted", describe_loss(adapted.nats))] if adapted else []),
        ("perplexity", _format_perplexity(totals.perplexity)),
        ("total", f"{totals.total_nats:z,.2f} nats"),
        ("unknown", f"{totals.unknown:,} (characters that the model does not know)"),
    ]


def _build_shaded_text(report: ScoreSummary) -> ShadedText:
    beginning = report.beginning
    end = min(len(beginning.text), BEGINNING)
    is_whole = end == report.totals.characters
    return ShadedText(
        title="surprise" if is_whole else f"surprise, the first {end:,} characters",
        text=beginning.text[:end],
        values=beginning.surprise[:end].tolist(),
        low=0.0,
        high=LARGEST_SHADE,
        unit="nats",
        details=[format_shares(_alternatives(beginning, at)) for at in range(end)],
    )


def _build_characters(report: ScoreSummary) -> Table:
    if report.totals.characters > EACH_CHARACTER_UP_TO:
        return Table(
            COLUMNS,
            [
                _build_row(hard.before, hard.character, hard.nats, hard.likeliest)
                for hard in report.hardest
            ],
            [min(1.0, hard.nats / LARGEST_SHADE) for hard in report.hardest],
            f"the {len(report.hardest)} hardest characters",
        )
    text, surprise = report.beginning.text, report.beginning.surprise.tolist()
    return Table(
        COLUMNS,
        [
            _build_row(
                text[max(0, at - CONTEXT) : at], text[at], surprise[at],
                _alternatives(report.beginning, at),
            )
            for at in range(len(text))
        ],
        [min(1.0, nats / LARGEST_SHADE) for nats in surprise],
        "each character",
    )  # fmt: skip


def _build_lines(lines: Sequence[LineScore]) -> list[Table]:
    """Build a table of the hardest lines, if there is more than one."""
    if len(lines) < 2:
        return []
    rows = [
        (f"{line.line:,}", f"{line.nats or 0.0:z.2f}", f"{line.characters:,}",
         shorten(line.text, LINE_COLUMNS))
        for line in lines
    ]  # fmt: skip
    title = f"the {len(rows)} hardest lines, by nats per character"
    return [Table(LINES_COLUMNS, rows, title=title)]


def _build_row(
    before: str, character: str, nats: float, alternatives: Iterable[tuple[str, float]]
) -> tuple[str, ...]:
    return (
        show_text(before),
        name_character(character),
        f"{nats:z.2f}",
        format_shares(alternatives),
    )


def _alternatives(predictions: Predictions, at: int) -> Iterable[tuple[str, float]]:
    return zip(predictions.likeliest[at], predictions.probability[at].tolist(), strict=True)


def _format_perplexity(perplexity: float | None) -> str:
    if perplexity is None:
        return "more than a number can be"
    return f"{perplexity:z.3f}" if perplexity < LARGE_LOSS else f"{perplexity:z.3g}"


def format_shares(shares: Iterable[tuple[str, float]]) -> str:
    """Format characters with their probabilities, in one line."""
    return "  ".join(format_share(character, share) for character, share in shares)
