"""``charrnn sample -i``: lines that the user types, each with what the model writes after it.

Not here: the state that is carried through all of them (sampling/session.py).
"""

import io
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from charrnn.cli import option_types
from charrnn.cli.console import Console
from charrnn.cli.failures import print_error
from charrnn.cli.option_sources import keep_highest_precedence
from charrnn.cli.sample_output import keep_newlines_whole
from charrnn.config import AUTO, SampleConfig, TrainConfig
from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.render.controls import escape_controls
from charrnn.setting_types import rules
from charrnn.suggestions import did_you_mean

if TYPE_CHECKING:
    from charrnn.api import Model
    from charrnn.sampling.session import Session

PROMPT = "> "
READLINE_SETTINGS = (
    "tab: complete",
    "set input-meta on",  # bytes of UTF-8 are characters, also in the C locale
    "set output-meta on",
    "set convert-meta off",
)
MARK = ":"
EXCLUDED = ("prime_file", "each_line", "beam", "samples", "separator", "copied", "novel")
"""Options that have no meaning where lines are typed."""
SETTINGS = ("temperature", "top-k", "top-p", "min-p", "no-repeat", "length")
SURROGATE = re.compile("[\ud800-\udfff]")
"""What stands for a byte that is not UTF-8."""
COMMANDS = [f":{name}" for name in (*SETTINGS, "seed", "again", "erase", "help")]
GREETING = _(
    "type a text, and the model goes on from there; :help lists what else can be typed, and"
    " Ctrl-D ends"
)
HELP = _("""\
TEXT             read TEXT and go on from there; an empty line just goes on
:again           write another continuation in place of the last one
:erase           set the state to zero, as at the beginning
:temperature 0.5 change a setting: temperature, top-k, top-p, min-p, no-repeat, length;
                 without a number, show it
:seed 3          draw from the generators of this seed
::TEXT           read a text that begins with a colon
Ctrl-C           stop a continuation; at the prompt, end the program
Ctrl-D           end the program""")


def check_options(ctx: click.Context) -> None:
    """Make sure that no option contradicts --interactive.

    Raises:
        click.UsageError: naming one that does.
    """
    values = ctx.params
    defaults = {name: values[name] for name in ("samples", "separator")}
    for name in EXCLUDED:
        values["interactive"] = values["interactive"] or None
        values[name] = values[name] or None
        keep_highest_precedence(ctx, "interactive", name)
    values |= {name: values[name] or default for name, default in defaults.items()}


def converse(
    console: Console, model: "Model", config: SampleConfig, seed: int, prime: str | None,
    encoding: str, *, echo: bool,
) -> None:  # fmt: skip
    """Continue ``prime``, if there is one, and then each line of standard input.

    ``encoding`` is that of a file or pipe; "auto" is UTF-8, because a line is answered before the
    next one comes.
    """
    from charrnn.sampling.generation import describe_unknown
    from charrnn.sampling.session import Session

    if not config.stop and "\n" in model.vocabulary:
        config = replace(config, stop=["\n"])
    session = Session(model.checkpoint, config, seed)
    typed = sys.stdin is not None and sys.stdin.isatty()
    if typed:
        console.note(GREETING)
    if prime:
        _write(console, session.answer(prime), session, prime if echo else "", typed)
    for line in _read_typed() if typed else _read_piped(encoding):
        if line.startswith(MARK) and not line.startswith(MARK * 2):
            _obey(console, session, line[1:], typed)
            continue
        text = line[1:] if line.startswith(MARK) else line
        if not text.isprintable() and SURROGATE.search(text):
            problem = _("is not in {encoding}")
            named = encoding if encoding != AUTO else "utf-8"
            print_error(InputError(_("the line"), problem.format(encoding=named)))
            continue
        unknown = describe_unknown(text, model.checkpoint.corpus_info)
        try:
            pieces = session.answer(text)
        except InputError as error:  # whose advice is about options, and these cannot be typed here
            problem = _("the model does not know {characters}").format(characters=unknown)
            print_error(InputError(error.thing, problem))
            continue
        if unknown:
            note = _("the model does not know some characters of the line: {characters}")
            console.note(note.format(characters=unknown))
        _write(console, pieces, session, text if echo else "", typed)


def _read_piped(encoding: str) -> Iterator[str]:
    """Yield the lines of standard input, which is a file or a pipe."""
    if sys.stdin is None:
        return
    codec = "utf-8" if encoding == AUTO else encoding
    with io.TextIOWrapper(sys.stdin.buffer, codec, "surrogateescape", newline="\n") as lines:
        for line in lines:
            yield line.removesuffix("\n").removesuffix("\r")


