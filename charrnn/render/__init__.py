"""Reports and events as text for a terminal, HTML pages, pictures, JSON and CSV."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from charrnn.report_registry import Report


def load_page_function(report: Report) -> Callable[[Any], str]:
    """Import and return the function that makes the page of ``report``, which has no other form."""
    module, _, name = report.page.rpartition(".")
    function: Callable[[Any], str] = getattr(import_module(f"charrnn.render.{module}"), name)
    return function
