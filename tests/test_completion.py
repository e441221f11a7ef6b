"""What shells complete: in the program's answers, in their functions, and typed on a terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.cli.option_types import ENCODINGS
from charrnn.config import CELL_NAMES, NORMALIZATIONS, ON_UNKNOWN, SCHEDULES
from charrnn.text.decode import find_codec
from charrnn.text.scripts import COMMON_KANJI, WRITTEN
from tests.conftest import ROOT, clean_environment

PATIENCE = 30
RUNS = ["runs/a,b", "runs/tenki", "runs/私の 実行"]
NAMES = ["a,b", "tenki", "私の 実行"]
FOLDERS = ["letters", "my runs", "runs"]
MODELS = ["old.npz", "日本 語.npz"]
FILES = ["conf.toml", "my text.txt"]
TEXTS = ["tenki", "kakko", "harbour"]  # that come with charrnn

needs = {
    name: pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")
    for name in ("bash", "zsh", "fish")
}
SHELLS = [pytest.param(name, marks=mark) for name, mark in needs.items()]


def environment(**more: str) -> dict[str, str]:
    """One in which shells find the installed command."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**clean_environment(), "PATH": path, "LC_ALL": "C.UTF-8", **more}


@pytest.fixture
def place(run_folder: Path, tmp_path: Path) -> Path:
    """A folder with runs, of which one can be used, and files."""
    shutil.copytree(run_folder, tmp_path / RUNS[-1])
    for name in [*FOLDERS, *RUNS[:-1], "runs/empty"]:
        (tmp_path / name).mkdir(exist_ok=True)
    for name in [*MODELS, *FILES, *(f"{run}/best.npz" for run in RUNS[:-1])]:
        (tmp_path / name).touch()
    return tmp_path


def answer(place: Path, *words: str, **more: str) -> list[str]:
    """What the program answers to bash about the last of ``words``; nothing on stderr."""
    line = {"COMP_WORDS": "\n".join(["charrnn", *words]), "COMP_CWORD": str(len(words))}
    done = subprocess.run(
        ["charrnn"], cwd=place, capture_output=True, check=False,
        env=environment(_CHARRNN_COMPLETE="bash_complete", **line, **more),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return [line for line in done.stdout.decode().splitlines() if line]


def plain(*words: str) -> list[str]:
    return [f"plain,{word}" for word in words]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tr"], plain("train")),
        (["train", "--ce"], plain("--cell")),
        (["train", "--cell", ""], plain(*CELL_NAMES)),
        (["train", "--cell", "=", "l"], plain("lstm")),
        (["train", "--cell", "="], plain(*CELL_NAMES)),
        (["train", "--schedule", ""], plain(*SCHEDULES)),
        (["train", "--normalize", ""], plain(*NORMALIZATIONS)),
        (["sample", "--on-unknown", ""], plain(*ON_UNKNOWN)),
        (["sample", "--encoding", "eu"], plain("euc_jp", "euc_kr")),
        (["train", "di"], ["file,di"]),
        (["train", ""], [*plain(*TEXTS), "file,"]),
        (["train", "conf.toml", "ka"], [*plain("kakko"), "file,ka"]),
        (["sample", "--corpus", "h"], [*plain("harbour"), "file,h"]),
        (["sample", "--config", ""], ["file,"]),
        (["sample", "--prime-file", ""], ["file,"]),
        (["inspect", "score", ""], ["file,"]),
        (["inspect", "score", "text.txt", ""], [*plain(*NAMES), "npz,"]),
        (["sample", ""], [*plain(*NAMES), "npz,"]),
        (["sample", "t"], [*plain("tenki"), "npz,t"]),
        (["train", "--init-from", "私"], [*plain(NAMES[-1]), "npz,私"]),
        (["sample", "runs/私"], [*plain(RUNS[-1]), "npz,runs/私"]),
        (["sample", r"runs/私の\ "], [*plain(RUNS[-1]), "npz,runs/私の "]),
        (["sample", '"runs/私の '], [*plain(RUNS[-1]), "npz,runs/私の "]),
        (["inspect", "loss", "runs/tenki", "runs/t"], [*plain("runs/tenki"), "npz,runs/t"]),
        (["train", "--init-from", "runs/t"], [*plain("runs/tenki"), "npz,runs/t"]),
        (["train", "--out", "runs/t"], ["dir,runs/t"]),
        (["train", "--resume", "--out", "runs/t"], [*plain("runs/tenki"), "dir,runs/t"]),
        (["inspect", "runs", ""], ["dir,"]),
        (["inspect", "lo"], [*plain("loss"), "npz,lo"]),
        (["inspect", "run"], [*plain("runs"), "npz,run"]),
        (["inspect", "te"], [*plain("tenki"), "npz,te"]),
        (["inspect", "--ht"], plain("--html")),
        (["train", "--help", "--lay"], plain("--layers")),
        (["nothing", "--lay"], []),
        (["sample", "--config", "none.toml", "--top-"], plain("--top-k", "--top-p")),
    ],
)
def test_a_shell_is_told_what_can_stand_there(
    place: Path, words: list[str], expected: list[str]
) -> None:
    assert answer(place, *words) == expected


