"""Ctrl-C in Python, or an interrupted cell of a notebook: the run is saved before it ends.

Not here: the signals of the command line (cli/signals.py).
"""

import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """While entered, Ctrl-C stops a training between two steps, so that it can be saved.

    This holds while ``can_save`` is True; else, and for a second Ctrl-C, KeyboardInterrupt is
    raised at once. While the run is being closed after that, nothing interrupts it again. Where
    signals have another handler than Python's own, and in other threads than the main one, nothing
    changes.
    """

    def __init__(self) -> None:
        self.is_requested = False
        self.can_save = False
        self._is_raised = False
        self._is_handled = False

    def __enter__(self) -> "Interrupt":
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._is_handled = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_handled:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def go_on(self) -> None:
        """Note that the training goes on, so that it can be interrupted again."""
        self._is_raised = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_raised:
            return
        if self.can_save and not self.is_requested:
            self.is_requested = True
            return
        self._is_raised = True
        raise KeyboardInterrupt
