"""Equals that share a batch.

Every member holds the model, reads its share of the streams, adds its gradient to the others' and
makes the same update.

A `Team` is all that a training sees of it: who am I, of how many, and the sum over all. Side by
side on one machine it is shared memory, in which each member adds up one part of everybody's
numbers. Members are processes and not threads, as NumPy spends most of the time between two
products in Python. Not here: what the others run (worker.py).
"""

import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from charrnn.errors import MachineError
from charrnn.network.workspace import Array

HERE, FAILED = b".", b"!"
POSSIBLE = os.name == "posix"  # where children inherit file descriptors
SECONDS_TO_END = 5.0
START = "import sys; sys.path[:] = {path!r}; from charrnn.training.worker import main; main()"


class Team:
    """A team of one, which the others extend. ``rank`` counts from 0, the one that talks."""

    rank = 0
    size = 1

    def share(self, whole: int) -> slice:
        """What is this member's of so many streams, or of anything else that stands in a row."""
        return slice(whole * self.rank // self.size, whole * (self.rank + 1) // self.size)

    def vector(self, length: int) -> Array:
        """Zeros, float32, for what is summed again and again; may be had once."""
        return np.zeros(length, np.float32)

    def sum(self, array: Array) -> None:
        """Add up all members' ``array``, contiguous and of one shape; everybody gets the sum."""


class Member(Team):
    """One of several on one machine.

    ``links`` lead to the others: from rank 0 to each of them, from each of them to rank 0. The
    ``memory`` holds ``capacity`` numbers for each member, and their sum.
    """

    def __init__(
        self, rank: int, size: int, capacity: int, memory: int, links: Sequence[socket.socket]
    ) -> None:
        self.rank, self.size, self.links = rank, size, links
        numbers = np.frombuffer(mmap.mmap(memory, 0), np.float32).reshape(size + 1, capacity)
        self._all, self._mine, self._total = numbers[:size], numbers[rank], numbers[size]

    def vector(self, length: int) -> Array:
        """The member's place in the shared memory, which a sum need not copy first."""
        return self._mine[:length]

    def sum(self, array: Array) -> None:
        """Add up all members' ``array``.

        Raises:
            MachineError: at rank 0, when another member is gone.
            SystemExit: elsewhere, when rank 0 is gone.
        """
        flat = array.reshape(-1)
        for start in range(0, flat.size, self._mine.size):
            part = flat[start : start + self._mine.size]
            if not np.may_share_memory(part, self._mine):
                self._mine[: part.size] = part
            mine = self.share(part.size)
            self._wait()  # until everybody's numbers are there
            np.add.reduce(self._all[:, mine], axis=0, out=self._total[mine])
            self._wait()  # until every part is added up
            part[:] = self._total[: part.size]

    def _wait(self) -> None:
        """Go on when everybody has come here."""
        (link,) = self.links
        with suppress(OSError):
            link.sendall(HERE)
            if link.recv(1) == HERE:
                return
        raise SystemExit  # rank 0 is gone, and with it the reason to be here


class Leader(Member):
    """Rank 0, which has started the ``others``."""

    others: Sequence[subprocess.Popen[bytes]]

    def _wait(self) -> None:
        for rank in range(1, self.size):
            self._hear(rank)
        for link in self.links:
            with suppress(OSError):  # whoever is gone by now is missed the next time
                link.sendall(HERE)

    def _hear(self, rank: int) -> None:
        link = self.links[rank - 1]
        try:
            heard = link.recv(1)
        except OSError:
            heard = b""
        if heard == HERE:
            return
        if heard == FAILED:
            problem = link.makefile(encoding="utf-8", errors="replace").read()
        else:
            problem = _how_it_ended(self.others[rank - 1])
        raise MachineError(
            f"worker {rank}", f"{problem}; the run ends here, try --workers 1 or a smaller model"
        )


@contextmanager
def together(size: int, capacity: int, job: bytes) -> Iterator[Team]:
    """A team of ``size`` with this process as rank 0, the others each given the ``job``.

    Sums go through a memory for ``capacity`` numbers each. Whatever happens inside, no process and
    no memory is left behind; the others end by themselves should this process be killed.
    """
    if size == 1:
        yield Team()
        return
    if not POSSIBLE:
        raise MachineError("workers", "this system has no teams; use --workers 1")
    links: list[socket.socket] = []
    others: list[subprocess.Popen[bytes]] = []
    with _shared_memory(4 * (size + 1) * capacity) as memory:
        try:
            for rank in range(1, size):
                ours, theirs = socket.socketpair()
                links.append(ours)
                with theirs:
                    others.append(_started(rank, size, capacity, memory, theirs.fileno()))
            for other in others:
                assert other.stdin is not None
                with suppress(OSError):  # its end is noticed at the first sum
                    other.stdin.write(job)
                    other.stdin.flush()  # and left open: its end tells that of this process
            leader = Leader(0, size, capacity, memory, links)
            leader.others = others
            yield leader
        finally:
            for link in links:
                link.close()
            for other in others:
                assert other.stdin is not None
                with suppress(OSError):
                    other.stdin.close()
                _end(other)


def join(arguments: Sequence[str]) -> Member:
    """The team that the process was started for with these ``arguments``."""
    rank, size, capacity, memory, link = map(int, arguments)
    return Member(rank, size, capacity, memory, [socket.socket(fileno=link)])


def _started(
    rank: int, size: int, capacity: int, memory: int, link: int
) -> subprocess.Popen[bytes]:
    """Another Python with the same modules at hand, which never runs the user's own script.

    It is out of the terminal's reach, so that Ctrl-C is rank 0's to honour.
    """
    numbers = map(str, (rank, size, capacity, memory, link))
    return subprocess.Popen(
        [sys.executable, "-c", START.format(path=sys.path), *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(memory, link),
        start_new_session=True,
    )


@contextmanager
def _shared_memory(size: int) -> Iterator[int]:
    """A file descriptor of so many bytes in memory, without a name that could stay behind."""
    in_memory = hasattr(os, "memfd_create")  # Linux; elsewhere a file without a name
    with (
        os.fdopen(os.memfd_create("charrnn"), "r+b")
        if in_memory
        else tempfile.TemporaryFile() as file
    ):
        os.ftruncate(file.fileno(), size)
        yield file.fileno()


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        return "does not answer"
    if code < 0:
        often = ", often for want of memory" if code == -signal.SIGKILL else ""
        return f"was ended by {signal.Signals(-code).name}{often}"
    return f"ended with exit code {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(SECONDS_TO_END)  # it ends when it sees that its link is closed
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
