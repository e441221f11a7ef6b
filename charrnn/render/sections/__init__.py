"""Each report as sections of blocks, with a sentence on how to read it.

Not here: how blocks are drawn (terminal.py, plot.py, page.py).
"""

from charrnn.render.blocks import Section
from charrnn.render.sections.learning import losses, runs
from charrnn.render.sections.memory import gradients, memory
from charrnn.render.sections.model import summary, vocab
from charrnn.render.sections.neurons import neurons
from charrnn.render.sections.reading import score, unrolled
from charrnn.render.sections.speed import speed
from charrnn.reports.overview import Overview

__all__ = [
    "gradients", "losses", "memory", "neurons", "overview", "runs", "score", "speed", "summary",
    "unrolled", "vocab",
]  # fmt: skip


def overview(report: Overview) -> list[Section]:
    """From what the model is to what its units do."""
    return [
        *map(summary, report.summaries),
        losses(report.losses),
        unrolled(report.unrolled),
        gradients(report.gradients),
        memory(report.memories),
        score(report.score),
        *map(neurons, report.neurons),
        vocab(report.vocab),
    ]
