"""``charrnn sample``: continue a text, or each line of a file."""

from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from charrnn.cli import blas, corpus_options, option_types, options, sample_output
from charrnn.cli.option_sources import (
    Command,
    UnsplitOption,
    keep_highest_precedence,
    list_examples,
)
from charrnn.cli.usage_error import UsageError
from charrnn.config import (
    AUTO,
    SAMPLING_ONLY_SETTINGS,
    SAMPLING_THREADS,
    SampleConfig,
    TrainConfig,
)
from charrnn.errors import SettingName
from charrnn.language import gettext as _
from charrnn.parallel.machine import count_cores
from charrnn.setting_types import rules
from charrnn.shell_words import write_command

if TYPE_CHECKING:
    from charrnn.api import Model
    from charrnn.text.unknown import UnknownCharacters

DEFAULT_SEPARATOR = "\n---\n"
FIRST_SAMPLE = _("train one and sample from it: {train}, then {sample}").format(
    train=write_command("train", "tenki"), sample=write_command("sample", "--prime", "今日は")
)
"""What to do where there is no model yet. The text comes with charrnn."""

GROUPS = {
    _("Text to continue"): (
        "prime", "interactive", "prime_file", "each_line", "escapes", "encoding", "on_unknown",
        "adapt",
    ),
    _("Choice of characters"): (
        "temperature", "top_k", "top_p", "min_p", "no_repeat", "beam", "seed",
    ),
    _("Length and number"): ("length", "stop", "samples"),
    _("Comparison with the corpus"): ("copied", "novel", "least", "corpus"),
    _("Output"): ("echo", "separator", "json", "quiet", "no_color"),
}  # fmt: skip
"""The headings of the help, with the options below each."""

setting = partial(options.setting, SampleConfig)


