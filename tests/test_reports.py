"""Reports that look inside: their numbers against other ways to find them out."""

import csv
import io
import json
import os
import platform
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.cells import CELLS
from charrnn.errors import InputError
from charrnn.network.gradient_by_lag import join_states, norms_by_lag, states_after
from charrnn.network.model import Network, States
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.softmax import cross_entropy
from charrnn.render.clusters import display_width
from charrnn.reports.gradients import measure_gradients
from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.memory import affordable_positions, compare_memory
from charrnn.reports.neurons import find_followers, record_activations
from charrnn.reports.predictions import predict_chunks
from charrnn.reports.score import RunningScore
from charrnn.reports.sequential import STREAMS_AND_WINDOWS, measure_sequential
from charrnn.reports.text_properties import PROPERTIES
from charrnn.storage.model_file import TrainedModel
from tests.conftest import TEXT, Program

V = 7


def network(cell: str, layers: int = 2, hidden: int = 4) -> Network:
    rng = np.random.default_rng(0)
    parameters = Parameters(Shape(cell, hidden, layers, V), np.float64)
    initialize(parameters, rng)
    parameters.vector += 0.3 * rng.normal(size=parameters.vector.size)
    return Network(parameters)


def copied(states: States) -> list[tuple[np.ndarray, ...]]:
    return [tuple(array.copy() for array in state) for state in states]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_by_lag_equal_finite_differences(cell: str, layers: int) -> None:
    net, lags, epsilon = network(cell, layers), 5, 1e-6
    ids = np.random.default_rng(1).integers(0, V, 30)
    begins = np.array([3, 11, 20])
    window = ids[begins + np.arange(lags + 2)[:, None]]
    before = join_states(list(states_after(net, ids, begins)))
    found = np.array(list(norms_by_lag(net, window, before, range(1, lags + 1))))
    some = np.array(list(norms_by_lag(net, window, before, [2, lags])))
    np.testing.assert_allclose(some, found[[0, 2, lags]], rtol=1e-12)
    for position, begin in enumerate(begins):
        for lag in range(1, lags + 1):
            place = begin + lags - lag  # the state after this character is shaken
            (states,) = states_after(net, ids, np.array([place]))
            read, target = ids[place + 1 : begin + lags + 1, None], ids[[begin + lags + 1]]

            def loss(states: States, read: np.ndarray, target: np.ndarray) -> float:
                h, _, _ = net.forward(read, states)
                return float(cross_entropy(h[-1], target, *net.output_weights)[0])

            for which in range(len(states[0])):
                square = 0.0
                for layer in range(layers):
                    for unit in range(net.shape.hidden):
                        values = []
                        for side in (epsilon, -epsilon):
                            shaken = copied(states)
                            shaken[layer][which][0, unit] += side
                            values.append(loss(shaken, read, target))
                        square += ((values[0] - values[1]) / (2 * epsilon)) ** 2
                assert found[lag, which, position] == pytest.approx(square**0.5, rel=1e-5)


def test_gradients_start_at_one_and_end_at_the_last_lag(model: charrnn.Model) -> None:
    report = model.gradients(TEXT, lags=30)
    through_h, through_c = report.ways
    assert (through_h.first, through_c.first) == (0, 1)
    assert through_h.median[0] == through_c.median[0] == pytest.approx(1)
    assert (len(through_h.median), len(through_c.median)) == (31, 30)
    assert all(
        low <= middle <= high
        for way in report.ways
        for low, middle, high in zip(way.low, way.median, way.high, strict=True)
    )
    fresh = model.gradients(TEXT, lags=30, untrained=True)
    assert fresh.ways[0].median != through_h.median


def test_a_text_too_short_for_the_lags_is_refused(model: charrnn.Model) -> None:
    with pytest.raises(InputError, match="text: is too short for `lags` 200; set it to 6 or less"):
        model.gradients("今日は風が強い。")
    with pytest.raises(InputError, match=r"text: is too short for `lags` 5$"):
        model.gradients("今日", lags=5)
    assert measure_gradients(model.loaded, model.prepare_text("今日は"), lags=1).positions == 1


def test_memory_with_all_characters_is_the_score(model: charrnn.Model) -> None:
    text = TEXT[:700]
    report = model.memory(text)
    assert report.is_whole
    assert report.points[-1].given is None
    assert report.points[-1].nats == pytest.approx(model.score(text).nats, abs=1e-4)
    assert report.points[-1].lost == 0


