"""A corpus that is no longer where `config.toml` says: what to do about it.

A run keeps the place of its corpus; the fingerprint in its models tells whether a text is that
corpus. `charrnn train NEWPATH --resume --out RUN` continues a run with the text at its new place,
and keeps that place.
"""

from collections.abc import Sequence
from pathlib import Path

from charrnn.errors import CharrnnError, ConfigError, InputError
from charrnn.language import gettext as _
from charrnn.shell_words import write_command
from charrnn.text.changed_corpus import explain_change, is_joined_otherwise
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.corpus_paths import CorpusPaths
from charrnn.text.sources import STDIN, stdin_is_terminal

NEW_PLACE = "NEWPATH"
MAX_PATHS = 8
"""The most paths that a printed command names one by one."""


def find_places(stored: CorpusPaths, given: CorpusPaths, run: Path) -> CorpusPaths:
    """Return the paths of the texts of ``run``: those that are ``given``, else those ``stored``.

    Raises:
        InputError: naming those that are not there, and the command that names their new places.
    """
    corpus = given.corpus or _find_stored(stored.corpus, run)
    own_texts: dict[str, Sequence[Path]] = {}
    for name, paths in stored.items():
        if name == "corpus":
            continue
        own_texts[name] = getattr(given, name) or paths
        if missing := list_missing(own_texts[name]):
            problem = _(
                "no such file or folder; if this text of the run was moved or renamed, name its new"
                " place with `{setting}`"
            )
            raise InputError(_join_paths(missing), problem.format(setting=name))
    return CorpusPaths(corpus, **own_texts)


def _find_stored(corpus: Sequence[Path], run: Path) -> Sequence[Path]:
    """Return the ``corpus`` of ``run``, which is all there. Raises as `find_places`."""
    if missing := list_missing(corpus):
        problem = _(
            "no such file or folder; if the text of this run was moved or renamed, name its new"
            " place: {command}"
        )
        command = write_move_command(corpus, run, missing)
        raise InputError(_join_paths(missing), problem.format(command=command))
    if Path(STDIN) in corpus and stdin_is_terminal():
        problem = _("its text came from standard input; give it again: {command} < FILE")
        command = write_command("train", *corpus, "--resume", "--out", run)
        raise InputError(run, problem.format(command=command))
    return corpus


def changed_own_text_error(
    name: str, paths: Sequence[Path], run: Path, *, is_expected: bool
) -> CharrnnError:
    """Return the error about a `val_file` or `test_file` that is not the text of the ``run``.

    ``is_expected`` says whether the run has such a text at all.
    """
    if not is_expected:
        problem = _("the run in {run} has no such text; begin a new run to add one")
        return ConfigError(name, problem.format(run=run))
    problem = _(
        "is not the text that the run in {run} is tested on; restore that text, begin a new run, or"
        " name its place with `test_file` if it was moved"
    )
    if name == "val_file":
        problem = _(
            "is not the text that the run in {run} is validated on; restore that text, begin a new"
            " run, or name its place with `val_file` if it was moved"
        )
    return InputError(_join_paths(paths), problem.format(run=run))


def changed_error(
    expected: CorpusInfo, found: CorpusInfo, corpus: Sequence[Path], run: Path
) -> InputError:
    """Return the error about a ``corpus`` that is not the one that the ``run`` learns from."""
    command = write_move_command(corpus, run, corpus)
    has_folder = any(path.is_dir() for path in corpus)
    change = explain_change(expected, found, has_folder=has_folder)
    if is_joined_otherwise(expected, found):
        command = write_command("train", "joined.txt", "--resume", "--out", run)
        problem = _(
            "is not the text that the run in {run} learns from: there is now a newline between two"
            " files where the first ends without one; to go on without it, join the files yourself"
            " (cat FILES > joined.txt): {command}"
        )
    elif change:
        problem = _(
            "is not the text that the run in {run} learns from ({change}); restore that text, begin"
            " a new run, or name its place if it was moved: {command}"
        )
    else:
        problem = _(
            "is not the text that the run in {run} learns from; restore that text, begin a new run,"
            " or name its place if it was moved: {command}"
        )
    shown = problem.format(run=run, change=change, command=command)
    return InputError(_join_paths(corpus), shown)


def list_missing(corpus: Sequence[Path]) -> list[Path]:
    """Return the paths at which there is nothing; standard input is always there."""
    return [path for path in corpus if path != Path(STDIN) and not _exists(path)]


def _join_paths(paths: Sequence[Path]) -> str:
    return _(", ").join(map(str, paths))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True  # whatever is wrong with it, it is not that it has moved


def write_move_command(corpus: Sequence[Path], run: Path, moved: Sequence[Path]) -> str:
    """Return the command that continues ``run`` and names new places for what has ``moved``.

    All paths of the corpus are named, in their order, because they replace those of the run.
    """
    if len(corpus) > MAX_PATHS:
        return write_command("train", f"{NEW_PLACE}...", "--resume", "--out", run)
    numbered = len(moved) > 1
    new = {path: f"{NEW_PLACE}{at}" if numbered else NEW_PLACE for at, path in enumerate(moved, 1)}
    return write_command(
        "train", *(new.get(path, path) for path in corpus), "--resume", "--out", run
    )
