"""The job that rank 0 sends to all MPI ranks, and the files that it needs on each machine.

Rank 0 has encoded the corpus. On every other machine, the first rank reads and encodes the corpus
once for all ranks there, and receives the other files of the job over MPI.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.errors import CharrnnError, DivergedError, InputError
from charrnn.generators import exhaust
from charrnn.language import gettext as _
from charrnn.parallel.ranks import RankTeam
from charrnn.runs.job import Job
from charrnn.shipped_texts import find_shipped_text, name_shipped_text
from charrnn.text.corpus import encode_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.sources import CorpusFiles


@dataclass(frozen=True)
class RankJob:
    """A ``job`` and the files of its texts.

    They are None when one could be read only once, such as a pipe: other machines cannot read it.
    A text that comes with charrnn has its name as its path, because it may be elsewhere there.
    """

    job: Job
    files: CorpusFiles | None
    corpus_info: CorpusInfo


def create_rank_job(job: Job, files: CorpusFiles, corpus_info: CorpusInfo) -> RankJob:
    """Return what rank 0 broadcasts, with absolute paths, for processes in other folders."""
    if any(file.copy is not None for file in files.all):
        return RankJob(job, None, corpus_info)
    sent = files.map(
        lambda file: replace(file, path=Path(name_shipped_text(file.path) or file.path.absolute()))
    )
    return RankJob(job, sent, corpus_info)


def broadcast_job(rank_job: RankJob | None, ranks: RankTeam) -> RankJob | None:
    """Send rank 0's job to all ranks; None tells them to end. Every rank must call this."""
    ranks.peers = "in_collective"
    ranks.barrier()
    rank_job = ranks.allgather(rank_job)[0]
    if rank_job is None:
        ranks.peers = "released"
    return rank_job


@contextmanager
def stage_files(rank_job: RankJob, ranks: RankTeam) -> Iterator[Job]:
    """Yield the job with the paths of this machine's files; temporary files are removed on exit.

    Every rank must call this, with the job that was broadcast.

    Raises:
        CharrnnError: at all ranks, when a machine could not prepare its files.
    """
    contents = ranks.allgather(_read_files(rank_job.job) if ranks.sends_files else {})[0]
    with ExitStack() as stack:
        staged: Job | CharrnnError | None = None
        if ranks.rank == 0:
            staged = rank_job.job
        elif ranks.rank == ranks.local_root:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="charrnn-"))
            staged = _write_files(rank_job, contents, Path(folder))
        all_staged = ranks.allgather(staged)
        for rank, result in enumerate(all_staged):
            if isinstance(result, CharrnnError):
                # All ranks raise here, so none of them waits for this one.
                ranks.peers = "released"
                place = _("{thing} at rank {rank}").format(thing=result.thing, rank=rank)
                raise type(result)(place, result.problem)
        job = all_staged[ranks.local_root]
        assert isinstance(job, Job)
        yield job


def run_as_follower(ranks: RankTeam, stop_requested: Callable[[], bool]) -> None:
    """Run the job that rank 0 broadcasts, at any other rank; rank 0 reports the errors of all.

    Raises:
        Exception: an error that only this rank has; the other ranks are then waiting for it.
    """
    rank_job = broadcast_job(None, ranks)
    if rank_job is None:
        return
    try:
        with stage_files(rank_job, ranks) as job, job.start(ranks) as trainer:
            exhaust(trainer.run(stop_requested))
    except CharrnnError as error:
        # All other errors are raised by rank 0 too, which reports them: `stage_files` raises at all
        # ranks and then releases them, and all ranks diverge at the same step.
        if ranks.peers == "in_collective" and not isinstance(error, DivergedError):
            raise
    ranks.peers = "released"


def _read_files(job: Job) -> Mapping[str, bytes]:
    """Read the files of a job other than its corpus, by the names of their fields."""
    files = {"checkpoint": job.checkpoint, "initial_model": job.initial_model}
    return {field: path.read_bytes() for field, path in files.items() if path}


def _write_files(
    rank_job: RankJob, contents: Mapping[str, bytes], folder: Path
) -> Job | CharrnnError:
    """Encode the corpus and write the received files in ``folder``.

    Return the job with their paths, or the error that prevented it, for all ranks to raise.
    """
    try:
        ids = folder / "corpus.ids"
        if rank_job.files is None:
            problem = _("can be read only once, but there are several machines; give a file")
            raise InputError(_("standard input or a pipe"), problem)
        files = rank_job.files.map(
            lambda file: replace(file, path=find_shipped_text(str(file.path)) or file.path)
        )
        exhaust(encode_corpus(files, rank_job.corpus_info, ids))
        paths: dict[str, Any] = {}
        for field, content in contents.items():
            paths[field] = folder / f"{field}.npz"
            paths[field].write_bytes(content)
        return replace(rank_job.job, ids=ids, **paths)
    except CharrnnError as error:
        return error
