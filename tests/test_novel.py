"""Samples that are drawn again until they are new."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import charrnn
from charrnn.errors import ConfigError, InputError
from charrnn.reports.known_samples import find_known
from charrnn.sampling import redrawing
from charrnn.sampling.ongoing import OngoingSample, Prompt, Request, SamplingContext
from charrnn.sampling.redrawing import collect_rounds, redraw_known
from tests.conftest import Program
from tests.test_cli import failed
from tests.test_copied import corpus_of

NAMES = "Anna\nAnton\nBea\nBeat\nCarl\nCarla\n山田\n山本\n山川\n川田\n"
CONFIG = charrnn.TrainConfig(
    hidden=24, batch=4, seq=16, steps=250, lr=0.02, val=0, min_count=1, workers=1
)
STOP = charrnn.SampleConfig(length=0, stop=["\n"])


@pytest.fixture(scope="module")
def names_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned a few names by heart, more or less."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "names.txt").write_text(NAMES * 8, encoding="utf-8")
    charrnn.train(folder / "names.txt", CONFIG, out=folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def names_model(names_run: Path) -> charrnn.Model:
    """Its model."""
    return charrnn.load(names_run)


def texts(samples: Iterable[charrnn.Sample]) -> list[str]:
    return [sample.prime + sample.text for sample in samples]


def test_novel_samples_are_no_lines_of_the_corpus(names_model: charrnn.Model) -> None:
    lines = NAMES.splitlines()
    for prime in ("", "A", "山"):
        plain = names_model.samples(prime, STOP, seed=1, number=40)
        novel = names_model.samples(prime, STOP, seed=1, number=40, novel=True)
        assert any(text in lines for text in texts(plain))
        assert not any(text in lines for text in texts(novel))
        assert [sample.sample for sample in novel] == list(range(40))
        for one, other in zip(plain, novel, strict=True):  # a new one stays as it is
            assert (one == other) == (one.prime + one.text not in lines)


def test_novel_samples_have_no_long_span(names_model: charrnn.Model) -> None:
    config = charrnn.SampleConfig(length=12, temperature=1.5)
    novel = names_model.samples("", config, seed=1, number=20, novel=True, least=5)
    for text in (sample.text for sample in novel):
        spans = {text[at : at + 5] for at in range(len(text) - 4)}
        assert not any(span in NAMES * 2 for span in spans)
    plain = names_model.samples("", config, seed=1, number=20)
    assert any(text[at : at + 5] in NAMES * 2 for text in texts(plain) for at in range(8))


def test_a_novel_sample_depends_on_no_other(names_model: charrnn.Model) -> None:
    many = names_model.samples("A", STOP, seed=3, number=60, novel=True)
    few = names_model.samples("A", STOP, seed=3, number=7, novel=True)
    assert texts(few) == texts(many[:7])
    primes = ["Be", "A", "", "山"]
    beside = list(names_model.sample_each(primes, STOP, seed=3, number=7, novel=True))
    assert [sample.prime for sample in beside] == [prime for prime in primes for _ in range(7)]
    assert texts(beside[7:14]) == texts(few)


def test_what_is_never_new_is_left_out(names_model: charrnn.Model) -> None:
    surest = charrnn.SampleConfig(length=1, temperature=1e-3, stop=["\n"])
    left_out: list[int] = []
    (name,) = {sample.text for sample in names_model.samples("Car", surest, seed=1, number=3)}
    assert name == "l"
    novel = names_model.sample_each(
        ["Car", "Ann", "Bea"], surest, seed=1, number=2, novel=True,
        on_left_out=left_out.append,
    )  # fmt: skip
    kept = texts(novel)
    assert "Carl" not in kept
    assert len(kept) + sum(left_out) == 6
    assert left_out


def test_a_try_has_random_numbers_of_its_own(names_model: charrnn.Model) -> None:
    context = SamplingContext(names_model.checkpoint.corpus_info, STOP)
    prompt = names_model.make_prompt("A", "error")

    def numbers(sample: int, attempt: int) -> list[float]:
        ongoing = OngoingSample(context, prompt, sample, 0, 5, attempt)
        return [ongoing.uniform() for _ in range(3)]

    drawn = [tuple(numbers(sample, attempt)) for sample in range(12) for attempt in range(12)]
    assert len(set(drawn)) == len(drawn)
    first = OngoingSample(context, prompt, 3, 0, 5)
    assert [first.uniform() for _ in range(3)] == numbers(3, 0)


class Fake:
    """A sample whose text is its number and its try."""

    def __init__(self, prompt: Prompt, sample: int, attempt: int = 0) -> None:
        self.prompt, self.sample, self.attempt = prompt, sample, attempt


def test_tries_of_a_round_are_checked_together(names_model: charrnn.Model) -> None:
    prompts = [names_model.make_prompt(prime, "error") for prime in ("A", "B")]
    first: Any = [Fake(prompt, sample) for prompt in prompts for sample in range(100)]
    requested: list[Request] = []
    checked: list[int] = []

    def draw(requests: Iterable[Request]) -> Any:
        for request in requests:
            requested.append(request)
            for sample in request.samples:
                yield Fake(request.prompt, sample, request.attempt)

    def are_known(samples: Sequence[Any]) -> list[bool]:
        checked.append(len(samples))
        return [fake.sample == 77 or fake.attempt < fake.sample % 3 for fake in samples]

    left_out: list[int] = []
    found: Any = list(redraw_known(first, draw, are_known, left_out.append))
    expected = [(prompt, sample) for prompt in prompts for sample in range(100) if sample != 77]
    assert [(fake.prompt, fake.sample) for fake in found] == expected
    assert all(fake.attempt == fake.sample % 3 for fake in found)
    assert left_out == [2]
    # Rounds of 10, 100 and the rest: of each the third that has no new try yet is left each time.
    assert checked[:3] == [10, 6, 3]
    assert checked[3:6] == [100, 66, 33]
    assert checked.count(1) == 2 * (redrawing.MAX_TRIES - 3)
    assert max(request.attempt for request in requested) == redrawing.MAX_TRIES - 1


def test_rounds_grow_up_to_a_thousand() -> None:
    assert [len(each) for each in collect_rounds(range(3000))] == [10, 100, 1000, 1000, 890]
    assert [list(each) for each in collect_rounds("ab")] == [["a", "b"]]
    endless = collect_rounds(iter(int, 1))
    assert [len(next(endless)) for _ in range(2)] == [10, 100]


@pytest.mark.parametrize(
    ("whole", "known"),
    [
        ("Anna", True), ("Anna\n", True), ("Anna\r\n", True), ("山田", True), ("山", False),
        ("Ann", False), ("Anna\nBo", False), ("Bo\nAnna", False), ("", False), ("\n", False),
        ("\nAnna", False), ("last line", True),
    ],
)  # fmt: skip
def test_a_known_sample_is_a_single_line_of_the_corpus(whole: str, known: bool) -> None:
    files = corpus_of("Anna\r\nBo\n山田\n\nlast line", piece=2)
    assert find_known(files, [whole, "new"], ["", ""], None) == [known, False]
    assert find_known(files, [whole, "new"], ["t l", "-"], 3) == [True, False]
    assert find_known(files, [whole, "new"], ["t l", "-"], 4) == [known, False]


def test_what_cannot_be_new_is_refused(names_model: charrnn.Model, tmp_path: Path) -> None:
    samples = names_model.samples
    with pytest.raises(ConfigError, match="every try makes the same text"):
        samples("A", charrnn.SampleConfig(temperature=0), number=1, novel=True)
    with pytest.raises(ConfigError, match="beam search does not sample"):
        samples("A", charrnn.SampleConfig(beam=2), number=1, novel=True)
    with pytest.raises(ConfigError, match="neither True nor False"):
        samples("A", number=1, novel=1)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="0 is not a whole number from 1 on"):
        samples("A", number=1, novel=True, least=0)
    for values in ({"least": 3}, {"corpus": "a.txt"}):
        with pytest.raises(ConfigError, match="it needs `novel`"):
            samples("A", number=1, **values)
    names_model.save(tmp_path / "alone.npz")
    with pytest.raises(InputError, match="name a text with `corpus`"):
        charrnn.load(tmp_path / "alone.npz").samples("A", number=1, novel=True)


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_novel_on_the_command_line(program: Program, names_run: Path, tmp_path: Path) -> None:
    newline = ("--stop", "\n", "--length", "0")
    arguments = ("sample", names_run, "--seed", "1", *newline)
    plain = objects(program(*arguments, "-n", "30", "--json", "--copied").out)
    novel = objects(program(*arguments, "-n", "30", "--json", "--copied", "--novel").out)
    assert sum(one["copied"]["lines"]["in_corpus"] for one in plain) > 0
    assert not any(one["copied"]["lines"]["in_corpus"] for one in novel)
    assert [one["sample"] for one in novel] == list(range(30))
    assert {*novel[0]} == {*plain[0]}
    # One sample, which does not stream, in a pipe and without UTF-8; and with Japanese primes.
    (tmp_path / "primes.txt").write_text("山\nA\n", encoding="utf-8")
    lined = program(*arguments, "--prime-file", "primes.txt", "--each-line", "--novel", LC_ALL="C")
    assert lined.code == 0
    first, second = lined.out.split("\n---\n")
    assert (first[0], second[0]) == ("山", "A")
    assert not {first, second.removesuffix("\n")} & set(NAMES.splitlines())
    one = program(*arguments, "--prime", "A", "--novel", "--no-echo")
    assert (one.out, one.code) == (second.removeprefix("A"), 0)


def test_least_and_corpus_are_for_novel_too(
    program: Program, names_run: Path, tmp_path: Path
) -> None:
    arguments = ("sample", names_run, "--seed", "1", "--length", "9", "--json", "-n", "20")
    (tmp_path / "other.txt").write_text("zz\n", encoding="utf-8")
    plain = program(*arguments)
    assert program(*arguments, "--novel", "--corpus", "other.txt").out == plain.out
    novel = objects(program(*arguments, "--novel", "--least", "6", "--temperature", "2").out)
    assert novel
    assert not any(
        one["text"][at : at + 6] in NAMES * 2 for one in novel for at in range(len(one["text"]) - 5)
    )
    copied = objects(program(*arguments, "--copied", "--least", "3").out)
    assert {one["copied"]["least"] for one in copied} == {3}
    for option in (["--least", "3"], ["--corpus", "other.txt"]):
        failed(program("sample", names_run, *option), 2, f"{option[0]} needs --copied or --novel")
    failed(program(*arguments, "--novel", "--least", "0"), 2, "not a whole number from 1 on")
    failed(program(*arguments, "-q", "--novel", "--corpus", "none.txt"), 3, "no such file")


def test_what_is_left_out_is_said(program: Program, names_run: Path) -> None:
    arguments = ("sample", names_run, "--seed", "1", "--stop", "\n", "--prime", "Carl", "--length")
    done = program(*arguments, "1", "--temperature", "0.001", "--novel")
    known = program(*arguments, "1", "--temperature", "0.001")
    assert known.out in ("Carl\n", "Carla\n")
    assert (done.out, done.code) == ("", 0)
    note = "1 sample is left out: 100 tries each, and every one was a line of the corpus"
    assert done.err.splitlines() == [note]
    quiet = program(*arguments, "1", "--temperature", "0.001", "--novel", "-q", "--json", "-n", "3")
    assert (quiet.out, quiet.err, quiet.code) == ("", "", 0)
    spans = program(*arguments, "1", "--temperature", "0.001", "--novel", "--least", "1", "-n", "2")
    assert spans.err.replace("\n", " ").startswith("2 samples are left out: 100 tries each, and")
    assert "or had a character from it" in spans.err.replace("\n", " ")


def test_of_what_excludes_novel_the_typed_one_stays(
    program: Program, names_run: Path, tmp_path: Path
) -> None:
    arguments = ("sample", names_run, "--seed", "1", "--length", "9", "--json")
    beam = program(*arguments, "--beam", "2")
    zero = program(*arguments, "--temperature", "0")
    novel = program(*arguments, "--novel")
    assert novel.code == 0
    assert program(*arguments, "--beam", "2", CHARRNN_SAMPLE_NOVEL="1").out == beam.out
    assert program(*arguments, "--temperature", "0", CHARRNN_SAMPLE_NOVEL="1").out == zero.out
    assert program(*arguments, "--novel", CHARRNN_SAMPLE_BEAM="2").out == novel.out
    assert program(*arguments, "--novel", CHARRNN_SAMPLE_TEMPERATURE="0").out == novel.out
    (tmp_path / "c.toml").write_text("[sample]\nnovel = true\nleast = 9\n")
    from_file = program(*arguments, "--config", "c.toml")
    assert (from_file.code, from_file.out) == (
        0,
        program(*arguments, "--novel", "--least", "9").out,
    )
    failed(program(*arguments, "--novel", "--beam", "2"), 2, "--novel and --beam exclude")
    failed(
        program(*arguments, "--novel", "--temperature", "0"), 2,
        "--novel and --temperature 0 exclude each other",
    )  # fmt: skip
