"""``charrnn sample -i``: a text written in turns, in a pipe and on a terminal."""

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

import charrnn
from charrnn.errors import InputError
from charrnn.sampling.session import INTERRUPTED, Session
from tests.conftest import Program, clean_environment
from tests.test_cli import failed
from tests.tiny import tiny

PATIENCE = 30
GREEDY = charrnn.SampleConfig(length=10, temperature=0)


def answer(session: Session, line: str) -> str:
    return "".join(session.answer(line))


def test_the_first_answer_is_the_sample_of_this_prime(model: charrnn.Model) -> None:
    config = charrnn.SampleConfig(length=200, stop=["\n"], temperature=0.9)
    for prime in ("", "今日は", "Today is"):
        session = Session(model.checkpoint, config, 7)
        (sample,) = model.samples(prime, config, seed=7, number=1)
        assert answer(session, prime) == sample.text
        assert (session.sample.stopped, session.sample.sample) == (sample.stopped, 0)
        assert session.sample.logprob == pytest.approx(sample.logprob)


def test_the_state_is_carried_through_lines_and_answers(model: charrnn.Model) -> None:
    session = Session(model.checkpoint, GREEDY, 0)
    whole = model.sample("今日は", replace(GREEDY, length=20))
    assert answer(session, "今日は") + answer(session, "") == whole
    text = "今日は" + whole + "Today is"
    assert answer(session, "Today is") == model.sample(text, GREEDY)


def test_a_stop_is_read_though_it_is_not_printed(model: charrnn.Model) -> None:
    stop = model.sample("今日は", GREEDY)[5]
    config = replace(GREEDY, stop=[stop])
    session = Session(model.checkpoint, config, 0)
    first = answer(session, "今日は")
    assert session.sample.stopped == "stop"
    assert first == model.sample("今日は", config)
    assert answer(session, "") == model.sample("今日は" + first + stop, config)


def test_the_same_seed_and_lines_give_the_same_text(model: charrnn.Model) -> None:
    config = charrnn.SampleConfig(length=30)
    sessions = [Session(model.checkpoint, config, seed) for seed in (1, 1, 2)]
    texts = [[answer(session, line) for line in ("今日は", "", "")] for session in sessions]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0][1] != texts[0][2]
    sessions[2].erase()
    sessions[2].set_seed(1)
    assert [answer(sessions[2], line) for line in ("今日は", "", "")] == texts[0]


def test_another_answer_starts_where_the_last_one_did(model: charrnn.Model) -> None:
    session = Session(model.checkpoint, GREEDY, 0)
    assert session.answer_again() is None
    first, second = answer(session, "今日は"), answer(session, "")
    again = session.answer_again()
    assert again is not None
    assert "".join(again) == second != first
    session.config = replace(GREEDY, temperature=1.5, length=40)
    others = ["".join(session.answer_again() or ()) for _ in range(3)]
    assert len(set(others)) == 3


def test_what_was_written_before_an_interrupt_is_what_the_state_has_read(
    model: charrnn.Model,
) -> None:
    session = Session(model.checkpoint, GREEDY, 0)
    pieces = session.answer("今日は")
    start = next(pieces) + next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert session.sample.stopped == INTERRUPTED
    assert session.sample.text == start
    assert start + answer(session, "") == model.sample("今日は", replace(GREEDY, length=12))


def test_an_unknown_character_changes_nothing(model: charrnn.Model) -> None:
    session = Session(model.checkpoint, GREEDY, 0)
    with pytest.raises(InputError, match="the line: the model does not know 'Ω'"):
        session.answer("今Ω")
    assert answer(session, "今日は") == model.sample("今日は", GREEDY)


def test_a_model_without_a_newline_begins_by_its_frequencies(model: charrnn.Model) -> None:
    plain = tiny(model, "ab", seed=3)
    session = Session(plain.checkpoint, GREEDY, 5)
    assert answer(session, "") == plain.sample("", GREEDY, seed=5)


def test_in_a_pipe_lines_become_text_and_nothing_else(program: Program, run_folder: Path) -> None:
    sample = ("sample", run_folder, "-i", "--seed", "3")
    lines = "今日は\n\nToday is\n".encode()
    done = program(*sample, stdin=lines)
    assert (done.code, done.err) == (0, "")
    first, second, third = done.out.splitlines()
    assert first.startswith("今日は")
    assert third.startswith("Today is")
    assert program(*sample, stdin=lines.replace(b"\n", b"\r\n"), LC_ALL="C").out == done.out
    without = program(*sample, "--no-echo", stdin=lines).out.splitlines()
    assert ["今日は" + without[0], without[1], "Today is" + without[2]] == [first, second, third]
    objects = [
        json.loads(line) for line in program(*sample, "--json", stdin=lines).out.splitlines()
    ]
    assert [each["prime"] + each["text"] for each in objects] == [first, second, third]
    assert [each["sample"] for each in objects] == [0, 1, 2]
    assert all(each["stopped"] in ("stop", "length") for each in objects)
    assert all(each["logprob"] <= 0 and each["seed"] == 3 for each in objects)


