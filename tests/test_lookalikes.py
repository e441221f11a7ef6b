"""What an error about an unknown character names instead: the same one, or one that looks alike."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

import charrnn
from charrnn.errors import InputError
from charrnn.text.character_kinds import describe_character
from charrnn.text.unknown import MAX_HINTS, UnknownCharacters, encode_text
from charrnn.text.vocab import Vocabulary
from tests.conftest import CONFIG, Program


def hint(text: str, known: str, counts: tuple[int, ...] = ()) -> str:
    """What is said about the unknown characters of ``text``."""
    found = UnknownCharacters(Vocabulary(known, counts or (1,) * len(known)))
    found.add(text)
    return found.summary


def named(characters: str) -> str:
    return "(but it knows " + " ".join(map(describe_character, characters)) + ")"


PAIRS = [
    *(("'", sign) for sign in "’‘′ʼ`´‚"),
    *(('"', sign) for sign in "“”„‟″«»〟"),
    *(("-", sign) for sign in "‐‑‒–—―−－ー"),
    *(("~", sign) for sign in "〜～∼˜"),
    *((" ", sign) for sign in "\u00a0\u202f\u3000\u2009\u2007\t"),
    ("’", "‘"), ("“", "„"), ("—", "–"), ("〜", "～"), ("\u00a0", "\u3000"),
    (",", "、"), ("，", "､"), (".", "。"), ("｡", "。"), ("･", "·"), ("?", "؟"), ("？", "؟"),
    ("\n", "\r"), ("\n", "\u2028"), ("\\", "¥"), ("\\", "￥"),
    ("A", "Ａ"), ("ｶ", "カ"), ("カ", "か"), ("Ａ", "a"), ("é", "É"), ("Σ", "ς"), ("ẞ", "ß"),
    ("a", "а"), ("P", "Р"), ("o", "ο"), ("3", "٣"), ("३", "٣"), ("ی", "ي"),
    ("神", "\ufa19"), ("²", "2"),
]  # fmt: skip
"""Characters each of which is named where only the other one is known."""

SPELLINGS = [
    ("…", "..."), ("‥", ".."), ("⋯", "..."), ("ﬁ", "fi"), ("ﬃ", "ffi"), ("½", "1/2"), ("Ⅳ", "IV"),
    ("が", "か\u3099"), ("ガ", "ｶﾞ"), ("é", "e\u0301"), ("㍿", "株式会社"), ("ß", "ss"), ("œ", "oe"),
    *((whole, unicodedata.normalize("NFD", whole)) for whole in ("하", "한", "ệ", "ᾧ", "ば", "パ")),
]  # fmt: skip
"""One character, and several that are written for it."""


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_other_one_of_a_pair_is_named_both_ways(one: str, other: str) -> None:
    for text, known in ((one, other), (other, one)):
        assert hint(text, known) == f"{describe_character(text)} {named(known)}"
        assert hint(f"x{text}x", known + "x") == hint(text, known)


@pytest.mark.parametrize(("whole", "parts"), SPELLINGS)
def test_the_characters_that_a_character_stands_for_are_named(whole: str, parts: str) -> None:
    known = "".join(dict.fromkeys(parts))
    assert hint(f"x{whole}x", known + "x") == f"{describe_character(whole)} {named(parts)}"


@pytest.mark.parametrize(
    ("whole", "parts"), [pair for pair in SPELLINGS if pair[0] not in ("⋯", "½", "ß", "œ")]
)
def test_a_character_is_named_for_each_of_those_that_it_stands_for(whole: str, parts: str) -> None:
    expected = [f"{describe_character(part)} {named(whole)}" for part in dict.fromkeys(parts)]
    assert hint(f"x{parts}x", whole + "x") == ", ".join(expected)


@pytest.mark.parametrize(("text", "known"), [("猫", "犬"), ("が", "か"), ("é", "e"), ("q", "p-'")])
def test_another_character_is_no_hint(text: str, known: str) -> None:
    assert hint(text, known) == describe_character(text)


def test_of_several_alternatives_the_most_frequent_comes_first() -> None:
    described = "'‘' (U+2018)", "'’' (U+2019)"
    assert hint("didn't", "‘’dint", (1, 9, 1, 1, 1, 1)).endswith(
        f"(but it knows {described[1]} or {described[0]})"
    )
    assert hint("'", "‘’", (9, 1)).endswith(f"(but it knows {described[0]} or {described[1]})")
    assert hint("-", "‐‑‒–—―").count("U+") == 1 + 3


def test_the_closest_alternative_is_named_alone() -> None:
    assert hint("＂", '"“”').endswith(named('"'))  # only its width differs
    assert hint("É", "éE\u0301").endswith(named("E\u0301"))
    assert hint("K", "kК").endswith(named("К"))


def test_an_error_stays_short_and_on_one_line() -> None:
    small = "abcdefghijklmnopqrstuvwxyz"
    with pytest.raises(InputError) as caught:
        encode_text(small.upper() + "\n\u2028", Vocabulary(small, (1,) * 26), "error", "prime")
    assert str(caught.value).count("but it knows") == MAX_HINTS
    assert len(str(caught.value).splitlines()) == 1
    assert hint(small.upper(), small).endswith("and 21 more")


QUOTED = "she said “I didn’t” … and ran — away\n" * 40


@pytest.fixture(scope="module")
def quoted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that has an unknown character, and with texts."""
    folder = tmp_path_factory.mktemp("quoted")
    (folder / "corpus.txt").write_text(QUOTED + "Z", encoding="utf-8")
    charrnn.train(folder / "corpus.txt", replace(CONFIG, steps=5, min_count=2), out=folder / "run")
    (folder / "lines.txt").write_text("she didn't\nran\nran...\n", encoding="utf-8")
    return folder


