"""The corpora are what their programs write, and these programs judge texts correctly."""

import importlib.util
import json
import math
import statistics
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import charrnn
from tests.conftest import ROOT

CORPORA = ROOT / "corpora"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CORPORA / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


tenki, kakko = script("tenki"), script("kakko")


def output(name: str, *arguments: str, stdin: str = "") -> str:
    command = [sys.executable, str(CORPORA / f"{name}.py"), *arguments]
    done = subprocess.run(command, input=stdin.encode(), capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize("name", ["tenki", "kakko"])
def test_a_shipped_text_is_what_its_program_writes(name: str) -> None:
    assert output(name, "make") == (CORPORA / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["tenki", "kakko", "harbour"])
def test_shipped_text_is_large_enough_and_clean(name: str) -> None:
    data = (CORPORA / f"{name}.txt").read_bytes()
    assert len(data) >= 100_000
    assert b"\r" not in data
    assert data.endswith(b"\n")
    characters = len(data.decode())
    readme = (CORPORA / "README.md").read_text(encoding="utf-8")
    assert f"`{name}.txt` ({characters:,} characters" in readme


def test_harbour_is_plain_ascii_prose() -> None:
    text = (CORPORA / "harbour.txt").read_bytes().decode("ascii")
    assert max(map(len, text.splitlines())) <= 80


def test_diary_of_any_size_and_seed_is_grammatical() -> None:
    for seed in (1, 2):
        text = tenki.generate(5000, seed)
        assert 5000 <= len(text) < 5200
        counts = tenki.count_days(text)
        assert counts["days"] == counts["grammatical"] == counts["consequence fits"]
    assert tenki.generate(500, 1) != tenki.generate(500, 2)


def test_the_weather_stands_30_to_60_characters_before_its_consequence() -> None:
    for day in tenki.generate(200_000, 3).splitlines():
        opening = day.index("。") + 1
        connective = max(day.rfind("だから"), day.rfind("それで"))
        assert 30 <= connective - opening <= 60, day


def derivations(production: Any) -> list[tuple[str, float]]:
    """Enumerate the texts of a production with their probabilities."""
    texts = [("", 1.0)]
    for part in production:
        if isinstance(part, str):
            texts = [(text + part, p) for text, p in texts]
        else:
            total = sum(weight for weight, _ in part.options)
            texts = [
                (text + inner, p * q * weight / total)
                for text, p in texts
                for weight, option in part.options
                for inner, q in derivations(option)
            ]
    return texts


def test_score_is_exact_on_a_grammar_that_can_be_enumerated() -> None:
    """Some options of this grammar have a common prefix, and one is a prefix of another."""
    pair = tenki.Choice(((3.0, ("ab",)), (1.0, ("abc", tenki.one_of("d", "ce"))), (2.0, ("b",))))
    day = tenki.one_of((pair, "x\n"), ("a", pair, "y\n"))
    texts = derivations((day,))
    assert sum(p for _, p in texts) == pytest.approx(1)
    for text, probability in texts:
        assert math.exp(-sum(tenki.surprises(text, day))) == pytest.approx(probability)
    assert math.inf in list(tenki.surprises("abz", day))


def test_no_two_derivations_of_the_diary_give_the_same_text() -> None:
    """Two derivations of the same prefix never reach the same remainder."""
    waiting: list[frozenset[object]] = [frozenset([(tenki.DAY, None)])]
    seen = set()
    while waiting:
        remainders = waiting.pop()
        if remainders in seen:
            continue
        seen.add(remainders)
        after: dict[str, list[object]] = {}
        for remainder in remainders:
            for character, ways in tenki._next(remainder).items():
                after.setdefault(character, []).extend(rest for _, rest in ways)
        for ways in after.values():
            assert len(set(ways)) == len(ways), "two derivations reach the same remainder"
            if None not in ways:
                waiting.append(frozenset(ways))


def entropy(production: Any) -> float:
    """The entropy in nats of the derivations of a production."""
    nats = 0.0
    for part in production:
        if not isinstance(part, str):
            total = sum(weight for weight, _ in part.options)
            for weight, option in part.options:
                nats += weight / total * (entropy(option) - math.log(weight / total))
    return nats


@pytest.mark.parametrize("hint", [1.0, 8.0])
def test_the_mean_surprise_of_the_diary_is_the_entropy_of_its_grammar(hint: float) -> None:
    """Each text has one derivation, so the entropy of the derivations is that of the texts."""
    day = tenki.build_grammar(hint)
    text = tenki.generate(60_000, 5, day)
    days = text.splitlines(keepends=True)
    nats = [math.fsum(tenki.surprises(each, day)) for each in days]
    standard_error = statistics.stdev(nats) / math.sqrt(len(days))
    assert statistics.fmean(nats) == pytest.approx(entropy((day,)), abs=3 * standard_error)
    assert math.fsum(tenki.surprises(text, day)) == pytest.approx(math.fsum(nats))


def test_make_and_score_both_use_the_hint_option() -> None:
    text = output("tenki", "make", "--hint", "1", "--characters", "3000", "--seed", "4")
    assert text == tenki.generate(3000, 4, tenki.build_grammar(1.0))
    nats = [
        json.loads(output("tenki", "score", "-", "--last", "0.9", "--hint", hint, stdin=text))[
            "nats"
        ]
        for hint in ("1", "8")
    ]
    assert nats[0] < nats[1]  # its own grammar explains a text best


def test_the_floor_is_the_mean_over_the_last_share_without_its_first_character() -> None:
    text = tenki.generate(3000, 1)
    characters, nats = tenki.measure_floor(text, 0.1)
    assert characters == round(0.1 * len(text)) - 1
    assert nats == pytest.approx(sum(list(tenki.surprises(text))[-characters:]) / characters)
    document = json.loads(output("tenki", "score", "-", "--last", "0.1", stdin=text))
    assert document == {"characters": characters, "nats": nats}


def test_check_counts_a_wrong_consequence() -> None:
    day = tenki.generate(10, 1)
    weather = next(w for w, (openings, _) in tenki.WEATHER.items()
                   if any(day.startswith(f"今日は{o}。") for o in openings))  # fmt: skip
    other = next(w for w in tenki.WEATHER if w != weather)
    end = max(day.rfind("だから"), day.rfind("それで")) + 3
    wrong = f"{day[:end]}{tenki.WEATHER[other][1][0]}。\n"
    assert tenki.count_days(wrong) == {
        "days": 1, "grammatical": 0, "consequence fits": 0, "does not fit": 1,
    }  # fmt: skip


def test_check_finds_no_error_in_generated_brackets_and_sums() -> None:
    text = kakko.generate(20_000, depth=4, distance=20, seed=2)
    answers = list(kakko.find_answers(text))
    assert answers
    assert all(answer.given == answer.wanted for answer in answers)
    assert {answer.kind for answer in answers} == {"bracket", "sum"}
    assert text.count(",") + text.count("=") == len(answers)


def depth(line: str) -> int:
    deepest = level = 0
    for character in line:
        level += (character in kakko.OPENING) - (character in kakko.CLOSING)
        deepest = max(deepest, level)
    return deepest


def test_depth_and_distance_limit_the_nesting_and_the_gaps() -> None:
    for parameter in (1, 3, 5):
        text = kakko.generate(20_000, depth=parameter, distance=4, seed=1)
        assert max(map(depth, text.splitlines())) == parameter
    longest = [
        max(map(len, "".join(c if c in "abcd" else " " for c in text).split()))
        for text in (kakko.generate(50_000, depth=1, distance=d, seed=1) for d in (4, 16))
    ]
    assert longest[0] < longest[1]


def test_wrong_answers_are_counted_at_their_distance() -> None:
    answers = list(kakko.find_answers("(ab,]\n[3+d4=8,]\n"))
    assert [(a.kind, a.distance, a.wanted, a.given) for a in answers] == [
        ("bracket", 4, ")", "]"),
        ("sum", 5, "7", "8"),
        ("bracket", 8, "]", "]"),
    ]
    rows = {(row["kind"], row["to"]): row["accuracy"] for row in kakko.accuracy(iter(answers))}
    assert rows == {("bracket", 4): 0, ("bracket", 8): 1, ("sum", 8): 0}


def test_check_accepts_text_that_is_not_well_formed() -> None:
    for text in ("", "=", ",", "+", "3+=7", ")),,((\n,", "3+4", "=3+4=", "今日は,)"):
        list(kakko.find_answers(text))


def test_predictions_are_judged_by_their_likeliest_character(model: charrnn.Model) -> None:
    document = {
        "each": [
            {"character": c, "nats": 0.1, "likeliest": [[g, 0.9], ["?", 0.1]]}
            for c, g in zip("(ab,)", "(ab,]", strict=True)
        ]
    }
    rows = json.loads(
        output("kakko", "check", "--predictions", "-", "--json", stdin=json.dumps(document))
    )
    assert rows == [{"kind": "bracket", "from": 3, "to": 4, "count": 1, "accuracy": 0}]