def test_a_prime_is_the_first_line(program: Program, run_folder: Path) -> None:
    sample = ("sample", run_folder, "-i", "--seed", "3")
    typed = program(*sample, stdin="今日は\nToday\n".encode())
    assert program(*sample, "-p", "今日は", stdin=b"Today\n") == typed


def test_a_line_that_cannot_be_read_is_refused_alone(program: Program, run_folder: Path) -> None:
    sample = ("sample", run_folder, "-i", "-q", "--seed", "3")
    done = program(*sample, stdin="今日は\nΩ\n".encode() + b"\xff\n" + b"Today\n")
    assert done.code == 0
    assert done.out == program(*sample, stdin="今日は\nToday\n".encode()).out
    unknown, undecodable = done.err.splitlines()
    assert unknown == "charrnn: the line: the model does not know 'Ω' (U+03A9)"
    assert undecodable == "charrnn: the line: is not in utf-8"


def test_stop_and_length_end_a_continuation(program: Program, run_folder: Path) -> None:
    sample = ("sample", run_folder, "-i", "-t", "0", "--no-echo")
    (until_stop,) = program(*sample, "--stop", "。", stdin="今日は\n".encode()).out.splitlines()
    assert "。" not in until_stop
    (five,) = program(*sample, "-l", "5", stdin="今日は\n".encode()).out.splitlines()
    assert len(five) == 5


COMMANDS = """:temperature 0.5
:temperature
:top-p .9
:top-p 2
:temperature hot
:seed 3
:again
:tempurature 1
:help
"""


def test_commands_change_settings_and_reply_on_stderr(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "-i", "-q", "--seed", "1", stdin=COMMANDS.encode())
    assert (done.code, done.out) == (0, "")
    replies = done.err.splitlines()
    assert replies[:8] == [
        "temperature 0.5",
        "temperature 0.5",
        "top-p 0.9",
        ":top-p: 2 is not a number above 0 and at most 1",
        ":temperature: 'hot' is not a finite number from 0 on",
        "seed 3",
        "there is no continuation yet",
        "there is no command :tempurature; did you mean :temperature?",
    ]
    for command in (":again", ":erase", ":temperature", ":seed", "::TEXT", "Ctrl-D"):
        assert any(line.startswith(command) for line in replies[8:])


def test_commands_have_their_effect(program: Program, run_folder: Path) -> None:
    sample = ("sample", run_folder, "-i", "--json", "-l", "20", "--stop", "Ω")

    def texts(lines: str, *options: str) -> list[str]:
        answers = program(*sample, *options, stdin=lines.encode()).out.splitlines()
        return [json.loads(answer)["text"] for answer in answers]

    (plain,) = texts("今日は\n", "--seed", "4")
    assert texts("Today\n:erase\n:seed 4\n今日は\n", "--seed", "1")[-1] == plain
    assert texts(":seed 4\n今日は\n", "--seed", "1") == [plain]
    first, again = texts("今日は\n:temperature 1.5\n:again\n", "--seed", "4")
    assert first == plain != again
    assert [len(text) for text in texts(":length 3\n今日は\n", "--seed", "1")] == [3]


def test_a_value_for_a_command_without_one_is_refused(program: Program, run_folder: Path) -> None:
    done = program("sample", run_folder, "-i", "-q", stdin=b":erase now\n:\n:quit\n")
    assert done.err.splitlines() == [
        ":erase takes no value",
        "there is no command :; :help lists them, Ctrl-D ends",
        "there is no command :quit; :help lists them, Ctrl-D ends",
    ]


def test_a_pipe_can_have_another_encoding_and_skipped_characters_are_named(
    program: Program, run_folder: Path
) -> None:
    sample = ("sample", run_folder, "-i", "--seed", "1")
    in_cp932 = program(*sample, "--encoding", "cp932", stdin="今日は\n".encode("cp932"))
    assert in_cp932 == program(*sample, stdin="今日は\n".encode())
    done = program(*sample, "--on-unknown", "skip", stdin="Ω今日は\n".encode())
    assert "the model does not know some characters of the line: 'Ω' (U+03A9)" in done.err


