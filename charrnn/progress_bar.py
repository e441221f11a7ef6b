"""The bar of a training, for the command line and for Python, and what `progress` shows in Python.

Beside cli/ this is the only module that imports tqdm, and the only one that prints, when it is
asked to. Not here: the lines that the command line prints (cli/display.py).
"""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from charrnn.language import gettext as _

if TYPE_CHECKING:
    from tqdm import tqdm

    from charrnn.training.events import Event, Progress, Reading, Start
    from charrnn.training.outcome import Outcome

BAR_DELAY = 1.0  # seconds; shorter work needs no bar
READING_BAR = "{desc} {percentage:3.0f}%|{bar}| {remaining}"
"""Without the number of bytes, because the corpus is read several times."""


class TrainingBar:
    """A bar that follows a training: first the bytes that are read, then the steps.

    ``make_bar`` is a class of tqdm, for a terminal or a notebook.
    """

    def __init__(self, make_bar: "Callable[..., tqdm[Any]]") -> None:
        self._make_bar = make_bar
        self._bar: tqdm[Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a bar now."""
        return self._bar is not None

    def show_reading(self, event: "Reading") -> None:
        """Show how much of the corpus has been read."""
        if self._bar is None:
            self._bar = self._make_bar(
                desc=_("reading"), total=event.total, unit="B", unit_scale=True, leave=False,
                dynamic_ncols=True, delay=BAR_DELAY,
                bar_format=READING_BAR if event.total else None,
            )  # fmt: skip
        self._bar.update(event.done - self._bar.n)
        if event.done == event.total:
            self.close()

    def start_steps(self, total: int | None = None) -> None:
        """Begin to count steps, of which there are ``total`` if that is known."""
        self.close()
        self._bar = self._make_bar(total=total, unit=_("step"), dynamic_ncols=True, leave=False)

    def show_step(self, event: "Progress", losses: str) -> None:
        """Show how many steps have been made, and the ``losses``."""
        assert self._bar is not None
        self._bar.total = event.total_steps
        self._bar.set_postfix_str(losses, refresh=False)
        self._bar.update(event.step - self._bar.n)

    def write(self, text: str, file: TextIO | None = None) -> None:
        """Print ``text`` above the bar, on ``file`` or else on standard output."""
        assert self._bar is not None
        self._bar.write(text, file=file)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class ProgressDisplay:
    """Shows a training in Python: a bar, notes and previews, and a summary at the end."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # That a notebook has no ipywidgets, without which the bar is made of text.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm

        self._tqdm = tqdm
        self._bar = TrainingBar(tqdm)
        self._start: Start | None = None
        self._outcome: Outcome | None = None
        self._val_loss: float | None = None

    def show(self, event: "Event") -> None:
        """Show one event."""
        from charrnn.render.progress import count_predictions, describe_end, describe_preview
        from charrnn.training import events

        match event:
            case events.Note():
                self._print(event.text)
            case events.Reading():
                self._bar.show_reading(event)
            case events.Start():
                self._start = event
                # The total, which a bar of a notebook cannot be told later.
                self._bar.start_steps(event.config.total_steps(count_predictions(event)))
            case events.Progress():
                self._bar.show_step(event, self._describe_losses(event))
            case events.Evaluation():
                self._val_loss = event.val_loss
            case events.Preview():
                self._print(describe_preview(event.text, None))
            case events.Judgement():
                self._outcome = event.outcome
            case events.End():
                assert self._start
                self.close()
                self._print(describe_end(event, self._start, self._outcome, in_python=True))

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def _describe_losses(self, event: "Progress") -> str:
        if self._val_loss is None:
            return _("loss {loss:z.3f}").format(loss=event.loss)
        return _("loss {loss:z.3f}, val {val:z.3f}").format(loss=event.loss, val=self._val_loss)

    def _print(self, text: str) -> None:
        from charrnn.render.controls import escape_controls

        self._tqdm.write(escape_controls(text, but="\n"))
