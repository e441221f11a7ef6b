"""Processes that share a batch: barriers, and sums in shared memory.

Every process of a team holds the whole model, computes the gradient of its own share of the
streams, adds it to the gradients of the others, and makes the same update. A `Team` is all that
training knows of this: a rank, a size, a sum over all processes, and a broadcast.

`worker_team` starts processes on this machine that sum in shared memory. Such a team can be one of
several: then its leader, the process that started it, also belongs to a team of leaders.

These are processes and not threads because NumPy holds Python's lock for most of the time between
two matrix products. Not here: what a worker process runs (runs/job.py), and MPI (ranks.py).
"""

import mmap
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np

from charrnn.arrays import Array
from charrnn.errors import MachineError
from charrnn.language import gettext as _
from charrnn.parallel.worker_processes import end_worker, explain_exit, start_worker

# The byte that a process sends at a barrier; an error message follows FAILED.
ARRIVED, FAILED = b".", b"!"
WORKERS_SUPPORTED = os.name == "posix"  # elsewhere children cannot inherit file descriptors


class Team:
    """A team of one process, and the base class of larger teams.

    ``rank`` counts from 0. Rank 0 writes the files and reports to the user.
    """

    rank: int = 0
    size: int = 1

    def shard(self, count: int) -> slice:
        """Return this process's share of ``count`` streams, or of any other sequence."""
        return shard(count, self.rank, self.size)

    def sum_buffer(self, length: int) -> Array:
        """Return a float32 array of zeros that `sum` adds up in place.

        A team has one such buffer, so the arrays of two calls would share their memory.
        """
        return np.zeros(length, np.float32)

    def sum(self, array: Array) -> None:
        """Replace ``array`` in every process by the sum over all processes.

        It must be contiguous and have the same shape in every process. Every member must call this.
        """

    def gather(self, array: Array) -> None:
        """Each process has computed a part of ``array``; give every process the whole.

        The other parts must be zero. Every member must call this.
        """
        # Each number is zero in all processes but one, so the sum puts the parts side by side.
        self.sum(array)

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` in every process by that of rank 0. Every member must call this."""
        if self.rank:
            array[...] = 0
        self.sum(array)


SINGLE_PROCESS = Team()


class WorkerTeam(Team):
    """A team on one machine, as the worker process ``worker`` of ``workers`` sees it.

    ``links`` are sockets: the leader (worker 0) has one to each other worker, and each of these has
    one to the leader. ``memory`` is the file descriptor of shared memory with ``capacity`` float32
    numbers for each worker, followed by as many for their sum. ``leader_rank`` is the rank of this
    team's leader among the leaders of all teams, and ``leaders`` is the number of leaders.
    """

    def __init__(
        self, worker: int, workers: int, capacity: int, memory: int,
        links: Sequence[socket.socket], leader_rank: int, leaders: int,
    ) -> None:  # fmt: skip
        self.rank, self.size = leader_rank * workers + worker, leaders * workers
        self.links = links
        self._worker, self._workers = worker, workers
        numbers = np.frombuffer(mmap.mmap(memory, 0), np.float32).reshape(workers + 1, capacity)
        self._all, self._own, self._total = numbers[:workers], numbers[worker], numbers[workers]

    def sum_buffer(self, length: int) -> Array:
        """Return this worker's part of the shared memory, where it is zero until it is used."""
        return self._own[:length]

    def sum(self, array: Array) -> None:
        """Replace ``array`` in every process by the sum over all processes.

        Raises:
            MachineError: in the leader, when another worker has failed or exited.
            SystemExit: in the other workers, when the leader has exited.
        """
        flat = array.reshape(-1)
        for start in range(0, flat.size, self._own.size):
            part = flat[start : start + self._own.size]
            if not np.may_share_memory(part, self._own):
                self._own[: part.size] = part
            own = shard(part.size, self._worker, self._workers)
            # Each worker adds up one shard of all workers' numbers, so every worker's numbers must
            # be in the shared memory before anyone reads them.
            self._barrier()
            pairwise_sum(self._all[:, own], self._total[own])
            # Then every worker reads the whole sum, so every shard must be complete. At this
            # barrier the leaders also sum over their teams. No third barrier is needed: the next
            # sum is not written before the first barrier of the next call, which no worker passes
            # before all of them have read this sum.
            self._barrier(self._total[: part.size])
            part[:] = self._total[: part.size]

    def _barrier(self, total: Array | None = None) -> None:
        """Wait until all workers are here; meanwhile the leader sums ``total`` over all teams."""
        (link,) = self.links
        with suppress(OSError):
            link.sendall(ARRIVED)
            if link.recv(1) == ARRIVED:
                return
        raise SystemExit  # the leader has exited


class LeaderTeam(WorkerTeam):
    """The same team as the leader sees it, which started the ``processes`` of the other workers.

    ``leader_team`` is the team of the leaders of all teams.
    """

    processes: Sequence[subprocess.Popen[bytes]]
    leader_team: Team

    def _barrier(self, total: Array | None = None) -> None:
        # A dead process is detected here: its socket is closed, so that receiving from it ends.
        for worker in range(1, len(self.processes) + 1):
            self._receive(worker)
        # All workers of this team wait for an answer now. The leaders exchange their sums before
        # any worker is released, so that each of them reads the sum over all teams.
        if total is not None:
            self.leader_team.sum(total)
        for link in self.links:
            with suppress(OSError):  # a worker that died just now is detected at the next barrier
                link.sendall(ARRIVED)

    def _receive(self, worker: int) -> None:
        """Wait until ``worker`` is at the barrier.

        Raises:
            MachineError: when the worker has failed or exited.
        """
        link = self.links[worker - 1]
        try:
            message = link.recv(1)
        except OSError:
            message = b""
        if message == ARRIVED:
            return
        if message == FAILED:
            error = link.makefile(encoding="utf-8", errors="replace").read()
            problem = _(
                "failed with {error}; continue the run with `resume`, or start a new one with a"
                " smaller model or with `workers` 1"
            ).format(error=error)
        else:
            problem = explain_exit(self.processes[worker - 1])
        raise MachineError(_("worker {number}").format(number=worker), problem)


def shard(count: int, rank: int, size: int) -> slice:
    """Return shard ``rank`` of ``size`` of a sequence of ``count`` items."""
    return slice(count * rank // size, count * (rank + 1) // size)


def pairwise_sum(rows: Array, total: Array) -> None:
    """Write the sum of ``rows`` (N, numbers) to ``total`` (numbers,). Overwrites ``rows``.

    Rows are added in pairs, then the sums in pairs, and so on. So the sum of the sums of teams of
    2, 4, 8 … processes is rounded exactly like the sum of one large team.
    """
    while len(rows) > 2:
        second = rows[1::2]
        rows[: 2 * len(second) : 2] += second
        rows = rows[::2]
    np.add.reduce(rows, axis=0, out=total)


@contextmanager
def worker_team(
    workers: int, capacity: int, job: bytes, leaders: Team = SINGLE_PROCESS
) -> Iterator[Team]:
    """Start a team of ``workers``, led by this process; the others receive the pickled ``job``.

    Every member of the team ``leaders`` starts such a team, and together these are one large team.
    At most ``capacity`` numbers are summed at a time. All processes and the shared memory are
    removed on every kind of exit from the context; when this process is killed, the workers exit by
    themselves.

    Raises:
        MachineError: when the platform cannot run several workers.
    """
    if workers == 1:
        yield leaders
        return
    if not WORKERS_SUPPORTED:
        problem = _("multi-process training is not supported on this platform; set `workers` to 1")
        raise MachineError("workers", problem)
    links: list[socket.socket] = []
    processes: list[subprocess.Popen[bytes]] = []
    with _shared_memory(4 * (workers + 1) * capacity) as memory:
        try:
            for worker in range(1, workers):
                own_link, worker_link = socket.socketpair()
                links.append(own_link)
                with worker_link:
                    link = worker_link.fileno()
                    arguments = (
                        worker, workers, capacity, memory, link, leaders.rank, leaders.size,
                    )  # fmt: skip
                    processes.append(start_worker(arguments, memory, link))
            for process in processes:
                assert process.stdin is not None
                with suppress(OSError):  # a worker that died is detected at the first barrier
                    process.stdin.write(job)
                    # Standard input stays open: a worker exits when it is closed, as it is when
                    # this process ends.
                    process.stdin.flush()
            team = LeaderTeam(0, workers, capacity, memory, links, leaders.rank, leaders.size)
            team.processes, team.leader_team = processes, leaders
            yield team
        finally:
            # All links first, so that the workers exit at the same time and not one by one.
            for own_link in links:
                own_link.close()
            for process in processes:
                assert process.stdin is not None
                with suppress(OSError):
                    process.stdin.close()
                end_worker(process)


def join_team(arguments: Sequence[str]) -> WorkerTeam:
    """Return the team of this worker process, whose command-line ``arguments`` describe it."""
    worker, workers, capacity, memory, link, leader_rank, leaders = map(int, arguments)
    links = [socket.socket(fileno=link)]
    return WorkerTeam(worker, workers, capacity, memory, links, leader_rank, leaders)


@contextmanager
def _shared_memory(size: int) -> Iterator[int]:
    """Open ``size`` bytes of memory as a file descriptor, without a name that could remain."""
    has_memfd = hasattr(os, "memfd_create")  # Linux; elsewhere a temporary file without a name
    with (
        os.fdopen(os.memfd_create("charrnn"), "r+b")
        if has_memfd
        else tempfile.TemporaryFile() as file
    ):
        os.ftruncate(file.fileno(), size)
        yield file.fileno()
