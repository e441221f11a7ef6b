"""The house: text flows one way, and what is slow or loud stays where it belongs."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from charrnn.cli import blas

PACKAGE = Path(__file__).resolve().parent.parent / "charrnn"
FILES = sorted(PACKAGE.rglob("*.py"))

DESIGN = PACKAGE.parent / "docs" / "design.md"


def listed() -> list[str]:
    """The modules in the order of the list in docs/design.md."""
    text = DESIGN.read_text(encoding="utf-8")
    tree = text.partition("```\ncharrnn/\n")[2].partition("```")[0]
    modules, folders = list[str](), list[str]()
    for line in tree.splitlines():
        name = line.split()[0]
        del folders[(len(line) - len(line.lstrip())) // 2 - 1 :]
        if name.endswith("/"):
            folders.append(name.removesuffix("/"))
        else:
            modules.append(".".join([*folders, name.removesuffix(".py")]))
    return [name.removesuffix(".__init__") for name in modules]


ORDER = {name: at for at, name in enumerate(listed())}


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """What a file imports, wherever it does, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_design_lists_every_module_once() -> None:
    filled = (path for path in FILES if path.name != "__init__.py" or [*imports(path)])
    expected = {module(path) for path in filled} - {"__init__", "__main__", "_version"}
    assert sorted(listed()) == sorted(expected)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_modules_import_only_from_above_in_the_design(path: Path) -> None:
    name = module(path)
    if name not in ORDER:
        return  # the package itself, which imports from everywhere, and empty packages
    for imported in imports(path):
        target = imported.removeprefix("charrnn.")
        if imported.startswith("charrnn.") and target in ORDER:
            assert ORDER[target] < ORDER[name], f"{name} imports {target}"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_only_the_command_line_knows_click_and_one_module_beside_it_tqdm(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)}
    allowed = {"charrnn", "numpy", "threadpoolctl", *sys.stdlib_module_names}
    if "cli" in path.relative_to(PACKAGE).parts:
        allowed |= {"click", "tqdm"}
    if module(path) == "progress_bar":
        allowed |= {"tqdm"}
    if module(path) in ("render.plot", "render.plot_text", "render.fonts"):
        allowed |= {"matplotlib"}
    if module(path) == "parallel.ranks":
        allowed |= {"mpi4py"}
    assert outside <= allowed


@pytest.mark.parametrize("path", FILES, ids=module)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", [p for p in FILES if "cli" not in p.relative_to(PACKAGE).parts], ids=module
)
def test_library_reads_no_environment_and_prints_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("environ", "getenv", "stdout", "stderr")
            source = ast.unparse(node)
            assert not source.startswith("np.random.") or source in (
                "np.random.Generator", "np.random.PCG64", "np.random.SeedSequence",
            )  # fmt: skip
        assert not (isinstance(node, ast.Name) and node.id == "print")


def loaded_by(*arguments: str, dependencies: str) -> set[str]:
    """The modules that a command loads and that its ``dependencies`` do not load themselves."""
    code = (
        f"import sys, {dependencies}\n"
        "before = set(sys.modules)\n"
        "sys.argv[0] = 'charrnn'\n"
        "from charrnn.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*set(sys.modules) - before, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "charrnn.cli.main" in loaded
    return loaded


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_the_first_help_waits_for_no_command_and_no_error(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments, dependencies="click")
    assert not loaded & {
        "dataclasses", "logging", "numpy", "pathlib", "shutil", "socket", "tqdm", "traceback",
        "charrnn.config", "charrnn.cli.console", "charrnn.cli.failures", "charrnn.cli.launcher",
        "charrnn.cli.options", "charrnn.cli.train",
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["train", "--help"], ["sample", "--help"], ["inspect", "score", "-h"]], ids=str
)
def test_the_help_of_a_command_loads_no_numpy(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments, dependencies="click")
    assert not loaded & {"logging", "numpy", "shutil", "socket", "tqdm", "charrnn.api"}


def test_importing_the_package_loads_no_numpy() -> None:
    code = "import charrnn, sys; assert 'numpy' not in sys.modules; charrnn.train; charrnn.Score"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_sample_waits_for_nothing_that_only_training_or_advice_needs(run_folder: Path) -> None:
    arguments = ["sample", str(run_folder), "--length", "3", "--seed", "1"]
    assert not loaded_by(*arguments, dependencies="click, numpy") & {
        "logging", "socket", "subprocess", "tempfile", "threadpoolctl", "tqdm", "traceback",
        "charrnn.cli.display", "charrnn.cli.escape_advice", "charrnn.cli.failures",
        "charrnn.cli.launcher", "charrnn.render.document", "charrnn.render.words",
        "charrnn.storage.checkpoint", "charrnn.text.sources", "charrnn.training.state",
        "charrnn.training.trainer",
    }  # fmt: skip


def test_threads_of_products_are_limited_unless_the_user_has_said_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_NUM_THREADS", "")  # put back when the test is over
    blas.limit_threads(2)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "2"
    assert os.environ["OMP_NUM_THREADS"] == "7"
