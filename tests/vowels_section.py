"""How the report of tests/vowels_report.py is shown."""

from charrnn.render.blocks import Chart, Section, Series, Table, numeric_columns, text_columns
from tests.vowels_report import Vowels


def build_section(report: Vowels) -> Section:
    """A table and a chart."""
    columns = (*text_columns("vowel"), *numeric_columns("count"))
    rows = [(vowel, f"{count:,}") for vowel, count in report.counts.items()]
    numbers = [*report.counts.values()]
    chart = Chart("vowels", "rank", "count", [Series("", range(len(numbers)), numbers)])
    return Section("Vowels", [Table(columns, rows, title=report.model), chart])
