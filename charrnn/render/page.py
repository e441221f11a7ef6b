"""Sections as one HTML page that works offline: it needs no network and no other file.

It is light or dark as the reader's system is. Charts are SVG with a text alternative (svg.py). The
arrow keys move through a shaded text. The colors are in light.css and dark.css, the style of blocks
in blocks.css, all of which notebooks use too (notebook.py); that of a page is in page.css.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby, islice
from operator import attrgetter

from charrnn.language import get_language, ngettext
from charrnn.language import gettext as _
from charrnn.render.blocks import (
    Block,
    Chart,
    Column,
    Facts,
    Prose,
    Quote,
    Section,
    ShadedText,
    Table,
    UnrolledNetwork,
)
from charrnn.render.clusters import is_joining
from charrnn.render.svg import draw_chart, draw_unrolled, escape
from charrnn.render.words import keep_order, name_character, show_text

ROWS_OPEN_UP_TO = 24


def render_page(title: str, sections: Sequence[Section]) -> str:
    """Return the whole document."""
    light, dark = read_file("light.css"), read_file("dark.css")
    style = (
        f":root {{\n{light}}}\n@media (prefers-color-scheme: dark) {{ :root {{\n{dark}}} }}\n"
        + read_file("page.css")
        + read_file("blocks.css")
    )
    script = read_file("page.js")
    is_alone = sum(len(section.blocks) for section in sections) == 1
    names = [f"part-{number}" for number in range(len(sections))]
    links = "".join(
        f'<li><a href="#{name}">{escape(section.title)}</a></li>'
        for name, section in zip(names, sections, strict=True)
    )
    label = escape(_("Contents"))
    contents = f'<nav aria-label="{label}"><ul>{links}</ul></nav>' if len(sections) > 1 else ""
    body = "\n".join(
        f'<section id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{escape(section.title)}</h2>\n'
        + "\n".join(render_block(block, is_alone=is_alone) for block in section.blocks)
        + "</section>"
        for name, section in zip(names, sections, strict=True)
    )
    return f"""<!doctype html>
