"""What MPI's launcher says about this process, and how all ranks start and end together.

Not here: how ranks communicate (parallel/ranks.py), and what they compute (runs/rank_job.py).
"""

import os
import platform
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from charrnn.cli.failures import explain_usage_error, print_error
from charrnn.cli.option_names import option_name
from charrnn.cli.signals import SignalExit, StopRequest
from charrnn.cli.usage_error import UsageError
from charrnn.errors import InputError, MachineError
from charrnn.language import gettext as _
from charrnn.shell_words import quote_word

if TYPE_CHECKING:
    from charrnn.parallel.ranks import RankTeam

LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE"),  # MPICH, Intel MPI, srun --mpi=pmi2
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"),  # MVAPICH
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"),  # srun --mpi=pmix
    ("PALS_RANKID", "PALS_SIZE"),  # HPE Cray
)
SIGNAL_EXIT_CODE = 128  # a shell adds the signal's number to it
SECONDS_FOR_RANK_0 = 2.0
SECONDS_TO_CONNECT = 20.0
SECONDS_TO_FORWARD = 0.2
"""The time for mpiexec to pass on a rank's error, which it may lose when the rank aborts."""


def rank_and_size() -> tuple[int, int]:
    """Return this process's rank and the number of ranks; (0, 1) without a launcher.

    A launcher that says that there is one rank only may be that of a shell in which mpiexec is run,
    such as the shell of an allocation. So another one that says more is believed.
    """
    for rank_variable, size_variable in LAUNCHERS:
        try:
            rank, size = int(os.environ[rank_variable]), int(os.environ[size_variable])
        except (KeyError, ValueError):
            continue
        if 0 <= rank < size and size > 1:
            return rank, size
    return 0, 1


def is_silent(args: Sequence[str]) -> bool:
    """Return whether this process stays silent because rank 0 prints for all.

    On a terminal it does not: there a user started it, in a shell that inherited a rank.
    """
    rank, __ = rank_and_size()
    return rank > 0 and _is_shared(args) and not sys.stderr.isatty()


def announce_failure(args: Sequence[str], error: Exception) -> None:
    """Tell the other ranks, which would wait forever, that this one's command line is wrong."""
    __, size = rank_and_size()
    if (
        isinstance(error, click.UsageError)
        and size > 1
        and _is_shared(args)
        and _joined_size is None
    ):
        with suppress(MachineError):
            _connect(size, quiet=True).allgather(explain_usage_error(error))


def _is_shared(args: Sequence[str]) -> bool:
    """Return whether ``charrnn`` with ``args`` trains one model on all ranks."""
    is_alone = "--no-mpi" in args or _is_set("CHARRNN_TRAIN_NO_MPI") or _joined_size == 1
    return args[:1] == ["train"] and not is_alone


def _is_set(variable: str) -> bool:
    """Return whether the environment turns a flag on, with the values that click accepts.

    This is used when click could not parse the command line, so there is no context to ask.
    """
    try:
        return bool(click.BOOL.convert(os.environ.get(variable) or "false", None, None))
    except click.BadParameter:
        return False


_joined_size: int | None = None
"""The number of ranks that train together, or None before they have joined.

Until then, the other ranks wait for this one's options, and receive its usage error instead
(`announce_failure`). Afterwards an error ends all of them (`run_together`).
"""


def join_ranks(ctx: click.Context) -> "RankTeam":
    """Wait for all launched ranks and return them; without MPI, this process alone.

    Meanwhile a signal ends the process at once, because MPI waits forever for a rank that never
    starts.

    Raises:
        click.UsageError: on every rank, when the ranks were given different options.
        MachineError: when MPI is not available.
    """
    global _joined_size
    from charrnn.parallel.ranks import RankTeam

    __, size = rank_and_size()
    if size == 1 or ctx.params["no_mpi"]:
        _joined_size = 1
        return RankTeam()
    ranks = _connect(size, quiet=ctx.params["quiet"])
    _joined_size = size
    if difference := _find_difference(ctx.command.params, ranks.allgather(ctx.params)):
        problem, advice = difference
        raise UsageError(problem, ctx, advice=advice)
    return ranks


def _connect(size: int, *, quiet: bool) -> "RankTeam":
    """Join the other ranks. While MPI waits, or if it ends this process, rank 0 names --no-mpi.

    The variables of a launcher are inherited by shells, and MPI then waits forever, or ends the
    process without raising anything.

    Raises:
        MachineError: when MPI is not available.
    """
    from charrnn.parallel.ranks import MPIRankTeam

    rank, __ = rank_and_size()
    if rank > 0 or not hasattr(os, "fork"):
        return MPIRankTeam(size)
    with _watch(size, quiet=quiet):
        return MPIRankTeam(size)


