"""Each report as sections of blocks, with a sentence on how to read it.

Not here: how blocks are drawn (terminal.py, plot.py, page.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from charrnn.render.blocks import Section
from charrnn.render.sections.learning import losses, runs
from charrnn.render.sections.memory import gradients, memory
from charrnn.render.sections.model import summary, vocab
from charrnn.render.sections.neurons import neurons
from charrnn.render.sections.reading import copied, score, unrolled
from charrnn.render.sections.speed import speed
from charrnn.reports.neurons import Neurons
from charrnn.reports.overview import Overview
from charrnn.reports.summary import Summary

Report = TypeVar("Report", Summary, Neurons)

__all__ = [
    "copied", "gradients", "losses", "memory", "neurons", "overview", "runs", "score", "speed",
    "summary", "unrolled", "vocab",
]  # fmt: skip


def overview(report: Overview) -> list[Section]:
    """From what the model is to what its units do."""
    return [
        *_each(summary, report.summaries),
        *([runs(report.runs)] if report.runs else []),
        losses(report.losses),
        unrolled(report.unrolled),
        gradients(report.gradients),
        memory(report.memories),
        score(report.score),
        *_each(neurons, report.neurons),
        vocab(report.vocab),
    ]


def _each(section: Callable[[Report], Section], reports: Sequence[Report]) -> list[Section]:
    """Of several models each in a section with its name."""
    made = [section(report) for report in reports]
    if len(reports) == 1:
        return made
    return [
        replace(one, title=f"{one.title}: {report.model}")
        for one, report in zip(made, reports, strict=True)
    ]
