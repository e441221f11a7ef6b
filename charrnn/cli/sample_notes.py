"""Notes and advice of ``charrnn sample`` about the texts that it is given."""

from collections.abc import Iterator
from contextlib import contextmanager

from charrnn.api import Model
from charrnn.cli.console import Console
from charrnn.config import SampleConfig
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.sampling.generation import describe_unknown
from charrnn.text.unknown import UnknownCharacters

MAX_STOP_COLUMNS = 40
"""The width to which a note shortens a stop text."""


@contextmanager
def add_advice(model: Model, *texts: str, escapes: bool) -> Iterator[None]:
    """Add advice on escapes in ``texts`` to an error about characters that are unknown.

    Here and below there is no advice if ``escapes``: then they have been replaced already.
    """
    try:
        yield
    except InputError as error:
        if escapes:
            raise
        from charrnn.cli.escape_advice import advise_on_escapes

        for text in texts:
            if "\\" in model.unknown_characters(text) and (
                advice := advise_on_escapes(model, text)
            ):
                both = _("{problem}; {advice}").format(problem=error.problem, advice=advice)
                raise InputError(error.thing, both) from None
        raise


def print_prime_notes(
    console: Console, model: Model, config: SampleConfig, option: str, prime: str | None,
    unknown: UnknownCharacters, *, escapes: bool,
) -> None:  # fmt: skip
    """Print notes on the ``unknown`` characters of primes, and on escapes in a single ``prime``."""
    if unknown.number and config.on_unknown == "replace":
        note = _(
            "{option}: characters that the model does not know are read as its unknown character:"
            " {characters}"
        )
        console.note(note.format(option=option, characters=unknown.summary))
    elif unknown.number:
        note = _("{option}: characters that the model does not know are left out: {characters}")
        console.note(note.format(option=option, characters=unknown.summary))
    if not prime or escapes:
        return
    from charrnn.cli.escape_advice import advise_on_escapes

    if advice := advise_on_escapes(model, prime):
        console.note(f"{option}: {advice}")


def print_stop_notes(
    console: Console, model: Model, config: SampleConfig, *, escapes: bool
) -> None:
    """Print notes on stop texts that cannot occur, and on escapes in them."""
    if not config.stop:
        return
    from charrnn.cli.escape_advice import advise_on_escapes
    from charrnn.render.words import shorten

    for stop in config.stop:
        shown = shorten(stop, MAX_STOP_COLUMNS)
        if unknown := describe_unknown(stop, model.checkpoint.corpus_info):
            note = _(
                "--stop {text}: the model cannot produce it, because it does not know {characters}"
            )
            console.note(note.format(text=shown, characters=unknown))
        if not escapes and (advice := advise_on_escapes(model, stop)):
            console.note(f"--stop {shown}: {advice}")


def print_endless_note(console: Console, characters: int) -> None:
    """Print that a sample without a limit has not come to a stop text yet."""
    # On a terminal, the cursor may stand behind the text of the sample, or behind a bar.
    line_end = "\n" if console.on_terminal else ""
    note = _(
        "no stop text has come in {characters:,} characters, and there is no limit (--length 0);"
        " Ctrl-C ends it"
    )
    console.note(line_end + note.format(characters=characters))
