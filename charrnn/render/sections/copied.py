"""What a text copies from the corpus of a model."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from charrnn.render.blocks import (
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
COLUMNS = (*numeric_columns("length", "times"), *text_columns("first in", "text"))


def build_section(report: CopiedText | CopiedFromText) -> Section:
    """Show the totals, the beginning of the text, shaded where it is copied, and the spans."""
    if isinstance(report, CopiedFromText):
        report = report.copied_text
    copied = report.copied
    share = f"{copied.copied:,}, which is {copied.share:z.1%}"
    whole_lines = _count_lines(copied.lines)
    return Section(
        "Copied",
        [
            Facts(
                [
                    ("characters", f"{copied.characters:,}"),
                    ("longest", f"{copied.longest:,} (characters in a row that are in the corpus)"),
                    ("copied", f"{share} (characters in spans of {copied.least:,} or more)"),
                    ("lines", f"{whole_lines} (empty ones not counted)"),
                ]
            ),
            Prose(
                "Short spans mean little, because any two texts of the same kind share words and"
                f" phrases. Spans of {copied.least:,} or more characters count as copied and are"
                " shaded. A line counts as a line of the corpus if it stands there from its"
                " beginning to its end, however short it is."
            ),
            _build_shaded_text(copied, report.text),
            *_build_spans(copied),
        ],
    )


def _count_lines(lines: Lines) -> str:
    """Return how many lines are lines of the corpus, in words."""
    if lines.total == 1:
        are = "is a line" if lines.in_corpus else "is not a line"
        return f"the only line {are} of the corpus"
    are = "is a line" if lines.in_corpus == 1 else "are lines"
    return f"{lines.in_corpus:,} of {lines.total:,} {are} of the corpus"


def _build_shaded_text(copied: Copied, text: str) -> ShadedText:
    end = min(len(text), SHOWN_AT_MOST)
    shown = "copied" if end == len(text) else f"copied, the first {end:,} characters"
    # A picture has no other place for a sentence.
    return ShadedText(
        title=f"{shown}; {_count_lines(copied.lines)}",
        text=text[:end],
        values=_longest_at_each(copied.spans, end),
        low=0.0,
        high=LARGEST_SHADE * copied.least,
        unit="characters in a row",
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
    title = f"the {len(rows)} longest spans" if is_cut else "spans, the longest first"
    return [Table(COLUMNS, rows, title=title)]


def _shortest_names(files: set[str]) -> dict[str, str]:
    """Drop the folders of files if the names are still distinct without them."""
    names = {file: Path(file).name for file in files}
    return names if len(set(names.values())) == len(files) else {file: file for file in files}
