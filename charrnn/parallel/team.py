"""Equals that share a batch.

Every member holds the model, reads its share of the streams, adds its gradient to the others' and
makes the same update.

A `Team` is all that a training sees of it: who am I, of how many, and the sum over all. Side by
side on one machine it is shared memory, in which each member adds up one part of everybody's
numbers; such a team may be one of several, whose leaders are a team in turn. Members are processes
and not threads, as NumPy spends most of the time between two products in Python. Not here: what the
others run (worker.py), and MPI (ranks.py).
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

from charrnn.arrays import Array
from charrnn.errors import MachineError

HERE, FAILED = b".", b"!"
SUPPORTED = os.name == "posix"  # where children inherit file descriptors
SECONDS_TO_END = 5.0
START = "import sys; sys.path[:] = {path!r}; from charrnn.runs.job import main; main()"


class Team:
    """A team of one, which the others extend. ``rank`` counts from 0, the one that talks."""

    rank: int = 0
    size: int = 1

    def shard(self, whole: int) -> slice:
        """What is this member's of so many streams, or of anything else that stands in a row."""
        return shard(whole, self.rank, self.size)

    def vector(self, length: int) -> Array:
        """Zeros, float32, for what is summed again and again; may be had once."""
        return np.zeros(length, np.float32)

    def sum(self, array: Array) -> None:
        """Add up all members' ``array``, contiguous and of one shape; everybody gets the sum."""

    def broadcast(self, array: Array) -> None:
        """Put into everybody's ``array`` what rank 0 has in it."""
        if self.rank:
            array[...] = 0
        self.sum(array)


ALONE = Team()


class Member(Team):
    """One of several workers on one machine, at a ``place`` among them.

    ``links`` lead to the others: from the first to each of them, from each of them to the first.
    The ``memory`` holds ``capacity`` numbers for each, and their sum. Where the first belongs to a
    team ``among`` others like it, these workers are part of one large team.
    """

    def __init__(
        self, place: int, workers: int, capacity: int, memory: int,
        links: Sequence[socket.socket], among: tuple[int, int],
    ) -> None:  # fmt: skip
        rank, size = among
        self.rank, self.size = rank * workers + place, size * workers
        self.links = links
        self._place, self._workers = place, workers
        numbers = np.frombuffer(mmap.mmap(memory, 0), np.float32).reshape(workers + 1, capacity)
        self._all, self._mine, self._total = numbers[:workers], numbers[place], numbers[workers]

    def vector(self, length: int) -> Array:
        """The member's place in the shared memory, which a sum need not copy first."""
        return self._mine[:length]

    def sum(self, array: Array) -> None:
        """Add up all members' ``array``.

        Raises:
            MachineError: at the first worker, when another one is gone.
            SystemExit: elsewhere, when the first is gone.
        """
        flat = array.reshape(-1)
        for start in range(0, flat.size, self._mine.size):
            part = flat[start : start + self._mine.size]
            if not np.may_share_memory(part, self._mine):
                self._mine[: part.size] = part
            mine = shard(part.size, self._place, self._workers)
            self._wait()  # until everybody's numbers are there
            pairwise_sum(self._all[:, mine], self._total[mine])
            self._wait(self._total[: part.size])  # until every part is added up
            part[:] = self._total[: part.size]

    def _wait(self, total: Array | None = None) -> None:
        """Go on when everybody has come here, and ``total`` is that of all teams."""
        (link,) = self.links
        with suppress(OSError):
            link.sendall(HERE)
            if link.recv(1) == HERE:
                return
        raise SystemExit  # the first is gone, and with it the reason to be here


class Leader(Member):
    """The first, which has started the ``others``, and adds their sum to those of its equals."""

    others: Sequence[subprocess.Popen[bytes]]
    equals: Team

    def _wait(self, total: Array | None = None) -> None:
        for place in range(1, len(self.others) + 1):
            self._hear(place)
        if total is not None:
            self.equals.sum(total)
        for link in self.links:
            with suppress(OSError):  # whoever is gone by now is missed the next time
                link.sendall(HERE)

    def _hear(self, place: int) -> None:
        link = self.links[place - 1]
        try:
            heard = link.recv(1)
        except OSError:
            heard = b""
        if heard == HERE:
            return
        if heard == FAILED:
            problem = link.makefile(encoding="utf-8", errors="replace").read()
        else:
            problem = _how_it_ended(self.others[place - 1])
        raise MachineError(
            f"worker {place}", f"{problem}; the run ends here, try --workers 1 or a smaller model"
        )


def shard(whole: int, rank: int, size: int) -> slice:
    """What of ``whole`` things in a row is that of one of so many."""
    return slice(whole * rank // size, whole * (rank + 1) // size)


def pairwise_sum(rows: Array, total: Array) -> None:
    """Put the sum of ``rows`` (N, numbers) into ``total``; what was in them is lost.

    They are added in pairs, the pairs in pairs, and so on: the sum of the sums of teams of 2, 4, 8
    … members has the order, and so the rounding, of one large team's sum.
    """
    while len(rows) > 2:
        second = rows[1::2]
        rows[: 2 * len(second) : 2] += second
        rows = rows[::2]
    np.add.reduce(rows, axis=0, out=total)


@contextmanager
def worker_team(workers: int, capacity: int, job: bytes, equals: Team = ALONE) -> Iterator[Team]:
    """A team of ``workers`` that this process is the first of, the others each given the ``job``.

    All of its ``equals`` make such a team, and these are one. Sums go through a memory for
    ``capacity`` numbers each. Whatever happens inside, no process and no memory is left behind; the
    others end by themselves should this process be killed.
    """
    if workers == 1:
        yield equals
        return
    if not SUPPORTED:
        raise MachineError("workers", "this system has no teams; use --workers 1")
    links: list[socket.socket] = []
    others: list[subprocess.Popen[bytes]] = []
    among = equals.rank, equals.size
    with _shared_memory(4 * (workers + 1) * capacity) as memory:
        try:
            for place in range(1, workers):
                ours, theirs = socket.socketpair()
                links.append(ours)
                with theirs:
                    numbers = place, workers, capacity, memory, theirs.fileno(), *among
                    others.append(_started(numbers, memory, theirs.fileno()))
            for other in others:
                assert other.stdin is not None
                with suppress(OSError):  # its end is noticed at the first sum
                    other.stdin.write(job)
                    other.stdin.flush()  # and left open: its end tells that of this process
            leader = Leader(0, workers, capacity, memory, links, among)
            leader.others, leader.equals = others, equals
            yield leader
        finally:
            for link in links:
                link.close()
            for other in others:
                assert other.stdin is not None
                with suppress(OSError):
                    other.stdin.close()
                _end(other)


def join_team(arguments: Sequence[str]) -> Member:
    """The team that the process was started for with these ``arguments``."""
    place, workers, capacity, memory, link, rank, size = map(int, arguments)
    links = [socket.socket(fileno=link)]
    return Member(place, workers, capacity, memory, links, (rank, size))


def _started(arguments: Sequence[int], *inherited: int) -> subprocess.Popen[bytes]:
    """Another Python with the same modules at hand, which never runs the user's own script.

    It is out of the terminal's reach, so that Ctrl-C is the first's to honour.
    """
    return subprocess.Popen(
        [sys.executable, "-c", START.format(path=sys.path), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=inherited,
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
