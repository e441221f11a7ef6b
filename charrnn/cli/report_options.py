"""The options of single reports, by the name of the keyword argument that each becomes.

A report's line in report_registry.py says which of these it has.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from charrnn.cli import option_types, options
from charrnn.cli.option_sources import UnsplitOption
from charrnn.config import (
    DEFAULT_CONTINUATION_LENGTH,
    DEFAULT_CONTINUATIONS,
    DEFAULT_LAGS,
    DEFAULT_LEAST,
    DEFAULT_SECONDS,
    REPORT_SETTINGS,
    SampleConfig,
    TrainConfig,
)
from charrnn.language import gettext as _
from charrnn.setting_types import rules

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

DECLARATIONS: dict[str, Decorator] = {
    "adapt": click.option(
        "--adapt",
        is_flag=True,
        help=_(
            "Also show the loss of a copy of the model that learns from FILE while it reads it."
        ),
    ),
    "each_line": click.option(
        "--each-line",
        is_flag=True,
        help=_(
            "Score each line for itself, from a newline, and show the hardest ones; with --json or"
            " --csv all of them, in their order."
        ),
    ),
    "compare.text": click.option(
        "--text",
        cls=UnsplitOption,
        multiple=True,
        required=True,
        metavar="TEXT",
        help=_("A text that each model reads, from a zero state. Give it twice."),
    ),
    "corpus": options.corpus,
    "encoding": options.encoding,
    "lags": click.option(
        "--lags",
        type=option_types.type_of(REPORT_SETTINGS["lags"]),
        default=DEFAULT_LAGS,
        show_default=True,
        help=_("Largest number of steps back."),
    ),
    "least": click.option(
        "--least",
        type=option_types.type_of(REPORT_SETTINGS["least"]),
        default=DEFAULT_LEAST,
        show_default=True,
        help=_("Characters of the shortest span that counts as copied."),
    ),
    "length": click.option(
        "-l",
        "--length",
        type=option_types.type_of(rules(SampleConfig)["length"][0]),
        default=DEFAULT_CONTINUATION_LENGTH,
        show_default=True,
        help=_("Number of new characters of a continuation. 0 requires --stop and means no limit."),
    ),
    "on_unknown": options.on_unknown(_("replace if the model has an unknown character, else skip")),
    "seconds": click.option(
        "--seconds",
        type=option_types.type_of(REPORT_SETTINGS["seconds"]),
        default=DEFAULT_SECONDS,
        show_default=True,
        help=_("Duration of each measurement."),
    ),
    "property": click.option(
        "--property",
        cls=UnsplitOption,
        multiple=True,
        metavar="NAME=REGEX",
        help=_(
            "A property of the text to compare the units with: whether a character is part of a"
            " match of this regular expression. May be given several times."
        ),
    ),
    "samples": click.option(
        "-n",
        "--samples",
        type=option_types.POSITIVE_INT,
        default=DEFAULT_CONTINUATIONS,
        show_default=True,
        help=_("Number of continuations of each text."),
    ),
    "seed": click.option(
        "--seed",
        type=option_types.type_of(rules(TrainConfig)["seed"][0]),
        help=_("Random seed of the continuations.  [default: random, and shown]"),
    ),
    "stop": click.option(
        "--stop",
        cls=UnsplitOption,
        multiple=True,
        metavar="TEXT",
        help=_("End a continuation before this text. May be given several times."),
    ),
    "unit": click.option(
        "--unit",
        multiple=True,
        metavar="N",
        help=_(
            "Show this unit over the text, in place of those that follow a property closely:"
            " N of the top layer, or LAYER:N. May be given several times."
        ),
    ),
    "untrained": click.option(
        "--untrained",
        is_flag=True,
        help=_("Also show each model as it was before its training."),
    ),
    "unroll.text": click.option(
        "--text", required=True, help=_("The text that the network reads, from a zero state.")
    ),
    "neurons.text": click.option(
        "--text",
        help=_(
            "Show activations over this text.  [default: the beginning of the text that is read]"
        ),
    ),
}
"""An option whose help differs for one report is named REPORT.OPTION."""


def declare(report: str, option: str) -> Decorator:
    """Return the declaration of an option of a report."""
    return DECLARATIONS.get(f"{report}.{option}") or DECLARATIONS[option]
