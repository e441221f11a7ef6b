"""What a text copies from the corpus of a model."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from charrnn.language import gettext as _
from charrnn.language import ngettext
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
from charrnn.render.controls import escape_controls
from charrnn.render.words import shorten
from charrnn.reports.copied import Copied, CopiedFromText, CopiedText, Span
from charrnn.reports.whole_lines import Lines

SHOWN_AT_MOST = 4000  # characters
SPAN_COLUMNS = 54
LONGEST_SPANS = 20
LARGEST_SHADE = 5.0  # times the shortest span that counts


def build_section(report: CopiedText | CopiedFromText) -> Section:
    """Show the totals, the beginning of the text, shaded where it is copied, and the spans."""
    if isinstance(report, CopiedFromText):
        report = report.copied_text
    copied = report.copied
    longest = _("{count:,} (characters in a row that are in the corpus)")
    share = _("{count:,}, which is {share:z.1%} (characters in spans of {least:,} or more)")
    whole_lines = _("{lines} (empty ones not counted)")
    explanation = _(
        "Short spans mean little, because any two texts of the same kind share words and phrases."
        " Spans of {least:,} or more characters count as copied and are shaded (on a terminal, by"
        " bars below them). A line counts as a line of the corpus if it stands there from its"
        " beginning to its end, however short it is."
    )
    return Section(
        _("Copied"),
        [
            Facts(
                [
                    (_("characters"), f"{copied.characters:,}"),
                    (_("longest"), longest.format(count=copied.longest)),
                    (
                        _("copied"),
                        share.format(count=copied.copied, share=copied.share, least=copied.least),
                    ),
                    (_("lines"), whole_lines.format(lines=_count_lines(copied.lines))),
                ]
            ),
            Prose(explanation.format(least=copied.least)),
            _build_shaded_text(copied, report.text),
            *_build_spans(copied),
        ],
    )


def _count_lines(lines: Lines) -> str:
    """Return how many lines are lines of the corpus, in words."""
    if lines.total == 1:
        if lines.in_corpus:
            return _("the only line is a line of the corpus")
        return _("the only line is not a line of the corpus")
    return ngettext(
        "{count:,} of {total:,} is a line of the corpus",
        "{count:,} of {total:,} are lines of the corpus",
        lines.in_corpus,
    ).format(count=lines.in_corpus, total=lines.total)


def _build_shaded_text(copied: Copied, text: str) -> ShadedText:
    end = min(len(text), SHOWN_AT_MOST)
    # A picture has no other place for a sentence.
    title = (
        _("copied; {lines}")
        if end == len(text)
        else _("copied, the first {count:,} characters; {lines}")
    )
    return ShadedText(
        title=title.format(count=end, lines=_count_lines(copied.lines)),
        text=text[:end],
        values=_longest_at_each(copied.spans, end),
        low=0.0,
        high=LARGEST_SHADE * copied.least,
        unit=_("characters in a row"),
    )


def _longest_at_each(spans: Iterable[Span], end: int) -> list[float]:
    """Return the length of the longest span at each of ``end`` characters, 0 outside spans."""
    lengths = [0.0] * end
    for span in spans:
        for at in range(span.start, min(span.start + span.length, end)):
            lengths[at] = max(lengths[at], float(span.length))
    return lengths


def _build_spans(copied: Copied) -> list[Table]:
    """Build a table of the longest spans, or of the longest one if it is too short to count."""
    spans: Sequence[Span] = sorted(copied.spans, key=lambda span: (-span.length, span.start))
    spans = spans[:LONGEST_SPANS]
    if not spans and copied.longest_span:
        spans = [copied.longest_span]
    if not spans:
        return []
    names = _shortest_names({span.file for span in spans})
    rows = [
        (f"{span.length:,}", f"{span.times:,}", f"{escape_controls(names[span.file])}:{span.line}",
         shorten(span.text, SPAN_COLUMNS))
        for span in spans
    ]  # fmt: skip
    is_cut = len(spans) < len(copied.spans) + copied.unlisted
    columns = [
        *numeric_columns(_("length"), _("times")), *text_columns(_("first in")),
        Column(_("text"), excerpt=True),
    ]  # fmt: skip
    title = _("the {count} longest spans") if is_cut else _("spans, the longest first")
    return [Table(columns, rows, title=title.format(count=len(rows)))]


def _shortest_names(files: set[str]) -> dict[str, str]:
    """Drop the folders of files if the names are still distinct without them."""
    names = {file: Path(file).name for file in files}
    return names if len(set(names.values())) == len(files) else {file: file for file in files}
