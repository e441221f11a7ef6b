"""The processes that MPI started, which train together: a team, and what they tell each other.

Not here: whether there are any, which the environment says (cli/launcher.py), and the files that
they need (handing.py).
"""

import time
from typing import Literal, TypeVar

import numpy as np

from charrnn.arrays import Array
from charrnn.errors import MachineError
from charrnn.parallel.machine import count_cores, list_processors
from charrnn.parallel.team import SUPPORTED, Team, pairwise_sum, shard

T = TypeVar("T")
LOOKS_A_SECOND = 100  # at whether the others have come


class Ranks(Team):
    """A single process, which the ranks of MPI extend.

    ``node`` is the first rank on this machine, and ``neighbours`` how many are there. Rank 0
    ``sends`` files to others that are not. The ``others`` wait to hear what to do, then are engaged
    in a training with this one, when they cannot be left alone, then free.
    """

    node: int = 0
    neighbours: int = 1
    sends: bool = False
    others: Literal["waiting", "in_collective", "free"] = "waiting"

    def allgather(self, thing: T) -> list[T]:
        """Everybody's ``thing``, by rank."""
        return [thing]

    def barrier(self) -> None:
        """Go on when all are here; whoever waits sleeps, and hears signals."""

    def abort(self, code: int) -> None:
        """End all processes at once, where there are others; the launcher gives the exit code."""

    @property
    def cores(self) -> int:
        """The cores of this machine that are a rank's; at least one."""
        return count_cores() if SUPPORTED else 1


class MPIRanks(Ranks):
    """The ranks of MPI's world. Collective: what one does here, all do."""

    def __init__(self, launched: int) -> None:
        """Join the others, of whom so many were ``launched``.

        Raises:
            MachineError: when MPI is not there, or belongs to another launcher.
        """
        try:
            import mpi4py

            mpi4py.rc(thread_level="funneled")
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            known = isinstance(error, ModuleNotFoundError)
            problem = "is not installed" if known else f"finds no MPI ({error})"
            raise MachineError(
                "mpi4py",
                f"{problem}; pip install 'charrnn-numpy[mpi]', and an MPI, for {launched} ranks",
            ) from None
        self._mpi, self._world = MPI, MPI.COMM_WORLD
        self.rank, self.size = self._world.rank, self._world.size
        if self.size != launched:
            library = MPI.Get_library_version().splitlines()[0].strip()
            raise MachineError(
                "MPI",
                f"{launched} ranks were started, and {library} sees {self.size}; start them with"
                " the mpiexec that belongs to it",
            )
        self._machine = self._world.Split_type(MPI.COMM_TYPE_SHARED)
        self.node = self._machine.bcast(self.rank)
        self.neighbours = self._machine.size
        self.sends = self.rank == 0 and self.neighbours < self.size
        self._cores = count_cores(self._machine.allgather(list_processors()))
        self._rows = np.zeros(0, np.float32)

    def sum(self, array: Array) -> None:
        """Add up all ranks' ``array``, each rank one part of it; everybody gets the sum.

        By an all-to-all and an all-gather, as MPI's own sum has an order that is the library's.
        """
        flat = array.reshape(-1)
        parts = [shard(flat.size, rank, self.size) for rank in range(self.size)]
        at, sizes = [part.start for part in parts], [part.stop - part.start for part in parts]
        mine = sizes[self.rank]
        if self._rows.size < self.size * mine:
            self._rows = np.empty(self.size * mine, np.float32)
        rows = self._rows[: self.size * mine].reshape(self.size, mine)
        float_ = self._mpi.FLOAT
        from_each = [mine] * self.size, [mine * rank for rank in range(self.size)]
        self._world.Alltoallv([flat, (sizes, at), float_], [rows, from_each, float_])
        pairwise_sum(rows, flat[parts[self.rank]])
        self._world.Allgatherv(self._mpi.IN_PLACE, [flat, (sizes, at), float_])

    def allgather(self, thing: T) -> list[T]:
        """Everybody's ``thing``, by rank; anything that can be pickled."""
        return self._world.allgather(thing)

    def barrier(self) -> None:
        """Go on when all are here; whoever waits sleeps, and hears signals."""
        here = self._world.Ibarrier()
        while not here.Test():
            time.sleep(1 / LOOKS_A_SECOND)

    def abort(self, code: int) -> None:
        """End all processes at once; the launcher gives the exit code."""
        self._world.Abort(code)

    @property
    def cores(self) -> int:
        """The cores of this machine that are a rank's; at least one."""
        return self._cores