def test_memories_of_several_models_are_at_the_same_places(
    model: charrnn.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("charrnn.reports.memory.OPERATIONS_AT_MOST", 1e11)
    text = model.prepare_text(TEXT * 40)
    shape = Shape("lstm", 160, 2, len(model.vocabulary))
    large = LoadedModel(replace(model.checkpoint, network=Network(Parameters(shape))))
    fewest = affordable_positions(shape, text)
    assert fewest < affordable_positions(model.checkpoint.network.shape, text)
    reports = compare_memory([model.loaded, large], [text, text])
    assert [report.positions for report in reports] == [fewest, fewest]


def test_memory_of_few_characters_is_that_of_a_text_of_so_many(model: charrnn.Model) -> None:
    text = TEXT[:90]
    report = model.memory(text)
    (four,) = (point for point in report.points if point.given == 4)
    pieces = [text[max(0, end - 4) : end + 1] for end in range(1, len(text))]
    each = [float(model.score(piece).surprise[-1]) for piece in pieces]
    assert four.nats == pytest.approx(np.mean(each), abs=1e-5)
    assert four.error == pytest.approx(np.std(each) / len(each) ** 0.5, abs=1e-5)
    fresh = [model.score(text[at : at + 17]).nats for at in range(len(text) - 16)]
    assert report.window == 16
    assert report.reset == pytest.approx(np.mean(fresh), abs=1e-4)


def test_memory_stands_beside_the_ngrams_of_the_same_corpus(run_folder: Path) -> None:
    model = charrnn.load(run_folder)
    report = model.memory()
    baselines = model.checkpoint.baselines
    assert baselines is not None
    assert report.unigram == pytest.approx(baselines.unigram)
    by_given = {point.given: point.ngram for point in report.points}
    assert by_given[1] is not None
    assert by_given[8] is None
    assert min(n for n in by_given.values() if n) >= baselines.ngram - 1e-9


def test_score_of_the_validation_part_is_the_loss_that_training_told(run_folder: Path) -> None:
    model = charrnn.load(run_folder)
    ids = model.prepare_text().ids
    text = model.checkpoint.corpus_info.vocabulary.decode(ids)
    assert TEXT.endswith(text)
    told = model.checkpoint.history[-1]["val_loss"]
    assert model.score(text).nats == pytest.approx(told, abs=1e-3)


def test_a_corpus_that_is_gone_or_another_is_refused(run_folder: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(run_folder / "best.npz", tmp_path / "model.npz"))
    unknown = "cannot find the corpus that it was trained on; name a text with `text_file`"
    with pytest.raises(InputError, match=f"model.npz: {unknown}"):
        charrnn.load(alone).prepare_text()
    with pytest.raises(InputError, match=f"model in memory: {unknown}"):
        charrnn.Model(charrnn.load(alone).checkpoint).prepare_text()
    shutil.copytree(run_folder, tmp_path / "run")
    changed = tmp_path / "changed.txt"
    changed.write_text(TEXT + "。", encoding="utf-8")
    settings = (run_folder / "config.toml").read_text(encoding="utf-8")
    original = json.dumps(str(run_folder.parent / "text.txt"))
    (tmp_path / "run/config.toml").write_text(settings.replace(original, json.dumps(str(changed))))
    with pytest.raises(InputError, match=r"changed\.txt: is no longer the text"):
        charrnn.load(tmp_path / "run").prepare_text()


def test_unrolled_steps_say_what_was_read_expected_and_came(model: charrnn.Model) -> None:
    text = "今日は風"
    report = model.unroll(text)
    assert "".join(step.character for step in report.steps) == text
    assert [step.following for step in report.steps] == ["日", "は", "風", None]
    surprise = model.score(text).surprise
    for step, nats in zip(report.steps, surprise, strict=False):
        assert step.nats == pytest.approx(nats, abs=1e-5)
        assert sum(one.probability for one in step.expected) <= 1 + 1e-6
    assert report.steps[0].change == pytest.approx(report.steps[0].norm)


def planted(model: charrnn.Model, unit: int) -> TrainedModel:
    """A network whose ``unit`` is on between 「 and 」, and whose other units are noise."""
    vocabulary = model.checkpoint.corpus_info.vocabulary
    shape = Shape("lstm", 8, 1, len(vocabulary))
    parameters = Parameters(shape)
    rng = np.random.default_rng(3)
    parameters.vector[:] = rng.normal(size=parameters.vector.size)
    W, U, b = (parameters[name] for name in ("W0", "U0", "b0"))
    W[:, :, unit], U[:, :, unit] = 0, 0
    b[:, unit] = (-20, 20, 20, 20)  # i, f, o, g
    opening, closing = (vocabulary.characters.index(character) for character in "「」")
    W[0, opening, unit] = 40
    W[1, closing, unit] = -40
    return replace(model.checkpoint, network=Network(parameters))


def test_a_planted_quote_unit_is_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    words = ["空", "海", "「雨だ」", "山、", "「風が、強い」", "川。\n"]
    text = "".join(rng.choice(words, 1500))
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=16, steps=1)
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    report = charrnn.Model(planted(model, 5)).neurons(text)
    best = report.followers[0]
    assert (best.unit, best.property) in [(5, "inside quotes"), (5, "depth of brackets")]
    assert best.correlation > 0.99
    assert best.p < 0.01
    (forget,) = (gate for gate in report.gates if gate.name == "forget")
    assert forget.open[5] == pytest.approx(1 - text.count("」") / len(text))


