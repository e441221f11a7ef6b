"""The language: which one the environment asks for, what a script sets, and what stays English."""

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

import charrnn
from charrnn.cli.user_language import find_language
from charrnn.errors import ConfigError
from charrnn.language import Phrase, get_language, gettext, list_languages, ngettext
from tests.conftest import ROOT, Program, run_python

JAPANESE, ENGLISH = "ja_JP.UTF-8", "en_US.UTF-8"
ONE_STEP = "--steps 1 --hidden 4 --batch 2 --seq 8 --workers 1 --out run --json"
# Of charrnn, and of the standard library for click.
COUNT_CATALOGUES = """
import atexit, gettext, sys

def count_catalogues():
    from charrnn.language import _read_catalogue
    sys.stdout.write(f"{_read_catalogue.cache_info().currsize} {len(gettext._translations)}")

atexit.register(count_catalogues)
from charrnn.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        # Which of the variables decides.
        ({"LANG": JAPANESE}, "ja"),
        ({"LC_MESSAGES": JAPANESE, "LANG": ENGLISH}, "ja"),
        ({"LC_MESSAGES": ENGLISH, "LANG": JAPANESE}, "en"),
        ({"LC_ALL": JAPANESE, "LC_MESSAGES": ENGLISH, "LANG": ENGLISH}, "ja"),
        ({"LC_ALL": ENGLISH, "LC_MESSAGES": JAPANESE, "LANG": JAPANESE}, "en"),
        ({"LC_CTYPE": JAPANESE, "LANG": ENGLISH}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": JAPANESE}, "ja"),
        ({"LC_ALL": "", "LANG": ""}, "en"),
        # A list of languages comes before the locale.
        ({"LANGUAGE": "ja", "LANG": ENGLISH}, "ja"),
        ({"LANGUAGE": "en", "LANG": JAPANESE}, "en"),
        ({"LANGUAGE": "en:ja", "LANG": JAPANESE}, "en"),
        ({"LANGUAGE": "ja:en", "LC_ALL": ENGLISH}, "ja"),
        ({"LANGUAGE": "xx:tlh:ja", "LANG": ENGLISH}, "ja"),
        ({"LANGUAGE": "xx", "LANG": JAPANESE}, "ja"),
        ({"LANGUAGE": "", "LANG": JAPANESE}, "ja"),
        ({"LANGUAGE": "::ja", "LANG": ENGLISH}, "ja"),
        ({"LANGUAGE": "ja"}, "ja"),
        # Not in a locale that has no language by definition, as in gettext.
        ({"LANGUAGE": "ja", "LANG": "C"}, "en"),
        ({"LANGUAGE": "ja", "LC_ALL": "POSIX", "LANG": JAPANESE}, "en"),
        ({"LC_ALL": "C", "LANG": JAPANESE}, "en"),
        ({"LANGUAGE": "ja", "LANG": "C.UTF-8"}, "ja"),
        ({"LANG": "C.UTF-8"}, "en"),
        # charrnn's own variable comes before all.
        ({"CHARRNN_LANG": "en", "LANG": JAPANESE}, "en"),
        ({"CHARRNN_LANG": "en", "LANGUAGE": "ja", "LC_ALL": JAPANESE}, "en"),
        ({"CHARRNN_LANG": "ja", "LANGUAGE": "en", "LC_ALL": "C"}, "ja"),
        ({"CHARRNN_LANG": "", "LANG": JAPANESE}, "ja"),
        ({"CHARRNN_LANG": "xx", "LANG": JAPANESE}, "en"),
    ],
)
def test_the_variables_are_read_as_gettext_reads_them(
    environment: Mapping[str, str], language: str
) -> None:
    assert find_language(environment) == language


@pytest.mark.parametrize(
    "name",
    ["ja", "ja_JP", "ja_JP.eucJP", "ja_JP.UTF-8", "ja.UTF-8", "ja@x", "ja_JP@x", "ja_JP.a@x"],
)
def test_all_forms_of_a_locale_are_understood(name: str) -> None:
    for variable in ("CHARRNN_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        assert find_language({variable: name}) == "ja"


@pytest.mark.parametrize(
    "name", ["xx", "tlh_XX.UTF-8", "jam_JM", "j", "JA", "_", ".", "../ja", "@"]
)
def test_an_unknown_language_is_english(name: str) -> None:
    for variable in ("CHARRNN_LANG", "LANGUAGE", "LC_ALL", "LANG"):
        assert find_language({variable: name}) == "en"


def test_help_and_errors_follow_the_locale(program: Program) -> None:
    for environment, help_text, error in (
        ({"LANG": JAPANESE}, "モデルを学習する", "もしかして --hidden ですか?"),
        ({"LANG": JAPANESE, "CHARRNN_LANG": "en"}, "Train a model", "did you mean --hidden?"),
    ):
        assert help_text in program("--help", **environment).out
        assert error in program("train", "--hiden", **environment).err


def test_json_and_the_files_of_a_run_are_the_same_in_every_language(
    program: Program, text: Path, tmp_path: Path
) -> None:
    runs = []
    for locale in (JAPANESE, ENGLISH):
        done = program("train", text, *ONE_STEP.split(), "--overwrite", LANG=locale)
        assert done.code == 0, done.err
        first = json.loads(done.out.splitlines()[0])
        files = [(tmp_path / "run" / name).read_bytes() for name in ("best.npz", "config.toml")]
        runs.append((first, *files))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--hiden"], ["train", "nowhere.txt"]])
def test_english_reads_no_catalogue(tmp_path: Path, arguments: list[str]) -> None:
    english, japanese = (
        run_python(tmp_path, "-c", COUNT_CATALOGUES, *arguments, LANG=locale)
        for locale in (ENGLISH, JAPANESE)
    )
    assert english.out.endswith("0 0")
    assert japanese.out.split()[-2] == "1"


def test_a_script_chooses_its_language(japanese: None) -> None:
    with pytest.raises(ConfigError, match="hidden: 0 は使えません。1 以上の整数を指定してください"):
        charrnn.TrainConfig(hidden=0)
    charrnn.set_language("en")
    with pytest.raises(ConfigError, match="hidden: 0 is not a whole number from 1 on"):
        charrnn.TrainConfig(hidden=0)


@pytest.mark.usefixtures("japanese")
def test_a_language_that_does_not_exist_is_refused_with_the_choices() -> None:
    assert list_languages()[:2] == ["en", "ja"]
    with pytest.raises(ConfigError, match=r"'xx'.*en.*ja") as caught:
        charrnn.set_language("xx")
    assert caught.value.thing == "language"
    assert get_language() == "ja"


def test_english_has_a_form_for_one() -> None:
    assert [ngettext("one", "many", number) for number in (0, 1, 2)] == ["many", "one", "many"]


@dataclass(frozen=True)
class Report:
    title: str


PHRASE = Phrase("did you mean {name}?", name="{curly}")


def test_a_phrase_is_english_in_data_and_translated_where_it_is_shown(japanese: None) -> None:
    assert PHRASE == "did you mean {curly}?"
    assert json.dumps(asdict(Report(PHRASE))) == '{"title": "did you mean {curly}?"}'
    assert gettext(PHRASE) == "もしかして {curly} ですか?"
    assert gettext(PHRASE, "en") == PHRASE
    nested = Phrase("did you mean {name}?", name=Phrase("worker {number}", number=2))
    assert (gettext(nested), str(nested)) == (
        "もしかして ワーカー 2 ですか?",
        "did you mean worker 2?",
    )


@pytest.mark.usefixtures("japanese")
def test_copies_of_a_phrase_are_translated_too() -> None:
    copies = [
        asdict(Report(PHRASE))["title"],
        pickle.loads(pickle.dumps(PHRASE)),
        copy.copy(PHRASE),
        copy.deepcopy([PHRASE])[0],
    ]
    assert copies == [PHRASE] * 4
    assert {gettext(each) for each in copies} == {"もしかして {curly} ですか?"}


def test_the_tests_run_in_english_under_any_locale() -> None:
    names = ["missing_inputs_are_exit_3", "bug_is_exit_1_in_one_line_and_traceback_shows_it"]
    done = run_python(
        ROOT, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        *(f"tests/test_cli.py::test_{name}" for name in names),
        LANG=JAPANESE, LC_ALL=JAPANESE, LANGUAGE="ja", CHARRNN_LANG="ja",
    )  # fmt: skip
    assert done.code == 0, done.out
    assert "2 passed" in done.out
