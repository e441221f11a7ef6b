"""The wheel and the source distribution: what is in them, and that the wheel alone is enough.

And what stands beside them: the citation, and the checks before a commit.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

import charrnn
from charrnn.shipped_texts import NAMES
from tests.conftest import ROOT, clean_environment

builds = pytest.mark.slow  # and installs from the package index

NOT_COPIED = {"build", "dist", "runs", ".venv", ".git"}  # at the top of the checkout
NOT_COPIED_ANYWHERE = shutil.ignore_patterns(
    "*.egg-info", "__pycache__", ".*_cache", ".venv-*", "*.mo"
)
MADE_BY_PYTHON_OR_THE_BUILD = (".pyc", ".mo")


NIGHT = "1700000000"  # seconds since 1970; the time that all files in an archive get


@dataclass(frozen=True)
class Built:
    """What was built, from copies of the checkout that have nothing left over from other builds."""

    checkout: Path
    sdist: Path
    wheel: Path  # made from the sdist
    again: Path  # the sdist of another copy, with other times and permissions
    direct: Path  # the wheel that pip makes of this copy


def not_copied(folder: str, names: list[str]) -> set[str]:
    """The entries of a folder of the checkout that were made on this machine."""
    top = NOT_COPIED if Path(folder) == ROOT else set()
    return NOT_COPIED_ANYWHERE(folder, names) | (top & set(names))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("packaging")
    checkout, other = folder / "checkout", folder / "elsewhere/other"
    shutil.copytree(ROOT, checkout, ignore=not_copied, symlinks=True)
    # Copied in another order, with times of their own, and closed to others.
    for path in sorted(path for path in checkout.rglob("*") if not path.is_dir())[::-1]:
        copy = other / path.relative_to(checkout)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(path, copy, follow_symlinks=False)
        if not path.is_symlink():
            copy.chmod(path.stat().st_mode & 0o700)
    build = [sys.executable, "-m", "build", "--outdir"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": NIGHT}
    subprocess.run([*build, folder / "a", checkout], check=True, env=environment)
    subprocess.run(
        [*build, folder / "b", "--sdist", "--wheel", other], check=True, umask=0o077,
        env={**environment, "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    [sdist], [again] = (list((folder / name).glob("*.tar.gz")) for name in "ab")
    [wheel], [direct] = (list((folder / name).glob("*.whl")) for name in "ab")
    return Built(checkout, sdist, wheel, again, direct)


def members(wheel: Path) -> set[PurePosixPath]:
    """The files in a wheel."""
    with ZipFile(wheel) as archive:
        return {PurePosixPath(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    """What a wheel says of itself."""
    [path] = (path for path in members(wheel) if path.name == "METADATA")
    with ZipFile(wheel) as archive:
        return message_from_bytes(archive.read(str(path)))


@builds
def test_wheel_has_the_package_with_its_data_and_nothing_else(built: Built) -> None:
    data = {path for path in members(built.wheel) if not path.parts[0].endswith(".dist-info")}
    sources = (PurePosixPath(path.relative_to(ROOT)) for path in (ROOT / "charrnn").rglob("*.*"))
    compiled = {path.with_suffix(".mo") if path.suffix == ".po" else path for path in sources}
    assert data == {path for path in compiled if path.suffix != ".pyc"}


@builds
def test_wheel_has_modules_texts_and_parts_of_pages_and_nothing_for_developers(
    built: Built,
) -> None:
    folders: dict[str, set[str]] = {}
    for path in members(built.wheel):
        if not path.parts[0].endswith(".dist-info"):
            assert path.parts[0] == "charrnn"
            folders.setdefault(path.suffix, set()).add(path.parts[1])
        if path.parent.name == "corpora":
            assert path.suffix == ".txt"  # without the programs that wrote them
    assert "cli" in folders.pop(".py")
    assert folders == {
        ".typed": {"py.typed"}, ".txt": {"corpora"}, ".css": {"render"}, ".js": {"render"},
        ".html": {"render"}, ".mo": {"locale"},
    }  # fmt: skip


@builds
def test_texts_in_the_wheel_are_those_of_corpora(built: Built) -> None:
    with ZipFile(built.wheel) as archive:
        for name in NAMES:
            text = (ROOT / f"corpora/{name}.txt").read_bytes()
            assert archive.read(f"charrnn/corpora/{name}.txt") == text


@builds
def test_one_commit_makes_the_same_bytes_in_any_folder_and_with_any_umask(built: Built) -> None:
    """The wheel also has the same bytes whether or not a source distribution was made before."""
    assert built.again.read_bytes() == built.sdist.read_bytes()
    assert built.direct.read_bytes() == built.wheel.read_bytes()


@builds
def test_files_in_a_distribution_have_its_time_and_nobody_as_owner(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        entries = archive.getmembers()
    assert {(each.mtime, each.uid, each.gid, each.uname) for each in entries} == {
        (int(NIGHT), 0, 0, "")
    }
    assert {each.mode for each in entries if each.isfile()} == {0o644, 0o755}


@builds
def test_wheel_names_itself_its_python_and_its_extras(built: Built) -> None:
    said = metadata(built.wheel)
    assert said["Name"] == "charrnn-numpy"
    assert said["Version"] == charrnn.__version__
    assert said["Requires-Python"] == ">=3.11"
    assert {"plot", "mpi"} <= set(said.get_all("Provides-Extra", []))
    assert said["License-Expression"] == "MIT"


@builds
def test_source_distribution_has_all_that_the_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        files = [PurePosixPath(one.name) for one in archive.getmembers() if one.isfile()]
    inside = {PurePosixPath(*path.parts[1:]) for path in files}
    folders = ("charrnn", "tests", "corpora", "docs", "benchmarks", "examples")
    wanted = [path for name in folders for path in (ROOT / name).rglob("*.*") if path.is_file()]
    wanted += [ROOT / name for name in ("Makefile", "LICENSE", "pyproject.toml", "setup.py")]
    wanted += [ROOT / name for name in ("CITATION.cff", ".pre-commit-config.yaml")]
    wanted += ROOT.glob("*.md")
    there = {
        PurePosixPath(path.relative_to(ROOT))
        for path in wanted
        if path.suffix not in MADE_BY_PYTHON_OR_THE_BUILD
    }
    assert there <= inside


@builds
def test_an_editable_installation_has_the_compiled_catalogues(built: Built, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(built.checkout, checkout, ignore=NOT_COPIED_ANYWHERE)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target",
         tmp_path / "installed", "--editable", checkout], check=True,
    )  # fmt: skip
    catalogues = checkout.glob("charrnn/locale/*/LC_MESSAGES/*.po")
    compiled = [path.with_suffix(".mo").is_file() for path in catalogues]
    assert compiled
    assert all(compiled)


@builds
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


def read_yaml(name: str, key: str) -> list[str]:
    """The values of a key, at any depth, in a file of ours: each on one line."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [value.strip('"') for value in re.findall(rf"^[ -]*{key}: (.+)$", text, re.MULTILINE)]


def test_the_citation_is_of_this_version_and_by_the_authors_of_the_license() -> None:
    assert read_yaml("CITATION.cff", "cff-version") == ["1.2.0"]
    assert read_yaml("CITATION.cff", "version") == [charrnn.__version__]
    (author,) = read_yaml("CITATION.cff", "name")
    assert f"Copyright (c) 2026 {author}" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert read_yaml("CITATION.cff", "license") == [project["license"]]
    assert read_yaml("CITATION.cff", "abstract") == [f"{project['description']}."]
    assert read_yaml("CITATION.cff", "title")[0].startswith("charrnn: ")


def test_before_a_commit_run_the_commands_of_make_lint() -> None:
    rule = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint: ")[2]
    commands = re.findall(r"^\t\$\(RUN\)/(.+)$", rule.partition("\n\n")[0], re.MULTILINE)
    assert len(commands) == 2
    assert read_yaml(".pre-commit-config.yaml", "entry") == commands
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (ruff,) = (each for each in project["optional-dependencies"]["dev"] if each.startswith("ruff"))
    hooks = read_yaml(".pre-commit-config.yaml", "additional_dependencies")
    assert hooks == [f'["{ruff}"]'] * len(commands)
