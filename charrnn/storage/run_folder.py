"""The run folder: the files in it, how it is created and locked, and how models are found.

Not here: what is written into the files (runs/saving.py).
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charrnn.config import DEFAULT_RUNS
from charrnn.errors import FolderError, InputError, MachineError
from charrnn.files import TEMPORARY_PREFIX
from charrnn.language import gettext as _
from charrnn.shell_words import write_command
from charrnn.shipped_texts import NAMES as SHIPPED_NAMES
from charrnn.storage.lock import LOCK_NAME, Lock
from charrnn.suggestions import did_you_mean
from charrnn.system_errors import describe_system_error

DEFAULT_ROOT = Path(DEFAULT_RUNS)
MAX_FOLDERS_PER_NAME = 10_000
DEFAULT_NAME = "corpus"
MODEL_SUFFIX = ".npz"
MAX_NAMED = 8
"""The most runs that an error names."""
SUFFIXES = (".gz", ".bz2", ".xz", ".txt")  # in the order in which they are removed from a name


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
        """The best model; before the first evaluation the last one, or None."""
        return next((model for model in (self.best, self.last) if model.is_file()), None)

    def check_free(self, *, overwrite: bool) -> None:
        """Check that a new run can use the folder: it is missing, empty, or may be overwritten.

        Raises:
            FolderError: saying what would be lost.
        """
        if not self.path.exists() or self._is_empty():
            return
        if not self.path.is_dir() or not any(file.exists() for file in self._run_files()):
            problem = _("exists and is not a run; choose another folder as `out`")
            raise FolderError(self.path, problem)
        if not overwrite:
            problem = _(
                "already contains a run; choose another folder as `out`, or add `overwrite`"
            )
            raise FolderError(self.path, problem)

    def lock_new(self, *, overwrite: bool) -> None:
        """Create and lock the folder, and remove the files of a run that is overwritten.

        Raises:
            FolderError: when it contains something else, or another process is using it.
            MachineError: when it cannot be created.
        """
        self.check_free(overwrite=overwrite)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _creation_error(self.path, error) from None
        self._acquire_lock()
        try:
            # Once more: another process may have trained there until the lock was acquired.
            self.check_free(overwrite=overwrite)
        except FolderError:
            self._lock.release()
            raise
        for file in self._run_files():
            file.unlink(missing_ok=True)

    def lock_existing(self) -> None:
        """Lock the folder of a run that was stopped, and remove its half-written files.

        Raises:
            FolderError: when there is no run in it, or another process is using it.
        """
        no_run = FolderError(self.path, _("has no run to resume; train a new one instead"))
        if not self.path.is_dir():
            raise no_run
        # Locked before the next check, because another process may just be creating the run.
        self._acquire_lock()
        if not self.config.is_file():
            self._lock.release()
            raise no_run
        for file in self._temporary_files():
            file.unlink(missing_ok=True)

    def release(self) -> None:
        """Unlock the folder, and remove the encoded corpus, which only a running training needs."""
        with suppress(OSError):  # the folder can no longer be written
            self.ids.unlink(missing_ok=True)
        self._lock.release()

    def remove_if_empty(self) -> None:
        """Remove the folder when nothing was written into it."""
        with suppress(OSError):  # it is not empty
            self.path.rmdir()

    def _temporary_files(self) -> list[Path]:
        return list(self.path.glob(f"{TEMPORARY_PREFIX}*"))

    def _run_files(self) -> list[Path]:
        files = [self.best, self.last, self.log, self.config, self.ids]
        return [*files, *self._temporary_files()]

    def _is_empty(self) -> bool:
        """Return whether it holds nothing, or only the lock file of a process that was killed."""
        return self.path.is_dir() and {file.name for file in self.path.iterdir()} <= {LOCK_NAME}

    def _acquire_lock(self) -> None:
        try:
            self._lock.acquire()
        except OSError as error:
            problem = _("cannot be written ({reason})").format(reason=describe_system_error(error))
            raise MachineError(self.path, problem) from None


@dataclass(frozen=True)
class RunLocation:
    """Where a run goes: ``out``, or a new folder under ``root`` named after the corpus.

    ``suffix`` is the end of that name.
    """

    out: Path | None = None
    root: Path = DEFAULT_ROOT
    overwrite: bool = False
    suffix: str = ""

    def lock_folder(self, corpus: Path) -> RunFolder:
        """Create and lock the folder of a run on ``corpus``; raises as `RunFolder.lock_new`."""
        if self.out is None:
            folder = create_folder(self.root, name_run(corpus) + self.suffix)
        else:
            folder = RunFolder(self.out)
        folder.lock_new(overwrite=self.overwrite)
        return folder


def create_folder(root: Path, name: str) -> RunFolder:
    """Create ``root/name``, or the first of ``name-2``, ``name-3``, … that does not exist.

    Raises:
        MachineError: when it cannot be created.
        FolderError: when all names are taken.
    """
    for number in range(1, MAX_FOLDERS_PER_NAME):
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise _creation_error(path, error) from None
        return RunFolder(path)
    problem = _("{number:,} runs have this name; choose a folder as `out`")
    raise FolderError(root / name, problem.format(number=MAX_FOLDERS_PER_NAME))


def _creation_error(folder: Path, error: OSError) -> MachineError:
    return MachineError(
        folder, _("cannot be created ({reason})").format(reason=describe_system_error(error))
    )


def name_run(corpus: Path) -> str:
    """Derive a run's name from its first file or folder: that name without .txt, .gz and so on.

    For a path without a name of its own, such as ``.`` or ``a/..``, it is the real folder's name.
    """
    from charrnn.text.sources import STDIN, STDIN_NAME, is_descriptor

    if corpus == Path(STDIN):
        return STDIN_NAME
    if is_descriptor(corpus):
        return DEFAULT_NAME
    name = corpus.name if corpus.name not in ("", os.pardir) else corpus.resolve().name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    # What is left of ".txt", "/" or "...txt" would name no folder, or the parent folder.
    return name if name.strip(".") else DEFAULT_NAME


def find_model(path: Path | None, root: Path = DEFAULT_ROOT, advice: str | None = None) -> Path:
    """Return the model file that ``path`` means: itself, or the best model of a run folder.

    Where no such path exists, it may be the name of a run in ``root``. Without a path it is the
    model of the newest run there. A run that was stopped before its first evaluation has only a
    last model. ``advice`` is what to do where ``root`` has no model.

    Raises:
        InputError: when there is none.
    """
    if path is None:
        models = list_models(root)
        if not models:
            raise InputError(root, explain_no_model(advice))
        return max(models, key=lambda model: model.stat().st_mtime_ns)
    path = find_named_run(path, root) or path
    if not path.exists():
        question = did_you_mean(str(path), list_names(root)) if is_name(path) else ""
        if str(path) in SHIPPED_NAMES and not question:
            command = write_command("train", path)
            question = _("to train it, run: {command}").format(command=command)
        advice = question or _("check the name, or train a model first")
        raise InputError(path, _("no such model or run; {advice}").format(advice=advice))
    if not path.is_dir():
        return path
    model = RunFolder(path).model
    if model is None:
        problem = _("has no model yet; best.npz is written at the first evaluation")
        if names := list_names(path):
            problem = _("is a folder of runs; name one of them: {names}")
            problem = problem.format(names=_(", ").join(names[:MAX_NAMED]))
        elif is_name(path) and RunFolder(root / path).model:
            problem = _("has no model; the run of this name is {run}").format(run=root / path)
        raise InputError(path, problem)
    return model


def explain_no_model(advice: str | None = None) -> str:
    """Return the problem of a folder of runs without a model, and what to do.

    Without ``advice`` it is to train on a text that comes with charrnn.
    """
    if advice is None:
        advice = _("train one: {command}").format(command=write_command("train", "tenki"))
    return _("has no trained model yet; {advice}").format(advice=advice)


def find_named_run(path: Path, root: Path) -> Path | None:
    """Return the folder of the run in ``root`` that is called ``path``; None if it is a path."""
    folder = root / path
    return folder if is_name(path) and not path.exists() and folder.is_dir() else None


def is_name(path: Path) -> bool:
    """Return whether ``path`` can be the name of a run: it has no folder, and is no model file."""
    return len(path.parts) == 1 and path.suffix != MODEL_SUFFIX


def list_names(root: Path) -> list[str]:
    """Return the names of the runs in ``root`` that have a model."""
    return [model.parent.name for model in list_models(root)]


def list_models(root: Path) -> list[Path]:
    """Return the model of each run folder directly in ``root`` that has one, by name."""
    return [run.model for run in list_run_folders(root) if run.model]


def list_run_folders(root: Path) -> list[RunFolder]:
    """Return the run folders directly in ``root``, by name."""
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    runs = map(RunFolder, folders)
    return [run for run in runs if run.config.is_file() or run.model]
