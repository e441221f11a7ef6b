"""``charrnn sample`` as it is typed: each option by what it does, primes from files, a terminal."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn.cli.console import Console
from charrnn.cli.display import show_count
from charrnn.cli.sample_output import keep_newlines_whole
from tests.conftest import ROOT, Program, clean_environment
from tests.test_cli import failed, on_terminal

MANY = ("-n", "1500", "--length", "30", "--seed", "1")
"""Several texts, of which a bar can tell how many have come."""


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_stop_ends_the_text_and_is_not_printed(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--prime", "今日は", "--seed", "1")
    whole = program(*arguments, "--no-echo").out
    assert "。" in whole
    ended = program(*arguments, "--stop", "zzz", "--stop", "。", "--length", "0")
    assert ended.out == "今日は" + whole.partition("。")[0] + "\n"
    assert ended.err.splitlines() == [
        "--stop zzz: the model cannot produce it, because it does not know 'z' (U+007A)"
    ]
    (found,) = objects(program(*arguments, "--stop", "。", "--json").out)
    assert (found["text"], found["stopped"]) == (whole.partition("。")[0], "stop")


def test_no_repeat_keeps_spans_from_coming_twice(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--prime", "今日は", "--temperature", "0", "--no-echo")
    looping = program(*arguments, "--length", "300").out

    def twice(text: str) -> bool:
        return any(text.find(text[at : at + 15], at + 1) > 0 for at in range(len(text) - 15))

    assert twice(looping)
    assert not twice("今日は" + program(*arguments, "--length", "300", "--no-repeat", "15").out)


def test_beam_finds_a_likelier_text_than_greed(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--prime", "。", "--length", "25", "--json")
    (greedy,) = objects(program(*arguments, "--temperature", "0").out)
    best = objects(program(*arguments, "--beam", "20", "-n", "3").out)
    assert best[0]["logprob"] >= greedy["logprob"]
    assert [one["logprob"] for one in best] == sorted((o["logprob"] for o in best), reverse=True)
    assert len({one["text"] for one in best}) == 3
    assert program(*arguments[:-1], "--beam", "20").out == "。" + best[0]["text"] + "\n"


def test_what_is_typed_beside_a_beam_is_refused(program: Program, run_folder: Path) -> None:
    arguments = ("sample", run_folder, "--beam", "4")
    for option in (["--temperature", "1"], ["--top-k", "2"], ["--top-p", ".9"], ["--min-p", ".1"]):
        failed(program(*arguments, *option), 2, f"--beam and {option[0]} exclude each other")
    failed(program(*arguments, "-n", "5"), 2, "--samples can be at most 4")
    assert program(*arguments[:2], "--beam", "0", "--temperature", "1").code == 0
    typed = program(*arguments, CHARRNN_SAMPLE_TEMPERATURE="0.5")
    assert typed.code == 0  # it wins over the environment, for which others are meant


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--length", "-1", "not a whole number from 0 on"),
        ("--samples", "0", "not a whole number from 1 on"),
        ("--temperature", "-0.1", "not a finite number from 0 on"),
        ("--temperature", "nan", "not a finite number from 0 on"),
        ("--top-k", "-1", "not a whole number from 0 on"),
        ("--top-p", "0", "not a number above 0 and at most 1"),
        ("--top-p", "1.1", "not a number above 0 and at most 1"),
        ("--min-p", "-0.1", "not a number from 0 to 1"),
        ("--no-repeat", "-1", "not a whole number from 0 on"),
        ("--beam", "-1", "not a whole number from 0 to 10,000"),
        ("--beam", "10001", "not a whole number from 0 to 10,000"),
        ("--seed", "-1", "not a whole number from 0 on"),
        ("--stop", "", "is not a text of at least one character"),
        ("--on-unknown", "ask", "not one of error, skip, replace"),
    ],
)
def test_bad_values_are_refused_with_what_is_allowed(
    program: Program, run_folder: Path, option: str, value: str, allowed: str
) -> None:
    failed(program("sample", run_folder, option, value), 2, allowed)


def test_prime_comes_from_a_file_or_stdin(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    arguments = ("sample", run_folder, "--seed", "1", "--length", "30")
    expected = program(*arguments, "--prime", "今日は").out
    for content in ("今日は", "今日は\n", "今日は\r\n"):
        (tmp_path / "p.txt").write_bytes(content.encode())
        assert program(*arguments, "--prime-file", "p.txt").out == expected
    assert program(*arguments, "--prime-file", "-", stdin="今日は\n".encode()).out == expected
    sjis = program(*arguments, "--prime-file", "-", "--encoding", "cp932",
                   stdin="今日は".encode("cp932"))  # fmt: skip
    assert sjis.out == expected
    two_lines = program(*arguments, "--prime-file", "-", stdin="風が\n\n".encode()).out
    assert two_lines == program(*arguments, "--prime", "風が\n").out


def test_each_line_is_a_prime(program: Program, run_folder: Path, tmp_path: Path) -> None:
    lines = ["今日は", "", "風が強い。", "Today is", "今日は"]
    arguments = ("sample", run_folder, "--seed", "1", "--length", "20")
    stdin = "\n".join(lines).encode()
    done = program(*arguments, "--prime-file", "-", "--each-line", "-n", "2", "--json", stdin=stdin)
    found = objects(done.out)
    assert [(one["prime"], one["sample"]) for one in found] == [
        (line, sample) for line in lines for sample in (0, 1)
    ]
    model = charrnn.load(run_folder)
    for one in found:
        whole = one["prime"] + one["text"]
        before = model.score(one["prime"]).total_nats if len(one["prime"]) > 1 else 0
        if one["prime"]:
            given = model.score(whole).total_nats - before
            assert one["logprob"] == pytest.approx(-given, abs=1e-3)
        assert list(one) == ["prime", "text", "seed", "sample", "stopped", "logprob"]
    plain = program(*arguments, "--prime-file", "-", "--each-line", stdin=stdin)
    assert (
        plain.out
        == "\n---\n".join(line + found[2 * at]["text"] for at, line in enumerate(lines)) + "\n"
    )


def test_no_lines_are_no_samples(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "--prime-file", "-", "--each-line", "--json")
    assert (done.code, done.out) == (0, "")
    empty = program("sample", run_folder, "--prime-file", "-", "--seed", "1", "--length", "9")
    assert empty.out == program("sample", run_folder, "--seed", "1", "--length", "9").out


def test_primes_are_all_looked_at_before_anything_is_written(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.txt").write_text("今日は\n" * 300 + "猫が\n", encoding="utf-8")
    arguments = ("sample", run_folder, "--prime-file", "p.txt", "--each-line", "--length", "2")
    failed(program(*arguments), 3, "p.txt, line 301: the model does not know '猫' (U+732B)")
    skipped = program(*arguments, "--on-unknown", "skip", "--json")
    assert len(skipped.out.splitlines()) == 301


def test_files_that_are_no_primes_are_refused(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    arguments = ("sample", run_folder, "--prime-file")
    failed(program(*arguments, "none.txt"), 3, "none.txt: no such file")
    failed(program(*arguments, tmp_path), 3, "is a folder")
    failed(program(*arguments, "-", stdin=b"\xff\xfe\xff"), 3, "-: ")
    failed(program(*arguments, "-", "--prime", "今"), 2, "--prime and --prime-file exclude")
    failed(program("sample", run_folder, "--each-line"), 2, "--each-line needs --prime-file")


def test_stops_come_from_a_file_and_the_environment_too(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(
        '[sample]\nstop = ["。", "。x"]\nlength = 0\nseed = 1\n', encoding="utf-8"
    )
    done = program("sample", run_folder, "--prime", "今日は", "--config", "c.toml", "--json")
    assert objects(done.out)[0]["stopped"] == "stop"
    arguments = ("sample", run_folder, "--prime", "Today", "--seed", "1", "--json")
    (whole,) = objects(program(*arguments).out)
    space = whole["text"].index(" ", 1)
    stop = whole["text"][space - 1 : space + 2]
    (tmp_path / "c.toml").write_text(f"[sample]\nstop = {json.dumps(stop)}\n", encoding="utf-8")
    done = program(*arguments, "--config", "c.toml")
    (ended,) = objects(done.out)
    assert (ended["text"], ended["stopped"]) == (whole["text"].partition(stop)[0], "stop")
    assert program(*arguments, CHARRNN_SAMPLE_STOP=stop).out == done.out


def test_what_is_typed_replaces_a_prime_from_a_file(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text('[sample]\neach_line = true\nprime_file = "none"\nbeam = 3\n')
    arguments = ("sample", run_folder, "--config", "c.toml", "--length", "5")
    assert program(*arguments, "--prime", "Today").out.startswith("Today")
    failed(program(*arguments), 3, "none: no such file")
    (tmp_path / "d.toml").write_text('[sample]\ncorpus = ["c.toml"]\ncopied = true\njson = true\n')
    done = program("sample", run_folder, "--config", "d.toml", "--length", "5")
    assert objects(done.out)[0]["copied"]["characters"] == 5


def test_a_search_needs_no_seed(program: Program, run_folder: Path) -> None:
    for how in (["--beam", "3"], ["--temperature", "0"]):
        arguments = ("sample", run_folder, *how, "--length", "9", "--json")
        done = program(*arguments)
        assert (done.out, done.err) == (program(*arguments).out, "")


def test_newlines_stay_whole() -> None:
    for pieces in (["a\r", "\nb"], ["a\r\n", "b"], ["a", "\r", "\n", "b"], ["a\r\nb"]):
        assert list(filter(None, keep_newlines_whole(pieces))) in (
            ["a", "\r\nb"], ["a\r\n", "b"], ["a", "\r\n", "b"], ["a\r\nb"],
        )  # fmt: skip
    assert "".join(keep_newlines_whole(["a\r", "b\r"])) == "a\rb\r"


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream_is_told_or_not_missed(run_folder: Path, closed: str) -> None:
    command = f"{sys.executable} -m charrnn sample {run_folder} --prime 今 --length 5 {closed}"
    done = subprocess.run(
        command, shell=True, capture_output=True, cwd=ROOT, env=clean_environment(), check=False
    )
    if closed == ">&-":
        assert done.returncode == 6
        assert done.stderr.decode().endswith(
            "charrnn: standard output: it is closed, so nothing can be printed\n"
        )
    else:
        assert (done.returncode, len(done.stdout.decode())) == (0, 7)


def test_an_option_without_its_value_names_its_command(program: Program) -> None:
    failed(program("sample", "--length"), 2, "charrnn: --length: this option needs a value",
           "see 'charrnn sample --help'")  # fmt: skip


def test_a_closed_pipe_ends_quietly(run_folder: Path) -> None:
    command = (
        f"{sys.executable} -m charrnn sample {run_folder} --length 100000 --seed 1 | head -c 100"
    )
    for more in ("", "-n 400", "--json -n 400"):
        done = subprocess.run(
            command.replace("100000", "500" if more else "100000").replace("|", f"{more} |"),
            shell=True, capture_output=True, cwd=ROOT, env=clean_environment(), check=True,
        )  # fmt: skip
        assert done.stderr == b""
        assert len(done.stdout) == 100


def test_interrupt_leaves_a_line_for_the_prompt(run_folder: Path) -> None:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "sample", run_folder, "--length", "100000000"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=clean_environment(), cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while len(written) < 2000:
        written += os.read(ours, 4096)
    running.send_signal(signal.SIGINT)
    sent = time.monotonic()
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:
        pass  # the terminal is gone with its last writer
    assert running.wait(timeout=30) == -signal.SIGINT
    assert time.monotonic() - sent < 20
    os.close(ours)
    text = written.decode()
    assert "\ufffd" not in text
    assert text.endswith("\r\n")
    assert "Traceback" not in text


def test_progress_is_a_bar_where_the_texts_go_elsewhere(
    run_folder: Path, tmp_path: Path, bar_at_once: str
) -> None:
    texts = tmp_path / "texts.jsonl"
    with texts.open("wb") as file:
        shown = on_terminal("sample", run_folder, *MANY, "--json", out=file, PYTHONPATH=bar_at_once)
    assert "/1500 [" in shown
    assert len(texts.read_text(encoding="utf-8").splitlines()) == 1500


def test_progress_stays_out_of_texts_on_a_terminal(
    program: Program, run_folder: Path, bar_at_once: str
) -> None:
    arguments = ("sample", run_folder, *MANY)
    assert "/1500 [" not in on_terminal(*arguments, PYTHONPATH=bar_at_once)
    assert program(*arguments, "--json", PYTHONPATH=bar_at_once).err == ""


def test_progress_in_a_file_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("charrnn.cli.display.SECONDS_BETWEEN_LINES", -1.0)
    with show_count("abc", 3, Console()) as items:
        assert list(items) == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == [f"sample {n} of 3" for n in (1, 2, 3)]
    with show_count("abc", 3, Console(quiet=True)) as items:
        assert list(items) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--length", "0"], "--length 0 needs --stop"),
        (["--each-line", "--prime", "ab"], "--prime and --each-line exclude each other"),
    ],
)
def test_what_would_have_no_effect_is_wrong_usage(
    program: Program, run_folder: Path, options: list[str], problem: str
) -> None:
    failed(program("sample", run_folder, *options), 2, problem)


def test_a_file_without_lines_is_told(program: Program, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    done = program("sample", run_folder, "--prime-file", "empty.txt", "--each-line", "--json")
    assert (done.code, done.out) == (0, "")
    assert "empty.txt: has no lines, so there is nothing to continue" in done.err