<html lang="{get_language()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{escape(title)}</h1>{contents}</header>
<main>
{body}
</main>
<script>
{script}</script>
</body>
</html>
"""


def read_file(name: str) -> str:
    """Return a style sheet or script of this package."""
    return (files("charrnn.render") / name).read_text(encoding="utf-8")


def render_block(block: Block, *, has_script: bool = True, is_alone: bool = False) -> str:
    """Return a block as HTML. A long table is folded unless it is alone on its page.

    Without a script, as in a notebook, a browser shows details of a character beside the pointer.
    """
    match block:
        case Facts():
            rows = "".join(
                f"<dt>{escape(name.strip())}</dt><dd>{escape(value)}</dd>"
                for name, value in block.rows
            )
            return f"<dl>{rows}</dl>"
        case Prose():
            return f"<p>{escape(block.text)}</p>"
        case Quote():
            return (
                f"<figure><figcaption>{escape(block.title)}</figcaption>"
                f"<blockquote>{escape(block.text)}</blockquote></figure>"
            )
        case Table():
            return _render_table(block, is_open=is_alone)
        case Chart():
            return draw_chart(block)
        case ShadedText():
            return _render_shaded_text(block, has_script=has_script)
        case UnrolledNetwork():
            return draw_unrolled(block)


def _render_table(block: Table, *, is_open: bool) -> str:
    rows = []
    for index, row in enumerate(block.rows):
        cells = "".join(
            f"<td{_alignment_class(column)}>{escape(cell)}</td>"
            for column, cell in zip(block.columns, row, strict=True)
        )
        if block.bars:
            cells += f'<td class="bar"><i style="width:{block.bars[index]:z.1%}"></i></td>'
        rows.append(f"<tr>{cells}</tr>")
    name = block.title or _("table")
    caption = f"<caption>{escape(block.title)}</caption>" if block.title else ""
    table = (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(name)}"><table>{caption}'
        f"<thead>{_render_head(block)}</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
    if len(rows) <= ROWS_OPEN_UP_TO:
        return table
    summary = ngettext("{title} ({count:,} row)", "{title} ({count:,} rows)", len(rows)).format(
        title=name, count=len(rows)
    )
    opening = "<details open>" if is_open else "<details>"
    return f"{opening}<summary>{escape(summary)}</summary>{table}</details>"


def _render_head(block: Table) -> str:
    """Render the names of columns, below those of their groups if there are groups."""
    names = "".join(
        f'<th scope="col"{_alignment_class(column)}>{escape(column.name)}</th>'
        for column in block.columns
    )
    if block.bars:
        names += '<th scope="col"></th>'
    if not any(column.group for column in block.columns):
        return f"<tr>{names}</tr>"
    groups = (
        (name, len(list(members)))
        for name, members in groupby(block.columns, key=attrgetter("group"))
    )
    above = "".join(
        f'<th scope="colgroup" class="number" colspan="{count}">{escape(name)}</th>'
        if name
        else f'<td colspan="{count}"></td>'
        for name, count in groups
    )
    return f"<tr>{above}</tr><tr>{names}</tr>"


def _alignment_class(column: Column) -> str:
    return ' class="number"' if column.is_right_aligned else ""


def _render_shaded_text(block: ShadedText, *, has_script: bool) -> str:
    """Render a span for each cluster; its value is the opacity of the background.

    What the page shows about its characters, in a line for each, is in its data-d attribute, which
    page.js reads, or else in its title. A span for each character would separate marks from their
    letters.
    """
    attribute = "data-d" if has_script else "title"
    spans = []
    labels = iter(_describe_characters(block))
    scale = max(abs(block.low), abs(block.high)) or 1.0
    for cluster, value in block.clusters():
        share = min(1.0, abs(value) / scale)
        label = escape("\n".join(islice(labels, len(cluster))))
        shown = show_text(cluster) if is_joining(cluster[0]) else cluster
        name = "↵" if cluster == "\n" else escape(shown)
        style = f'style="--v:{share:z.2f}" {attribute}="{label}"'
        spans.append(f"<span{_sign_class(value)} {style}>{name}</span>")
        if cluster == "\n":
            spans.append("<br>")
    shared = f"<p>{escape(block.shared_shades)}</p>" if block.shared_shades else ""
    head = (
        f'<figure class="shades"><figcaption>{escape(block.title)}</figcaption>'
        f"{_render_scale(block)}{shared}"
    )
    if not has_script:
        return f'{head}<div class="text">{"".join(spans)}</div></figure>'
    label = _("{title}; the arrow keys move through the characters").format(
        title=block.title_with_scale
    )
    hint = _("Point at a character, or use the arrow keys.")
    return (
        f'{head}<div class="text" tabindex="0" role="application" aria-label="{escape(label)}">'
        f'{"".join(spans)}</div><output aria-live="polite">{escape(hint)}</output></figure>'
    )


def _describe_characters(block: ShadedText) -> Iterator[str]:
    details = block.details or [""] * len(block.text)
    for character, value, detail in zip(block.text, block.values, details, strict=True):
        name = keep_order(character, name_character(character))
        label = f"{name} {f'{value:z.2f} {block.unit}'.strip()}"
        yield f"{label} · {detail}" if detail else label


def _sign_class(value: float) -> str:
    return " class=n" if value < 0 else ""


def _render_scale(block: ShadedText) -> str:
    """Render a legend of the shades: both ends and, if there are negative values, the middle."""
    ends = [block.low, 0.0, block.high] if block.low < 0 else [block.low, block.high]
    top = max(map(abs, ends))
    swatches = "".join(
        f'<span{_sign_class(value)} style="--v:{abs(value) / top:z.2f}">{value:g}</span>'
        for value in ends
    )
    return f'<p class="scale">{swatches} {escape(block.unit)}</p>'
