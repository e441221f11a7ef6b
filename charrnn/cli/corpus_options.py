"""The options of ``charrnn sample`` that compare samples with the corpus: --copied and --novel."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from charrnn.cli import option_types, options
from charrnn.cli.console import Console
from charrnn.cli.option_sources import keep_highest_precedence
from charrnn.cli.usage_error import UsageError
from charrnn.config import DEFAULT_LEAST, REPORT_SETTINGS

if TYPE_CHECKING:
    from charrnn.api import Model
    from charrnn.reports.copied import Copied
    from charrnn.sampling.sample import Sample

F = TypeVar("F", bound=Callable[..., Any])


def declare(command: F) -> F:
    """Add the options."""
    for option in (
        options.corpus,
        click.option(
            "--least",
            type=option_types.type_of(REPORT_SETTINGS["least"]),
            help="Characters of the shortest span that --copied counts and --novel avoids."
            f"  [default: {DEFAULT_LEAST} for --copied; --novel avoids whole lines only]",
        ),
        click.option(
            "--novel",
            is_flag=True,
            help="Draw a sample again that is, with its prime, a line of the corpus; with --least"
            " also one that has a span of N characters from there.",
        ),
        click.option(
            "--copied",
            is_flag=True,
            help="With --json: also report which parts and lines of each sample occur verbatim in"
            " the corpus.",
        ),
    ):
        command = option(command)
    return command


def check(ctx: click.Context) -> None:
    """Check that the options can be combined. Of two that exclude each other, the typed one stays.

    Raises:
        click.UsageError: when they cannot.
    """
    values = ctx.params
    values["novel"] = values["novel"] or None
    keep_highest_precedence(ctx, "novel", "beam")
    if values["novel"] and values["temperature"] == 0:
        _exclude_temperature(ctx)
    if values["copied"] and not values["json"]:
        advice = "for a text in a file, run 'charrnn inspect copied'"
        raise UsageError("--copied needs --json", ctx, advice=advice)
    for name in ("least", "corpus"):
        if values[name] and not values["copied"] and not values["novel"]:
            raise UsageError(f"--{name} needs --copied or --novel", ctx)


def make_copied_finder(
    ctx: click.Context, model: "Model"
) -> "Callable[[Sequence[Sample]], list[Copied]] | None":
    """Return a function that finds what samples copy from the corpus; None without --copied.

    It reads the corpus once or twice, however many samples it is given.
    """
    if not ctx.params["copied"]:
        return None
    from charrnn.reports.copied import find_copied
    from charrnn.reports.searched_corpus import open_corpus
    from charrnn.reports.whole_lines import continued_line

    files = open_corpus(model.loaded, ctx.params["corpus"])
    normalize = model.checkpoint.corpus_info.normalization.apply
    least = ctx.params["least"] or DEFAULT_LEAST

    def find(samples: "Sequence[Sample]") -> "list[Copied]":
        texts = [sample.text for sample in samples]
        lines = [continued_line(normalize(sample.prime), sample.text) for sample in samples]
        return find_copied(files, texts, least, lines)

    return find


def describe_novelty(ctx: click.Context, console: Console) -> dict[str, Any]:
    """Return the arguments of `Model.sample_each` for --novel; none without it.

    How many samples are left out is printed when the command ends, below its bar.
    """
    if not ctx.params["novel"]:
        return {}
    if not ctx.params["stop"] and not ctx.params["least"]:
        console.note(
            "--novel: without --stop, a sample seldom is one line; add -e --stop '\\n', or --least"
        )
    from charrnn.sampling.redrawing import MAX_TRIES

    least = ctx.params["least"]

    def print_left_out(number: int) -> None:
        samples = "1 sample is" if number == 1 else f"{number:,} samples are"
        characters = "a character" if least == 1 else f"{least or 0:,} characters in a row"
        span = f", or had {characters} from it" if least else ""
        note = (
            f"{samples} left out: {MAX_TRIES} tries each, and every one was a line of the"
            f" corpus{span}"
        )
        ctx.call_on_close(lambda: console.note(note))

    return {
        "novel": True, "least": least, "corpus": ctx.params["corpus"],
        "on_left_out": print_left_out,
    }  # fmt: skip


def _exclude_temperature(ctx: click.Context) -> None:
    """Keep --novel or the temperature 0, at which every try makes the same text."""
    try:
        keep_highest_precedence(ctx, "novel", "temperature")
    except click.UsageError:
        raise UsageError("--novel and --temperature 0 exclude each other", ctx) from None
