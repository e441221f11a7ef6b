"""How well a model predicts a text."""

from collections.abc import Iterable, Sequence

from charrnn.language import gettext as _
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

EACH_CHARACTER_UP_TO = 120
LARGEST_SHADE = 8.0  # nats
LINE_COLUMNS = 54


def build_section(report: ScoreSummary | RunningScore | Score) -> Section:
    """Show the totals, then each character of a short text, or the hardest ones of a long text."""
    if isinstance(report, RunningScore):
        report = report.result()
    if isinstance(report, Score):
        report = report.summarize()
    return Section(
        _("Score"),
        [
            Facts(build_totals(report.totals, report.adapted)),
            *([_explain_adapted()] if report.adapted else []),
            explain_shades(),
            _build_shaded_text(report),
            _build_characters(report),
            *_build_lines(report.lines),
        ],
    )


def build_totals(totals: ScoreTotals, adapted: ScoreTotals | None = None) -> list[tuple[str, str]]:
    """Return the totals as names with values."""
    return [
        (_("characters"), f"{totals.characters:,}"),
        (_("loss"), describe_loss(totals.nats)),
        *([(_("adapted"), describe_loss(adapted.nats))] if adapted else []),
        (_("perplexity"), _format_perplexity(totals.perplexity)),
        (_("total"), _("{nats:z,.2f} nats").format(nats=totals.total_nats)),
        (
            _("unknown"),
            _("{count:,} (characters that the model does not know)").format(count=totals.unknown),
        ),
    ]


def explain_shades() -> Prose:
    """Say what the shades of a text mean."""
    return Prose(
        _(
            "The deeper the shade of a character (on a terminal, the higher the bar below it), the"
            " less the model expected it. 0 nats is certainty, 0.7 a chance of one in two, 2.3 one"
            " in ten, 4.6 one in a hundred."
        )
    )


def _explain_adapted() -> Prose:
    text = _(
        "The adapted loss is that of a copy of the model that goes on learning from the text: from"
        " every {count} characters after it has predicted them. All else is of the model as it is."
    )
    return Prose(text.format(count=SEGMENT))


def _build_shaded_text(report: ScoreSummary) -> ShadedText:
    beginning = report.beginning
    end = min(len(beginning.text), BEGINNING)
    is_whole = end == report.totals.characters
    title = _("surprise") if is_whole else _("surprise, the first {count:,} characters")
    return ShadedText(
        title=title.format(count=end),
        text=beginning.text[:end],
        values=beginning.surprise[:end].tolist(),
        low=0.0,
        high=LARGEST_SHADE,
        unit=_("nats"),
        details=[format_shares(_alternatives(beginning, at)) for at in range(end)],
    )


def _build_characters(report: ScoreSummary) -> Table:
    columns = [
        Column(_("before"), right=True),  # as it reads on into the character
        *text_columns(_("character")),
        *numeric_columns(_("nats")),
        *text_columns(_("likeliest")),
    ]
    if report.totals.characters > EACH_CHARACTER_UP_TO:
        return Table(
            columns,
            [
                _build_row(hard.before, hard.character, hard.nats, hard.likeliest)
                for hard in report.hardest
            ],
            [min(1.0, hard.nats / LARGEST_SHADE) for hard in report.hardest],
            _("the {count} hardest characters").format(count=len(report.hardest)),
        )
    text, surprise = report.beginning.text, report.beginning.surprise.tolist()
    return Table(
        columns,
        [
            _build_row(
                text[max(0, at - CONTEXT) : at], text[at], surprise[at],
                _alternatives(report.beginning, at),
            )
            for at in range(len(text))
        ],
        [min(1.0, nats / LARGEST_SHADE) for nats in surprise],
        _("each character"),
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
    columns = [
        *numeric_columns(_("line"), _("nats"), _("characters")), Column(_("text"), excerpt=True)
    ]  # fmt: skip
    title = _("the {count} hardest lines, by nats per character").format(count=len(rows))
    return [Table(columns, rows, title=title)]


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
        return _("more than a number can be")
    return f"{perplexity:z.3f}" if perplexity < LARGE_LOSS else f"{perplexity:z.3g}"


def format_shares(shares: Iterable[tuple[str, float]]) -> str:
    """Format characters with their probabilities, in one line."""
    return "  ".join(format_share(character, share) for character, share in shares)