@contextmanager
def _watch(size: int, *, quiet: bool) -> Iterator[None]:
    """Let a child process print a line if the block takes long, or if it ends this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _report_trouble(reading, size, quiet=quiet)
        os._exit(0)
    os.close(reading)
    try:
        yield
    finally:  # also after an error, which says itself what is wrong
        with suppress(BrokenPipeError):
            os.write(writing, b"1")
        os.close(writing)
        os.waitpid(child, 0)


def _report_trouble(reading: int, size: int, *, quiet: bool) -> None:
    """Print a line when nothing comes from the pipe ``reading``, and one when it is closed."""
    if not quiet and not select.select([reading], [], [], SECONDS_TO_CONNECT)[0]:
        line = _(
            "waiting for the other ranks of {size}; to train alone, stop this and add --no-mpi"
        )
        os.write(2, f"{line.format(size=size)}\n".encode())
    if not os.read(reading, 1):
        line = _(
            "MPI: it ended this process, which the environment calls a rank of {size}; start all"
            " ranks with mpiexec, or add --no-mpi to train alone"
        )
        os.write(2, f"charrnn: {line.format(size=size)}\n".encode())


@contextmanager
def run_together(ranks: "RankTeam", stop: StopRequest) -> Iterator[None]:
    """Run a block on all ranks, and leave it when all of them have finished.

    An error while other ranks wait for this one is printed here and ends all ranks. After a signal
    to any rank, rank 0 exits with the code that a shell would report.
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
            code = _report_error(error, rank)
            time.sleep(SECONDS_TO_FORWARD)
            ranks.abort(code)
        _leave(ranks, error.number if isinstance(error, SignalExit) else None)
        raise
    _leave(ranks, stop.received)


def _find_difference(
    params: Sequence[click.Parameter],
    options_by_rank: Sequence[Mapping[str, Any] | tuple[str, str]],
) -> tuple[str, str] | None:
    """Return a problem and advice if a rank's options differ from rank 0's, else None.

    A rank with a usage error sent its own problem and advice instead of its options.
    """
    all_options = []
    for rank, options in enumerate(options_by_rank):
        if isinstance(options, tuple):
            problem, advice = options
            return _("rank {rank}: {problem}").format(rank=rank, problem=problem), advice
        all_options.append(options)
    for rank, options in enumerate(all_options):
        for param in params:
            here, there = _write_option(param, options), _write_option(param, all_options[0])
            if here == there:
                continue
            if not there:
                problem = _("rank {rank} was given {here}, but rank 0 was not")
            elif not here:
                problem = _("rank 0 was given {there}, but rank {rank} was not")
            else:
                problem = _("rank {rank} was given {here}, but rank 0 was given {there}")
            advice = _("give all ranks the same options, or --no-mpi to train one model each")
            return problem.format(rank=rank, here=here, there=there), advice
    return None


def _write_option(param: click.Parameter, options: Mapping[str, Any]) -> str:
    """Return an option or argument as it would be typed, or "" if it was not given."""
    assert param.name
    value = options.get(param.name)
    if isinstance(param, click.Argument):
        return " ".join(map(quote_word, value or ()))
    if value is None or (value is False and not param.secondary_opts):
        return ""
    if isinstance(value, bool):
        return param.opts[0] if value else param.secondary_opts[0]
    return f"{option_name(param.name)} {quote_word(str(value))}"


def _report_error(error: BaseException, rank: int) -> int:
    """Print the error, and return its exit code."""
    if isinstance(error, SignalExit):
        return SIGNAL_EXIT_CODE + error.number
    if isinstance(error, BrokenPipeError):
        return SIGNAL_EXIT_CODE + signal.SIGPIPE
    assert isinstance(error, Exception)
    if rank and isinstance(error, InputError):
        time.sleep(SECONDS_FOR_RANK_0)  # rank 0 reads the same input and reports the error first
    if "--traceback" in sys.argv:
        import traceback

        traceback.print_exception(error)
    place = _("rank {rank} on {machine}: ").format(rank=rank, machine=platform.node())
    return print_error(error, place if rank else "")


def _leave(ranks: "RankTeam", received: int | None) -> None:
    """Wait for all ranks. If one received a signal, exit; rank 0 exits with its code."""
    from charrnn.runs.rank_job import broadcast_job

    if ranks.peers == "waiting":
        broadcast_job(None, ranks)
    ranks.barrier()
    signals = [number for number in ranks.allgather(received) if number is not None]
    if signals:
        sys.exit(SIGNAL_EXIT_CODE + max(signals) if ranks.rank == 0 else 0)
