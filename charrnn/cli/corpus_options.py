"""The options of ``charrnn sample`` that compare samples with the corpus: --copied and --novel."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from charrnn.cli import option_types, options
from charrnn.cli.console import Console
from charrnn.cli.option_sources import keep_highest_precedence, make_exclusion_error
from charrnn.cli.usage_error import UsageError
from charrnn.config import DEFAULT_LEAST, REPORT_SETTINGS
from charrnn.language import gettext as _
from charrnn.language import ngettext
from charrnn.shell_words import write_command

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
            help=_(
                "Characters of the shortest span that --copied counts and --novel avoids."
                "  [default: {least} for --copied; --novel avoids whole lines only]"
            ).format(least=DEFAULT_LEAST),
        ),
        click.option(
            "--novel",
            is_flag=True,
            help=_(
                "Draw a sample again that is, with its prime, a line of the corpus; with --least"
                " also one that has a span of N characters from there."
            ),
        ),
        click.option(
            "--copied",
            is_flag=True,
            help=_(
                "With --json: also report which parts and lines of each sample occur verbatim in"
                " the corpus."
            ),
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
        advice = _("for a text in a file, run '{command}'")
        advice = advice.format(command=write_command("inspect", "copied"))
        raise UsageError(_("--copied needs --json"), ctx, advice=advice)
    for name in ("least", "corpus"):
        if values[name] and not values["copied"] and not values["novel"]:
            problem = _("{option} needs --copied or --novel").format(option=f"--{name}")
            raise UsageError(problem, ctx)


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
            _(
                "--novel: without --stop, a sample seldom is one line; add -e --stop '\\n', or"
                " --least"
            )
        )
    from charrnn.sampling.redrawing import MAX_TRIES

    least = ctx.params["least"]

    def print_left_out(number: int) -> None:
        note = _describe_left_out(number, MAX_TRIES, least)
        ctx.call_on_close(lambda: console.note(note))

    return {
        "novel": True, "least": least, "corpus": ctx.params["corpus"],
        "on_left_out": print_left_out,
    }  # fmt: skip


def _describe_left_out(number: int, tries: int, least: int | None) -> str:
    """Return how many samples --novel left out, and why."""
    if not least:
        note = ngettext(
            "{number:,} sample is left out: {tries} tries each, and every one was a line of the"
            " corpus",
            "{number:,} samples are left out: {tries} tries each, and every one was a line of the"
            " corpus",
            number,
        )
        return note.format(number=number, tries=tries)
    span = ngettext("a character", "{least:,} characters in a row", least).format(least=least)
    note = ngettext(
        "{number:,} sample is left out: {tries} tries each, and every one was a line of the"
        " corpus, or had {span} from it",
        "{number:,} samples are left out: {tries} tries each, and every one was a line of the"
        " corpus, or had {span} from it",
        number,
    )
    return note.format(number=number, tries=tries, span=span)


def _exclude_temperature(ctx: click.Context) -> None:
    """Keep --novel or the temperature 0, at which every try makes the same text."""
    try:
        keep_highest_precedence(ctx, "novel", "temperature")
    except click.UsageError:
        raise make_exclusion_error(ctx, "--novel", "--temperature 0") from None
