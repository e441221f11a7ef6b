"""The documents against the program: nothing promised that is not there, nothing there unsaid."""

import re
from collections.abc import Iterator

import click
import pytest

import charrnn
from charrnn.cli.main import program
from charrnn.config import DEFAULT_CELL, SampleConfig, TrainConfig
from charrnn.training.automatic import PATIENT
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("corpora/*.md")]


def options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from options(inner)


OPTIONS = set(options(program)) | {"-h", "--help"}
OF_OTHERS = {  # corpora/*.py
    "--last", "--predictions", "--depth", "--distance", "--characters", "--hint",
    "--spec", "--from", "--no-cache",  # pipx run, uvx
    "--mpi",  # srun
}  # fmt: skip


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_of_the_program_stands_in_the_readme(option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", README)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_option_in_a_document_exists(document: object) -> None:
    from pathlib import Path

    assert isinstance(document, Path)
    found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", document.read_text(encoding="utf-8")))
    assert found <= OPTIONS | OF_OTHERS


def test_defaults_in_the_readme_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (`-.*?) \| .* \| (.*) \|$", README, re.MULTILINE)
    stated: dict[str, str] = {}
    for names, values in rows:
        keys = re.findall(r"`?--([a-z-]+)", names)
        stated |= dict(zip(keys, values.split(", "), strict=False))
    settings = {**vars(TrainConfig()), **vars(SampleConfig())}
    checked = 0
    for name, value in stated.items():
        default = settings.get(name.replace("-", "_"))
        if name == "cell":
            assert value == DEFAULT_CELL
            checked += 1
        elif name == "patience":
            assert value == f"{PATIENT:g} of a run's"
            checked += 1
        elif value == "by the text":
            assert default is None, name
            checked += 1
        elif isinstance(default, str):
            assert value == default, name
            checked += 1
        elif default is not None and re.fullmatch(r"[\d.]+", value):
            assert float(value) == default, name
            checked += 1
    assert checked >= 15


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: object) -> None:
    from pathlib import Path

    assert isinstance(document, Path)
    for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        assert target.startswith("http") or (document.parent / target).exists(), target


def test_python_names_in_the_readme_exist() -> None:
    for name in re.findall(r"charrnn\.([a-zA-Z]+)\(", README):
        assert hasattr(charrnn, name)


def test_modules_in_the_design_are_the_modules_there_are() -> None:
    design = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([a-z_]+\.py)\b", design))
    there = {path.name for path in (ROOT / "charrnn").rglob("*.py")}
    of_reports = {path.name for path in (ROOT / "charrnn/reports").iterdir()}
    of_cli = {path.name for path in (ROOT / "charrnn/cli").iterdir()}
    quiet = {"__init__.py", "__main__.py", "_version.py", "test_layout.py"}
    assert named - quiet <= there
    assert there - quiet - of_reports - of_cli <= named
