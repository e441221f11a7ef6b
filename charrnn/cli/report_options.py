"""The options of single reports, by the name of the keyword argument that each becomes.

A report's line in report_registry.py says which of these it has.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from charrnn.cli import option_types, options
from charrnn.config import DEFAULT_LAGS, DEFAULT_SECONDS, REPORT_SETTINGS

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

DECLARATIONS: dict[str, Decorator] = {
    "adapt": click.option(
        "--adapt",
        is_flag=True,
        help="Also show the loss of a copy of the model that learns from FILE while it reads it.",
    ),
    "corpus": options.corpus,
    "encoding": options.encoding,
    "lags": click.option(
        "--lags",
        type=option_types.type_of(REPORT_SETTINGS["lags"]),
        default=DEFAULT_LAGS,
        show_default=True,
        help="Largest number of steps back.",
    ),
    "on_unknown": options.on_unknown("replace if the model has an unknown character, else skip"),
    "seconds": click.option(
        "--seconds",
        type=option_types.type_of(REPORT_SETTINGS["seconds"]),
        default=DEFAULT_SECONDS,
        show_default=True,
        help="Duration of each measurement.",
    ),
    "untrained": click.option(
        "--untrained",
        is_flag=True,
        help="Also show each model as it was before its training.",
    ),
    "unroll.text": click.option(
        "--text", required=True, help="The text that the network reads, from a zero state."
    ),
    "neurons.text": click.option(
        "--text",
        help="Show activations over this text.  [default: the beginning of the text that is read]",
    ),
}
"""An option whose help differs for one report is named REPORT.OPTION."""


def declare(report: str, option: str) -> Decorator:
    """Return the declaration of an option of a report."""
    return DECLARATIONS.get(f"{report}.{option}") or DECLARATIONS[option]
