"""Whether a launcher of MPI has started this process, and how all ranks start and end together.

Not here: how ranks communicate (parallel/ranks.py), and what they compute (runs/rank_job.py).
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

from charrnn.cli.failures import print_error, usage_message
from charrnn.cli.signals import SignalExit, StopRequest
from charrnn.errors import InputError, MachineError

if TYPE_CHECKING:
    from charrnn.parallel.ranks import RankTeam

LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI, srun --mpi=pmi2
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),  # srun --mpi=pmix
    ("PALS_RANKID", "PALS_SIZE"),  # HPE Cray
)
SIGNAL_EXIT_CODE = 128  # to which a shell adds the signal's number
SECONDS_FOR_RANK_0 = 2.0


def rank_and_size() -> tuple[int, int]:
    """The rank that the launcher gave this process, and the number of ranks; else (0, 1)."""
    for rank_variable, size_variable in LAUNCHERS:
        try:
            rank, size = int(os.environ[rank_variable]), int(os.environ[size_variable])
        except (KeyError, ValueError):
            continue
        if 0 <= rank < size:
            return rank, size
    return 0, 1


def is_silent(args: Sequence[str]) -> bool:
    """Whether rank 0 prints what ``charrnn`` prints with ``args``, and this process nothing."""
    rank, _ = rank_and_size()
    return rank > 0 and _is_shared(args)


def announce_failure(args: Sequence[str], error: Exception) -> None:
    """Tell the other ranks, which would wait forever, that this one's command line is wrong."""
    _, size = rank_and_size()
    if isinstance(error, click.UsageError) and size > 1 and _is_shared(args) and not _joined_sizes:
        from charrnn.parallel.ranks import MPIRankTeam

        with suppress(MachineError):
            MPIRankTeam(size).allgather(usage_message(error))


def _is_shared(args: Sequence[str]) -> bool:
    """Whether ``charrnn`` with ``args`` trains one model on all ranks."""
    alone = "--no-mpi" in args or _is_set("CHARRNN_TRAIN_NO_MPI") or _joined_sizes == [1]
    return args[:1] == ["train"] and not alone


def _is_set(variable: str) -> bool:
    """Whether the environment turns a flag on, by the values that click takes for true and false.

    It is asked when click could not read the command line, so click cannot be asked.
    """
    try:
        return bool(click.BOOL.convert(os.environ.get(variable) or "false", None, None))
    except click.BadParameter:
        return False


_joined_sizes: list[int] = []
"""The number of ranks that train together, once it is known; errors before and after differ."""


def join_ranks(ctx: click.Context) -> "RankTeam":
    """All ranks that were launched together, when they have started; without MPI, this process.

    Until then a signal ends the process at once: MPI waits without end for a rank that never comes.

    Raises:
        click.UsageError: on rank 0, when the ranks were given different options.
        MachineError: when MPI is not available.
    """
    from charrnn.parallel.ranks import MPIRankTeam, RankTeam

    _, size = rank_and_size()
    if size == 1 or ctx.params["no_mpi"]:
        _joined_sizes.append(1)
        return RankTeam()
    ranks = MPIRankTeam(size)
    _joined_sizes.append(size)
    if problem := _describe_difference(ranks.allgather(ctx.params)):
        raise click.UsageError(problem, ctx)
    return ranks


@contextmanager
def run_together(ranks: "RankTeam", stop: StopRequest) -> Iterator[None]:
    """Run a block on all ranks, and leave it when all of them have finished.

    An error while other ranks wait for this one is printed here, and aborts all. After a signal to
    any rank, rank 0 exits with the code that a shell would report.
    """
    if ranks.size == 1:
        yield
        return
    rank = ranks.rank
    stop.training = rank > 0  # all ranks stop at the same step after a signal to one of them
    try:
        yield
    except (Exception, SignalExit) as error:
        if rank > 0 or ranks.peers == "in_collective":
            ranks.abort(_report_error(error, rank))
        _leave(ranks, error.number if isinstance(error, SignalExit) else None)
        raise
    _leave(ranks, stop.received)


def _describe_difference(options_by_rank: Sequence[Mapping[str, Any] | str]) -> str:
    """The first option that differs from rank 0's, or a rank's own error, as a sentence."""
    for rank, options in enumerate(options_by_rank):
        if isinstance(options, str):
            return f"rank {rank}: {options}"
        for name, value in options.items():
            if value != (first := options_by_rank[0][name]):  # type: ignore[index]
                return (
                    f"rank {rank} was given {name} {value} and rank 0 {first}; give all ranks the"
                    " same options, or --no-mpi to train one model each"
                )
    return ""


def _report_error(error: BaseException, rank: int) -> int:
    """Print the error, and return its exit code."""
    if isinstance(error, SignalExit):
        return SIGNAL_EXIT_CODE + error.number
    if isinstance(error, BrokenPipeError):
        return SIGNAL_EXIT_CODE + signal.SIGPIPE
    assert isinstance(error, Exception)
    if rank and isinstance(error, InputError):
        time.sleep(SECONDS_FOR_RANK_0)  # rank 0 reads the same input, and reports the error first
    if "--traceback" in sys.argv:
        traceback.print_exception(error)
    return print_error(error, f"rank {rank} on {socket.gethostname()}: " if rank else "")


def _leave(ranks: "RankTeam", received: int | None) -> None:
    """Wait for all ranks; if one received a signal, exit, on rank 0 with its exit code."""
    from charrnn.runs.rank_job import broadcast_job

    if ranks.peers == "waiting":
        broadcast_job(None, ranks)
    ranks.barrier()
    signals = [number for number in ranks.allgather(received) if number is not None]
    if signals:
        sys.exit(SIGNAL_EXIT_CODE + max(signals) if ranks.rank == 0 else 0)
