"""What is shown while a command runs: progress as a bar or as lines, events of a training."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, TypeVar

from charrnn import progress_bar
from charrnn.cli.console import Console
from charrnn.cli.program_name import write_for_user, write_program_as_called
from charrnn.cli.signals import StopRequest
from charrnn.language import gettext as _

if TYPE_CHECKING:
    from charrnn.ngram import Baselines
    from charrnn.reports.each_line import EachLine
    from charrnn.reports.score import RunningScore
    from charrnn.training.events import (
        End,
        Evaluation,
        Event,
        Note,
        Preview,
        Progress,
        Reading,
        Start,
    )
    from charrnn.training.outcome import Outcome

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 60.0
STOPPING = _("stopping after this step and saving the run; press Ctrl-C again to stop at once")
"""At most 80 columns, because it is not wrapped."""


@contextmanager
def show_count(items: Iterable[T], total: int, console: Console) -> Iterator[Iterable[T]]:
    """Pass samples through, and show how many of the ``total`` there have been.

    On a terminal this is a bar, unless the items themselves are printed there; otherwise it is one
    line per minute. For a single item nothing is shown.
    """
    if total == 1 or console.quiet or (console.on_terminal and sys.stdout.isatty()):
        yield items
    elif console.on_terminal:
        from tqdm import tqdm

        with progress_bar.localize(tqdm)(
            items, total=total, unit=_(" samples"), dynamic_ncols=True, leave=False,
            delay=progress_bar.BAR_DELAY, file=sys.stderr,
        ) as bar:  # fmt: skip
            yield bar
    else:
        yield _count_in_lines(items, total, console)


def _count_in_lines(items: Iterable[T], total: int, console: Console) -> Iterator[T]:
    last_line = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last_line > SECONDS_BETWEEN_LINES:
            last_line = time.monotonic()
            note = _("sample {number:,} of {total:,}")
            console.note(note.format(number=number, total=total))


def read_with_progress(
    console: Console,
    scoring: "RunningScore | EachLine",
    what: str,
    total: int | None = None,
) -> None:
    """Score a text to its end, and show how many characters have been read, of ``total`` if known.

    On a terminal this is a bar with the name ``what``, otherwise one line per minute.
    """
    bar, read, last_line = None, 0, time.monotonic()
    if console.on_terminal and not console.quiet:
        from tqdm import tqdm

        bar = progress_bar.localize(tqdm)(
            desc=what, total=total, unit=_(" characters"), dynamic_ncols=True, leave=False,
            delay=progress_bar.BAR_DELAY, file=sys.stderr,
        )  # fmt: skip
    with nullcontext() if bar is None else bar:
        for scored in scoring:
            read += len(scored.text)
            if bar is not None:
                bar.update(len(scored.text))
            elif time.monotonic() - last_line > SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                note = _("character {read:,} of {total:,}") if total else _("character {read:,}")
                console.note(note.format(read=read, total=total))


class Display:
    """Shows the events of a training when they occur."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.stop: StopRequest | None = None
        self.start: Start | None = None
        self.outcome: Outcome | None = None
        self.bar: progress_bar.TrainingBar | None = None  # on a terminal
        self.last_line = time.monotonic()
        self.runs: list[tuple[Start, End]] = []  # that ended

    def show(self, event: "Event") -> None:
        """Show one event."""
        # These modules import NumPy, which has been imported when there is an event.
        from charrnn.ngram import Baselines
        from charrnn.training import events

        match event:
            case events.Note():
                self._show_note(event)
            case events.Reading():
                self._show_reading(event)
            case events.Start():
                self._show_start(event)
            case Baselines():
                self._show_baselines(event)
            case events.Progress():
                self._show_progress(event)
            case events.Evaluation():
                self._show_evaluation(event)
            case events.Preview():
                self._show_preview(event)
            case events.Judgement():
                self.outcome = event.outcome
            case events.End():
                self._show_end(event)

    def show_stopping(self) -> None:
        """Confirm a signal. Its handler calls this, perhaps while something is being printed."""
        if self.console.quiet:
            return
        line_end = "\n" if self.bar and self.bar.is_open else ""
        # The signal may have interrupted a write of sys.stderr, which cannot be entered twice.
        with suppress(OSError):
            os.write(sys.stderr.fileno(), f"{line_end}{STOPPING}\n".encode())

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()

    def _open_bar(self) -> progress_bar.TrainingBar | None:
        """Return the bar, which only a terminal has."""
        if self.bar is None and self.console.on_terminal and not self.console.quiet:
            from tqdm import tqdm

            self.bar = progress_bar.TrainingBar(tqdm)
        return self.bar

    def _show_note(self, event: "Note") -> None:
        self._print_line(self.console.wrap(write_for_user(event.text)))

    def _show_reading(self, event: "Reading") -> None:
        if bar := self._open_bar():
            bar.show_reading(event)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            size, share = event.done / 1e6, event.done / (event.total or 1)
            line = _("reading  {size:z,.0f} MB ({share:z.0%})")
            if not event.total:
                line = _("reading  {size:z,.0f} MB")
            self._print_line(line.format(size=size, share=share))

    def _show_start(self, event: "Start") -> None:
        from charrnn.render import document, progress

        self.close()
        assert self.stop is not None
        self.stop.training = True
        self.start = event
        if self.console.json:
            self._print_result(document.event_to_json(event))
        self.console.note(progress.describe_start(event, self.console.note_columns))
        if bar := self._open_bar():
            bar.start_steps()

    def _show_baselines(self, event: "Baselines") -> None:
        from charrnn.render.words import describe_baselines

        line = _("to beat   {baselines}").format(baselines=describe_baselines(event))
        self._print_line(self.console.wrap(line))

    def _show_progress(self, event: "Progress") -> None:
        if self.bar is not None:
            self.bar.show_step(event, _("loss {loss:z.3f}").format(loss=event.loss))
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            line = _("step {step:,} of {total:,}  loss {loss:z.3f}")
            self._print_line(line.format(step=event.step, total=event.total_steps, loss=event.loss))

    def _show_evaluation(self, event: "Evaluation") -> None:
        from charrnn.render import document, progress

        assert self.start is not None
        if self.console.json:
            self._print_result(document.event_to_json(event, run=self.start.run))
        line = progress.describe_evaluation(event)
        self._print_line(progress.wrap_evaluation(line, self.console.note_columns))

    def _show_preview(self, event: "Preview") -> None:
        from charrnn.render.progress import describe_preview

        self._print_line(self.console.dim(describe_preview(event.text, self.console.note_columns)))

    def _show_end(self, event: "End") -> None:
        from charrnn.render import document, progress

        self.close()
        assert self.start is not None
        self.runs.append((self.start, event))
        if self.console.json:
            self._print_result(document.event_to_json(event))
        else:
            columns = self.console.result_columns
            summary = progress.describe_end(event, self.start, self.outcome, columns)
            self._print_result(write_for_user(summary))

    def show_comparison(self) -> None:
        """Show a table of all runs that ended."""
        from charrnn.cli.several_cells import describe_runs

        if self.runs and not self.console.json:
            table = describe_runs(self.runs, self.console.result_columns)
            self._print_result(f"\n{write_program_as_called(table)}")

    def _print_result(self, line: str) -> None:
        self.console.print_result(line)
        sys.stdout.flush()

    def _print_line(self, text: str) -> None:
        self.last_line = time.monotonic()
        if self.bar is not None and self.bar.is_open:
            self.bar.write(text, file=sys.stderr)
        elif not self.console.quiet:
            sys.stderr.write(text + "\n")
