"""All reports about one or several models."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from charrnn.language import gettext as _
from charrnn.render.blocks import Prose, Section
from charrnn.render.sections import (
    compare,
    gradients,
    loss,
    memory,
    neurons,
    runs,
    score,
    sequential,
    summary,
    unroll,
    verdict,
    vocab,
)
from charrnn.reports.neurons import Neurons
from charrnn.reports.overview import FoundComparison, Overview
from charrnn.reports.summary import Summary

ModelReport = TypeVar("ModelReport", Summary, Neurons)


def build_section(report: Overview) -> list[Section]:
    """Return the sections of all reports, from the verdict to the vocabulary."""
    single = report.unrolled.model
    return [
        verdict.build_section(report),
        *([_build_differing(report.differing)] if report.differing else []),
        loss.build_section(report.losses),
        *_build_each(partial(summary.build_section, fingerprint=False), report.summaries),
        _name_model(unroll.build_section(report.unrolled), single, report),
        memory.build_section(report.memories),
        gradients.build_section(report.gradients),
        sequential.build_section(report.sequential),
        *_build_each(neurons.build_section, report.neurons),
        _name_model(score.build_section(report.score), single, report),
        *([runs.build_section(report.runs)] if report.runs else []),
        summary.build_fingerprints(report.summaries),
        _name_model(vocab.build_section(report.vocab), single, report),
    ]


def _build_differing(found: FoundComparison) -> Section:
    """Say where the two texts come from, then compare how the models read them."""
    section = compare.build_section(found.comparison)
    origin = _(
        "Two parts of {text} that end alike. Among {places:,} places this is the one where the text"
        " before the common end changes most what {model} expects. The report compare does the same"
        " with two texts of your own."
    ).format(text=_(found.text), places=found.places, model=found.model)
    return replace(section, blocks=[Prose(origin), *section.blocks])


def _name_model(section: Section, model: str, report: Overview) -> Section:
    """Put the name of the model that a section is about in its title, if there are several."""
    if len(report.summaries) == 1:
        return section
    return replace(section, title=f"{section.title}: {model}")


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
