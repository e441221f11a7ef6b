"""Rare and unknown characters, and training that starts from another model's weights."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charrnn
from charrnn.config import SampleConfig
from charrnn.errors import ConfigError, InputError
from charrnn.generators import exhaust
from charrnn.text.corpus import encode_corpus, scan_corpus
from charrnn.text.normalization import Normalization
from charrnn.text.sources import CorpusFiles, find_sources
from charrnn.text.unknown import encode_text
from charrnn.text.vocab import Vocabulary
from tests.conftest import CONFIG, TEXT, Program
from tests.outcome import outcome

RARE = TEXT + "龍虎 鳳凰"
MIN_COUNT = replace(CONFIG, min_count=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with an unknown character, in a folder with its text."""
    folder = tmp_path_factory.mktemp("unknown")
    (folder / "text.txt").write_text(RARE, encoding="utf-8")
    charrnn.train(folder / "text.txt", MIN_COUNT, out=folder / "run")
    return folder


def vocabulary(characters: str, *, unknown: bool = False) -> Vocabulary:
    return Vocabulary(characters, (1,) * (len(characters) + unknown), unknown=unknown)


@given(st.text(st.sampled_from("abcあ\U0001f408"), min_size=2), st.integers(1, 4))
def test_encoding_maps_all_rare_characters_to_the_unknown_id(text: str, min_count: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.txt")
        path.write_text(text, encoding="utf-8")
        frequent = sorted({character for character in text if text.count(character) >= min_count})
        try:
            corpus_info, sources = exhaust(
                scan_corpus(CorpusFiles(find_sources([path])), "auto", Normalization(), min_count)
            )
        except InputError:
            assert len(set(text)) < 2 or not frequent
            return
        known = corpus_info.vocabulary
        assert list(known.characters) == frequent
        ids = exhaust(encode_corpus(sources, corpus_info, Path(name, "ids")))
        expected = "".join(c if c in frequent else "\ufffd" for c in text)
        assert known.decode(ids) == expected
        assert np.bincount(ids, minlength=len(known)).tolist() == list(known.counts)
        assert (known.unknown is not None) == (len(frequent) < len(set(text)))


def test_the_unknown_character_is_trained_and_stored_but_never_sampled(folder: Path) -> None:
    model = charrnn.load(folder / "run")
    known = model.checkpoint.corpus_info.vocabulary
    assert known.unknown == len(known) - 1 == len(model.vocabulary)
    assert known.counts[-1] == len("龍虎鳳凰")
    for config in (
        SampleConfig(length=3000, temperature=3),
        SampleConfig(length=50, temperature=0),
    ):
        written = model.sample("", config, seed=1)
        assert set(written) <= set(model.vocabulary)
    # though it is likely here: of what was trained with it, its output bias alone is raised
    network = model.checkpoint.network
    network.parameters["out.b"][known.unknown] += 50
    try:
        written = model.sample("", SampleConfig(length=300), seed=1)
        several = model.samples("", SampleConfig(length=300), seed=1, number=2)
        assert [len(written), *(len(sample.text) for sample in several)] == [300] * 3
        assert several[0].logprob < -300 * 20  # by the model as it is
    finally:
        network.parameters["out.b"][known.unknown] -= 50


def test_a_min_count_that_leaves_no_characters_is_refused(program: Program, text: Path) -> None:
    done = program("train", text, "--min-count", "999999")
    assert done.code == 3
    assert "has no character that occurs 999,999 times; lower --min-count" in done.err


def test_unknown_characters_of_a_prime_are_refused_skipped_or_replaced(
    program: Program, folder: Path
) -> None:
    run, options = folder / "run", ("--length", "30", "--seed", "1", "--no-echo")
    refused = program("sample", run, "--prime", "今日は龍\U0001f409", *options)
    assert refused.code == 3
    for named in ("'龍' (U+9F8D)", "'\U0001f409' (U+1F409)", "--on-unknown skip"):
        assert named in refused.err
    plain = program("sample", run, "--prime", "今日は", *options).out
    skipped = program(
        "sample", run, "--prime", "今\U0001f409日は龍", *options, "--on-unknown", "skip"
    )
    assert skipped.out == plain
    replaced = program("sample", run, "--prime", "今日は龍", *options, "--on-unknown", "replace")
    assert (replaced.code, replaced.out == plain) == (0, False)
    other = program("sample", run, "--prime", "今日は鳳", *options, "--on-unknown", "replace")
    assert other.out == replaced.out
    assert program("sample", run, "--prime", "龍", *options, "--on-unknown", "skip").code == 0


def test_replace_is_refused_by_a_model_without_an_unknown_character(
    program: Program, run_folder: Path
) -> None:
    done = program("sample", run_folder, "--prime", "龍", "--on-unknown", "replace")
    assert done.code == 3
    assert "has no unknown character" in done.err


def test_unknown_characters_of_a_scored_text_are_replaced_unless_told_otherwise(
    program: Program, folder: Path
) -> None:
    def scored(*options: str) -> dict[str, object]:
        done = program("inspect", "score", "-", folder / "run", "--json", *options,
                       stdin="今日は龍。\n".encode())  # fmt: skip
        assert done.code == 0, done.err
        document: dict[str, object] = json.loads(done.out)
        return document

    assert (scored("--on-unknown", "skip")["characters"], scored()["characters"]) == (4, 5)
    assert scored("--on-unknown", "replace") == scored()
    assert scored()["unknown"] == 1
    done = program("inspect", "score", "-", folder / "run", "--on-unknown", "error",
                   stdin="今日は龍。".encode())  # fmt: skip
    assert done.code == 3
    assert "龍" in done.err


@pytest.mark.parametrize(
    ("text", "known", "hint"),
    [
        ("！", "!", "'！' (U+FF01) (but it knows '!' (U+0021))"),
        ("!", "！", "'!' (U+0021) (but it knows '！' (U+FF01))"),
        ("ｶ", "カ", "(but it knows 'カ' (U+30AB))"),
        ("カ", "ｶ", "(but it knows 'ｶ' (U+FF76))"),
        ("が", "か\u3099", "(but it knows 'か' (U+304B) '◌\u3099' (U+3099))"),
        ("か\u3099", "かが", "'◌\u3099' (U+3099) (but it knows 'が' (U+304C))"),
        ("é", "e\u0301", "(but it knows 'e' (U+0065) '◌\u0301' (U+0301))"),
        ("E", "e", "(but it knows 'e' (U+0065))"),
        ("é", "É", "(but it knows 'É' (U+00C9))"),
        ("猫", "犬", "the model does not know '猫' (U+732B);"),
    ],
)
def test_an_error_about_an_unknown_character_suggests_an_equivalent_one(
    text: str, known: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        encode_text(text, vocabulary(known), "error", "prime")
    assert hint in str(caught.value)
    assert caught.value.exit_code == 3


def test_an_error_lists_each_unknown_character_once_and_in_order() -> None:
    with pytest.raises(InputError) as caught:
        encode_text("猫a\n猫犬", vocabulary("ab"), "error", "prime")
    assert "prime: the model does not know '猫' (U+732B), U+000A, '犬' (U+72AC);" in str(
        caught.value
    )
    with pytest.raises(InputError, match="does not know 1,000 of the characters, such as"):
        encode_text("".join(map(chr, range(0x4E00, 0x4E00 + 1000))), vocabulary("ab"), "error", "p")


def test_a_long_prime_of_unknown_characters_is_refused_quickly() -> None:
    text = "".join(map(chr, range(0x4E00, 0x9000))) * 6
    with pytest.raises(InputError):
        encode_text(text, vocabulary("".join(map(chr, range(0x20, 0x3000)))), "error", "prime")


@pytest.mark.parametrize("tied", [False, True])
def test_init_from_copies_the_weights_of_the_characters_that_both_models_have(
    tied: bool, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_text(RARE, encoding="utf-8")
    (tmp_path / "other.txt").write_text("Zebra 今日は虎。\n" * 60, encoding="utf-8")
    first = charrnn.train(tmp_path / "one.txt", replace(MIN_COUNT, tied=tied, layers=2),
                          out=tmp_path / "one").checkpoint  # fmt: skip
    still = charrnn.TrainConfig(lr=1e-30, weight_decay=0, steps=1, seed=3, batch=4, seq=16)
    messages: list[str] = []
    second = charrnn.train(
        tmp_path / "other.txt", still, out=tmp_path / "two", init_from=tmp_path / "one",
        on_event=lambda event: messages.append(str(event)),
    ).checkpoint  # fmt: skip
    before, after = first.corpus_info.vocabulary, second.corpus_info.vocabulary
    assert set(after.characters) == set(before.characters) | set("Zebra 今日は虎。\n")
    assert after.unknown is not None
    new = len(after) - len(before)
    notes = " ".join(messages)
    assert f"weights of `init_from`: {len(before):,}; with random weights: {new:,}" in notes
    assert second.config.hidden == first.config.hidden
    old, new_parameters = first.network.parameters, second.network.parameters
    for name in ("U0", "b0", "W1", "U1", "b1"):
        assert np.allclose(old[name], new_parameters[name])
    for character in before.characters:
        there, here = before.characters.index(character), after.characters.index(character)
        assert np.allclose(old["out.W"][:, there], new_parameters["out.W"][:, here])
        assert np.isclose(old["out.b"][there], new_parameters["out.b"][here])
        if not tied:
            assert np.allclose(old["W0"][:, there], new_parameters["W0"][:, here])
    assert np.allclose(old["out.W"][:, -1], new_parameters["out.W"][:, -1])  # the unknown one's
    assert new_parameters["out.W"][:, after.characters.index("Z")].any()


def test_init_from_starts_at_a_lower_loss_than_random_weights(
    run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    short = replace(CONFIG, steps=5, eval_every=5)
    continued = charrnn.train(
        tmp_path / "text.txt", replace(short, hidden=None), out=tmp_path / "two",
        init_from=run_folder,
    )  # fmt: skip
    random = charrnn.train(tmp_path / "text.txt", short, out=tmp_path / "three")
    losses = [model.checkpoint.history[-1]["val_loss"] for model in (continued, random)]
    assert losses[0] < losses[1] - 1


def test_settings_that_contradict_the_init_from_model_are_refused(
    program: Program, text: Path, run_folder: Path
) -> None:
    for option in (["--hidden", "9"], ["--cell", "gru"], ["--layers", "2"], ["--tied"]):
        done = program("train", text, "--init-from", run_folder, *option)
        assert done.code == 2, done.err
        assert "contradicts --init-from, whose model has" in done.err
    with pytest.raises(ConfigError):
        charrnn.train(text, replace(CONFIG, cell="rnn"), init_from=run_folder)
    assert program("train", text, "--init-from", "none.npz").code == 3
    both = program("train", "--resume", "--out", run_folder, "--init-from", run_folder)
    assert both.code == 2


def test_a_run_with_init_from_resumes_as_if_it_had_never_stopped(
    run_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("Zebra 今日は虎。\n" * 60, encoding="utf-8")
    config = replace(CONFIG, hidden=None, steps=30, eval_every=10, workers=2, seed=4)
    charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "whole", init_from=run_folder)
    for stop in (2, 15):
        asked = iter(range(10**6))
        run = tmp_path / f"run{stop}"
        charrnn.train(
            tmp_path / "text.txt", config, out=run, init_from=run_folder,
            stop_requested=lambda asked=asked, stop=stop: next(asked) == stop,  # type: ignore[misc]
        )  # fmt: skip
        if stop == 2:  # as if killed before its first save
            (run / "last.npz").unlink()
        charrnn.resume(run)
        assert outcome(run) == outcome(tmp_path / "whole")
    settings = (tmp_path / "whole" / "config.toml").read_text(encoding="utf-8")
    assert f'init_from = "{run_folder.resolve()}' in settings


def test_summary_and_vocabulary_report_describe_the_corpus(program: Program, folder: Path) -> None:
    summary = program("inspect", folder / "run").out
    for entry in ("utf-8", "newlines lf", "normalization none", "text.txt", "sha256"):
        assert entry in summary
    rows = json.loads(program("inspect", "vocab", folder / "run", "--json").out)["characters"]
    by_name = {row["name"]: row for row in rows}
    assert by_name["HIRAGANA LETTER HA"]["code_point"] == "U+306F"
    assert by_name["the unknown character: all rare ones"]["count"] == 4
    table = program("inspect", "vocab", folder / "run").out
    assert "the unknown character" in table
    assert "HIRAGANA LETTER HA" in table
