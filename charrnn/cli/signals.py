"""Signals: the work is saved, then the process dies of the signal, so that shells notice it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

HANDLED = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # not on Windows
    HANDLED.append(signal.SIGHUP)


class SignalExit(Exception):  # noqa: N818 - not an error: unwinds to main()
    """Raised to end the process as if this signal had killed it, without a message."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def raise_as_signals() -> Iterator[None]:
    """Raise SignalExit for a closed pipe and for Ctrl-C; click would exit with code 1."""
    try:
        yield
    except BrokenPipeError:
        raise SignalExit(signal.SIGPIPE) from None
    except KeyboardInterrupt:
        raise SignalExit(signal.SIGINT) from None


def die_by_signal(number: int) -> None:
    """End this process by the signal ``number``, as if it had never been caught.

    With an exit code of 128 + number instead, a shell loop would go on after Ctrl-C.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class StopRequest:
    """While entered, the first signal requests a stop between two steps.

    A second one ends the process at once.

    Until ``training`` is set there is nothing to save, and the first signal raises SignalExit.
    ``received`` is the signal's number, or None.
    """

    def __init__(self, on_request: Callable[[], object]) -> None:
        self.received: int | None = None
        self.training = False
        self._on_request = on_request
        self._previous_handlers: dict[int, object] = {}

    def is_requested(self) -> bool:
        """Return whether a signal was received."""
        return self.received is not None

    def __enter__(self) -> "StopRequest":
        for number in HANDLED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                self._previous_handlers[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.training:
            raise SignalExit(number)
        if self.received is not None:
            die_by_signal(number)
        self.received = number
        self._on_request()
