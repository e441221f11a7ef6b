"""Reports in a notebook: the sections of their page, in an element of their own.

The style is that of a page, nested in the class of this element, so that it changes nothing else in
the notebook. The class is named twice, which gives its rules more weight than the notebook's own.
It is light or dark as the notebook is, if that can be told, and else as the reader's system. There
is no script, because a notebook need not run one.
"""

import html
from collections.abc import Sequence
from typing import Any

from charrnn.errors import InputError
from charrnn.language import ENGLISH, get_language
from charrnn.language import gettext as _
from charrnn.render import load_page_function
from charrnn.render.blocks import Block, Chart, Prose, Section
from charrnn.render.names import name_for_page
from charrnn.render.page import read_file, render_block
from charrnn.render.sections import build_sections
from charrnn.render.svg import escape
from charrnn.report_registry import REPORTS, Report
from charrnn.reports.loss import Losses
from charrnn.reports.summary import Summary

LIGHT_NOTEBOOKS = ('[data-jp-theme-light="true"]', ".vscode-light", 'html[theme="light"]')
DARK_NOTEBOOKS = ('[data-jp-theme-light="false"]', ".vscode-dark", 'html[theme="dark"]')
"""What encloses a cell in JupyterLab, Visual Studio Code and Colab, by their theme."""
PAGE_HEIGHT = "44rem"


def render_report(report: Report, result: Any) -> str:
    """Return the ``result`` of a report as an element for a notebook.

    A report that is a page with scripts is in a frame of its own, which can reach nothing else.
    """
    result = name_for_page(result)
    if not report.page:
        return render_sections(build_sections(report, result))
    try:
        page = load_page_function(report)(result)
    except InputError as error:
        return render_sections(
            [Section(report.name, [Prose(_("{problem}.").format(problem=error))])]
        )
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts"'
        f' title="{escape(report.name)}" style="width: 100%; height: {PAGE_HEIGHT}; border: 0">'
        "</iframe>"
    )


def render_model(summary: Summary, losses: Losses | None) -> str:
    """Return a model as an element for a notebook: its summary and the chart of its losses."""
    summary, losses = name_for_page((summary, losses))
    sections = build_sections(REPORTS["summary"], summary)
    charts: Sequence[Block] = []
    if losses is not None:
        (section,) = build_sections(REPORTS["loss"], [losses])
        charts = [block for block in section.blocks if isinstance(block, Chart)][:1]
    return render_sections([*sections, *([Section(_("Loss"), charts)] if charts else [])])


def render_sections(sections: Sequence[Section]) -> str:
    """Return sections as one element with its own style, and its language if it is not English."""
    body = "\n".join(map(_render_section, sections))
    language = "" if get_language() == ENGLISH else f' lang="{get_language()}"'
    return f'<div class="charrnn"{language}><style>\n{_build_style()}</style>\n{body}</div>'


def _render_section(section: Section) -> str:
    blocks = "\n".join(render_block(block, has_script=False) for block in section.blocks)
    title = escape(section.title)
    return (
        f'<section aria-label="{title}"><p class="title" role="heading" aria-level="3">{title}</p>'
        f"\n{blocks}</section>"
    )


def _build_style() -> str:
    light, dark = read_file("light.css"), read_file("dark.css")
    return (
        f".charrnn {{\n{light}}}\n"
        f"@media (prefers-color-scheme: dark) {{ .charrnn {{\n{dark}}} }}\n"
        f":is({', '.join(LIGHT_NOTEBOOKS)}) .charrnn {{\n{light}}}\n"
        f":is({', '.join(DARK_NOTEBOOKS)}) .charrnn {{\n{dark}}}\n"
        f".charrnn.charrnn {{\n{read_file('blocks.css')}}}\n" + read_file("notebook.css")
    )
