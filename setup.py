"""Archives whose bytes follow from their files and a time alone; pyproject.toml has the rest.

SOURCE_DATE_EPOCH gives the time, in seconds since 1970. Without it, a source distribution has the
time of the build, and a wheel the times of the files. setuptools would also keep the modes that the
umask of the checkout and of the build have left, the owner, and the order of folders on the disk.
"""

import gzip
import os
import tarfile
import time
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.sdist import sdist


def normalize_mode(mode: int) -> int:
    """Return the mode that git would give to a file or folder of this one."""
    return 0o755 if mode & 0o100 else 0o644


class SourceDistribution(sdist):
    """A .tar.gz of files in the order of their names, owned by nobody, all of the same time."""

    def make_archive(self, base_name: str, kind: str, *_: Any, base_dir: str, **__: Any) -> str:
        """Pack the folder ``base_dir``, and return the path of the archive."""
        assert kind == "gztar", kind
        seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))

        def normalize(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.mode, member.mtime = normalize_mode(member.mode), seconds
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            return member

        path = Path(f"{base_name}.tar.gz")
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=seconds) as packed,
            tarfile.open(fileobj=packed, mode="w", dereference=True) as archive,
        ):
            for member in [Path(base_dir), *sorted(Path(base_dir).rglob("*"))]:
                archive.add(member, recursive=False, filter=normalize)
        return str(path)


class Wheel(bdist_wheel):
    """A wheel whose files have the modes that git gives; setuptools orders and dates them."""

    def write_wheelfile(self, *args: Any, **more: Any) -> None:
        """Write the last file before the wheel is packed, then set the modes of all."""
        super().write_wheelfile(*args, **more)
        for path in Path(self.bdist_dir).rglob("*"):
            path.chmod(normalize_mode(path.stat().st_mode))


setup(cmdclass={"sdist": SourceDistribution, "bdist_wheel": Wheel})
