"""The page with a network inside: its size, and the time of a step in a headless Chromium.

    python benchmarks/live.py

Networks have random weights, which change neither. A step reads a character and predicts the next;
it does not draw. Needs playwright, and the system's chromium.
"""

import shutil
import statistics
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from charrnn.config import TrainConfig
from charrnn.network.model import Network
from charrnn.network.parameters import Parameters, Shape, initialize
from charrnn.render.live.page import render_live
from charrnn.reports.live import Live, LiveModel
from charrnn.storage.model_file import TrainedModel
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.normalization import Normalization
from charrnn.text.vocab import Vocabulary
from charrnn.training.automatic import complete_settings

SHAPES = (
    Shape("lstm", 256, 1, 65),
    Shape("lstm", 352, 1, 3442, tied=True),
    Shape("rnn", 128, 1, 250),
    Shape("lstm", 512, 2, 65),
)
ROUNDS, STEPS = 5, 200
TIME_STEPS = """steps => {
    const { network } = readings[0].reader;
    let state = network.zeroState();
    const began = performance.now();
    for (let step = 0; step < steps; step++) {
        state = network.step(state, step % 60);
        network.predict(state);
    }
    return (performance.now() - began) / steps;
}"""
TIME_PLAY = """steps => {
    page.begin("");
    session.playing = true;
    const began = performance.now();
    for (let step = 0; step < steps; step++) page.step();
    session.playing = false;
    return (performance.now() - began) / steps;
}"""


def make_page(shape: Shape) -> str:
    """Return the page of a network with random weights."""
    parameters = Parameters(shape)
    initialize(parameters, np.random.Generator(np.random.PCG64(0)))
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + shape.V)))
    vocabulary = Vocabulary(characters, (1,) * shape.V)
    corpus_info = CorpusInfo(("none",), shape.V, vocabulary, "utf-8", Normalization(), "0" * 64)
    asked = TrainConfig(cell=shape.cell, hidden=shape.hidden, layers=shape.layers, tied=shape.tied)
    checkpoint = TrainedModel(
        config=complete_settings(asked, 100_000, shape.V), corpus_info=corpus_info, step=0,
        history=(), baselines=None, network=Network(parameters),
    )  # fmt: skip
    model = LiveModel("model", shape.cell, shape.hidden, shape.layers, checkpoint, ())
    return render_live(Live((model,), "", None))


def main() -> None:
    """Measure each shape in turns, and print medians."""
    times: dict[Shape, list[tuple[float, float]]] = {shape: [] for shape in SHAPES}
    sizes = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for number, shape in enumerate(SHAPES):
            file = Path(folder, f"{number}.html")
            file.write_text(make_page(shape), encoding="utf-8")
            sizes[shape] = file.stat().st_size
        for _ in range(ROUNDS):
            for number, shape in enumerate(SHAPES):
                page = browser.new_page()
                page.goto(Path(folder, f"{number}.html").as_uri())
                page.evaluate(TIME_STEPS, STEPS // 4)
                measured = page.evaluate(TIME_STEPS, STEPS), page.evaluate(TIME_PLAY, STEPS)
                times[shape].append(measured)
                page.close()
        print(f"chromium {browser.version}")
        browser.close()
    print("cell  units  distinct  MB    step (ms)  step that is drawn (ms)")
    for shape in SHAPES:
        step, drawn = (statistics.median(each[at] for each in times[shape]) for at in (0, 1))
        units = f"{shape.layers} × {shape.hidden}"
        print(f"{shape.cell:<5} {units:<7} {shape.V:>6,}  {sizes[shape] / 1e6:.2f}  {step:>9.2f}"
              f"  {drawn:>9.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
