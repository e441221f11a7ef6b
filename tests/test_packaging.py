"""The wheel and the source distribution: what is in them, and that the wheel alone is enough."""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

import charrnn
from tests.conftest import ROOT, clean_environment

pytestmark = pytest.mark.slow  # builds, and installs from the package index

NOT_COPIED = {"build", "dist", "runs", ".venv", ".git"}  # at the top of the checkout
NOT_COPIED_ANYWHERE = shutil.ignore_patterns("*.egg-info", "__pycache__", ".*_cache", ".venv-*")


@dataclass(frozen=True)
class Built:
    """What was built, from a copy of the checkout that has nothing left over from other builds."""

    checkout: Path
    sdist: Path
    wheel: Path  # made from the sdist
    direct: Path  # the wheel that pip makes of a checkout


def not_copied(folder: str, names: list[str]) -> set[str]:
    """The entries of a folder of the checkout that were made on this machine."""
    top = NOT_COPIED if Path(folder) == ROOT else set()
    return NOT_COPIED_ANYWHERE(folder, names) | (top & set(names))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("packaging")
    checkout, dist, direct = folder / "checkout", folder / "dist", folder / "direct"
    shutil.copytree(ROOT, checkout, ignore=not_copied)
    build: list[str | Path] = [sys.executable, "-m", "build", checkout]
    subprocess.run([*build, "--outdir", dist], check=True)
    subprocess.run([*build, "--outdir", direct, "--wheel"], check=True)
    [sdist], [wheel], [other] = dist.glob("*.tar.gz"), dist.glob("*.whl"), direct.glob("*.whl")
    return Built(checkout, sdist, wheel, other)


def members(wheel: Path) -> set[PurePosixPath]:
    """The files in a wheel."""
    with ZipFile(wheel) as archive:
        return {PurePosixPath(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    """What a wheel says of itself."""
    [path] = (path for path in members(wheel) if path.name == "METADATA")
    with ZipFile(wheel) as archive:
        return message_from_bytes(archive.read(str(path)))


def test_wheel_has_the_package_with_its_data_and_nothing_else(built: Built) -> None:
    data = {path for path in members(built.wheel) if not path.parts[0].endswith(".dist-info")}
    sources = (ROOT / "charrnn").rglob("*.*")
    assert data == {
        PurePosixPath(path.relative_to(ROOT)) for path in sources if path.suffix != ".pyc"
    }
    assert {"py.typed", "page.css", "page.js"} <= {path.name for path in data}


def test_wheel_of_the_source_distribution_is_that_of_the_checkout(built: Built) -> None:
    assert members(built.wheel) == members(built.direct)


def test_wheel_names_itself_its_python_and_its_extras(built: Built) -> None:
    said = metadata(built.wheel)
    assert said["Name"] == "charrnn-numpy"
    assert said["Version"] == charrnn.__version__
    assert said["Requires-Python"] == ">=3.11"
    assert {"plot", "mpi"} <= set(said.get_all("Provides-Extra", []))
    assert said["License-Expression"] == "MIT"


def test_source_distribution_has_all_that_the_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        files = [PurePosixPath(one.name) for one in archive.getmembers() if one.isfile()]
    inside = {PurePosixPath(*path.parts[1:]) for path in files}
    folders = ("charrnn", "tests", "corpora", "docs", "benchmarks", "examples")
    wanted = [path for name in folders for path in (ROOT / name).rglob("*.*") if path.is_file()]
    wanted += [ROOT / "Makefile", ROOT / "LICENSE", ROOT / "pyproject.toml", *ROOT.glob("*.md")]
    there = {PurePosixPath(path.relative_to(ROOT)) for path in wanted if path.suffix != ".pyc"}
    assert there <= inside


def test_wheel_alone_is_enough_in_a_fresh_environment(built: Built) -> None:
    python = os.environ.get("SMOKE_PYTHON", sys.executable)
    done = subprocess.run(
        [ROOT / "tests/smoke.sh", built.wheel, python],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
