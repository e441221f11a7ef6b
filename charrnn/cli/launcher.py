"""Whether a launcher of MPI has started this process, and how several of them meet and part.

Not here: what they do together (training/ranks.py, training/handing.py).
"""

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.failures import tell
from charrnn.cli.signals import Ended, Stop
from charrnn.errors import InputError, MachineError

if TYPE_CHECKING:
    from charrnn.parallel.ranks import Ranks

LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI, srun --mpi=pmi2
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),  # srun --mpi=pmix
    ("PALS_RANKID", "PALS_SIZE"),  # HPE Cray
)
SIGNALLED = 128
SECONDS_FOR_RANK_0 = 2.0


def place() -> tuple[int, int]:
    """Which rank the launcher has made this process, and of how many; 0 of 1 without one."""
    for rank, size in LAUNCHERS:
        try:
            found = int(os.environ[rank]), int(os.environ[size])
        except (KeyError, ValueError):
            continue
        if 0 <= found[0] < found[1]:
            return found
    return 0, 1


def follows(args: Sequence[str]) -> bool:
    """Whether this rank is to be silent, as rank 0 says what ``charrnn`` with these args says."""
    return place()[0] > 0 and _is_shared(args)


def miss(args: Sequence[str], error: Exception) -> None:
    """Let the others know that this rank does not come, whose command is wrong."""
    if isinstance(error, click.UsageError) and place()[1] > 1 and _is_shared(args) and not _joined:
        from charrnn.parallel.ranks import MPIRanks

        with suppress(MachineError):
            MPIRanks(place()[1]).allgather(error.format_message())


def _is_shared(args: Sequence[str]) -> bool:
    alone = "--no-mpi" in args or _is_set("CHARRNN_TRAIN_NO_MPI") or _joined == [1]
    return args[:1] == ["train"] and not alone


def _is_set(variable: str) -> bool:
    """Whether the environment turns a flag on, by the values that click takes for true and false.

    It is asked when click could not read the command line, so click cannot be asked.
    """
    try:
        return bool(click.BOOL.convert(os.environ.get(variable) or "false", None, None))
    except click.BadParameter:
        return False


_joined: list[int] = []
"""How many train together, this one among them, once that is known: errors are told by it."""


def joined(ctx: click.Context) -> "Ranks":
    """All that were launched with this process, once they are here; it alone without MPI.

    Until then a signal ends it at once: MPI waits, deaf, also for one that will never come.

    Raises:
        click.UsageError: at rank 0, when the others were given other options.
        MachineError: when there is no MPI for them.
    """
    from charrnn.parallel.ranks import MPIRanks, Ranks

    _, size = place()
    if size == 1 or ctx.params["no_mpi"]:
        _joined.append(1)
        return Ranks()
    ranks = MPIRanks(size)
    _joined.append(size)
    if different := _different(ranks.allgather(ctx.params)):
        raise click.UsageError(different, ctx)
    return ranks


@contextmanager
def together(ranks: "Ranks", stop: Stop) -> Iterator[None]:
    """What ``ranks`` do together; at its end they part.

    An error while the others depend on this rank is told here, and ends them all. After a signal
    to any of them, rank 0 ends with the exit code that a shell would give.
    """
    if ranks.size == 1:
        yield
        return
    rank = ranks.rank
    stop.training = rank > 0  # a signal to it is a request that all honour together
    try:
        yield
    except (Exception, Ended) as error:
        if rank > 0 or ranks.others == "in_collective":
            ranks.abort(_told(error, rank))
        _leave(ranks, error.number if isinstance(error, Ended) else None)
        raise
    _leave(ranks, stop.received)


def _different(asked: Sequence[Mapping[str, Any] | str]) -> str:
    """How what a rank was asked for differs from what the first one was, or what is wrong in it."""
    for rank, options in enumerate(asked):
        if isinstance(options, str):
            return f"rank {rank}: {options}"
        for name, value in options.items():
            if value != (first := asked[0][name]):  # type: ignore[index]
                return (
                    f"rank {rank} has {name} {value} where rank 0 has {first}; ranks train one"
                    " model together, or with --no-mpi one each"
                )
    return ""


def _told(error: BaseException, rank: int) -> int:
    if isinstance(error, Ended):
        return SIGNALLED + error.number
    if isinstance(error, BrokenPipeError):
        return SIGNALLED + signal.SIGPIPE
    assert isinstance(error, Exception)
    if rank and isinstance(error, InputError):
        time.sleep(SECONDS_FOR_RANK_0)  # which finds the same, and ends this one
    if "--traceback" in sys.argv:
        traceback.print_exception(error)
    return tell(error, f"rank {rank} on {socket.gethostname()}: " if rank else "")


def _leave(ranks: "Ranks", received: int | None) -> None:
    """End when all do; at rank 0 with the exit code of a signal that any of them received."""
    from charrnn.runs.rank_job import broadcast_job

    if ranks.others == "waiting":
        broadcast_job(None, ranks)
    ranks.barrier()
    signals = [number for number in ranks.allgather(received) if number is not None]
    if signals:
        sys.exit(SIGNALLED + max(signals) if ranks.rank == 0 else 0)
