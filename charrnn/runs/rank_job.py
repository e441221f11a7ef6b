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
from charrnn.text.corpus import numbered
from charrnn.text.sources import Source
from charrnn.text.corpus_info import Stock
from charrnn.parallel.ranks import Ranks
from charrnn.runs.job import Job


@dataclass(frozen=True)
class Errand:
    """A ``job``, and the files whose ids it names: where they are, and what is in them.

    None is one that could be read once only, and was.
    """

    job: Job
    files: Sequence[Source | None]
    stock: Stock


def errand(job: Job, files: Sequence[Source], stock: Stock) -> Errand:
    """What rank 0 hands out: the ``files`` as another process can open them."""
    absolute = [
        None if file.copy is not None else replace(file, path=file.path.absolute())
        for file in files
    ]
    return Errand(job, absolute, stock)


def handed(errand: Errand | None, ranks: Ranks) -> Errand | None:
    """Rank 0's errand, to everybody; None where there is nothing to do. Collective."""
    ranks.others = "engaged"
    ranks.meet()
    errand = ranks.gathered(errand)[0]
    if errand is None:
        ranks.others = "free"
    return errand


@contextmanager
def at_hand(errand: Errand, ranks: Ranks) -> Iterator[Job]:
    """The job with the files of this machine. Collective, with what was `handed`.

    Raises:
        CharrnnError: at all ranks, when a machine could not get its files.
    """
    sent = ranks.gathered(_besides(errand.job) if ranks.sends else {})[0]
    with ExitStack() as cleaned_up:
        here: Job | CharrnnError | None = None
        if ranks.rank == 0:
            here = errand.job
        elif ranks.rank == ranks.node:
            room = cleaned_up.enter_context(tempfile.TemporaryDirectory(prefix="charrnn-"))
            here = _fetched(errand, sent, Path(room))
        found = ranks.gathered(here)
        for rank, problem in enumerate(found):
            if isinstance(problem, CharrnnError):
                ranks.others = "free"
                raise type(problem)(f"{problem.thing} at rank {rank}", problem.problem)
        job = found[ranks.node]
        assert isinstance(job, Job)
        yield job


def follow(ranks: Ranks, stop_requested: Callable[[], bool]) -> None:
    """Do what rank 0 hands out, without a word on what rank 0 finds, too, and tells."""
    errand = handed(None, ranks)
    if errand is None:
        return
    try:
        with at_hand(errand, ranks) as job, job.begun(ranks) as trainer:
            for _ in trainer.run(stop_requested):
                pass
    except CharrnnError as error:
        if ranks.others == "engaged" and not isinstance(error, DivergedError):
            raise
    ranks.others = "free"


def _besides(job: Job) -> Mapping[str, bytes]:
    """What stands in the files of a job other than the corpus, by the names of its fields."""
    files = {"stopped": job.stopped, "initial": job.initial}
    return {name: path.read_bytes() for name, path in files.items() if path}


def _fetched(errand: Errand, sent: Mapping[str, bytes], room: Path) -> Job | CharrnnError:
    """The job with its files in ``room``, or why that cannot be."""
    try:
        ids = room / "corpus.ids"
        files = [file for file in errand.files if file]
        if len(files) < len(errand.files):
            once = "can be read only once, so on one machine; give it as a file"
            raise InputError("standard input or a pipe", once)
        for _ in numbered(files, errand.stock, ids):
            pass
        paths: dict[str, Any] = {}
        for name, content in sent.items():
            paths[name] = room / f"{name}.npz"
            paths[name].write_bytes(content)
        return replace(errand.job, ids=ids, **paths)
    except CharrnnError as error:
        return error