@click.command(
    "sample",
    cls=Command,
    groups=GROUPS,
    short_help=_("Generate text with a trained model."),
    help="\n\n".join(
        [
            _("Generate text with a trained model."),
            _(
                "MODEL is the name of a run, a run folder or a .npz file; without it, the newest"
                " run is used."
            ),
        ]
    ),
    epilog=list_examples(
        "charrnn sample tenki --prime 今日は --length 200",
        "charrnn sample --prime-file lines.txt --each-line --json > texts.jsonl",
    ),
)
@options.model
@click.option(
    "-p",
    "--prime",
    type=option_types.TEXT_WITH_ESCAPES,
    metavar="TEXT",
    help=_("Text to continue.  [default: none; the model starts a new line]"),
)
@click.option(
    "-i",
    "--interactive",
    is_flag=True,
    help=_(
        "Read a line and continue it, again and again, with the state carried on. :help lists what"
        " else can be typed."
    ),
)
@click.option(
    "--prime-file",
    type=option_types.PATH,
    metavar="FILE",
    help=_(
        "Continue the text in this file (- for standard input), without the newline at its end."
    ),
)
@click.option(
    "--each-line",
    is_flag=True,
    help=_("Continue each line of the file separately."),
)
@click.option(
    "--adapt",
    is_flag=True,
    help=_(
        "Let a copy of the model learn from the text of --prime-file before it continues it. The"
        " model itself does not change."
    ),
)
@options.encoding
@setting("length", _("Number of new characters. 0 requires --stop and means no limit."), short="-l")
@click.option(
    "-n",
    "--samples",
    type=option_types.POSITIVE_INT,
    default=1,
    show_default=True,
    help=_("Number of samples per prime; with --beam, the N most likely texts."),
)
@setting(
    "temperature",
    _(
        "How freely characters are chosen: 0 always takes the most likely one, 1 follows the"
        " model's probabilities."
    ),
    short="-t",
)
@setting("top_k", _("Choose only among the N most likely characters; 0 for all."), default=_("off"))
@setting(
    "top_p",
    _(
        "Choose only among the most likely characters that together reach this probability; above 0"
        " and at most 1."
    ),
    default=_("off"),
    metavar="P",
)
@setting(
    "min_p",
    _(
        "Choose only among characters at least P times as likely as the most likely one;"
        " from 0 to 1."
    ),
    default=_("off"),
    metavar="P",
)
@setting(
    "stop",
    _("End a sample before this text. May be given several times."),
    cls=UnsplitOption,
    type=option_types.TEXT_WITH_ESCAPES,
    multiple=True,
    metavar="TEXT",
)
@setting(
    "no_repeat",
    _(
        "Never generate N characters in a row that occurred before, in the prime or the sample."
        " Values below 15 harm most texts."
    ),
    default=_("off"),
)
@setting(
    "beam",
    _(
        "Search for the most likely text, keeping N candidates (at most 10,000), instead of"
        " sampling."
    ),
    default=_("off"),
)
@click.option(
    "--seed",
    type=option_types.type_of(rules(TrainConfig)["seed"][0]),
    help=_("Random seed. The same seed generates the same text.  [default: random, and shown]"),
)
@options.on_unknown("error")
@click.option(
    "--echo/--no-echo",
    default=True,
    show_default=True,
    help=_("Print the prime before each sample."),
)
@click.option(
    "--separator",
    type=option_types.TEXT_WITH_ESCAPES,
    default=DEFAULT_SEPARATOR,
    metavar="TEXT",
    help=_("Text to print between samples.  [default: a line with ---]"),
)
@corpus_options.declare
@options.json_output
@options.common_options
@click.option(  # eager, and below --config, which may set it: the texts are parsed after both
    "-e",
    "--escapes",
    is_flag=True,
    is_eager=True,
    help=_(
        r"Read \n, \t, \\, \uHHHH and \UHHHHHHHH in --prime, --stop and --separator as the"
        " characters that they stand for."
    ),
)
@click.pass_context
def sample_command(
    ctx: click.Context,
    /,
    model: Path | None,
    samples: int,
    seed: int | None,
    echo: bool,
    separator: str,
    escapes: bool,
    **__: object,
) -> None:
    """Print samples, or converse."""
    config = _make_config(ctx)
    console = options.make_console(ctx)
    blas.limit_threads(min(SAMPLING_THREADS, count_cores()))
    from charrnn.api import load
    from charrnn.cli import sample_notes
    from charrnn.sampling.generation import draw_seed

    trained = load(options.find_model(model, console, FIRST_SAMPLE))
    primes, prime_count, unknown = _read_primes(ctx, trained, config)
    find_copied = corpus_options.make_copied_finder(ctx, trained)
    find_plain_logprob = None
    if ctx.params["adapt"]:
        from charrnn.cli.adaptation import adapt_to_prime, make_logprob_finder

        (prime,) = primes = list(primes)
        if console.json:
            find_plain_logprob = make_logprob_finder(trained, prime, config.on_unknown)
        name = str(ctx.params["prime_file"])
        trained = adapt_to_prime(console, trained, prime, name, config.on_unknown)
    is_random = config.temperature > 0 and not config.beam
    shows_seed = is_random and seed is None
    if seed is None:
        seed = draw_seed() if is_random else 0
    is_streamed = prime_count == samples == 1 and not console.json and not ctx.params["novel"]
    on_long = partial(sample_notes.print_endless_note, console)
    with sample_notes.add_advice(trained, *config.stop, escapes=escapes):
        if is_streamed:
            (prime,) = primes
            pieces = trained.stream(prime, config, seed=seed, on_long=on_long)
        else:
            results = trained.sample_each(
                primes, config, seed=seed, number=samples, on_long=on_long,
                **corpus_options.describe_novelty(ctx, console),
            )  # fmt: skip
    option = "--prime" if ctx.params["prime_file"] is None else "--prime-file"
    sample_notes.print_prime_notes(
        console, trained, config, option, ctx.params["prime"], unknown, escapes=escapes
    )
    sample_notes.print_stop_notes(console, trained, config, escapes=escapes)
    if shows_seed:
        console.note(_("seed {seed}").format(seed=seed))
    if ctx.params["interactive"]:
        from charrnn.cli.interactive import converse
        from charrnn.text.encodings import resolve_encoding

        encoding = resolve_encoding(ctx.params["encoding"])
        converse(console, trained, config, seed, ctx.params["prime"], encoding, echo=echo)
        return
    if is_streamed:
        sample_output.print_stream(console, prime if echo else "", pieces)
        return
    from charrnn.cli.display import show_count

    with show_count(results, prime_count * samples, console) as counted:
        if console.json:
            sample_output.print_json(console, counted, find_copied, find_plain_logprob)
        else:
            sample_output.print_samples(console, counted, separator, echo=echo)


