"""A text that is read by many streams has the result of a single stream, with every cell."""

from pathlib import Path

import numpy as np
import pytest

import charrnn
from charrnn.arrays import Ids
from charrnn.cells import CELLS
from charrnn.network.cell import get_cell
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.network.softmax import cross_entropy_and_likeliest, log_probabilities
from charrnn.reports.score import score_file
from charrnn.training import block_reader, parallel_reading
from charrnn.training.block_reader import BlockReader
from charrnn.training.parallel_reading import ParallelReading
from tests.conftest import TEXT
from tests.test_training import never_forgetting_network

PROMISED = 1e-4  # nats at each character


def single_pass(network: Network, ids: Ids) -> tuple[np.ndarray, np.ndarray]:
    """The nats of each of ``ids`` but the first, and the log-probabilities, by a single stream."""
    logs, _ = network.predict(ids[:-1, None], network.initial_states(1))
    return -logs[np.arange(len(ids) - 1), 0, ids[1:]], logs[:, 0]


def read(network: Network, ids: Ids, *, piece: int = 10**9, alternatives: int = 0) -> np.ndarray:
    reader, found = BlockReader(network, alternatives), []
    for start in range(0, len(ids) - 1, piece):
        found += [chunk.surprise for chunk in reader.read(ids[start : start + piece + 1])]
    return np.concatenate(found)


def network_of(cell: str, *, layers: int = 1, tied: bool = False) -> Network:
    """A network that remembers: its states matter for a few hundred characters."""
    parameters = Parameters(Shape(cell, 12, layers, 9, tied=tied))
    initialize(parameters, np.random.default_rng(0))
    parameters["out.b"][:] = np.linspace(-2, 2, 9)
    for layer in range(layers):
        parameters[f"W{layer}"][:] *= 2
    return Network(parameters)


def some_ids(length: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 9, length)


