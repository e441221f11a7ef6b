"""All reports about one or several models."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from charrnn.render.blocks import Section
from charrnn.render.sections import (
    gradients,
    loss,
    memory,
    neurons,
    runs,
    score,
    summary,
    unroll,
    vocab,
)
from charrnn.reports.neurons import Neurons
from charrnn.reports.overview import Overview
from charrnn.reports.summary import Summary

ModelReport = TypeVar("ModelReport", Summary, Neurons)


def build_section(report: Overview) -> list[Section]:
    """Return the sections of all reports, from the summary to the vocabulary."""
    return [
        *_build_each(summary.build_section, report.summaries),
        *([runs.build_section(report.runs)] if report.runs else []),
        loss.build_section(report.losses),
        unroll.build_section(report.unrolled),
        gradients.build_section(report.gradients),
        memory.build_section(report.memories),
        score.build_section(report.score),
        *_build_each(neurons.build_section, report.neurons),
        vocab.build_section(report.vocab),
    ]


def _build_each(
    build_section: Callable[[ModelReport], Section], reports: Sequence[ModelReport]
) -> list[Section]:
    """Build a section for each model; if there are several, with its name in the title."""
    sections = [build_section(report) for report in reports]
    if len(reports) == 1:
        return sections
    return [
        replace(section, title=f"{section.title}: {report.model}")
        for section, report in zip(sections, reports, strict=True)
    ]
