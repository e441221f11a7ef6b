"""The characters that a model knows."""

from charrnn.render.blocks import Section, Table, numeric_columns, text_columns
from charrnn.render.words import show_character
from charrnn.reports.vocab import Characters
from charrnn.text.vocab import REPLACEMENT

COLUMNS = (
    *text_columns("character", "code point"),
    *numeric_columns("count", "share"),
    *text_columns("name"),
)


def build_section(report: Characters) -> Section:
    """Show a table with one row for each character."""
    total = sum(row.count for row in report.characters)
    rows = [
        (
            show_character(row.character or REPLACEMENT), row.code_point, f"{row.count:,}",
            f"{row.count / total:z.3%}", row.name,
        )
        for row in report.characters
    ]  # fmt: skip
    title = f"{report.model}: {report.distinct:,} distinct characters"
    return Section("Vocabulary", [Table(COLUMNS, rows, title=title)])
