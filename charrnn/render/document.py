"""Events and reports as JSON: one line each, non-ASCII as it is, no NaN; and runs as CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from charrnn.render.controls import DRIVING

if TYPE_CHECKING:
    from charrnn.api import Sample
    from charrnn.reports.copied import Copied
    from charrnn.reports.overview import Overview
    from charrnn.reports.runs import Runs
    from charrnn.reports.score import Piece, Scored

NAMES = {"Start": "start", "Evaluation": "eval", "End": "end"}
ESCAPED = {code: f"\\u{code:04x}" for code in DRIVING if code >= 0x20}  # json escapes the others
COLUMNS = (
    "run", "files", "sha256", "training_characters", "validation_characters", "cell", "layers",
    "hidden", "parameters", "seed", "state", "step", "epoch", "train_loss", "val_loss",
    "ngram", "unigram",
)  # fmt: skip


def event(what: Any) -> str:
    """An event of a training, with its name first."""
    return _line({"event": NAMES[type(what).__name__], **asdict(what)})


def plain(what: Any) -> str:
    """A report, under the names of its fields."""
    return _line(asdict(what))


def sample(what: "Sample", copied: "Copied | None") -> str:
    """A sample, under ``copied`` what of it stands in a corpus where that was asked for."""
    return _line(asdict(what) | ({} if copied is None else {"copied": asdict(copied)}))


def score(read: Iterable["Piece"], result: Callable[[], "Scored"]) -> Iterator[str]:
    """In parts: under ``each`` every character with its likeliest alternatives, then the totals.

    And ``lines``, the hardest.
    """
    opening = '{"each": ['
    for piece in read:
        if piece.text:  # the last may only count unknown characters
            yield opening + ", ".join(map(_line, _each(piece)))
            opening = ", "
    yield "], " + _line(_totals(result())).removeprefix("{")


def overview(what: "Overview") -> str:
    """All reports, each under its name."""
    several = ("summaries", "losses", "gradients", "memories", "neurons")
    found = {name: [asdict(one) for one in getattr(what, name)] for name in several}
    single = {
        "unrolled": asdict(what.unrolled),
        "vocab": asdict(what.vocab),
        "runs": asdict(what.runs) if what.runs else None,
    }
    each = list(_each(what.score.beginning))
    return _line({**found, **single, "score": {"each": each, **_totals(what.score)}})


def runs_as_csv(what: "Runs") -> str:
    """One line a run, the best of each text first, under a line with the names."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for group in what.groups:
        for one in group.runs:
            row = {**asdict(one), **asdict(one.corpus), **asdict(one.training)}
            beside = {} if one.baselines is None else asdict(one.baselines)
            writer.writerow({**row, **beside, "run": one.model, "files": " ".join(group.files)})
    return file.getvalue().rstrip("\n")


def _totals(what: "Scored") -> dict[str, Any]:
    return {**asdict(what.totals), "lines": [asdict(line) for line in what.lines]}


def _each(piece: "Piece") -> Iterator[dict[str, Any]]:
    for character, nats, alternatives, row in zip(
        piece.text, piece.surprise.tolist(), piece.likeliest, piece.probability.tolist(),
        strict=True,
    ):  # fmt: skip
        likeliest = [list(pair) for pair in zip(alternatives, row, strict=True)]
        yield {"character": character, "nats": nats, "likeliest": likeliest}


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).translate(ESCAPED)