def test_noise_follows_nothing(tmp_path: Path) -> None:
    """A property drawn at random has p small as seldom as p says."""
    rng = np.random.default_rng(7)
    text = "".join(rng.choice(list("ab「」\n"), 3000))
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    config = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=16, steps=1)
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    shuffled = "".join(rng.permutation(list(text)))
    report = model.neurons(text)
    assert report.followers[0].p < 0.05  # a unit can see which character it just read
    h, _ = record_activations(model.checkpoint.network, model.prepare_text(text).ids)
    other = np.array(PROPERTIES["position in the line"](shuffled), np.float64)
    followers, _ = find_followers(h, {"other": other})
    assert min(one.p for one in followers) > 0.01


def test_runs_stand_by_text_best_first(program: Program, run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "runs/a")
    (tmp_path / "other.txt").write_text(TEXT[:1500], encoding="utf-8")
    for seed in ("1", "2"):
        program("train", "other.txt", "--steps", "5", "--hidden", "4", "--seed", seed)
    (tmp_path / "runs/broken").mkdir()
    (tmp_path / "runs/broken/best.npz").write_bytes(b"no model")
    done = program("inspect", "runs", "--json")
    report = json.loads(done.out)
    assert [len(group["runs"]) for group in report["groups"]] == [2, 1]
    losses_ = [run["training"]["val_loss"] for run in report["groups"][0]["runs"]]
    assert losses_ == sorted(losses_)
    assert "broken" in report["unreadable"][0]
    rows = list(csv.DictReader(io.StringIO(program("inspect", "runs", "--csv").out)))
    assert [row["run"] for row in rows][-1] == "runs/a"
    assert (
        float(rows[-1]["val_loss"]) == charrnn.load(run_folder).checkpoint.history[-1]["val_loss"]
    )
    program("inspect", "runs", "--csv", "--html", "runs.html")
    assert "other.txt" in (tmp_path / "runs.html").read_text(encoding="utf-8")
    shown = program("inspect", "runs").out
    assert "other.txt" in shown
    assert "runs/a" in shown


