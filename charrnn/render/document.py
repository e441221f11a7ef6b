"""Events and reports as JSON, each in one line, in UTF-8 and without NaN; and runs as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from charrnn.render.controls import ESCAPED
from charrnn.report_registry import Report

if TYPE_CHECKING:
    from charrnn.api import Sample
    from charrnn.reports.copied import Copied, CopiedText
    from charrnn.reports.overview import Overview
    from charrnn.reports.runs import Runs
    from charrnn.reports.score import Predictions, Scored, Scoring

EVENT_NAMES = {"Start": "start", "Evaluation": "eval", "End": "end"}
ESCAPES = {code: f"\\u{code:04x}" for code in ESCAPED if code >= 0x20}  # json escapes the others
CSV_COLUMNS = (
    "run", "files", "sha256", "training_characters", "validation_characters", "cell", "layers",
    "hidden", "parameters", "seed", "state", "step", "epoch", "train_loss", "val_loss",
    "ngram", "unigram",
)  # fmt: skip


def event_to_json(event: Any) -> str:
    """An event of a training, with its name first."""
    return _line({"event": EVENT_NAMES[type(event).__name__], **asdict(event)})


def result_to_json(report: Report, result: Any) -> Iterator[Iterable[str]]:
    """The result of ``report`` as lines, one for each model that it has, each in parts."""
    convert: Callable[[Any], str | Iterable[str]] = globals()[report.to_json]
    for each in result if isinstance(result, list | tuple) else [result]:
        line = convert(each)
        yield [line] if isinstance(line, str) else line


def result_to_csv(report: Report, result: Any) -> str:
    """The result of a ``report`` that has a table as CSV."""
    text: str = globals()[report.to_csv](result)
    return text


def to_json(report: Any) -> str:
    """A report, or another dataclass, with the names of its fields."""
    return _line(asdict(report))


def sample_to_json(sample: "Sample", copied: "Copied | None") -> str:
    """A sample, and where it was asked for, under ``copied``, what it copies from a corpus."""
    return _line(asdict(sample) | ({} if copied is None else {"copied": asdict(copied)}))


def score_to_json(scoring: "Scoring") -> Iterator[str]:
    """A score in parts, while the text is read.

    Under ``each`` every character with its likeliest alternatives; then the totals, and under
    ``lines`` the hardest lines.
    """
    separator = '{"each": ['
    for chunk in scoring:
        if chunk.text:  # the last chunk may have nothing but a number of unknown characters
            yield separator + ", ".join(map(_line, _characters(chunk)))
            separator = ", "
    yield "], " + _line(_totals(scoring.result())).removeprefix("{")


def copied_to_json(report: "CopiedText") -> str:
    """What a text copies, without the text."""
    return to_json(report.copied)


def overview_to_json(overview: "Overview") -> str:
    """All reports, each under its name."""
    several = ("summaries", "losses", "gradients", "memories", "neurons")
    by_model = {name: [asdict(report) for report in getattr(overview, name)] for name in several}
    single = {
        "unrolled": asdict(overview.unrolled),
        "vocab": asdict(overview.vocab),
        "runs": asdict(overview.runs) if overview.runs else None,
    }
    each = list(_characters(overview.score.beginning))
    return _line({**by_model, **single, "score": {"each": each, **_totals(overview.score)}})


def runs_to_csv(report: "Runs") -> str:
    """A line of names and a line for each run, the best of each group first."""
    file = io.StringIO()
    writer = csv.DictWriter(file, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for group in report.groups:
        for run in group.runs:
            row = {**asdict(run), **asdict(run.corpus), **asdict(run.training)}
            baselines = {} if run.baselines is None else asdict(run.baselines)
            writer.writerow({**row, **baselines, "run": run.model, "files": " ".join(group.files)})
    return file.getvalue().rstrip("\n")


def _totals(scored: "Scored") -> dict[str, Any]:
    return {**asdict(scored.totals), "lines": [asdict(line) for line in scored.lines]}


def _characters(chunk: "Predictions") -> Iterator[dict[str, Any]]:
    for character, nats, alternatives, row in zip(
        chunk.text, chunk.surprise.tolist(), chunk.likeliest, chunk.probability.tolist(),
        strict=True,
    ):  # fmt: skip
        likeliest = [list(pair) for pair in zip(alternatives, row, strict=True)]
        yield {"character": character, "nats": nats, "likeliest": likeliest}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).translate(ESCAPES)
