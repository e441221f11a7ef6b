"""The documents against the program: nothing promised that is not there, nothing there unsaid."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

import charrnn
from charrnn.cli.program import program as command_line
from charrnn.config import DEFAULT_CELL, SampleConfig, TrainConfig
from charrnn.errors import CharrnnError
from charrnn.training.automatic import PATIENCE_SHARE
from tests.conftest import ROOT, Program

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCES = {  # the tables of options in both languages, and a default that the corpus decides
    ROOT / "docs/cli.md": "chosen from the corpus",
    ROOT / "docs/cli.ja.md": "文章から決まる",
}
OPTION = r"(?<![\w-])--[a-z][a-z-]+"
JAPANESE = "[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("corpora/*.md")]
TRANSLATIONS = [path for path in DOCUMENTS if path.name.endswith(".ja.md")]


def named(path: Path) -> str:
    return path.name


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def original(translation: Path) -> Path:
    return translation.with_name(translation.name.replace(".ja.md", ".md"))


def options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            yield from (*parameter.opts, *parameter.secondary_opts)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from options(inner)


OPTIONS = set(options(command_line)) | {"-h", "--help"}
OF_OTHERS = {  # corpora/*.py
    "--last", "--predictions", "--depth", "--distance", "--characters", "--hint",
    "--spec", "--from", "--no-cache",  # pipx run, uvx
    "--mpi",  # srun
    "--input-file", "--output-dir", "--domain", "--locale", "--no-wrap",  # pybabel
}  # fmt: skip


@pytest.mark.parametrize("reference", REFERENCES, ids=named)
@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_of_the_program_stands_in_the_reference(option: str, reference: Path) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", read(reference))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_option_in_a_document_exists(document: Path) -> None:
    assert set(re.findall(OPTION, read(document))) <= OPTIONS | OF_OTHERS


@pytest.mark.parametrize("reference", REFERENCES, ids=named)
def test_every_report_and_exit_code_stands_in_the_reference(reference: Path) -> None:
    inspect = command_line.commands["inspect"]
    assert isinstance(inspect, click.Group)
    codes = {"1", *(str(kind.exit_code) for kind in CharrnnError.__subclasses__())}
    rows = re.findall(r"^\| `?(\w+)", read(reference), re.MULTILINE)
    assert {*inspect.commands, *codes} <= set(rows)


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_a_readme_is_short(name: str) -> None:
    assert len(read(ROOT / name).splitlines()) <= 120


@pytest.mark.parametrize("document", TRANSLATIONS, ids=named)
def test_no_japanese_sentence_is_broken_between_two_lines(document: Path) -> None:
    """A page shows a line break as a space, which has no place in a Japanese sentence."""
    text = re.sub(r"^```.*?^```$", "", read(document), flags=re.MULTILINE | re.DOTALL)
    lines = [
        line if not re.match(r"[|#>]|- |\d\. |!\[|    ", line) else "" for line in text.split("\n")
    ]
    broken = [
        first + "⏎" + second
        for first, second in pairwise(lines)
        if first and second and re.search(JAPANESE, first + second)
    ]
    assert not broken


@pytest.mark.parametrize("document", TRANSLATIONS, ids=named)
def test_a_translation_has_the_parts_and_options_of_the_original(document: Path) -> None:
    ours, theirs = read(document), read(original(document))
    heading = re.compile("^#+ ", re.MULTILINE)
    assert heading.findall(ours) == heading.findall(theirs)
    assert set(re.findall(OPTION, ours)) == set(re.findall(OPTION, theirs))


@pytest.mark.parametrize("reference", REFERENCES, ids=named)
def test_defaults_in_the_reference_are_those_of_the_program(reference: Path) -> None:
    rows = re.findall(r"^\| (`-.*?) \| .* \| (.*) \|$", read(reference), re.MULTILINE)
    stated: dict[str, str] = {}
    for names, values in rows:
        keys = re.findall(r"`?--([a-z-]+)", names)
        stated |= dict(zip(keys, re.split(", |、", values), strict=False))
    settings = {**vars(TrainConfig()), **vars(SampleConfig())}
    checked = 0
    for name, value in stated.items():
        default = settings.get(name.replace("-", "_"))
        if name == "cell":
            assert value == DEFAULT_CELL
            checked += 1
        elif name == "patience":
            assert f"{PATIENCE_SHARE:g}" in value
            checked += 1
        elif value == REFERENCES[reference]:
            assert default is None, name
            checked += 1
        elif isinstance(default, str):
            assert value == default, name
            checked += 1
        elif default is not None and re.fullmatch(r"[\d.]+", value):
            assert float(value) == default, name
            checked += 1
    assert checked >= 15


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", read(document)):
        assert target.startswith("http") or (document.parent / target).exists(), target


def test_python_names_in_documents_exist() -> None:
    for document in DOCUMENTS:
        for name in re.findall(r"charrnn\.([a-zA-Z]+)\(", read(document)):
            assert hasattr(charrnn, name)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_files_of_python_in_a_document_exist(document: Path) -> None:
    there = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert set(re.findall(r"\b([a-z_]+\.py)\b", read(document))) <= there


def test_the_error_about_an_encoding_is_the_one_in_the_document(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "menu.txt").write_bytes("Café au lait, the menu of the day.\n".encode("cp1252"))
    assert program("train", "menu.txt").err in read(ROOT / "docs/texts.md")
