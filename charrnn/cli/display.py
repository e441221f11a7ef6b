"""What is shown while a command runs: progress as a bar or as lines, events of a training."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from charrnn.cli.console import Console
from charrnn.cli.option_names import name_options
from charrnn.cli.signals import StopRequest
from charrnn.render.controls import escape_controls

if TYPE_CHECKING:
    from tqdm import tqdm

    from charrnn.ngram import Baselines
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

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 60.0
BAR_DELAY = 1.0  # seconds; what takes less needs no bar
READING_BAR = "{desc} {percentage:3.0f}%|{bar}| {remaining}"
"""Without the number of bytes, as each is read several times."""
STOPPING = "stopping after this step, and saving the run; press Ctrl-C again to stop at once"


@contextmanager
def show_count(
    items: Iterable[T], total: int, unit: str, console: Console
) -> Iterator[Iterable[T]]:
    """Yield ``items`` again, and show how many of the ``total`` have come, if there are several.

    On a terminal this is a bar, unless the items themselves are printed there; else it is a line a
    minute.
    """
    if total == 1 or console.quiet or (console.on_terminal and sys.stdout.isatty()):
        yield items
    elif console.on_terminal:
        from tqdm import tqdm

        with tqdm(
            items, total=total, unit=unit, dynamic_ncols=True, leave=False, delay=BAR_DELAY,
            file=sys.stderr,
        ) as bar:  # fmt: skip
            yield bar
    else:
        yield _count_in_lines(items, total, unit, console)


def _count_in_lines(items: Iterable[T], total: int, unit: str, console: Console) -> Iterator[T]:
    last_line = time.monotonic()
    for number, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last_line > SECONDS_BETWEEN_LINES:
            last_line = time.monotonic()
            console.note(f"{unit} {number:,} of {total:,}")


class Display:
    """Shows the events of a training as they come."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.stop: StopRequest | None = None
        self.start: Start | None = None
        self.bar: tqdm[Any] | None = None
        self.last_line = time.monotonic()

    def show(self, event: "Event") -> None:
        """Show one event."""
        getattr(self, f"_{type(event).__name__.lower()}")(event)

    def show_stopping(self) -> None:
        """Confirm a signal. This is called by its handler, perhaps while something is printed."""
        if self.console.quiet:
            return
        below = "\n" if self.bar is not None else ""
        with suppress(OSError):  # not by sys.stderr, whose write may be the one that is interrupted
            os.write(sys.stderr.fileno(), f"{below}{STOPPING}\n".encode())

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _note(self, event: "Note") -> None:
        self._print_line(escape_controls(name_options(event.text)))

    def _reading(self, event: "Reading") -> None:
        if self.console.on_terminal and not self.console.quiet:
            if self.bar is None:
                from tqdm import tqdm

                self.bar = tqdm(
                    desc="reading", total=event.total, unit="B", unit_scale=True, leave=False,
                    dynamic_ncols=True, delay=BAR_DELAY, file=sys.stderr,
                    bar_format=READING_BAR if event.total else None,
                )  # fmt: skip
            self.bar.update(event.done - self.bar.n)
            if event.done == event.total:
                self.close()
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            share = f" ({event.done / event.total:.0%})" if event.total else ""
            self._print_line(f"reading  {event.done / 1e6:,.0f} MB{share}")

    def _start(self, event: "Start") -> None:
        from charrnn.render import document, progress

        self.close()
        assert self.stop is not None
        self.stop.training = True
        self.start = event
        if self.console.json:
            self._print_result(document.event_to_json(event))
        self.console.note(progress.describe_start(event))
        if self.console.on_terminal and not self.console.quiet:
            from tqdm import tqdm

            self.bar = tqdm(unit="step", dynamic_ncols=True, leave=False, file=sys.stderr)

    def _baselines(self, event: "Baselines") -> None:
        from charrnn.render.words import describe_baselines

        self._print_line(f"to beat  {describe_baselines(event)}")

    def _progress(self, event: "Progress") -> None:
        if self.bar is not None:
            self.bar.total = event.total_steps
            self.bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
            self.bar.update(event.step - self.bar.n)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self._print_line(f"step {event.step:,} of {event.total_steps:,}  loss {event.loss:.3f}")

    def _evaluation(self, event: "Evaluation") -> None:
        from charrnn.render import document, progress

        if self.console.json:
            self._print_result(document.event_to_json(event))
        self._print_line(progress.describe_evaluation(event))

    def _preview(self, event: "Preview") -> None:
        self._print_line(
            self.console.dim(
                "\n".join(f"  │ {escape_controls(line)}" for line in event.text.split("\n"))
            )
        )

    def _end(self, event: "End") -> None:
        from charrnn.render import document, progress

        self.close()
        assert self.start is not None
        if self.console.json:
            self._print_result(document.event_to_json(event))
        else:
            self._print_result(progress.describe_end(event, self.start))

    def _print_result(self, line: str) -> None:
        self.console.print_result(line)
        sys.stdout.flush()

    def _print_line(self, text: str) -> None:
        self.last_line = time.monotonic()
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)
        elif not self.console.quiet:
            sys.stderr.write(text + "\n")