def test_runs_are_completed_where_the_environment_says(place: Path) -> None:
    (place / "runs").rename(place / "elsewhere")
    told = answer(place, "sample", "elsewhere/", CHARRNN_RUNS="elsewhere")
    assert told[0] == "plain,elsewhere/a,b"
    assert answer(place, "sample", "", CHARRNN_RUNS="elsewhere") == [*plain(*NAMES), "npz,"]
    assert answer(place, "sample", "", CHARRNN_RUNS="none") == ["npz,"]


def test_a_text_of_a_name_that_a_file_has_is_not_offered(place: Path) -> None:
    (place / "tenki").touch()
    assert answer(place, "train", "") == [*plain("kakko", "harbour"), "file,"]


def test_wrong_settings_and_odd_names_stop_no_completion(place: Path) -> None:
    os.mkdir(os.fsencode(place) + b"/runs/\xff\xfe")  # noqa: PTH102 - a Path cannot say it
    (place / "runs/two\nlines").mkdir()
    for run in (place / "runs").iterdir():
        (run / "last.npz").touch()
    told = answer(place, "sample", "runs/", CHARRNN_SAMPLE_LENTGH="3", CHARRNN_SAMPLE_TOP_K="x")
    assert told == [*plain("runs/a,b", "runs/empty", *RUNS[1:]), "npz,runs/"]


def test_completion_touches_nothing_and_loads_no_numpy(place: Path) -> None:
    before = sorted(place.rglob("*"))
    code = (
        "import sys; sys.argv = ['charrnn']\n"
        "from charrnn.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'numpy' not in sys.modules and 'tqdm' not in sys.modules\n"
    )
    for words in (
        "charrnn ",
        "charrnn sample ",
        "charrnn inspect ",
        "charrnn train --resume --out ",
    ):
        number = str(len(words.split()))
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=place, capture_output=True, check=False,
            env=environment(
                _CHARRNN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=number
            ),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout
    assert sorted(place.rglob("*")) == before


def test_encodings_on_offer_are_those_that_the_program_knows_by_itself() -> None:
    assert {*COMMON_KANJI, *WRITTEN} <= set(ENCODINGS)
    assert all(find_codec(name) for name in ENCODINGS if name != "auto")


def in_shell(place: Path, shell: str, code: str, *arguments: str) -> list[str]:
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    zero = [] if shell == "fish" else ["completion"]
    done = subprocess.run(
        [shell, *options, "-c", code, *zero, *arguments], cwd=place, capture_output=True,
        check=False, env=environment(),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().splitlines()


BASH = """
eval "$(_CHARRNN_COMPLETE=bash_source charrnn)"
compopt() { [[ $* == '-o filenames' ]]; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_charrnn_completion charrnn
[[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
"""

ZSH = """
compdef() { : }
compadd() { print -rl -- "${(@)plain}" }
_describe() { print -rl -- "${(@)described%%:*}" }
_files() { print -r -- "files $*" }
compset() { PREFIX=${PREFIX#*=} }
eval "$(_CHARRNN_COMPLETE=zsh_source charrnn)"
words=("$@") CURRENT=$# PREFIX=$words[-1]
_charrnn_completion || true
"""

FISH = """
_CHARRNN_COMPLETE=fish_source charrnn | source
complete -C (string join ' ' -- $argv)
"""


@needs["bash"]
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], ["train", "sample", "inspect"]),
        (["train", "--cell", ""], [*CELL_NAMES]),
        (["train", "--cell", "=", "l"], ["lstm"]),
        (["sample", ""], [*NAMES, *FOLDERS, *MODELS]),
        (["sample", "my"], ["my runs"]),
        (["train", r"my\ "], ["my runs", "my text.txt"]),
        (["train", ""], [*TEXTS, *FOLDERS, *MODELS, *FILES]),
        (["train", "--resume", "--out", "r"], [*RUNS, "runs"]),
        (["sample", "runs/私"], [RUNS[-1]] * 2),
        (["inspect", "--html", "conf"], ["conf.toml"]),
        (["sample", "*"], []),
    ],
)
def test_bash_replies_with_words_and_files_together(
    place: Path, words: list[str], expected: list[str]
) -> None:
    assert sorted(in_shell(place, "bash", BASH, "charrnn", *words)) == sorted(expected)


