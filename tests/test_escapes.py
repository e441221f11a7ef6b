r"""What is said where '\n' is typed as a shell passes it on, and where no stop ever comes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.cli.escape_advice import advise_on_escapes
from charrnn.errors import ConfigError
from charrnn.escapes import decode_escapes, find_escapes, parse_escapes
from charrnn.sampling.ongoing import LONG
from tests.conftest import CONFIG, Program
from tests.tiny import tiny

LATEX = r"""\section{Title}
The \emph{cat} has \textbf{more} than $\alpha$ and \beta.
\begin{itemize}
\item none in nine
\end{itemize}
"""
MACROS = r"""\newcommand{\cat}{dog}
\noindent Some words and \textbf{more}.
"""
SOURCE = r"""int main(void) {
    printf("none\n");
    puts("nine\n");
}
"""
PLAIN = "the cat didn’t run\nand sat near the stove\n"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each kind of text."""
    folder = tmp_path_factory.mktemp("escapes")
    config = replace(CONFIG, hidden=32, steps=300, val=0.1)
    texts = {"latex": LATEX, "macros": LATEX + MACROS, "source": SOURCE, "plain": PLAIN,
             "dna": "GATTACA" * 9}  # fmt: skip
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text * 60, encoding="utf-8")
        charrnn.train(folder / f"{name}.txt", config, out=folder / name)
    return folder


@pytest.mark.parametrize(
    ("text", "escapes", "decoded"),
    [
        (r"\n", [r"\n"], "\n"),
        (r"a\nb\n", [r"\n"], "a\nb\n"),
        (r"\t\r", [r"\t", r"\r"], "\t\r"),
        (r"\u3042\x41\U0001f408\u{3044}", [r"\u3042", r"\x41", r"\U0001f408", r"\u{3044}"],
         "あA\U0001f408い"),
        (r"\\n", [], r"\\n"),
        (r"\\\n", [r"\n"], "\\\\\n"),
        (r"\\", [], r"\\"),
        (r"\ud800\u{ffffff}\q\u30", [], r"\ud800\u{ffffff}\q\u30"),
        ("n", [], "n"),
    ],
)  # fmt: skip
def test_escapes_are_found_and_decoded(text: str, escapes: list[str], decoded: str) -> None:
    assert find_escapes(text) == escapes
    assert decode_escapes(text, escapes) == decoded


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (r"cat\nand", "a backslash and an n were given, and not a newline; for that, add -e"),
        (r"cat\tsat", "a backslash and a t were given, and not a tab, which the model"),
        (r"\u0063at", "and u0063 were given, and not 'c' (U+0063); for that, add -e"),
    ],
)
def test_where_the_backslash_is_unknown_advice_tells_how_the_character_is_given(
    models: Path, text: str, advice: str
) -> None:
    model = charrnn.load(models / "plain")
    assert advice in advise_on_escapes(model, text)
    assert advise_on_escapes(model, decode_escapes(text, find_escapes(text))) == ""


def test_the_advice_is_in_the_one_line_of_an_error(program: Program, models: Path) -> None:
    for options in (("--prime", r"cat\nand"), ("--stop", r"\n", "--length", "0")):
        done = program("sample", models / "plain", *options)
        assert (done.code, done.out) == (3, "")
        assert len(done.err.splitlines()) == 1
        assert "does not know '\\' (U+005C)" in done.err
        assert "a backslash and an n were given, and not a newline; for that, add -e" in done.err


def test_no_advice_is_given_on_what_is_no_escape_and_on_what_cannot_be_typed(models: Path) -> None:
    for text in (r"cat\\n", r"cat\q", r"\\"):
        assert advise_on_escapes(charrnn.load(models / "plain"), text) == ""
    advice = advise_on_escapes(charrnn.load(models / "dna"), r"GA\nTT")
    assert advice.endswith("and not a newline, which the model does not know either")


NOTED = [("latex", r"\n"), ("latex", r"}\n"), ("latex", r"\textbf{more}\n"),
         ("latex", r"\item none\nThe")]  # fmt: skip
SILENT = [("latex", r"\textbf"), ("latex", r"\t"), ("latex", r"\section"), ("latex", "\n"),
          ("macros", r"\n"), ("macros", r"\newcommand"), ("macros", r"\noindent"),
          ("source", r"\n"), ("source", r'none\n"'), ("source", r"\\n")]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "text", "is_noted"),
    [*((*case, True) for case in NOTED), *((*case, False) for case in SILENT)],
)
def test_where_the_backslash_is_known_advice_is_given_on_escapes_that_the_corpus_does_not_have(
    models: Path, model: str, text: str, is_noted: bool
) -> None:
    advice = advise_on_escapes(charrnn.load(models / model), text)
    assert ("a backslash and an n were given" in advice, bool(advice)) == (is_noted, is_noted)