def test_two_colons_begin_a_text(program: Program, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(":a :b\n" * 60, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=8, steps=3, batch=2, seq=8)
    charrnn.train(tmp_path / "t.txt", config, out=tmp_path / "run")
    done = program("sample", "run", "-i", "-t", "0", "-l", "2", stdin=b"::a\n")
    assert done.out.startswith(":a")


@pytest.mark.parametrize(
    "options",
    [
        ("--prime-file", "x"),
        ("--prime-file", "x", "--each-line"),
        ("--beam", "2"),
        ("-n", "2"),
        ("--separator", "x"),
        ("--copied", "--json"),
    ],
)
def test_what_has_no_meaning_where_lines_are_typed_is_refused(
    program: Program, run_folder: Path, options: tuple[str, ...]
) -> None:
    failed(program("sample", run_folder, "-i", *options), 2, "--interactive and --", "exclude each")


def test_a_typed_option_replaces_one_of_the_environment(program: Program, run_folder: Path) -> None:
    done = program(
        "sample", run_folder, "-i", "-t", "0", stdin=b"Today\n",
        CHARRNN_SAMPLE_SAMPLES="3", CHARRNN_SAMPLE_BEAM="2",
    )  # fmt: skip
    assert (done.code, len(done.out.splitlines())) == (0, 1)


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, folder: Path, *options: str, locale: str = "C.UTF-8") -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "charrnn", "sample", str(folder), "-i", "--no-color", *options],
            env={**clean_environment(), "TERM": "dumb", "INPUTRC": "/dev/null", "LC_ALL": locale},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 200),
        )
        self.child.expect("Ctrl-D ends\r\n")
        self.child.expect("> $")

    def type(self, line: str) -> str:
        """What is shown until the next prompt, without the line as it was typed."""
        self.child.send(line + "\r")
        self.child.expect("\r\n> $")
        assert isinstance(self.child.before, str)
        return self.child.before.partition("\r\n")[2]


def test_on_a_terminal_lines_are_typed_after_a_prompt(program: Program, run_folder: Path) -> None:
    options = ("--seed", "3")
    lines = program(
        "sample", run_folder, "-i", *options, stdin="今日は\n\nToday is\n".encode()
    ).out.splitlines()
    terminal = Terminal(run_folder, *options)
    assert terminal.type("今日は") == lines[0]
    assert terminal.type("") == lines[1]
    assert "the model does not know 'Ω'" in terminal.type("Ω")
    assert terminal.type(":temperature") == "temperature 0.8"
    assert terminal.type("Today is") == lines[2]
    terminal.child.send("\x04")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert (terminal.child.exitstatus, terminal.child.signalstatus) == (0, None)


def test_a_line_can_be_edited_and_typed_again(run_folder: Path) -> None:
    terminal = Terminal(run_folder, "-t", "0")
    first = terminal.type("今日はX\x7f")
    assert first.startswith("今日は")
    assert "X" not in first
    assert terminal.type(":erase") == "the state is zero"
    assert terminal.type("\x1b[A\x1b[A") == first  # two lines up in the history
    terminal.child.close(force=True)


def test_japanese_is_typed_in_the_c_locale_and_commands_are_completed(run_folder: Path) -> None:
    terminal = Terminal(run_folder, "-t", "0", "-l", "3", locale="C")
    assert terminal.type("今日は").startswith("今日は")
    assert terminal.type(":tem\t") == "temperature 0.0"
    terminal.child.close(force=True)


def test_ctrl_c_stops_a_continuation_and_ends_the_program_at_the_prompt(run_folder: Path) -> None:
    terminal = Terminal(run_folder, "--seed", "1", "--stop", "今日今日今日今日", "-l", "0")
    terminal.child.send("今日は\r")
    terminal.child.expect("\r\n今日は.")
    terminal.child.sendintr()
    terminal.child.expect("\r\n> $")
    assert terminal.type(":length 3") == "length 3"
    assert terminal.type("Today").startswith("Today")
    terminal.child.sendintr()
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.signalstatus == signal.SIGINT


def test_the_prompt_is_not_in_the_output(run_folder: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m charrnn sample {run_folder} -i -t 0 -l 4 > {tmp_path}/out"
    child = pexpect.spawn(
        "/bin/sh", ["-c", command], env={**clean_environment(), "TERM": "dumb"},
        encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip
    child.expect("> $")
    child.send("Today\r")
    child.expect("\r\n> $")
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    assert (tmp_path / "out").read_text(encoding="utf-8").startswith("Today")
    assert "> " not in (tmp_path / "out").read_text(encoding="utf-8")