def _make_config(ctx: click.Context) -> SampleConfig:
    """Return the settings that the options describe.

    Raises:
        click.UsageError: for options that cannot be combined.
    """
    values = ctx.params
    if values["interactive"]:
        from charrnn.cli.interactive import check_options

        check_options(ctx)
    keep_highest_precedence(ctx, "prime", "prime_file")
    values["each_line"] = values["each_line"] or None
    keep_highest_precedence(ctx, "prime", "each_line")
    if values["each_line"] and values["prime_file"] is None:
        raise UsageError(_("--each-line needs --prime-file"), ctx)
    if values["length"] == 0 and not values["stop"] and not values["interactive"]:
        raise UsageError(_("--length 0 needs --stop"), ctx)
    if values["beam"] == 0:
        values["beam"] = None
    values["adapt"] = values["adapt"] or None
    if values["adapt"] and values["prime_file"] is None:
        raise UsageError(_("--adapt needs --prime-file"), ctx)
    for name in ("each_line", "beam"):
        values[name] = values[name] or None
        keep_highest_precedence(ctx, "adapt", name)
    for name in SAMPLING_ONLY_SETTINGS:
        keep_highest_precedence(ctx, "beam", name)
    corpus_options.check(ctx)
    if values["beam"] is not None and values["samples"] > values["beam"]:
        problem = _("--samples can be at most {most:,}, the candidates of --beam")
        raise UsageError(problem.format(most=values["beam"]), ctx)
    names = [field.name for field in fields(SampleConfig)]
    return SampleConfig(**{name: values[name] for name in names if values[name] is not None})


def _read_primes(
    ctx: click.Context, model: "Model", config: SampleConfig
) -> tuple[Iterable[str], int, "UnknownCharacters"]:
    """Return the primes, their number, and their unknown characters where these are allowed.

    All primes are checked here, so that no output precedes an error.
    """
    from charrnn.cli.sample_notes import add_advice
    from charrnn.text.unknown import UnknownCharacters

    file, encoding = ctx.params["prime_file"], ctx.params["encoding"]
    if encoding != AUTO or file is not None:
        from charrnn.text.encodings import resolve_encoding

        encoding = resolve_encoding(encoding)
    corpus_info = model.checkpoint.corpus_info
    unknown = UnknownCharacters(corpus_info.vocabulary)
    if file is None:
        prime = ctx.params["prime"] or ""
        with add_advice(model, prime, escapes=ctx.params["escapes"]):
            model.make_prompt(prime, config.on_unknown, SettingName("prime"))
        unknown.add(corpus_info.normalization.apply(prime))
        return [prime], 1, unknown
    from charrnn.sampling.prime_file import PrimeFile

    each_line = ctx.params["each_line"]
    primes = PrimeFile(file, corpus_info.normalization, encoding, each_line=each_line)
    prime_count = 0
    for prime_count, prime in enumerate(primes, 1):
        place = str(file)
        if each_line:
            place = _("{file}, line {line:,}").format(file=file, line=prime_count)
        model.make_prompt(prime, config.on_unknown, place)
        unknown.add(corpus_info.normalization.apply(prime))
    if not prime_count:
        note = _("{file}: has no lines, so there is nothing to continue").format(file=file)
        options.make_console(ctx).note(note)
    return primes, prime_count, unknown
