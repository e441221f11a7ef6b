"""A training handed to all ranks, and the files that it needs on each of their machines.

Rank 0 has the corpus as ids, and what the training goes on from. On every other machine the first
rank there reads the corpus itself, once; what is more it is sent.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from charrnn.errors import CharrnnError, DivergedError, InputError
from charrnn.generators import exhaust
from charrnn.parallel.ranks import Ranks
from charrnn.runs.job import Job
from charrnn.text.corpus import encode_corpus
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.sources import Source


@dataclass(frozen=True)
class RankJob:
    """A ``job``, and the files whose ids it names: where they are, and what is in them.

    None is one that could be read once only, and was.
    """

    job: Job
    files: Sequence[Source | None]
    corpus_info: CorpusInfo


def create_job(job: Job, files: Sequence[Source], corpus_info: CorpusInfo) -> RankJob:
    """What rank 0 hands out: the ``files`` as another process can open them."""
    absolute = [
        None if file.copy is not None else replace(file, path=file.path.absolute())
        for file in files
    ]
    return RankJob(job, absolute, corpus_info)


def broadcast_job(create_job: RankJob | None, ranks: Ranks) -> RankJob | None:
    """Rank 0's errand, to everybody; None where there is nothing to do. Collective."""
    ranks.others = "in_collective"
    ranks.barrier()
    create_job = ranks.allgather(create_job)[0]
    if create_job is None:
        ranks.others = "free"
    return create_job


@contextmanager
def stage_files(create_job: RankJob, ranks: Ranks) -> Iterator[Job]:
    """The job with the files of this machine. Collective, with what was `broadcast_job`.

    Raises:
        CharrnnError: at all ranks, when a machine could not get its files.
    """
    sent = ranks.allgather(_besides(create_job.job) if ranks.sends else {})[0]
    with ExitStack() as cleaned_up:
        here: Job | CharrnnError | None = None
        if ranks.rank == 0:
            here = create_job.job
        elif ranks.rank == ranks.node:
            workspace = cleaned_up.enter_context(tempfile.TemporaryDirectory(prefix="charrnn-"))
            here = _fetched(create_job, sent, Path(workspace))
        found = ranks.allgather(here)
        for rank, problem in enumerate(found):
            if isinstance(problem, CharrnnError):
                ranks.others = "free"
                raise type(problem)(f"{problem.thing} at rank {rank}", problem.problem)
        job = found[ranks.node]
        assert isinstance(job, Job)
        yield job


def run_as_follower(ranks: Ranks, stop_requested: Callable[[], bool]) -> None:
    """Do what rank 0 hands out, without a word on what rank 0 finds, too, and tells."""
    create_job = broadcast_job(None, ranks)
    if create_job is None:
        return
    try:
        with stage_files(create_job, ranks) as job, job.begun(ranks) as trainer:
            exhaust(trainer.run(stop_requested))
    except CharrnnError as error:
        if ranks.others == "in_collective" and not isinstance(error, DivergedError):
            raise
    ranks.others = "free"


def _besides(job: Job) -> Mapping[str, bytes]:
    """What stands in the files of a job other than the corpus, by the names of its fields."""
    files = {"stopped": job.stopped, "initial": job.initial}
    return {name: path.read_bytes() for name, path in files.items() if path}


def _fetched(create_job: RankJob, sent: Mapping[str, bytes], workspace: Path) -> Job | CharrnnError:
    """The job with its files in ``workspace``, or why that cannot be."""
    try:
        ids = workspace / "corpus.ids"
        files = [file for file in create_job.files if file]
        if len(files) < len(create_job.files):
            once = "can be read only once, so on one machine; give it as a file"
            raise InputError("standard input or a pipe", once)
        for _ in encode_corpus(files, create_job.corpus_info, ids):
            pass
        paths: dict[str, Any] = {}
        for name, content in sent.items():
            paths[name] = workspace / f"{name}.npz"
            paths[name].write_bytes(content)
        return replace(create_job.job, ids=ids, **paths)
    except CharrnnError as error:
        return error
