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

# Whoever stands on a line imports only from lines above it.
ORDER = """
    _version
    errors
    config files
    text.decode text.harmless text.rules text.vocab
    text.sources text.unknown
    text.encodings text.stock text.ngram
    text.suffixes
    text.corpus
    text.primes
    network.workspace
    network.products
    network.cells
    network.inputs network.softmax network.parameters
    network.model
    network.stepper
    training.events training.noise training.optimizer training.lock training.machine training.team
    training.ranks
    training.folder
    training.evaluation
    training.automatic training.memory training.trainer
    training.budget
    training.npz training.meta
    training.checkpoint
    training.initial
    training.reading
    training.worker
    training.handing
    training.resume
    training.saving
    training.run
    sampling.filters sampling.stops sampling.repeats
    sampling.continuation
    sampling.sampler
    sampling.beam
    reports.learned
    reports.summary reports.loss reports.score reports.vocab reports.speed reports.held_out
    reports.copied
    reports.runs reports.unroll reports.gradients reports.memory reports.neurons
    reports.overview
    api
    render.axis render.blocks render.words render.document
    render.sections.model render.sections.learning render.sections.reading
    render.sections.memory render.sections.neurons render.sections.speed
    render.sections render.terminal render.plot render.page
    render.progress
    cli.blas cli.console cli.settings cli.shells cli.signals cli.failures
    cli.launcher
    cli.options cli.display
    cli.train cli.sample cli.inspect
    cli.main
"""
RANKS = {name: at for at, line in enumerate(ORDER.strip().splitlines()) for name in line.split()}


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


def test_every_module_has_a_place_in_the_order() -> None:
    filled = (path for path in FILES if path.name != "__init__.py" or [*imports(path)])
    assert {module(path) for path in filled} - {"__init__", "__main__"} == set(RANKS)


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_point_one_way(path: Path) -> None:
    name = module(path)
    if name in ("__init__", "__main__"):
        return  # the front door looks into every room
    for imported in imports(path):
        target = imported.removeprefix("charrnn.")
        if imported.startswith("charrnn.") and target in RANKS:
            assert RANKS[target] < RANKS[name], f"{name} imports {target}"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_only_the_command_line_knows_click_and_tqdm(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)}
    allowed = {"charrnn", "numpy", "threadpoolctl", *sys.stdlib_module_names}
    if "cli" in path.parts:
        allowed |= {"click", "tqdm"}
    allowed |= {"render.plot": {"matplotlib"}, "training.ranks": {"mpi4py"}}.get(
        module(path), set()
    )
    assert outside <= allowed


@pytest.mark.parametrize("path", FILES, ids=module)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", [p for p in FILES if "cli" not in p.parts], ids=module)
def test_library_reads_no_environment_and_prints_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("environ", "getenv", "stdout", "stderr")
            source = ast.unparse(node)
            assert not source.startswith("np.random.") or source in (
                "np.random.Generator", "np.random.PCG64", "np.random.SeedSequence",
            )  # fmt: skip
        assert not (isinstance(node, ast.Name) and node.id == "print")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["train", "--help"], ["inspect", "score", "-h"], []]
)
def test_help_and_version_load_no_numpy(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['charrnn', *sys.argv[1:]]\n"
        "from charrnn.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert 'numpy' not in sys.modules and 'tqdm' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_importing_the_package_loads_no_numpy() -> None:
    code = "import charrnn, sys; assert 'numpy' not in sys.modules; charrnn.train; charrnn.Score"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_sample_waits_for_nothing_that_only_training_needs(run_folder: Path) -> None:
    code = (
        "import sys; from charrnn.cli.main import program\n"
        "program.main(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'threadpoolctl', 'subprocess', 'charrnn.training.trainer', 'tqdm',"
        " 'charrnn.render.document'} & set(sys.modules)\n"
    )
    arguments = ["sample", str(run_folder), "--length", "3", "--seed", "1"]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_threads_of_products_are_limited_unless_the_user_has_said_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_NUM_THREADS", "")  # put back when the test is over
    blas.limit(2)
    assert os.environ["OPENBLAS_NUM_THREADS"] == "2"
    assert os.environ["OMP_NUM_THREADS"] == "7"