def test_where_the_backslash_is_known_the_advice_is_a_note(program: Program, models: Path) -> None:
    arguments = ("sample", models / "latex", "--seed", "1", "--length", "3", "--stop", r"\n")
    done = program(*arguments, "--prime", r"\item none\nThe", "--json")
    assert (done.code, len(done.out.splitlines())) == (0, 1)
    notes = [line.partition(" were given")[0] for line in done.err.splitlines()]
    assert notes == [r"--prime: a backslash and an n", r"--stop \n: a backslash and an n"]
    assert program(*arguments, "-q").err == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (r"a\nb\t", "a\nb\t"),
        (r"\\n", r"\n"),
        (r"\\\n", "\\\n"),
        (r"\u3042\U0001F600\x41", "あ\U0001f600A"),
        ("今日は", "今日は"),
    ],
)
def test_escapes_are_parsed_where_they_are_asked_for(typed: str, meant: str) -> None:
    assert parse_escapes("prime", typed) == meant


@pytest.mark.parametrize("text", [r"\ud83d\ude00", r"\U00110000", r"\u{ffffff}"])
def test_an_escape_of_no_character_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"is no character; those above U\+FFFF are written"):
        parse_escapes("stop", text)


@pytest.mark.parametrize("text", [r"\q", "a\\", r"\u30", "\\\n"])
def test_a_backslash_that_begins_no_escape_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no escape sequence; there are") as caught:
        parse_escapes("stop", text)
    assert caught.value.thing == "stop"


def test_escapes_of_the_command_line_are_those_of_prime_stop_and_separator(
    program: Program, models: Path
) -> None:
    sample = ("sample", models / "plain", "-l0", "-t0", "-n2", "--no-echo")
    texts = ("-p", r"the\u0020cat", "--stop", r"\n", "--separator", r"\t|\U0001F600|")
    done = program(*sample, *texts, "-e")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.removesuffix("\n").split("\t|\U0001f600|")
    assert first == second == " didn’t run"
    (line,) = program(*sample[:-2], *texts, "--escapes", "--json", LC_ALL="C").out.splitlines()
    assert json.loads(line)["prime"] == "the cat"
    assert json.loads(line)["text"] == first


def test_a_file_and_the_environment_can_ask_for_escapes(
    program: Program, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text("[sample]\nescapes = true\nseparator = '\\t'\n")
    sample = ("sample", models / "plain", "-l1", "-t0", "-n2", "--no-echo")
    assert "\t" in program(*sample, "--config", "c.toml").out
    assert "\t" in program(*sample, CHARRNN_SAMPLE_CONFIG="c.toml").out
    assert "\t" in program(*sample, "--separator", r"\t", CHARRNN_SAMPLE_ESCAPES="1").out
    assert r"\t" in program(*sample, "--separator", r"\t").out


def test_a_wrong_escape_is_wrong_usage_and_a_backslash_stays_without_advice(
    program: Program, models: Path
) -> None:
    done = program("sample", models / "plain", "-e", "--stop", r"a\q")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(r"charrnn: --stop: \q is no escape sequence; there are \n, \t,")
    done = program("sample", models / "plain", "-e", "-p", r"the\\n")
    assert done.code == 3
    assert "does not know '\\' (U+005C)" in done.err
    assert "-e" not in done.err


def test_a_sample_without_a_limit_reports_once_that_no_stop_has_come(
    run_folder: Path, model: charrnn.Model
) -> None:
    never = tiny(model, "ab", seed=3)
    never.checkpoint.network.parameters["out.b"][1] = -50  # it knows the b, but writes none
    config = charrnn.SampleConfig(length=0, stop=["b"])
    for beam in (0, 1):
        calls: list[int] = []

        def end(characters: int, calls: list[int] = calls) -> None:
            calls.append(characters)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            never.sample_each(
                ["a", "a"], replace(config, beam=beam), seed=1, on_long=end
            ).__next__()
        assert calls == [LONG]
    calls = []
    pieces = never.stream("a", config, seed=1, on_long=calls.append)
    text = ""
    while len(text) < 2 * LONG:
        text += next(pieces)
    assert calls == [LONG]
    limited = replace(config, length=LONG + 9)
    assert len(never.sample("a", limited, seed=1)) == LONG + 9
    calls = []
    assert list(never.stream("a", limited, seed=1, on_long=calls.append))
    assert calls == []