def test_runs_are_marked_by_what_has_become_of_them(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    for name in ("finished", "running", "broken", "damaged", "model", "unsaved"):
        shutil.copytree(run_folder, tmp_path / "runs" / name)
    runs = tmp_path / "runs"
    owner = {"pid": os.getpid(), "host": platform.node()}
    (runs / "running/.lock").write_text(json.dumps(owner), encoding="utf-8")
    (runs / "broken/last.npz").write_bytes((run_folder / "last.npz").read_bytes()[:-100])
    (runs / "damaged/best.npz").write_bytes(b"no model")
    (runs / "model/last.npz").unlink()
    for name in ("best.npz", "last.npz", "log.jsonl"):
        (runs / "unsaved" / name).unlink()
    (tmp_path / "corpus.txt").write_text(TEXT, encoding="utf-8")
    training = {"hidden": 4, "steps": 30, "eval_every": 5, "lr": 0.0001}
    asked = iter([False] * 20 + [True])  # to stop, in a run that was to have 30 steps
    charrnn.train(
        tmp_path / "corpus.txt", charrnn.TrainConfig(**training),  # type: ignore[arg-type]
        out=runs / "unfinished", stop_requested=lambda: next(asked),
    )  # fmt: skip
    report = json.loads(program("inspect", "runs", "--json").out)
    states = {run["model"]: run["state"] for group in report["groups"] for run in group["runs"]}
    assert states == {
        f"runs/{name}": name for name in ("finished", "running", "broken", "model", "unfinished")
    }
    assert report["unsaved"] == ["runs/unsaved"]
    assert [line.partition(":")[0] for line in report["unreadable"]] == [
        "runs/broken/last.npz", "runs/damaged/best.npz",
    ]  # fmt: skip
    lines = {line.split()[0]: line for line in program("inspect", "runs").out.splitlines() if line}
    for name in ("running", "broken", "unfinished"):
        assert name in lines[f"runs/{name}"].removeprefix(f"runs/{name}")
    rows = csv.DictReader(io.StringIO(program("inspect", "runs", "--csv").out))
    assert {row["run"]: row["state"] for row in rows} == states


@pytest.mark.parametrize(
    ("report", "options"),
    [
        ("loss", []),
        ("unroll", ["--text", "今日は"]),
        ("gradients", ["--lags", "5", "--untrained"]),
        ("memory", []),
        ("neurons", []),
        ("score", []),
    ],
)
def test_a_report_is_text_json_page_and_picture(
    program: Program, run_folder: Path, tmp_path: Path, report: str, options: list[str]
) -> None:
    (tmp_path / "text.txt").write_text(TEXT[:200], encoding="utf-8")
    file = ["text.txt"] if report == "score" else []
    arguments = ["inspect", report, *file, run_folder, *options]
    shown = program(*arguments, "--html", "page.html", "--plot", "picture.svg")
    assert shown.code == 0, shown.err
    assert max(map(display_width, shown.out.splitlines())) <= 100
    for line in program(*arguments, "--json").out.splitlines():
        assert isinstance(json.loads(line), dict)
    assert "<section" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert (tmp_path / "picture.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_the_report_has_all_of_them_on_one_page(
    program: Program, run_folder: Path, tmp_path: Path
) -> None:
    for name in "ab":
        shutil.copytree(run_folder, tmp_path / "runs" / name)
    corpus = run_folder.parent / "text.txt"
    shown = program("inspect", "report", "runs/a", "runs/b", "--text-file", corpus,
                    "--html", "page.html", "--json")  # fmt: skip
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    assert set(found) == {"summaries", "runs", "losses", "gradients", "memories", "neurons",
                          "samples", "differing", "sequential", "unrolled", "vocab",
                          "score"}  # fmt: skip
    assert [len(found[name]) for name in ("summaries", "memories", "neurons")] == [2, 2, 2]
    made = (tmp_path / "page.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2[^>]*>([^<]*)<", made)
    assert titles == [
        "In short", "What the past changes", "Loss", "The model: a", "The model: b", "Unrolled: a",
        "Memory", "The vanishing gradient", "Waiting", "Neurons: a", "Neurons: b", "Score: a",
        "Runs", "Fingerprint of the corpus", "Vocabulary: a",
    ]  # fmt: skip
    assert len(made.encode()) < 3e6


def test_the_hardest_lines_are_those_with_most_nats_a_character(model: charrnn.Model) -> None:
    text = TEXT[:300] + "気をつけた風が強い洗濯物。\n" + TEXT[:200] + "and washing the the w"
    parts = [text[:7], text[7:350], text[350:]]
    scoring = RunningScore(predict_chunks(model.loaded, parts, "text"))
    assert all(chunk.text for chunk in scoring)
    found = scoring.result().lines
    nats = [one.nats or 0 for one in found]
    assert nats == sorted(nats, reverse=True)
    each = model.score(text).surprise
    ends = [at + 1 for at, character in enumerate(text) if character == "\n"] + [len(text)]
    for one in found:
        start, end = [0, *ends][one.line - 1], ends[one.line - 1]
        assert one.text == text[start:end]
        assert one.characters == end - max(1, start) >= 10  # the first character is not predicted
        assert one.nats == pytest.approx(each[max(0, start - 1) : end - 1].mean(), rel=1e-5)
    assert "気" in {one.text[0] for one in found[:2]}


@pytest.mark.parametrize("cell", CELLS)
def test_products_that_wait_are_those_with_recurrent_weights(cell: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("abc de\n" * 60, encoding="utf-8")
    config = charrnn.TrainConfig(
        cell=cell, hidden=6, layers=2, steps=1, batch=3, seq=5, workers=1, tied=False
    )
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    (counted,) = measure_sequential([model.loaded])
    weights = model.checkpoint.network.parameters.views
    recurrent = sum(weights[f"U{layer}"].size for layer in range(2))
    others = weights["W1"].size + weights["out.W"].size  # the lowest input is gathered
    assert counted.share == pytest.approx(recurrent / (recurrent + others))
    assert (counted.streams, counted.window) == (3, 5)
    assert counted.steps == (5 if recurrent else 0)
    sizes = tuple((update.streams, update.window) for update in counted.updates)
    assert sizes == STREAMS_AND_WINDOWS
    assert all(update.seconds > 0 and update.share > 0 for update in counted.updates)
