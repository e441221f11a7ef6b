"""Compiled catalogues, and archives whose bytes follow from their files and a time alone.

pyproject.toml has the rest. The catalogues of all languages, locale/*/LC_MESSAGES/charrnn.po, are
compiled into a wheel, and for an editable installation beside their sources.

SOURCE_DATE_EPOCH gives the time, in seconds since 1970. Without it, a source distribution has the
time of the build, and a wheel the times of the files. setuptools would also keep the modes that the
umask of the checkout and of the build have left, the owner, and the order of folders on the disk.
"""

import gzip
import os
import tarfile
import time
from pathlib import Path
from typing import Any, ClassVar

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import Command, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build import build
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


class Build(build):
    """Everything that a build makes: the catalogues too."""

    sub_commands: ClassVar = [*build.sub_commands, ("build_catalogues", None)]


class BuildCatalogues(Command):
    """Compile each catalogue, a .po file, to the .mo file that the program reads."""

    editable_mode = False

    def initialize_options(self) -> None:
        """Begin without a folder to write to."""
        self.build_lib: str | None = None

    def finalize_options(self) -> None:
        """Write to the folder of the build."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Compile all catalogues."""
        for compiled, source in self.get_output_mapping().items():
            path = Path(source).with_suffix(".mo") if self.editable_mode else Path(compiled)
            path.parent.mkdir(parents=True, exist_ok=True)
            with Path(source).open("rb") as text, path.open("wb") as file:
                write_mo(file, read_po(text))

    def get_source_files(self) -> list[str]:
        """Return the catalogues, which are part of a source distribution."""
        return sorted(map(str, Path("charrnn/locale").glob("*/LC_MESSAGES/*.po")))

    def get_outputs(self) -> list[str]:
        """Return the compiled catalogues."""
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        """Return each compiled catalogue with its source."""
        return {
            str(Path(self.build_lib or "", source).with_suffix(".mo")): source
            for source in self.get_source_files()
        }


COMMANDS = {
    "build": Build,
    "build_catalogues": BuildCatalogues,
    "sdist": SourceDistribution,
    "bdist_wheel": Wheel,
}
setup(cmdclass=COMMANDS)
