"""The bar of a training, for the command line and for Python, and what `progress` shows in Python.

Beside cli/ this is the only module that imports tqdm, and the only one that prints, when it is
asked to. Not here: the lines that the command line prints (cli/display.py).
"""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from charrnn.language import gettext as _
from charrnn.language import gettext_noop

if TYPE_CHECKING:
    from tqdm import tqdm

    from charrnn.training.events import Event, Progress, Reading, Start
    from charrnn.training.outcome import Outcome

BAR_DELAY = 1.0  # seconds; shorter work needs no bar
READING_BAR = "{desc} {percentage:3.0f}%|{bar}| {remaining}"
"""Without the number of bytes, because the corpus is read several times."""
COUNTING_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {speed}{postfix}]"
COUNT = gettext_noop("{label}{n_fmt}{unit} [{elapsed}, {speed}{postfix}]")
"""What stands in place of a bar while the total is not known."""


def localize(bar: "type[tqdm[Any]]") -> "type[tqdm[Any]]":
    """Return a kind of ``bar`` that writes the speed as the user's language does.

    In English it is what tqdm itself writes. One more column stays free, so that a terminal shows
    the ^C of a user behind the bar, and not on two lines.
    """

    class Bar(bar):  # type: ignore[valid-type, misc]
        @property
        def format_dict(self) -> dict[str, Any]:
            """What is shown, by the names that a format of tqdm has."""
            values: dict[str, Any] = super().format_dict
            if isinstance(values["ncols"], int):
                values["ncols"] -= 1
            is_bar = values["total"] and values["n"] <= values["total"]
            values["bar_format"] = values["bar_format"] or (COUNTING_BAR if is_bar else _(COUNT))
            values["label"] = f"{values['prefix']}: " if values["prefix"] else ""
            values["speed"] = _describe_speed(values, bar.format_sizeof)
            return values

    return Bar


def _describe_speed(values: dict[str, Any], scale: Callable[[float], str]) -> str:
    """Describe how many of what is counted are done per second, or how long each takes."""
    rate, elapsed, unit = values["rate"], values["elapsed"], values["unit"]
    if rate is None and elapsed:
        rate = (values["n"] - values["initial"]) / elapsed
    if not rate:
        return _("{rate}{unit}/s").format(rate="?", unit=unit)
    write = scale if values["unit_scale"] else "{:z5.2f}".format
    if rate < 1:
        return _("{seconds}s/{unit}").format(seconds=write(1 / rate), unit=unit)
    return _("{rate}{unit}/s").format(rate=write(rate), unit=unit)


class TrainingBar:
    """A bar that follows a training: first the bytes that are read, then the steps.

    ``bar`` is a class of tqdm, for a terminal or a notebook.
    """

    def __init__(self, bar: "type[tqdm[Any]]") -> None:
        self._make_bar = localize(bar)
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
        if not self._bar.n:
            self._skip_to(event.step - 1)
        self._bar.total = event.total_steps
        self._bar.set_postfix_str(losses, refresh=False)
        self._bar.update(event.step - self._bar.n)

    def _skip_to(self, step: int) -> None:
        """Leave the steps that a resumed run has made before out of the speed."""
        assert self._bar is not None
        self._bar.initial = self._bar.n = self._bar.last_print_n = step

    def write(self, text: str, file: TextIO | None = None) -> None:
        """Print ``text``, above the bar if there is one, on ``file`` or else on standard output."""
        self._make_bar.write(text, file=file)

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

        self._bar.write(escape_controls(text, but="\n"))
