"""Each report as sections of blocks, with sentences on how to read it; one module per report.

Not here: how blocks are drawn (terminal.py, plot.py, page.py).
"""

from importlib import import_module
from typing import Any

from charrnn.render.blocks import Section
from charrnn.render.series_style import style_series
from charrnn.report_registry import Report


def build_sections(report: Report, result: Any) -> list[Section]:
    """Build the sections of ``result`` with the function of the report's module."""
    module = import_module(f"charrnn.render.sections.{report.module}")
    built = module.build_section(result)
    return style_series([built] if isinstance(built, Section) else list(built))