APOSTROPHE = "''' (U+0027) (but it knows '’' (U+2019))"
DOTS = "'.' (U+002E) (but it knows '…' (U+2026))"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--prime|she didn't", f"charrnn: --prime: the model does not know {APOSTROPHE};"),
        ("--prime-file|lines.txt|--each-line", f"line 1: the model does not know {APOSTROPHE};"),
        ("--stop|...|--length|0", f"any stop text, because it does not know {DOTS}; set"),
        ("--stop|n't", f"n't: the model cannot produce it, because it does not know {APOSTROPHE}"),
        ("--prime|I didn't|--on-unknown|skip", f"not know are left out: {APOSTROPHE}"),
        ("--prime|I didn't|--on-unknown|replace|--json", f"as its unknown character: {APOSTROPHE}"),
        (
            "--prime-file|lines.txt|--each-line|--on-unknown|skip",
            f"--prime-file: characters that the model does not know are left out: {APOSTROPHE}, "
            + DOTS,
        ),
    ],
)
def test_sample_names_what_looks_alike_in_one_line(
    program: Program, quoted: Path, options: str, line: str
) -> None:
    given = options.replace("lines.txt", str(quoted / "lines.txt")).split("|")
    arguments = ("sample", quoted / "run", "--length", "3", "--seed", "1", *given)
    done = program(*arguments)
    assert line in done.err
    assert len(done.err.splitlines()) == 1
    assert done.code == 3 or program(*arguments, "-q").err == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("score|lines.txt|run", "lines.txt"),
        ("score|lines.txt|run|--json", "lines.txt"),
        ("copied|lines.txt|run", "lines.txt"),
        ("copied|lines.txt|run|--json", "lines.txt"),
        ("unroll|run|--text|didn't...", "--text"),
        ("neurons|run|--text|didn't...|--json", "--text"),
        ("neurons|run|--text-file|lines.txt", "lines.txt"),
        ("memory|run|--text-file|lines.txt|--json", "lines.txt"),
    ],
)
def test_reports_on_a_text_name_its_unknown_characters_in_a_note(
    program: Program, quoted: Path, arguments: str, text: str
) -> None:
    words = [
        str(quoted / word) if word in ("run", "lines.txt") else word
        for word in arguments.split("|")
    ]
    done = program("inspect", *words)
    assert done.code == 0, done.err
    (note,) = done.err.splitlines()
    assert note.endswith(
        f"{text}: the model does not know some of its characters: {APOSTROPHE}, {DOTS}"
    )
    assert program("inspect", *words, "-q").err == ""


def test_a_text_that_the_model_knows_has_no_note(program: Program, quoted: Path) -> None:
    run = quoted / "run"
    assert program("inspect", "unroll", run, "--text", "didn’t").err == ""
    copied = program("inspect", "copied", quoted / "lines.txt", run, "--corpus", quoted)
    assert (copied.code, copied.err) == (0, "")