@needs["zsh"]
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], ["train", "sample", "inspect"]),
        (["train", "--cell", ""], [*CELL_NAMES]),
        (["train", "--cell=l"], ["lstm"]),
        (["sample", ""], ["files -g *.npz(-.)", *NAMES]),
        (["sample", r"runs/私の\ "], ["files -g *.npz(-.)"]),
        (["train", "--config", ""], ["files "]),
        (["train", ""], ["files ", *TEXTS]),
        (["train", "--resume", "--out", "r"], ["files -/", *RUNS]),
        (["inspect", "lo"], ["files -g *.npz(-.)", "loss"]),
    ],
)
def test_zsh_adds_words_and_files_together(
    place: Path, words: list[str], expected: list[str]
) -> None:
    assert in_shell(place, "zsh", ZSH, "charrnn", *words) == expected


@needs["fish"]
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], ["train", "sample", "inspect"]),
        (["train", "--cell", ""], [*CELL_NAMES]),
        (["train", "--cell=l"], ["--cell=lstm"]),
        (["sample", ""], [*NAMES, *(f"{name}/" for name in FOLDERS), *MODELS]),
        (["sample", r"runs/私の\ "], [f"{RUNS[-1]}/"]),
        (["train", "--config=conf"], ["--config=conf.toml"]),
        (["train", r"my\ "], ["my runs/", "my text.txt"]),
        (["train", ""], [*TEXTS, *(f"{name}/" for name in FOLDERS), *MODELS, *FILES]),
        (["train", "--resume", "--out", "r"], [*RUNS, "runs/"]),
        (["inspect", "lo"], ["loss"]),
    ],
)
def test_fish_offers_words_and_files_together(
    place: Path, words: list[str], expected: list[str]
) -> None:
    told = in_shell(place, "fish", FISH, "charrnn", *words)
    assert sorted(line.split("\t")[0] for line in told) == sorted(expected)


START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
BEFORE = {"bash": "true", "zsh": "autoload -Uz compinit; compinit -D", "fish": "true"}


def line(document: str, shell: str) -> str:
    """The line that a document has for a shell, in the last cell of a row of a table."""
    text = (ROOT / document).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^\| {shell}\b.*\| `(.*={shell}_source charrnn.*)` \|$", text, re.M)
    return str(found).replace(r"\|", "|")


def read_until(terminal: int, word: str) -> str:
    told = b""
    while word.encode() not in told:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, told.decode(errors="replace")
        told += os.read(terminal, 1 << 16)
    return told.decode(errors="replace")


@pytest.mark.parametrize("shell", SHELLS)
def test_after_the_documented_line_the_tab_key_types_a_japanese_run_folder_with_a_space(
    place: Path, shell: str
) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place)
        os.execvpe(START[shell][0], START[shell], environment(TERM="xterm", HOME=str(place)))
    set_up = f"{BEFORE[shell]}; {line('docs/cli.md', shell)}"
    os.write(terminal, f"{set_up}; printf 're%s\\n' ady\n".encode())
    read_until(terminal, "ready")
    os.write(terminal, "charrnn ins\truns/私\t --json; printf 'do%s\\n' ne\n".encode())
    told = read_until(terminal, "done")
    os.close(terminal)
    os.waitpid(pid, 0)
    assert f'"model": "{RUNS[-1]}/best.npz"' in told.replace("\r\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_both_languages_have_the_same_line(shell: str) -> None:
    assert line("docs/cli.md", shell) == line("docs/cli.ja.md", shell)


@needs["zsh"]
def test_zsh_takes_the_function_from_a_file_in_its_path_every_time(place: Path) -> None:
    code = """
    compdef() { print registered }
    compadd() { print -rl -- "${(@)plain}" }
    _CHARRNN_COMPLETE=zsh_source charrnn > _charrnn
    fpath=($PWD $fpath); autoload -Uz _charrnn
    words=("$@") CURRENT=$#
    _charrnn; _charrnn
    """
    words = ("charrnn", "train", "--cell", "l")
    assert in_shell(place, "zsh", code, *words) == ["lstm", "lstm"]
