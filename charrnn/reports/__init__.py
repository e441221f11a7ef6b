"""Reports: numbers about a model in frozen dataclasses. How they are shown is in render/."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from charrnn.report_registry import Report


def load_function(report: Report) -> Callable[..., Any]:
    """Import and return the function that makes ``report``."""
    module, _, name = report.function.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(f"charrnn.reports.{module}"), name)
    return function
