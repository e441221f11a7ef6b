"""Events and reports as JSON: one line each, non-ASCII as it is, no NaN."""

import json
from dataclasses import asdict
from typing import Any

from charrnn.api import Sample
from charrnn.reports.loss import Losses
from charrnn.reports.score import Score
from charrnn.reports.speed import Speed
from charrnn.reports.summary import Summary
from charrnn.reports.vocab import Characters
from charrnn.training.events import End, Evaluation, Start


def event(what: Start | Evaluation | End) -> str:
    """An event of a training, with its name first."""
    names = {Start: "start", Evaluation: "eval", End: "end"}
    return _line({"event": names[type(what)], **asdict(what)})


def plain(what: Summary | Losses | Characters | Speed | Sample) -> str:
    """A report or a sample, under the names of its fields."""
    return _line(asdict(what))


def score(what: Score) -> str:
    """The totals, and under ``each`` every character with its likeliest alternatives."""
    totals = ("characters", "nats", "bits", "perplexity", "total_nats", "unknown")
    each = [
        {
            "character": character,
            "nats": float(nats),
            "likeliest": [
                [alternative, float(probability)]
                for alternative, probability in zip(alternatives, row, strict=True)
            ],
        }
        for character, nats, alternatives, row in zip(
            what.text, what.surprise, what.likeliest, what.probability, strict=True
        )
    ]
    return _line({**{name: getattr(what, name) for name in totals}, "each": each})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
