"""What a report needs to be shown in a notebook.

Not here: the HTML (render/notebook.py), which is imported when a notebook asks for it.
"""

from importlib import import_module
from typing import Any, ClassVar

from charrnn.report_registry import REPORTS


class NotebookReport:
    """A report that a notebook shows like its page.

    A class of reports names its line in the registry: ``class Vowels(NotebookReport,
    report="vowels")``. With ``compared`` its section is built from a list, with a report for each
    model.
    """

    _name: ClassVar[str]
    _is_compared: ClassVar[bool]

    def __init_subclass__(cls, *, report: str = "", compared: bool = False) -> None:
        if report:
            cls._name, cls._is_compared = report, compared

    def _repr_html_(self) -> str:
        """Return the report as HTML, which IPython asks for."""
        render: Any = import_module("charrnn.render.notebook")
        result = [self] if self._is_compared else self
        html: str = render.render_report(REPORTS[self._name], result)
        return html
