"""The characters that a model knows."""

from charrnn.language import gettext as _
from charrnn.render.blocks import Section, Table, numeric_columns, text_columns
from charrnn.render.words import show_character
from charrnn.reports.vocab import Characters
from charrnn.text.vocab import REPLACEMENT


def build_section(report: Characters) -> Section:
    """Show a table with one row for each character."""
    total = sum(row.count for row in report.characters)
    rows = [
        (
            show_character(row.character or REPLACEMENT), row.code_point, f"{row.count:,}",
            f"{row.count / total:z.3%}", _(row.name),
        )
        for row in report.characters
    ]  # fmt: skip
    columns = [
        *text_columns(_("character"), _("code point")),
        *numeric_columns(_("count"), _("share")),
        *text_columns(_("name")),
    ]
    title = _("{model}: {count:,} distinct characters").format(
        model=report.model, count=report.distinct
    )
    return Section(_("Vocabulary"), [Table(columns, rows, title=title)])
