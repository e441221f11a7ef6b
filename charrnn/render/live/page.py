"""The page: one HTML file with the networks, the words and all scripts inside.

A content security policy allows the page's own script and style by their hashes, and nothing else:
nothing can be loaded or sent, and no text of a model runs.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any

import numpy as np

from charrnn.errors import InputError
from charrnn.language import get_language
from charrnn.language import gettext as _
from charrnn.render.live.weights import pack_network
from charrnn.render.live.words import make_tag, translate_words
from charrnn.render.svg import escape
from charrnn.reports.live import Live, LiveModel

LARGEST_PAGE = 16e6  # bytes
PLACE = re.compile(r"\{(language|policy|title|style|needs_scripts|script|data|words)\}")
SCRIPTS = (
    "network.js", "reader.js", "words.js", "reading.js", "drawing.js", "text_view.js",
    "network_view.js", "card.js", "scenes.js", "page.js",
)  # fmt: skip


def render_live(live: Live) -> str:
    """Return the whole document.

    Raises:
        InputError: when a cell has no equations for the page, or the page would be too large.
    """
    here = files("charrnn.render.live")

    def read(name: str) -> str:
        return (here / name).read_text(encoding="utf-8")

    cells = dict.fromkeys(model.cell for model in live.models)
    for model in live.models:
        if not (here / "cells" / f"{model.cell}.js").is_file():
            problem = _("a page with the network inside has no equations of its {cell}")
            raise InputError(model.model, problem.format(cell=model.cell))
    parts = ["cells.js", *(f"cells/{cell}.js" for cell in cells), *SCRIPTS]
    script = "\n".join(['"use strict";', *map(read, parts)])
    style = read("live.css")
    data = {
        "models": [_describe_model(model) for model in live.models],
        "prime": live.prime,
        "pair": live.pair,
        "change": live.change,
    }
    title = ", ".join(model.model for model in live.models)
    language, words = make_tag(get_language()), translate_words()
    parts_of_page = {
        "language": language,
        "policy": f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " base-uri 'none'; form-action 'none'",
        "title": escape(title),
        "style": style,
        "needs_scripts": escape(words[language]["needsScripts"]),
        "script": script,
        "data": _to_safe_json(data),
        "words": _to_safe_json(words, ascii_only=False),
    }
    page = PLACE.sub(lambda match: parts_of_page[match[1]], read("live.html"))
    size = len(page.encode())
    if size > LARGEST_PAGE:
        problem = _(
            "the page would have {size:z,.0f} MB, and {most:z,.0f} MB are the most; choose fewer or"
            " smaller models"
        )
        raise InputError(title, problem.format(size=size / 1e6, most=LARGEST_PAGE / 1e6))
    return page


def _describe_model(model: LiveModel) -> dict[str, Any]:
    checkpoint = model.checkpoint
    network, corpus_info = checkpoint.network, checkpoint.corpus_info
    vocabulary = corpus_info.vocabulary
    return {
        "name": model.model,
        "cell": model.cell,
        "hidden": model.hidden,
        "layers": model.layers,
        "tied": network.shape.tied,
        "characters": [f"{ord(character):x}" for character in vocabulary.characters],
        "unknown": vocabulary.unknown is not None,
        "newline": corpus_info.normalization.newline,
        "normalize": corpus_info.normalization.normalize,
        "start": [] if "\n" in vocabulary.characters else _shares(vocabulary.counts),
        "arrays": pack_network(network),
        "units": [
            {"property": each.property, "layer": each.layer, "unit": each.unit,
             "r": round(each.correlation, 3)}
            for each in model.followers
        ],
    }  # fmt: skip


def _shares(counts: tuple[int, ...]) -> list[float]:
    """Return the frequencies of all characters, from which a text without a prime begins."""
    shares = np.array(counts, np.float64) / max(1, sum(counts))
    return [float(f"{share:z.6g}") for share in shares]


def _to_safe_json(data: object, *, ascii_only: bool = True) -> str:
    """Return JSON in which no text can end the element that holds it."""
    text = json.dumps(data, ensure_ascii=ascii_only, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
