"""Which files of a folder belong to a corpus, and in which order they are read.

All texts in the folder and below are listed by path, except what is hidden and what a system leaves
beside files. Links are followed, and each file is read once. Not here: reading them (sources.py).
"""

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from charrnn.errors import InputError
from charrnn.language import gettext as _
from charrnn.system_errors import describe_system_error

TEXT_SUFFIXES = (".txt", ".txt.gz", ".txt.bz2", ".txt.xz")
SYSTEM_FOLDERS = {
    "__macosx",  # in archives that macOS has made: resource forks of the files beside it
    "lost+found",  # ext4: what fsck has recovered
    "$recycle.bin", "recycler", "system volume information",  # Windows
    "@eadir", "#recycle",  # Synology
}  # fmt: skip
"""Folders that an operating system leaves beside files, in lower case."""
OFFICE_LOCK = "~$"
"""The beginning of the name of a file by which an office program marks an open document."""


@dataclass
class FolderListing:
    """The ``files`` of a folder that are read, in their order, and what is not read.

    ``left_out`` are texts, and folders with texts, that are hidden or the system's, and named
    pipes, sockets and devices. ``repeated`` are further paths of what is read under another path.
    ``loops`` are links to a folder that contains them, and ``broken`` those that lead nowhere.
    """

    files: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    repeated: list[Path] = field(default_factory=list)
    loops: list[Path] = field(default_factory=list)
    broken: list[Path] = field(default_factory=list)


def list_folder(folder: Path) -> FolderListing:
    """List the texts in ``folder`` and below by path; the folder's own name does not matter.

    A file with several paths (links, also hard ones) is listed once: under one without a link if
    there is one, else under the first in the order of paths. A link to a file that does not exist
    is listed if it has the name of a text, so that it is missed when it is opened.

    Raises:
        InputError: when a folder cannot be read.
    """
    walk = _Walk()
    walk.enter(folder)
    # What has no link in its path comes first, so that it keeps its path and is the one that is
    # read. Links that are found below a link are appended, and followed in their turn.
    for link in walk.links:
        walk.follow(link)
    listing = walk.listing
    for paths in (listing.files, listing.left_out, listing.repeated, listing.loops, listing.broken):
        paths.sort()
    return listing


def is_text_name(name: str) -> bool:
    """Return whether a file of this name is read in a folder, if it is not left out."""
    return name.lower().endswith(TEXT_SUFFIXES)


def is_left_out(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, or left there by a system."""
    return name.startswith((".", OFFICE_LOCK)) or name.lower() in SYSTEM_FOLDERS


class _Walk:
    """A walk through folders that remembers which files and folders it has seen."""

    def __init__(self) -> None:
        self.listing = FolderListing()
        self.links: list[Path] = []
        self._seen: set[tuple[object, ...]] = set()

    def enter(self, folder: Path) -> None:
        """List the texts in ``folder`` and below; remember the links, which `follow` follows."""
        folders, files, links = [folder], list[Path](), list[Path]()
        while folders:
            current = folders.pop()
            if not self._is_new(current):
                self.listing.repeated.append(current)
                continue
            for entry in _read_folder(current):
                path = current / entry.name
                if is_left_out(entry.name):
                    if _is_text_or_has_texts(path):
                        self.listing.left_out.append(path)
                elif entry.is_symlink():
                    links.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(path)
                elif is_text_name(entry.name):
                    files.append(path)
        for path in sorted(files):
            self._add_file(path)
        self.links += sorted(links)

    def follow(self, link: Path) -> None:
        """List what the symbolic ``link`` leads to."""
        if os.path.isdir(link):  # noqa: PTH112  # Path's method raises where this is False
            if link.parent.resolve().is_relative_to(link.resolve()):
                self.listing.loops.append(link)
            else:
                self.enter(link)
        elif is_text_name(link.name):
            self._add_file(link)
        elif not os.path.exists(link):  # noqa: PTH110
            self.listing.broken.append(link)

    def _add_file(self, path: Path) -> None:
        if _is_special(path):
            self.listing.left_out.append(path)
            return
        (self.listing.files if self._is_new(path) else self.listing.repeated).append(path)

    def _is_new(self, path: Path) -> bool:
        """Return whether the file or folder at ``path`` has not been seen, and remember it."""
        try:
            status = path.stat()
        except OSError:
            return True  # opening it reports the error
        # Some file systems have no inode numbers.
        key = (status.st_dev, status.st_ino) if status.st_ino else (path.resolve(),)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _read_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        problem = _("cannot be read ({reason})").format(reason=describe_system_error(error))
        raise InputError(folder, problem) from None


def _is_special(path: Path) -> bool:
    """Return whether ``path`` is a named pipe, a socket or a device: reading one may wait forever.

    What cannot be examined is not: opening it reports the error.
    """
    with suppress(OSError):
        return not stat.S_ISREG(path.stat().st_mode)
    return False


def _is_text_or_has_texts(path: Path) -> bool:
    """Return whether ``path`` has the name of a text, or is a folder with a text directly in it."""
    if is_text_name(path.name):
        return True
    with suppress(OSError):  # it is a file, or cannot be read
        return any(map(is_text_name, os.listdir(path)))  # noqa: PTH208
    return False
