"""Events and reports as JSON, each in one line, in UTF-8 and without NaN; and runs as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from charrnn.render.controls import ESCAPED, SURROGATES, escape_controls
from charrnn.report_registry import Report
from charrnn.reports.score_lines import LineScore
from charrnn.storage.run_log import loggable_fields
from charrnn.training.events import Evaluation, Start

if TYPE_CHECKING:
    from charrnn.reports.copied import Copied, CopiedText
    from charrnn.reports.overview import Overview
    from charrnn.reports.predictions import Predictions
    from charrnn.reports.runs import Runs
    from charrnn.reports.score import RunningScore, ScoreSummary
    from charrnn.sampling.sample import Sample

EVENT_NAMES = {"Start": "start", "Evaluation": "eval", "End": "end"}
ESCAPES = {code: f"\\u{code:04x}" for code in (*ESCAPED, *SURROGATES) if code >= 0x20}
"""JSON's own escapes of characters that json.dumps leaves as they are."""
RUN_COLUMNS = (
    "run", "files", "sha256", "training_characters", "validation_characters", "cell", "layers",
    "hidden", "parameters", "seed", "state", "step", "epoch", "train_loss", "val_loss",
    "ngram", "unigram", "shuffle", "val_file", "val_sha256", "test_file", "test_sha256",
)  # fmt: skip


def event_to_json(event: Any, *, run: str | None = None) -> str:
    """Format an event of a training, with its name first; ``run`` is for one that has none."""
    named = {"event": EVENT_NAMES[type(event).__name__], **({} if run is None else {"run": run})}
    values = loggable_fields(event) if isinstance(event, Evaluation) else asdict(event)
    if isinstance(event, Start):  # most runs have no texts of their own to validate and test on
        values["corpus"] = {k: v for k, v in values["corpus"].items() if v is not None}
    return _to_line({**named, **values})


def result_to_json(report: Report, result: Any) -> Iterator[Iterable[str]]:
    """Yield one JSON line per model or item of the result, as an iterable of strings."""
    convert = JSON_CONVERTERS[report.to_json]
    for each in result if report.streams or isinstance(result, list | tuple) else [result]:
        line = convert(each)
        yield [line] if isinstance(line, str) else line


def result_to_csv(report: Report, result: Any) -> Iterator[str]:
    """Yield the rows of a ``report`` that can be a CSV table, the names of its columns first."""
    return CSV_CONVERTERS[report.to_csv](result)


def to_json(report: Any) -> str:
    """Format a report, or another dataclass, with the names of its fields."""
    return _to_line(asdict(report))


def sample_to_json(
    sample: "Sample", copied: "Copied | None", plain_logprob: float | None = None
) -> str:
    """Format a sample and, under ``copied``, what it copies from a corpus if that was asked for.

    ``plain_logprob`` is given for a sample of an adapted model: its log-probability by the model as
    it was, which is the one under ``logprob``. The sample's own is under ``adapted_logprob``.
    """
    line = asdict(sample)
    if plain_logprob is not None:
        line |= {"logprob": plain_logprob, "adapted_logprob": sample.logprob}
    return _to_line(line | ({} if copied is None else {"copied": asdict(copied)}))


def score_to_json(scoring: "RunningScore") -> Iterator[str]:
    """Yield the parts of a score's line while the text is read.

    Under ``each`` every character with its likeliest alternatives; then the totals, under
    ``adapted`` those of a model that learned from the text, if there is one, and under ``lines``
    the hardest lines.
    """
    separator = '{"each": ['
    for chunk in scoring:
        if chunk.text:  # the last chunk may have nothing but a number of unknown characters
            yield separator + ", ".join(map(_to_line, _characters(chunk)))
            separator = ", "
    yield "], " + _to_line(_totals(scoring.result())).removeprefix("{")


def copied_to_json(report: "CopiedText") -> str:
    """Format what a text copies, without the text."""
    return to_json(report.copied)


def overview_to_json(overview: "Overview") -> str:
    """Format all reports, each under its name."""
    several = ("summaries", "losses", "gradients", "memories", "sequential", "neurons")
    by_model = {name: [asdict(report) for report in getattr(overview, name)] for name in several}
    single = {
        "samples": list(overview.samples),
        "differing": asdict(overview.differing) if overview.differing else None,
        "unrolled": asdict(overview.unrolled),
        "vocab": asdict(overview.vocab),
        "runs": asdict(overview.runs) if overview.runs else None,
    }
    each = list(_characters(overview.score.beginning))
    return _to_line({**by_model, **single, "score": {"each": each, **_totals(overview.score)}})


def runs_to_csv(report: "Runs") -> Iterator[str]:
    """Yield a row of names and a row for each run, the best of each group first."""
    yield _to_row(RUN_COLUMNS)
    for group in report.groups:
        for run in group.runs:
            row = {**asdict(run), **asdict(run.corpus), **asdict(run.training)}
            row |= {} if run.baselines is None else asdict(run.baselines)
            row |= {"run": run.model, "files": " ".join(group.files)}
            for name, text in (("val", group.val_file), ("test", group.test_file)):
                row[f"{name}_file"] = " ".join(text.files) if text else None
                row[f"{name}_sha256"] = text.sha256 if text else None
            # A path may have any character, so none reaches a terminal or a file as it is.
            yield escape_controls(_to_row(row.get(column) for column in RUN_COLUMNS), but="\n")


def lines_to_csv(lines: "Iterable[LineScore]") -> Iterator[str]:
    """Yield a row of names and a row for each line of a text, while it is read."""
    yield _to_row(field.name for field in fields(LineScore))
    for line in lines:
        yield _to_row(vars(line).values())


def _totals(scored: "ScoreSummary") -> dict[str, Any]:
    adapted = {} if scored.adapted is None else {"adapted": asdict(scored.adapted)}
    lines = [asdict(line) for line in scored.lines]
    return {**asdict(scored.totals), **adapted, "lines": lines}


def _characters(chunk: "Predictions") -> Iterator[dict[str, Any]]:
    for at, (character, nats, alternatives, row) in enumerate(
        zip(
            chunk.text, chunk.surprise.tolist(), chunk.likeliest, chunk.probability.tolist(),
            strict=True,
        )
    ):  # fmt: skip
        line: dict[str, Any] = {"character": character, "nats": nats}
        if chunk.adapted_surprise is not None:
            line["adapted_nats"] = float(chunk.adapted_surprise[at])
        yield {**line, "likeliest": [list(pair) for pair in zip(alternatives, row, strict=True)]}


def _to_row(values: Iterable[object]) -> str:
    """Format values as a row of CSV; None becomes an empty one."""
    row = io.StringIO()
    # With this terminator, a value with a CR is quoted too.
    csv.writer(row, lineterminator="\r\n").writerow(values)
    return row.getvalue().removesuffix("\r\n")


def _to_line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).translate(ESCAPES)


JSON_CONVERTERS: dict[str, Callable[[Any], str | Iterable[str]]] = {
    "to_json": to_json,
    "score_to_json": score_to_json,
    "copied_to_json": copied_to_json,
    "overview_to_json": overview_to_json,
}
CSV_CONVERTERS: dict[str, Callable[[Any], Iterator[str]]] = {
    "runs_to_csv": runs_to_csv,
    "lines_to_csv": lines_to_csv,
}
"""The functions by the names that report_registry.py has for them."""
