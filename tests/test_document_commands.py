"""Every command that a document shows runs as it stands, in a fresh copy of the project.

The commands of a document run in a shell, in the order in which a reader meets them, on short texts
and with trainings of a few steps. `make tour` runs those of the tour in full.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT, clean_environment
from tests.documented_commands import (
    DOCUMENTS,
    Command,
    list_commands,
    list_help_examples,
    read,
)

NOT_RUN = {  # the beginning of a command, and why it is not run here
    "pip ": "installs packages; tests/test_packaging.py installs the wheel",
    "pipx ": "installs packages",
    "uvx ": "installs packages",
    "make ": "installs packages; test_targets_of_make_in_documents_exist",
    "docs/tour.sh ": "runs the commands of the tour, as the tests of the script below do",
    "mpiexec ": "tests/test_mpi.py starts ranks",
    "srun ": "needs a cluster",
    "sbatch ": "needs a cluster; tests/test_examples.py runs the script",
    "python tests/torture.py hour": "takes an hour",
    "python benchmarks/": "takes minutes; test_files_of_python_in_a_document_exist",
    "charrnn corpus.txt": "in the changelog, as an error",
    "charrnn train corpus.txt": "in the changelog, as an advice",
}
DOCUMENTS_NOT_RUN = {  # and the test that runs each
    "pytorch.md": "tests/test_pytorch_document.py",
    "notebook.md": "tests/test_notebook.py",
}
RUN_ALTHOUGH = ("make -f",)
EXIT_CODES = {"charrnn train menu.txt": 3, "charrnn train report.pdf": 3}  # all others end with 0
CUTS = {  # what takes long, and what stands in its place here
    r"--(epochs|minutes) \d+": "--steps 3",
    r"\b(epochs|minutes)=[\d.]+": "steps=3, workers=1",
    r"--hidden \d+": "--hidden 16",
    r"\bhidden=\d+": "hidden=16",
    r"--length (0|\d{4,})\b": "--length 30",
    r"\blength=0\b": "length=30",
    r"--characters \d+": "--characters 2000",
    r" \| jq .*": " > /dev/null",  # not everybody has jq
}
SETTINGS = {
    "CHARRNN_TRAIN_STEPS": "3", "CHARRNN_TRAIN_BATCH": "4", "CHARRNN_TRAIN_SEQ": "16",
    "CHARRNN_TRAIN_EVAL_EVERY": "3", "CHARRNN_TRAIN_WORKERS": "1", "CHARRNN_TRAIN_HIDDEN": "16",
    "CHARRNN_INSPECT_SPEED_SECONDS": "0.001", "CHARRNN_INSPECT_GRADIENTS_LAGS": "20",
}  # fmt: skip
PROSE = "It was a cold morning, and the boats came in.\n吾輩は猫である。名前はまだ無い。\n" * 20
CORPUS_LINES = 60
PYTHON_FOLDER = Path(sys.executable).parent

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shell commands")


@contextmanager
def serve_program(language: Mapping[str, str]) -> Iterator[Path]:
    """Yield a folder with a program ``charrnn`` that starts quickly.

    It speaks the ``language`` that these variables set.
    """
    folder = Path(tempfile.mkdtemp(prefix="charrnn-"))  # its path is short enough for a socket
    script = Path(__file__).parent / "quick_program.py"
    environment = {
        **clean_environment(), **language, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], env=environment, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        server.stdout.readline()
        yield folder
        server.terminate()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def commands_folder() -> Iterator[Path]:
    """A folder with a program ``charrnn`` that speaks English."""
    with serve_program({}) as folder:
        yield folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with short texts, and with the files that a reader has."""
    for name in ("corpora", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for corpus in tmp_path.glob("corpora/*.txt"):
        lines = corpus.read_text(encoding="utf-8").splitlines(keepends=True)
        corpus.write_text("".join(lines[-CORPUS_LINES:]), encoding="utf-8")
    (tmp_path / "letters").mkdir()
    for name in ("novel.txt", "letters/first.txt", "letter.txt", "diary.txt", "corpus.txt"):
        (tmp_path / name).write_text(PROSE, encoding="utf-8")
    (tmp_path / "diary.txt.gz").write_bytes(gzip.compress(PROSE.encode()))
    (tmp_path / "lines.txt").write_text("今日は\n今\n", encoding="utf-8")
    (tmp_path / "menu.txt").write_bytes("Café au lait, the menu of the day.\n".encode("cp1252"))
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for settings in re.findall(r"^```toml\n(.*?)^```$", read(ROOT / "docs/batch.md"), re.M | re.S):
        (tmp_path / "common.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def is_run(command: Command) -> bool:
    return command.text.startswith(RUN_ALTHOUGH) or not command.text.startswith(tuple(NOT_RUN))


def shorten(command: Command) -> str:
    """Return a command for the shell, with short trainings and samples."""
    text = command.text
    for long, short in CUTS.items():
        text = re.sub(long, short, text)
    return f"python - <<'END'\n{text}END" if command.language == "python" else text


def run_in_shell(commands: list[Command], project: Path, commands_folder: Path) -> list[str]:
    """Run commands one after the other, and return what is wrong with them."""
    script = "".join(
        f"{{\n{shorten(command)}\n}} </dev/null >/dev/null 2>err\n"
        f"code=$?; [ $code = {EXIT_CODES.get(command.text, 0)} ] ||"
        f" {{ echo {number} $code; cat err; }}\n"
        for number, command in enumerate(commands)
    )
    environment = {
        **clean_environment(), **SETTINGS,
        "PATH": os.pathsep.join(map(str, [commands_folder, PYTHON_FOLDER, os.environ["PATH"]])),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        ["bash"], input=script, cwd=project, env=environment, capture_output=True,
        encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    return [done.stdout + done.stderr] if done.stdout or done.stderr else []


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if path.name not in DOCUMENTS_NOT_RUN],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_command_of_a_document_runs_as_it_stands(
    document: Path, project: Path, commands_folder: Path
) -> None:
    commands = [command for command in list_commands(read(document)) if is_run(command)]
    wrong = run_in_shell(commands, project, commands_folder)
    assert not wrong, (wrong[0], list(enumerate(commands)))


def test_every_example_in_the_help_runs_as_it_stands(project: Path, commands_folder: Path) -> None:
    commands = list_help_examples()
    assert len(commands) >= 6
    assert not run_in_shell(commands, project, commands_folder)


def list_all_commands(document: str) -> Iterator[str]:
    """Yield every line that a reader may paste into a shell."""
    for command in list_commands(document):
        if command.language != "python":
            yield from command.text.splitlines()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_can_be_pasted_into_any_shell(document: Path) -> None:
    wrong = [line for line in list_all_commands(read(document)) if find_pitfall(line)]
    assert not wrong


def test_an_example_in_the_help_can_be_pasted_into_any_shell() -> None:
    assert not [command for command in list_help_examples() if find_pitfall(command.text)]


def find_pitfall(line: str) -> str | None:
    """Return a part of a command line that zsh, fish or an interactive bash would take otherwise.

    In zsh a comment after a command is an argument, a pattern without a file is an error, and a
    word may not begin with an equals sign. An exclamation mark recalls an old command.
    """
    expanded = re.sub(r"\$?'[^']*'", "quoted", line)
    if "!" in expanded:
        return "!"
    unquoted = re.sub(r'"[^"]*"', "quoted", expanded)
    pitfall = re.search(r"(^|\s)#|[*?\[<>]\S|(^|\s)=|…|\.\.\.|[“”‘’\u00a0\u3000]", unquoted)
    return pitfall[0] if pitfall else None


@pytest.mark.parametrize(
    "line",
    [
        "charrnn train a.txt # a comment",
        "# a comment",
        "charrnn train *.txt",
        "charrnn train <FILE>",
        "pip install .[plot]",
        "charrnn sample --prime “It”",
        "charrnn train\u3000a.txt",
        "charrnn train ...",
        'charrnn sample --prime "Hello!"',
    ],
)
def test_pitfalls_of_shells_are_found(line: str) -> None:
    assert find_pitfall(line)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_block_of_commands_has_one_command_per_line(document: Path) -> None:
    """A line that continues another would begin with ``>``, which writes to a file if pasted."""
    for language, content in re.findall(r"^```(\w*)\n(.*?)^```$", read(document), re.M | re.S):
        if language == "console":
            assert content.startswith("$ ")
            assert not re.search(r"^(>|#|% )|\\$", content, re.MULTILINE)
        assert language in ("", "console", "sh", "python", "toml")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_stands_outside_the_blocks_that_are_run(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", read(document), flags=re.M | re.S)
    assert not re.findall(r"^(?: {4}|\t|\$ )\s*(?:\$ |charrnn |make |pip |python ).*", text, re.M)


def test_targets_of_make_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(r"`make ([a-z-]+)", read(document))
    }
    assert named
    assert named <= targets


def run_tour(tmp_path: Path, *arguments: str) -> list[str]:
    """Run docs/tour.sh with programs that do nothing; return the lines that it prints."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "runs/tour").mkdir(parents=True)
    for name in ("new.png", "live.html"):
        (tmp_path / "runs/tour" / name).touch()
    for name in ("charrnn", "python", "tail", "chromium"):
        (tmp_path / name).symlink_to(shutil.which("true") or "/bin/true")
    done = subprocess.run(
        [tmp_path / "docs/tour.sh", *arguments], capture_output=True, encoding="utf-8", check=False,
        env={**clean_environment(), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def list_tour_commands(page: str) -> list[str]:
    """List the commands of a page of the tour, each once, in their order."""
    commands = [
        command.text
        for block in re.findall(r"^```console\n.*?^```$", read(ROOT / "docs" / page), re.M | re.S)
        for command in list_commands(block)
    ]
    return list(dict.fromkeys(commands))


def test_both_pages_of_the_tour_have_the_same_commands() -> None:
    assert list_tour_commands("tour.md") == list_tour_commands("tour.ja.md")


def test_the_tour_script_trains_once_and_shows_in_both_languages(tmp_path: Path) -> None:
    commands = list_tour_commands("tour.md")
    shows = [command for command in commands if not command.startswith("charrnn train")]
    assert run_tour(tmp_path) == [f"$ {command}" for command in [*commands, *shows]]
    assert (tmp_path / "docs/tour/new.png").exists()
    assert (tmp_path / "docs/tour/new.ja.png").exists()


def test_the_tour_script_runs_them_with_another_seed_in_another_folder(tmp_path: Path) -> None:
    commands = [
        each.replace("runs/tour/", "runs/tour-2/") for each in list_tour_commands("tour.md")
    ]
    assert run_tour(tmp_path, "seed", "2") == [f"$ {command}" for command in commands]
    assert not (tmp_path / "docs/tour/new.png").exists()
