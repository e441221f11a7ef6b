"""The processes that MPI started, which train one model together.

Not here: whether MPI started any, which the environment says (cli/launcher.py), and the job and the
files that they receive (runs/rank_job.py).
"""

import time
from typing import Literal, TypeVar

import numpy as np

from charrnn.arrays import Array
from charrnn.errors import MachineError
from charrnn.language import gettext as _
from charrnn.parallel.machine import count_cores, list_processors
from charrnn.parallel.team import WORKERS_SUPPORTED, Team, pairwise_sum, shard

T = TypeVar("T")
POLLS_PER_SECOND = 100  # of a barrier


class RankTeam(Team):
    """A team of ranks, as one of them sees it. Here it is a single process that runs without MPI.

    ``local_root`` is the first rank on this machine, ``local_size`` the number of ranks there.
    ``sends_files`` is true at rank 0 when other ranks run on other machines.

    ``peers`` is what the other ranks do: they are *waiting* for a job, or *in_collective*
    operations with this rank, so that they hang if it leaves alone, or *released*, after the last
    collective operation of the job.
    """

    local_root: int = 0
    local_size: int = 1
    sends_files: bool = False
    peers: Literal["waiting", "in_collective", "released"] = "waiting"

    def allgather(self, value: T) -> list[T]:
        """Return every rank's ``value``, in the order of ranks."""
        return [value]

    def barrier(self) -> None:
        """Wait until all ranks have called this. A waiting process sleeps and receives signals."""

    def abort(self, code: int) -> None:
        """End all processes at once; the launcher exits with ``code``."""

    @property
    def cores(self) -> int:
        """The number of this machine's cores that one rank may use; at least one."""
        return count_cores() if WORKERS_SUPPORTED else 1


class MPIRankTeam(RankTeam):
    """The ranks of MPI's world. Every method except `abort` must be called by every rank."""

    def __init__(self, launched: int) -> None:
        """Join the other ranks. ``launched`` is the number of ranks according to the launcher.

        Raises:
            MachineError: when MPI is missing, or belongs to another launcher.
        """
        try:
            import mpi4py

            mpi4py.rc(thread_level="funneled")
            from mpi4py import MPI
        except ModuleNotFoundError:
            problem = _(
                "is not installed; to train with {ranks} ranks, install an MPI and run"
                " pip install 'charrnn-numpy[mpi]'; to train alone, add `no_mpi`"
            )
            raise MachineError("mpi4py", problem.format(ranks=launched)) from None
        except (ImportError, RuntimeError) as error:
            problem = _(
                "cannot load MPI ({reason}); to train with {ranks} ranks, install an MPI that"
                " mpi4py supports; to train alone, add `no_mpi`"
            )
            shown = problem.format(reason=error, ranks=launched)
            raise MachineError("mpi4py", shown) from None
        self._mpi, self._world = MPI, MPI.COMM_WORLD
        self.rank, self.size = self._world.rank, self._world.size
        if self.size != launched:
            library = MPI.Get_library_version().splitlines()[0].strip()
            problem = _(
                "{ranks} ranks were started, but {library} sees {size}; to train alone, add"
                " `no_mpi`; to train together, start them with the mpiexec of that library"
            ).format(ranks=launched, library=library, size=self.size)
            raise MachineError("MPI", problem)
        machine = self._world.Split_type(MPI.COMM_TYPE_SHARED)
        self.local_root = machine.bcast(self.rank)
        self.local_size = machine.size
        self.sends_files = self.rank == 0 and self.local_size < self.size
        self._cores = count_cores(machine.allgather(list_processors()))
        self._received = np.zeros(0, np.float32)

    def sum(self, array: Array) -> None:
        """Replace ``array`` in every rank by the sum over all ranks.

        As in shared memory, each rank adds up one shard of all ranks' numbers. MPI's own sum is not
        used, because the order of its additions, and so the rounding, depends on the library.
        """
        flat = array.reshape(-1)
        shards = [shard(flat.size, rank, self.size) for rank in range(self.size)]
        starts = [part.start for part in shards]
        sizes = [part.stop - part.start for part in shards]
        own_size = sizes[self.rank]
        if self._received.size < self.size * own_size:
            self._received = np.empty(self.size * own_size, np.float32)
        rows = self._received[: self.size * own_size].reshape(self.size, own_size)
        row_sizes, row_starts = [own_size] * self.size, [own_size * r for r in range(self.size)]
        float_ = self._mpi.FLOAT
        self._world.Alltoallv(
            [flat, (sizes, starts), float_], [rows, (row_sizes, row_starts), float_]
        )
        pairwise_sum(rows, flat[shards[self.rank]])
        self._world.Allgatherv(self._mpi.IN_PLACE, [flat, (sizes, starts), float_])

    def allgather(self, value: T) -> list[T]:
        """Return every rank's ``value``, in the order of ranks. It must be picklable."""
        return self._world.allgather(value)

    def barrier(self) -> None:
        """Wait until all ranks have called this. A waiting process sleeps and receives signals."""
        # MPI's blocking calls use a whole core and keep Python from running signal handlers.
        request = self._world.Ibarrier()
        while not request.Test():
            time.sleep(1 / POLLS_PER_SECOND)

    def abort(self, code: int) -> None:
        """End all processes at once; the launcher exits with ``code``."""
        self._world.Abort(code)

    @property
    def cores(self) -> int:
        """The number of this machine's cores that one rank may use; at least one."""
        return self._cores
