"""Ends by signal: the work is saved, then the process dies of it, so that shells see it."""

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType

ENDING = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # not on Windows
    ENDING.append(signal.SIGHUP)


class Ended(Exception):  # noqa: N818 - not an error: the user's wish, on its way to the top
    """The process is to end as by this signal, without a word."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def die_of(number: int) -> None:
    """End this process by signal ``number`` as if it had never been caught.

    An exit code of 128 + number would let a shell loop go on after Ctrl-C.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class Stop:
    """While entered, the first signal is a request, honoured between two steps; the second kills.

    Until ``training`` is set there is nothing to save: then the first one ends at once.
    """

    def __init__(self, on_request: Callable[[], object]) -> None:
        self.received: int | None = None
        self.training = False
        self._on_request = on_request
        self._before: dict[int, object] = {}

    def requested(self) -> bool:
        """Whether a signal came."""
        return self.received is not None

    def __enter__(self) -> "Stop":
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.training:
            raise Ended(number)
        if self.received is not None:
            die_of(number)
        self.received = number
        self._on_request()