@pytest.fixture
def short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short texts have several streams too, and several blocks."""
    monkeypatch.setattr(parallel_reading, "MIN_CHARACTERS_PER_STREAM", 700)
    monkeypatch.setattr(block_reader, "BLOCK", 5000)
    monkeypatch.setattr(block_reader, "FIRST_BLOCK", 3000)
    monkeypatch.setattr(block_reader, "CHUNK", 400)
    monkeypatch.setattr(block_reader, "count_cores", lambda: 2)


@pytest.mark.usefixtures("short_streams")
@pytest.mark.parametrize("length", [2, 3, 130, 1400, 1401, 5001, 12345])
@pytest.mark.parametrize("cell", CELLS)
def test_every_character_is_predicted_as_in_a_single_pass(cell: str, length: int) -> None:
    network, ids = network_of(cell), some_ids(length)
    nats, _ = single_pass(network, ids)
    assert read(network, ids) == pytest.approx(nats, abs=PROMISED)
    reset, _ = single_pass(network, ids[-100:])
    if length > 100 and get_cell(cell).loops:
        assert np.abs(nats[-99:] - reset).max() > PROMISED  # a lost state would be noticed


@pytest.mark.usefixtures("short_streams")
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_layers_and_pieces_of_a_text_make_no_difference(cell: str, tied: bool) -> None:
    network, ids = network_of(cell, layers=2, tied=tied), some_ids(9000)
    nats, logs = single_pass(network, ids)
    for piece in (3, 2048, 7777):
        assert read(network, ids, piece=piece) == pytest.approx(nats, abs=PROMISED)
    reader = BlockReader(network, 3)
    for chunk in reader.read(ids):
        best = np.sort(logs[chunk.place], axis=1)[:, :-4:-1]
        assert chunk.probability == pytest.approx(np.exp(best), abs=PROMISED)
        chosen = np.take_along_axis(logs[chunk.place], chunk.likeliest.astype(np.intp), axis=1)
        assert chosen == pytest.approx(best, abs=PROMISED)


@pytest.mark.usefixtures("short_streams")
@pytest.mark.parametrize("cell", [cell for cell in CELLS if get_cell(cell).recurrent_weights])
def test_a_network_that_never_forgets_is_read_to_the_end_again(cell: str) -> None:
    network, ids = never_forgetting_network(cell), some_ids(4321)
    nats, _ = single_pass(network, ids)
    assert read(network, ids) == pytest.approx(nats, abs=PROMISED)


def chaotic_network() -> Network:
    """Every difference grows, also one by rounding."""
    parameters = Parameters(Shape("rnn", 64, 1, 9))
    rng = np.random.default_rng(0)
    parameters["U0"][:] = rng.normal(size=(1, 64, 64)) * 3 / 8
    parameters["W0"][:] = rng.normal(size=(1, 9, 64)) * 0.3
    parameters["out.W"][:] = rng.normal(size=(64, 9)) * 0.5
    return Network(parameters)


@pytest.mark.parametrize("streams", [2, 3, 4, 7])
def test_a_chaotic_network_is_read_by_a_single_stream(streams: int) -> None:
    """The arithmetic has to be the same, to the last bit."""
    network, ids = chaotic_network(), some_ids(streams * 1024 + 1)
    nats, _ = single_pass(network, ids)
    reading = ParallelReading(network, ids, streams, tolerance=5e-5, equal_windows=4)
    reading.read_all()
    assert np.abs(reading.losses.T.ravel() - nats).max() > 0.1
    reading.hand_over_states()
    assert reading.is_read_alone
    assert reading.losses.T.ravel() == pytest.approx(nats, abs=1e-6)


@pytest.mark.usefixtures("short_streams")
def test_a_text_is_not_read_by_many_streams_again_where_they_do_not_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, ids = chaotic_network(), some_ids(9001)
    streams = []

    class Recording(ParallelReading):
        def read_all(self, *_: object) -> None:
            streams.append(self.streams)
            super().read_all()

    monkeypatch.setattr(block_reader, "ParallelReading", Recording)
    nats, _ = single_pass(network, ids)
    assert read(network, ids) == pytest.approx(nats, abs=1e-6)
    assert streams == [4, 1, 1]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_share_the_streams(threads: int) -> None:
    network, ids = network_of("lstm"), some_ids(3 * 1024 + 1)
    reading = ParallelReading(network, ids, 3, threads=threads)
    reading.read_all()
    reading.hand_over_states()
    nats, _ = single_pass(network, ids)
    assert reading.losses.T.ravel() == pytest.approx(nats, abs=PROMISED)


def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = ParallelReading(network_of("gru"), some_ids(4097), 4, threads=2)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(reading, "_read_window", fail)
    with pytest.raises(MemoryError):
        reading.read_all()


@pytest.mark.parametrize("number", [1, 3, 9])
@pytest.mark.parametrize("V", [9, 3000])
def test_likeliest_characters_are_those_of_the_whole_distribution(number: int, V: int) -> None:
    rng = np.random.default_rng(1)
    h, W, b = (rng.normal(size=shape).astype("f") for shape in ((700, 6), (6, V), (V,)))
    targets = rng.integers(0, V, 700)
    nats, likeliest, probability = cross_entropy_and_likeliest(h, targets, W, b, number)
    logs = log_probabilities(h, W, b)
    assert nats == pytest.approx(-logs[np.arange(700), targets], abs=1e-5)
    order = np.argsort(-logs, axis=1, kind="stable")[:, :number]
    expected = np.take_along_axis(logs, order, axis=1)
    assert probability == pytest.approx(np.exp(expected), rel=1e-4)
    found = np.take_along_axis(logs, likeliest.astype(np.intp), axis=1)
    assert found == pytest.approx(expected, abs=1e-5)


def test_of_equally_likely_characters_the_first_come_first() -> None:
    _, likeliest, probability = cross_entropy_and_likeliest(
        np.zeros((2, 4), "f"), np.array([1, 3]), np.ones((4, 5), "f"), np.zeros(5, "f"), 3
    )
    assert likeliest.tolist() == [[0, 1, 2]] * 2
    assert probability == pytest.approx(0.2)


@pytest.mark.usefixtures("short_streams")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("min_count", [1, 30])
def test_a_score_of_a_text_with_unknown_characters_is_that_of_a_single_pass(
    cell: str, min_count: int, tmp_path: Path
) -> None:
    """They are skipped, or read as the unknown character of a model with ``min_count``."""
    (tmp_path / "text.txt").write_text(TEXT[:800] + "zz", encoding="utf-8")
    config = charrnn.TrainConfig(
        cell=cell, hidden=8, batch=4, seq=16, steps=40, val=60, workers=1, min_count=min_count
    )
    model = charrnn.train(tmp_path / "text.txt", config, out=tmp_path / "run")
    text = TEXT.replace("is windy", "Ж☃ windz") * 3
    vocabulary, network = model.checkpoint.corpus_info.vocabulary, model.checkpoint.network
    ids = vocabulary.lookup_ids(text)
    unknown = int((ids < 0).sum())
    assert unknown
    if vocabulary.unknown is not None:
        ids[ids < 0] = vocabulary.unknown
    nats, _ = single_pass(network, ids[ids >= 0].astype(np.intp))
    score = model.score(text)
    assert score.surprise == pytest.approx(nats, abs=PROMISED)
    assert score.total_nats == pytest.approx(nats.sum(dtype=np.float64), rel=1e-6)
    assert (score.characters, score.unknown) == (len(nats), unknown)
    (tmp_path / "scored.txt").write_text(text, encoding="utf-8")
    totals = score_file(model.loaded, tmp_path / "scored.txt").result().totals
    assert totals.total_nats == pytest.approx(score.total_nats, rel=1e-6)


def test_what_is_kept_of_a_score_does_not_keep_a_block() -> None:
    """A chunk has its own arrays, so that the beginning of a text holds no more than it shows."""
    reader = BlockReader(network_of("lstm"), 2)
    for chunk in reader.read(some_ids(5000)):
        arrays = chunk.surprise, chunk.likeliest, chunk.probability
        assert all(array.base is None for array in arrays)