def _read_typed() -> Iterator[str]:
    """Yield the lines that are typed on a terminal, edited by readline where there is one."""
    with suppress(ImportError):
        import readline

        if "libedit" not in (readline.__doc__ or ""):  # which has another syntax
            for setting in READLINE_SETTINGS:
                readline.parse_and_bind(setting)
            readline.set_completer_delims("")
            readline.set_completer(_complete)
    while True:
        try:
            with _stdout_to_stderr():
                line = input(PROMPT)
        except EOFError:
            sys.stderr.write("\n")
            return
        yield line


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Let what is written to the descriptor of stdout go to stderr, as the prompt of readline."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _write(
    console: Console, pieces: Iterable[str], session: "Session", before: str, typed: bool
) -> None:
    """Print a continuation after the text ``before``, or as JSON; Ctrl-C stops one that is typed.

    In a pipe, Ctrl-C ends the program, as it does elsewhere.
    """
    with _interrupts() if typed else nullcontext(lambda: False) as is_interrupted:
        shown = _until(is_interrupted, pieces)
        if console.json:
            for __ in shown:
                pass
        else:
            console.print_sample(before)
            for piece in keep_newlines_whole(shown):
                console.print_sample(piece)
                sys.stdout.flush()
            console.print_sample(session.sample.take_new_text() + "\n")
    if console.json:
        from charrnn.render import document
        from charrnn.sampling.sample import Sample

        sample = session.sample
        result = Sample(
            sample.prompt.prime, sample.text, session.seed, sample.sample, str(sample.stopped),
            sample.logprob,
        )  # fmt: skip
        console.print_result(document.sample_to_json(result, None))
    sys.stdout.flush()


def _until(is_interrupted: Callable[[], bool], pieces: Iterable[str]) -> Iterator[str]:
    """Pass ``pieces`` through until there has been an interrupt; then close their generator."""
    for piece in pieces:
        yield piece
        if is_interrupted():
            break
    if isinstance(pieces, Iterator) and hasattr(pieces, "close"):
        pieces.close()


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """While entered, keep Ctrl-C from ending the program; yield a function that tells of it."""
    received: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: received.append(number))
    try:
        yield lambda: bool(received)
    finally:
        signal.signal(signal.SIGINT, previous)


def _obey(console: Console, session: "Session", line: str, typed: bool) -> None:
    """Run a command: a line that began with a colon, which is not part of ``line``."""
    name, __, value = line.strip().partition(" ")
    value = value.strip()
    if value and name in ("again", "erase", "help"):
        _reply(_(":{name} takes no value").format(name=name))
    elif name == "again":
        pieces = session.answer_again()
        if pieces is None:
            _reply(_("there is no continuation yet"))
        else:
            _write(console, pieces, session, "", typed)
    elif name == "erase":
        session.erase()
        console.note(_("the state is zero"))
    elif name == "help":
        _reply(HELP)
    elif name in SETTINGS or name == "seed":
        _change(session, name, value)
    else:
        question = did_you_mean(f":{name}", COMMANDS) if name else ""
        problem = _("there is no command :{name}; {advice}")
        advice = question or _(":help lists them, Ctrl-D ends")
        _reply(problem.format(name=name, advice=advice))


def _change(session: "Session", name: str, value: str) -> None:
    """Set ``name`` to ``value`` if there is one, and reply with what it is now."""
    key = name.replace("-", "_")
    rule, __ = rules(TrainConfig if key == "seed" else SampleConfig)[key]
    try:
        number = option_types.type_of(rule).convert(value, None, None) if value else None
    except click.BadParameter as error:
        _reply(f":{name}: {error.message}")
        return
    if number is not None and key == "seed":
        session.set_seed(number)
    elif number is not None:
        session.config = replace(session.config, **{key: number})
    _reply(f"{name} {session.seed if key == 'seed' else getattr(session.config, key)}")


def _complete(typed: str, number: int) -> str | None:
    """Return the command number ``number`` that begins with what is ``typed``, as readline asks."""
    found = [command for command in COMMANDS if typed and command.startswith(typed)]
    return found[number] if number < len(found) else None


def _reply(text: str) -> None:
    """Print the answer to a command, also where there are no notes."""
    sys.stderr.write(escape_controls(text, but="\n") + "\n")
