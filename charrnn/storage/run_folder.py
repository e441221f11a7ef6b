"""The run folder: what lies in it, how one is made, and which is the newest.

A folder belongs to one process at a time (lock.py). Not here: what is written into the files
(saving.py).
"""

import os
from contextlib import suppress
from pathlib import Path

from charrnn.config import DEFAULT_RUNS
from charrnn.errors import FolderError, InputError, MachineError
from charrnn.files import TEMPORARY_PREFIX
from charrnn.storage import lock
from charrnn.storage.lock import Lock
from charrnn.text.sources import STDIN

DEFAULT_ROOT = Path(DEFAULT_RUNS)
NAMES_TRIED = 10_000
STDIN_NAME, NAMELESS = "stdin", "corpus"
SUFFIXES = (".gz", ".txt")  # in the order in which they are removed from a name


class RunFolder:
    """A folder with the files of one training."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.best = path / "best.npz"
        self.last = path / "last.npz"
        self.log = path / "log.jsonl"
        self.config = path / "config.toml"
        self.ids = path / "corpus.ids"
        self._lock = Lock(path)

    @property
    def model(self) -> Path | None:
        """Its best model; before the first evaluation the last, or none."""
        return next((model for model in (self.best, self.last) if model.is_file()), None)

    def check_free(self, *, overwrite: bool) -> None:
        """Refuse a folder that holds anything, unless it is a run that may be overwritten.

        Raises:
            FolderError: saying what would be lost.
        """
        if not self.path.exists() or self._is_empty():
            return
        begun = (*self._files(), *self.path.glob(f"{TEMPORARY_PREFIX}*"))
        if not self.path.is_dir() or not any(file.exists() for file in begun):
            raise FolderError(self.path, "exists and is not a run; name another folder with --out")
        if not overwrite:
            raise FolderError(
                self.path, "is a run already; name another folder with --out, or add --overwrite"
            )

    def take(self, *, overwrite: bool) -> None:
        """Make the folder, lock it for this process, and remove an overwritten run's files.

        Raises:
            FolderError: when it holds something else, or another process is using it.
            MachineError: when it cannot be made.
        """
        self.check_free(overwrite=overwrite)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MachineError(self.path, f"cannot be made ({error.strerror})") from None
        self._lock_it()
        try:
            self.check_free(overwrite=overwrite)  # still, now that nobody else can come
        except FolderError:
            self._lock.release()
            raise
        for file in [*self._files(), *self.path.glob(f"{TEMPORARY_PREFIX}*")]:
            file.unlink(missing_ok=True)

    def take_again(self) -> None:
        """Lock a run that was stopped, and remove what it left half-written.

        Raises:
            FolderError: when there is none, or another process is using it.
        """
        if not self.path.is_dir():
            raise FolderError(self.path, "no run to go on with; leave out --resume to begin one")
        self._lock_it()
        for file in self.path.glob(f"{TEMPORARY_PREFIX}*"):
            file.unlink(missing_ok=True)

    def release(self) -> None:
        """Let others have the folder, and remove what only a running training needs."""
        with suppress(OSError):  # a folder that can no longer be written
            self.ids.unlink(missing_ok=True)
        self._lock.release()

    def remove_if_empty(self) -> None:
        """Undo `take` when nothing was written after all."""
        with suppress(OSError):  # there is something in it
            self.path.rmdir()

    def _files(self) -> tuple[Path, ...]:
        return self.best, self.last, self.log, self.config, self.ids

    def _is_empty(self) -> bool:
        """Whether there is nothing in it, or only the lock of one who was killed."""
        return self.path.is_dir() and {file.name for file in self.path.iterdir()} <= {lock.NAME}

    def _lock_it(self) -> None:
        try:
            self._lock.take()
        except OSError as error:
            raise MachineError(self.path, f"cannot be written ({error.strerror})") from None


def new_folder(root: Path, name: str) -> RunFolder:
    """``root/name``, or the first of ``name-2``, ``name-3``, … that is not there yet; made at once.

    Raises:
        MachineError: when it cannot be made.
    """
    for number in range(1, NAMES_TRIED):
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise MachineError(path, f"cannot be made ({error.strerror})") from None
        return RunFolder(path)
    raise FolderError(root / name, f"and {NAMES_TRIED} more such names are taken; use --out")


def name_run(corpus: Path) -> str:
    """Derive a run's name from its first file or folder: that name without .txt, .gz and .txt.gz.

    A path without a name of its own, such as ``.`` or ``a/..``, has that of the folder it leads to.
    """
    if corpus == Path(STDIN):
        return STDIN_NAME
    name = corpus.name if corpus.name not in ("", os.pardir) else corpus.resolve().name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    # What is left of ".txt", "/" or "...txt" would name no folder, or the one above.
    return name if name.strip(".") else NAMELESS


def find_model(path: Path | None, root: Path = DEFAULT_ROOT) -> Path:
    """The model file meant by ``path``: itself, or a run folder's best; None is the newest run.

    A run that was stopped before its first evaluation has only a last model.

    Raises:
        InputError: when there is none.
    """
    if path is None:
        runs = models_in(root)
        if not runs:
            raise InputError(root, "no trained model in it yet; train one with 'charrnn train'")
        return max(runs, key=lambda model: model.stat().st_mtime_ns)
    if not path.is_dir():
        return path
    found = RunFolder(path).model
    if found is None:
        raise InputError(path, "no model in it; a run folder holds best.npz after an evaluation")
    return found


def models_in(root: Path) -> list[Path]:
    """The model of each run folder directly in ``root``, by name; of some there is none yet."""
    return [run.model for run in runs_in(root) if run.model]


def runs_in(root: Path) -> list[RunFolder]:
    """The run folders directly in ``root``, by name."""
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    runs = map(RunFolder, folders)
    return [run for run in runs if run.config.is_file() or run.model]
