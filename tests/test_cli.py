"""The program as a shell sees it: exit codes, streams, settings and their precedence."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import IO

import click
import pytest

from charrnn.cli.program import COMMANDS
from charrnn.cli.program import program as commands
from tests.conftest import TEXT, Finished, Program, clean_environment

QUICK = ("--hidden", "8", "--batch", "4", "--seq", "16", "--steps", "6", "--eval-every", "3")


def failed(done: Finished, code: int, *words: str) -> None:
    """One line that begins with the program's name, on stderr; nothing on stdout."""
    assert done.code == code, done.err
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 1, done.err
    assert lines[0].startswith("charrnn: ")
    assert not lines[0].startswith("charrnn: charrnn")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["bad.txt", "is empty"]),
        (b"a", ["bad.txt", "a single character"]),
        (b"aaaaaaaa", ["bad.txt", "a single character"]),
        (b"abc\n\xff\xfe", ["bad.txt", "byte 4 (line 2) is not UTF-8"]),
        (bytes(range(256)), ["bad.txt", "byte 128"]),
    ],
)
def test_bad_corpus_is_one_line_exit_3_and_touches_nothing(
    program: Program, tmp_path: Path, content: bytes, words: list[str]
) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    failed(program("train", "bad.txt"), 3, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.txt"]


def test_missing_inputs_are_exit_3(program: Program, text: Path, tmp_path: Path) -> None:
    failed(program("train", "none.txt"), 3, "none.txt: no such file or folder")
    failed(program("train", text, "none.txt"), 3, "none.txt")
    failed(program("sample", "none.npz"), 3, "none.npz: no such model")
    failed(program("sample"), 3, "runs: has no trained model")
    (tmp_path / "empty").mkdir()
    failed(program("sample", "empty"), 3, "empty: has no model")
    failed(program("train", "empty"), 3, "empty: contains no *.txt")
    failed(program("inspect", "score", "none.txt", "none.npz"), 3, "none.npz")


def test_too_little_to_train_on_is_exit_3(program: Program, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("ab" * 20)
    failed(program("train", "short.txt", "--val", "39"), 3, "leave too few to train on")
    assert not (tmp_path / "runs").exists()


def test_damaged_model_is_exit_3(program: Program, run_folder: Path, tmp_path: Path) -> None:
    whole = (run_folder / "best.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for command in (["sample"], ["inspect"], ["inspect", "vocab"], ["inspect", "loss"]):
        failed(program(*command, "cut.npz"), 3, "cut.npz: is not a complete charrnn model")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["train", "text.txt", "--hiden", "9"],
            ["charrnn: --hiden: ", "'charrnn train'", "did you mean --hidden?"],
        ),
        (["train"], ["CORPUS"]),
        (
            ["train", "text.txt", "--hidden", "0"],
            ["charrnn: --hidden: 0 is not a whole number from 1 on", "charrnn train --help"],
        ),
        (["train", "text.txt", "--hidden", "256.5"], ["--hidden", "256.5"]),
        (
            ["train", "text.txt", "--dropout", "1"],
            ["--dropout: 1 is not a number of at least 0 and below 1"],
        ),
        (["train", "text.txt", "--cell", "tree"], ["--cell", "lstm"]),
        (["train", "text.txt", "--lr", "nan"], ["--lr: nan is not a finite number above 0"]),
        (["train", "text.txt", "--epochs", "2", "--steps", "9"], ["--epochs and --steps"]),
        (["sample", "--top-p", "0"], ["--top-p"]),
        (["sample", "--min-p", "1.5"], ["--min-p: 1.5 is not a number from 0 to 1"]),
        (["sample", "--temperature", "-1"], ["--temperature: -1 is not a finite number from 0 on"]),
        (["train", "text.txt", "--val", "x"], ["--val: 'x' is not a finite number from 0 on"]),
        (["train", "text.txt", "--resume=3"], ["--resume: this option takes no value"]),
        (["train", "--len", "3"], ["charrnn: --len: ", "charrnn train --help"]),
        (["train", "--p", "3"], ["did you mean one of --patience, --preview, --preview-prime?"]),
        (["sample", "--temp", "3"], ["did you mean --temperature?"]),
        (["sample", "--len", "3"], ["did you mean --length?"]),
        (["sample", "a", "b"], ["unexpected argument 'b'"]),
        (["tarin"], ["charrnn: there is no command 'tarin'; did you mean train?"]),
        (["samp"], ["did you mean sample?"]),
        ([""], ["charrnn: there is no command ''"]),
        (["--version=3"], ["charrnn: --version: "]),
        (["--nothing"], ["charrnn: --nothing: 'charrnn' has no such option"]),
        (["text.txt", "-q"], ["to train on a text, run: charrnn train text.txt -q"]),
        (["-"], ["run: charrnn train -"]),
        (["a b.txt"], ["run: charrnn train 'a b.txt'"]),
        (["model.npz"], ["to sample from a model, run: charrnn sample model.npz"]),
        (["inspect", "los"], ["los", "loss"]),
        (["inspect", "score"], ["FILE"]),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    program: Program, text: Path, arguments: list[str], words: list[str]
) -> None:
    failed(program(*arguments), 2, *words)
    assert [path.name for path in text.parent.iterdir()] == ["text.txt"]


def test_no_command_shows_help_and_is_wrong_usage(program: Program) -> None:
    done = program()
    assert (done.code, done.out) == (2, "")
    assert "Commands:" in done.err


def test_existing_run_is_exit_5(program: Program, text: Path) -> None:
    assert program("train", text, *QUICK, "--out", "run").code == 0
    failed(program("train", text, *QUICK, "--out", "run"), 5, "run: already contains a run")
    assert program("train", text, *QUICK, "--out", "run", "--overwrite").code == 0


def test_bug_is_exit_1_in_one_line_and_traceback_shows_it(program: Program, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import charrnn.text.sources as sources\n"
        "def broken(corpus): raise KeyError('oops')\n"
        "sources.find_corpus = broken\n"
    )
    environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    failed(program("train", "x", **environment), 1, "a bug in charrnn: KeyError", "--traceback")
    shown = program("train", "x", "--traceback", **environment)
    assert shown.code == 1
    assert "Traceback" in shown.err


def test_folder_that_cannot_be_made_is_exit_6(program: Program, text: Path) -> None:
    failed(program("train", text, "--out", text / "below" / "a" / "file"), 6, "cannot be created")


def test_training_prints_a_summary_and_says_how_to_sample(program: Program, text: Path) -> None:
    done = program("train", text, *QUICK, "--test", "100")
    assert done.code == 0
    for word in ("runs/text", "parameters", "nats", "bits", "test", "charrnn sample runs/text"):
        assert word in done.out
    assert "step 3" in done.err
    assert "\r" not in done.err  # no bar where nobody watches
    assert "│" not in done.err  # and no preview


def test_quiet_leaves_only_the_result(program: Program, text: Path) -> None:
    done = program("train", text, *QUICK, "-q", "--preview", "20")
    assert (done.code, done.err) == (0, "")
    assert "validation" in done.out
    done = program("sample", "-q", "--length", "5")
    assert (done.code, done.err) == (0, "")


def test_preview_is_on_stderr_of_the_length_asked(program: Program, text: Path) -> None:
    done = program("train", text, *QUICK, "--preview", "30")
    assert done.err.count("  │ ") >= 2
    assert "│" not in done.out


def test_training_events_have_the_fields_of_the_contract(program: Program, text: Path) -> None:
    done = program("train", text, *QUICK, "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["start", "eval", "eval", "end"]
    start, evaluation, _, end = events
    assert set(start) == {"event", "run", "corpus", "model", "config"}
    assert set(start["corpus"]) == {"files", "characters", "distinct", "encoding", "sha256"}
    assert set(start["model"]) == {"cell", "hidden", "layers", "parameters"}
    assert set(evaluation) == {
        "event", "run", "step", "epoch", "seconds", "train_loss", "val_loss", "lr",
        "chars_per_second", "grad_norm", "grad_norm_max", "clipped", "update_ratio",
    }  # fmt: skip
    assert set(end) == {
        "event", "run", "stopped", "step", "epoch", "seconds", "train_loss", "val_loss",
        "val_bpc", "best_step", "test_loss", "baselines", "chars_per_second", "workers",
    }  # fmt: skip
    assert (end["stopped"], end["step"], start["run"]) == ("finished", 6, "runs/text")
    assert {"unigram", "ngram", "ngram_order"} < set(end["baselines"])


def test_loss_stands_beside_the_baselines_and_a_worse_model_says_so(
    program: Program, text: Path
) -> None:
    done = program("train", text, *QUICK)
    assert "by the best n-gram" in done.err  # before the training
    end = json.loads(program("train", text, *QUICK, "--json").out.splitlines()[-1])
    shown = program("inspect")
    for screen in (done.out, shown.out):
        assert f"{end['baselines']['ngram']:.4f} nats by the best n-gram" in screen
        assert "worse than the unigram baseline" in screen
        assert "distinct characters in the whole corpus\n" in screen
    report = json.loads(program("inspect", "--json").out)
    assert report["baselines"] == end["baselines"]
    assert report["training"]["val_loss"] > report["baselines"]["unigram"]
    longer = program("train", text, "--hidden", "8", "--batch", "4", "--seq", "16", "--steps", "60")
    assert "worse than its n-gram" in longer.out


def test_without_validation_there_is_nothing_to_compare(program: Program, text: Path) -> None:
    done = program("train", text, *QUICK, "--val", "0", "--json")
    end = json.loads(done.out.splitlines()[-1])
    assert (end["val_loss"], end["baselines"]) == (None, None)
    assert "n-gram" not in done.err + program("inspect").out


def test_json_is_the_only_thing_on_stdout(program: Program, text: Path) -> None:
    program("train", text, *QUICK)
    for command in (
        ["sample", "--length", "5"],
        ["inspect"],
        ["inspect", "summary"],
        ["inspect", "loss"],
        ["inspect", "vocab"],
        ["inspect", "score", "text.txt"],
    ):
        done = program(*command, "--json")
        assert done.code == 0, done.err
        (line,) = done.out.splitlines()
        assert isinstance(json.loads(line), dict)


def test_non_ascii_is_written_as_it_is_in_json(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "--prime", "今日は", "--length", "3", "--json")
    assert "今日は" in done.out
    document = json.loads(done.out)
    assert set(document) == {"prime", "text", "seed", "sample", "stopped", "logprob"}
    assert (document["prime"], len(document["text"])) == ("今日は", 3)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", "ja_JP.eucJP"])
def test_japanese_prime_works_under_any_locale(
    program: Program, run_folder: Path, locale: str
) -> None:
    arguments = ("sample", run_folder, "--prime", "今日は", "--length", "20", "--seed", "1")
    done = program(*arguments, LC_ALL=locale)
    assert done.code == 0, done.err
    assert done.out.startswith("今日は")
    assert done.out == program(*arguments).out


def test_sample_writes_prime_new_characters_and_one_newline(
    program: Program, run_folder: Path
) -> None:
    arguments = ("sample", run_folder, "--prime", "今日は", "--length", "40", "--seed", "1")
    echoed, silent = program(*arguments).out, program(*arguments, "--no-echo").out
    assert echoed == "今日は" + silent
    assert len(silent) == 41
    assert silent.endswith("\n")


def test_samples_are_separated(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--prime", "今", "--length", "5", "-n", "3", "--seed", "1")
    parts = program(*arguments).out.removesuffix("\n").split("\n---\n")
    assert [len(part) for part in parts] == [6, 6, 6]
    assert program(*arguments, "--separator", "<>").out == "<>".join(parts) + "\n"
    lines = program(*arguments, "--json").out.splitlines()
    assert ["今" + json.loads(line)["text"] for line in lines] == parts


def test_drawn_seed_is_shown_and_draws_the_same_again(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "--length", "30")
    (line,) = done.err.splitlines()
    seed = line.removeprefix("seed ")
    assert program("sample", run_folder, "--length", "30", "--seed", seed).out == done.out
    assert program("sample", run_folder, "--length", "30").out != done.out


def test_each_sampling_option_has_an_effect(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--length", "60", "--seed", "1")
    plain = program(*arguments).out
    for option in (
        ["--temperature", "2"],
        ["--top-k", "1"],
        ["--top-p", "0.1"],
        ["--min-p", "0.9"],
    ):
        assert program(*arguments, *option).out != plain
    assert program(*arguments, "--top-k", "1").out == program(*arguments, "--temperature", "0").out


def test_unknown_character_in_a_prime_is_named(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "--prime", "猫と犬")
    unknown = "'猫' (U+732B), 'と' (U+3068), '犬' (U+72AC)"
    failed(done, 3, f"charrnn: --prime: the model does not know {unknown}")


def test_newest_run_is_taken_and_named(program: Program, text: Path, tmp_path: Path) -> None:
    for _ in range(2):
        program("train", text, *QUICK)
    os.utime(tmp_path / "runs/text/best.npz", (1, 1))
    assert "model runs/text-2/best.npz" in program("sample", "--length", "1").err
    assert "model runs/text-2/best.npz" in program("inspect").err
    elsewhere = program("sample", "--length", "1", CHARRNN_RUNS="elsewhere")
    failed(elsewhere, 3, "elsewhere: has no trained model")


def test_runs_go_where_the_environment_says(program: Program, text: Path, tmp_path: Path) -> None:
    assert program("train", text, *QUICK, CHARRNN_RUNS="deep/er").code == 0
    assert (tmp_path / "deep/er/text/best.npz").is_file()


def hidden(done: Finished) -> int:
    assert done.code == 0, done.err
    value: int = json.loads(done.out.splitlines()[0])["model"]["hidden"]
    return value


def test_command_line_wins_over_environment_over_file(
    program: Program, text: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(
        "[train]\nhidden = 4\nsteps = 1\nbatch = 2\n[sample]\nseed = 1\n"
    )
    arguments = ("train", text, "--json", "--config", "c.toml")
    assert hidden(program(*arguments)) == 4
    assert hidden(program(*arguments, CHARRNN_TRAIN_HIDDEN="5")) == 5
    assert hidden(program(*arguments, "--hidden", "6", CHARRNN_TRAIN_HIDDEN="5")) == 6


def test_one_budget_typed_replaces_another_from_a_file(
    program: Program, text: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text("[train]\nhidden = 4\nsteps = 100\n")
    arguments = ("train", text, "--json", "--config", "c.toml", "--epochs", "0.5")
    done = program(*arguments)
    config = json.loads(done.out.splitlines()[0])["config"]
    assert (config["epochs"], config["steps"]) == (0.5, None)


def test_settings_of_a_run_are_fit_for_config(program: Program, text: Path, tmp_path: Path) -> None:
    assert program("train", text, *QUICK, "--out", "one").code == 0
    assert program("train", "--config", "one/config.toml", "--out", "two").code == 0
    one, two = ((tmp_path / name / "best.npz").read_bytes() for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[train]\nhiden = 4", ["there is no option train.hiden; did you mean hidden?"]),
        ("[trian]\nhidden = 4", ["there is no table trian; did you mean train?"]),
        ("[inspect.los]\njson = true", ["there is no table inspect.los"]),
        ("[train]\nhidden = 256.5", ["--hidden", "256.5"]),
        ("[train]\nhidden = 0", ["--hidden: 0 is not a whole number from 1 on"]),
        ("[train.hidden]\na = 1", ["a table, where a value belongs"]),
        ("train = 3", ["train is not a table"]),
        ("[train", ["not TOML"]),
    ],
)
def test_wrong_settings_are_refused_by_name(
    program: Program, text: Path, tmp_path: Path, content: str, words: list[str]
) -> None:
    (tmp_path / "c.toml").write_text(content)
    failed(program("train", text, "--config", "c.toml"), 2, *words)


def test_missing_config_and_unknown_environment_are_refused(program: Program, text: Path) -> None:
    failed(program("train", text, "--config", "no.toml"), 2, "no.toml", "cannot be read")
    failed(program("train", text, CHARRNN_TRAIN_HIDEN="4"), 2, "CHARRNN_TRAIN_HIDEN", "HIDDEN?")


def test_a_wrong_value_that_was_not_typed_says_where_it_is_set(
    program: Program, text: Path, tmp_path: Path
) -> None:
    wrong = "charrnn: --hidden: 0 is not a whole number from 1 on; it is set "
    by_variable = program("train", text, CHARRNN_TRAIN_HIDDEN="0")
    failed(by_variable, 2, wrong + "by the environment variable CHARRNN_TRAIN_HIDDEN")
    (tmp_path / "c.toml").write_text("[train]\nhidden = 0")
    by_file = program("train", text, "--config", "c.toml")
    failed(by_file, 2, wrong + "in the file that --config names")


def test_inspect_alone_and_with_a_model_is_the_summary(program: Program, run_folder: Path) -> None:
    expected = program("inspect", "summary", run_folder, "--json").out
    assert program("inspect", run_folder, "--json").out == expected
    assert program("inspect", "--json", run_folder).out == expected
    summary = json.loads(expected)
    assert sum(summary["parts"].values()) == summary["parameters"]
    assert summary["corpus"]["files"] == ["text.txt"]
    shown = program("inspect", run_folder).out
    for word in ("lstm, 1 × 16 units", "text.txt", summary["corpus"]["sha256"], "nats"):
        assert word in shown


def test_nothing_in_a_corpus_or_its_name_drives_the_terminal(
    program: Program, tmp_path: Path
) -> None:
    name = "\x1b[31mred\x9b.txt"
    (tmp_path / name).write_text("ab\x1b]0;title\x07c\x9b2J\u202e猫\n" * 60, encoding="utf-8")
    trained = program("train", name, *QUICK, "--out", "run", "--preview", "20")
    assert trained.code == 0, trained.err
    told = [trained, program("inspect", "runs", "."), program("train", name + "\x1b[0m"),
            program("train", name, "--json", *QUICK, "--out", "other")]  # fmt: skip
    for report in (["summary"], ["vocab"], ["score", name], ["unroll", "--text", "ab\x1b]0;"],
                   ["neurons"], ["loss"]):  # fmt: skip
        told += [program("inspect", *report, "run"), program("inspect", *report, "run", "--json")]
    for done in told:
        assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.out + done.err)
    written = program("sample", "run", "--length", "300", "--seed", "1").out
    assert "\x1b" in written  # to a pipe as it is


def test_inspect_loss_shows_every_evaluation(program: Program, run_folder: Path) -> None:
    points = json.loads(program("inspect", "loss", run_folder, "--json").out)["points"]
    assert [point["step"] for point in points] == [20, 40, 60]
    shown = program("inspect", "loss", run_folder).out
    assert f"{points[-1]['val_loss']:.4f}" in shown
    of_file = json.loads(program("inspect", "loss", run_folder / "best.npz", "--json").out)
    assert of_file["points"] == points


def test_inspect_vocab_counts_the_corpus(program: Program, run_folder: Path) -> None:
    rows = json.loads(program("inspect", "vocab", run_folder, "--json").out)["characters"]
    assert {row["character"]: row["count"] for row in rows} == {c: TEXT.count(c) for c in set(TEXT)}
    shown = program("inspect", "vocab", run_folder).out
    assert "U+98A8" in shown
    assert "↵" in shown


def test_inspect_score_reads_files_and_stdin(program: Program, run_folder: Path) -> None:
    text = "今日は風が強い。\r\n猫"
    done = program("inspect", "score", "-", run_folder, "--json", stdin=text.encode())
    document = json.loads(done.out)
    assert (document["characters"], document["unknown"]) == (8, 1)
    assert "".join(entry["character"] for entry in document["each"]) == "日は風が強い。\n"
    total = sum(entry["nats"] for entry in document["each"])
    assert document["total_nats"] == pytest.approx(total)
    shown = program("inspect", "score", "-", run_folder, stdin=text.encode()).out
    assert "each character" in shown
    assert "hardest" in program("inspect", "score", "-", run_folder, stdin=TEXT.encode()).out


def test_corpus_comes_from_stdin_too(program: Program, tmp_path: Path) -> None:
    done = program("train", "-", *QUICK, stdin=TEXT.encode())
    assert done.code == 0, done.err
    assert (tmp_path / "runs/stdin/best.npz").is_file()


def on_terminal(*arguments: str | Path, out: IO[bytes] | None = None, **environment: str) -> str:
    """All that the program writes to a terminal, its results among it unless they go ``out``."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    running = subprocess.Popen(
        [sys.executable, "-m", "charrnn", *map(str, arguments)],
        stdin=theirs, stdout=out or theirs, stderr=theirs,
        env={**clean_environment(), "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert running.wait(timeout=30) == 0
    return written.decode()


def test_terminal_sees_a_bar_previews_and_colour(text: Path, tmp_path: Path) -> None:
    arguments = ("train", text, *QUICK, "--out", tmp_path / "run", "--overwrite")
    shown = on_terminal(*arguments)
    assert "step/s" in shown
    assert "  │ " in shown
    assert "\x1b[2m" in shown
    assert "\x1b[2m" not in on_terminal(*arguments, NO_COLOR="1")
    assert "\x1b[2m" not in on_terminal(*arguments, "--no-color")


def test_terminal_sees_a_sample_whole(run_folder: Path) -> None:
    shown = on_terminal("sample", run_folder, "--prime", "今日は", "--length", "30", "--seed", "1")
    assert "今日は" in shown
    assert "\ufffd" not in shown


def test_a_sample_on_a_terminal_cannot_drive_it(program: Program, tmp_path: Path) -> None:
    line = "ab\x1b]0;title\x07c\x9b2J\u202e\u2066\t猫"
    (tmp_path / "text.txt").write_text(f"{line}\n" * 60, encoding="utf-8")
    assert program("train", "text.txt", *QUICK, "--out", "run").code == 0
    arguments = ("sample", tmp_path / "run", "--prime", line, "--length", "200", "--seed", "1")
    shown = on_terminal(*arguments).replace("\r\n", "\n")
    assert "abU+001B]0;titleU+0007cU+009B2JU+202EU+2066\t猫" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    piped = program(*arguments).out
    assert line in piped
    assert [shown.count(safe) for safe in "猫\t"] == [piped.count(safe) for safe in "猫\t"]


def every_command(command: click.Command, path: str = "charrnn") -> dict[str, click.Command]:
    found = {path: command}
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found |= every_command(inner, f"{path} {name}")
    return found


@pytest.mark.parametrize(("name", "does"), [(name, does) for name, (_, does) in COMMANDS.items()])
def test_list_of_commands_says_what_their_own_help_says(name: str, does: str) -> None:
    help_ = every_command(commands)[f"charrnn {name}"].help
    assert help_
    assert " ".join(help_.split()).startswith(does.rstrip("."))


@pytest.mark.parametrize("path", every_command(commands))
def test_every_command_and_option_has_help(path: str) -> None:
    command = every_command(commands)[path]
    assert command.help
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name
